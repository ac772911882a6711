"""Every error that virtslo raises on purpose, in one tree.

Invariant: a foreign exception never crosses a room; the adapter that met it translates it into
one of these. A failed operation during load is data, not an exception.

VirtsloError                what went wrong, in one sentence, and a hint
├── ScenarioError           exit 2: the request is wrong; holds every problem found
├── ClusterError            exit 3: the cluster, or the way to it, is wrong
│   ├── ApiError            the API server answered with a failure
│   │   ├── NotFound · AlreadyExists · Conflict · Forbidden · Unauthorized · Invalid
│   │   ├── TooManyRequests · ResourceExpired · ServerFailure
│   ├── ConnectionLost      no answer came
│   └── WatchStalled        a watch went silent
├── StoreError              exit 3: a record or a history cannot be read or written
└── Interrupted             exit 130: the user ended the run; what exists is saved
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from virtslo.base.limits import PROBLEMS
from virtslo.base.plain_text import shown_text


class VirtsloError(Exception):
    """Something went wrong in a way that is known; `hint` says what to do next."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with a request: where, what was found, what was expected, what to do."""

    place: str
    found: str
    expected: str
    hint: str = ""

    def __str__(self) -> str:
        place, found = shown_text(self.place), shown_text(self.found)
        text = f"{place}: expected {self.expected}, found {found}"
        return f"{text}\n    hint: {self.hint}" if self.hint else text


COMMAND_LINE: Final = "command line"
"""The source of a problem that is of no file."""


class ScenarioError(VirtsloError):
    """The request is wrong. `problems` lists everything that was found, not only the first."""

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = tuple(problems)
        count = len(self.problems)
        head = f"{source}: {count} problem{'' if count == 1 else 's'}"
        told = [f"  {problem}" for problem in self.problems[: PROBLEMS.most]]
        if count > PROBLEMS.most:
            told.append(f"  and {count - PROBLEMS.most} more")
        super().__init__("\n".join([head, *told]))

    @property
    def placed(self) -> tuple[Problem, ...]:
        """The problems, to stand among others: those of a file name it."""
        if self.source == COMMAND_LINE:
            return self.problems
        return tuple(replace(item, place=f"{self.source}: {item.place}") for item in self.problems)


class ClusterError(VirtsloError):
    """The cluster, or the way to it, does not do what is needed."""


class ConnectionLost(ClusterError):
    """No answer came: the connection could not be made, or broke before the answer."""


class WatchStalled(ClusterError):
    """A watch delivered nothing, not even a bookmark, for longer than it may."""


class ApiError(ClusterError):
    """The API server answered with a failure (a `Status` of the Kubernetes API)."""

    status_code = 500
    default_reason = "InternalError"

    def __init__(
        self,
        message: str,
        *,
        reason: str = "",
        code: int = 0,
        details: Mapping[str, Any] | None = None,
        retry_after_seconds: float | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.reason = reason or self.default_reason
        self.code = code or self.status_code
        self.details: Mapping[str, Any] = details or {}
        self.retry_after_seconds = retry_after_seconds


class BadRequest(ApiError):
    """400: the request cannot be understood."""

    status_code = 400
    default_reason = "BadRequest"


class Unauthorized(ApiError):
    """401: no valid credentials."""

    status_code = 401
    default_reason = "Unauthorized"


class Forbidden(ApiError):
    """403: the user may not do this."""

    status_code = 403
    default_reason = "Forbidden"


class NotFound(ApiError):
    """404: no such object or resource."""

    status_code = 404
    default_reason = "NotFound"


class NotServed(NotFound):
    """404: a built-in group has no such resource, which is a Status whose details are empty."""

    def __init__(self) -> None:
        super().__init__("the server could not find the requested resource")


class PathNotFound(NotServed):
    """404: nothing is served at this path, which API servers answer as a text, not as a Status."""


class MethodNotAllowed(ApiError):
    """405: the resource does not support this verb."""

    status_code = 405
    default_reason = "MethodNotAllowed"


class NotAcceptable(ApiError):
    """406: none of the accepted media types can be served."""

    status_code = 406
    default_reason = "NotAcceptable"


class AlreadyExists(ApiError):
    """409: an object of this name exists."""

    status_code = 409
    default_reason = "AlreadyExists"


class Conflict(ApiError):
    """409: the object has changed since it was read."""

    status_code = 409
    default_reason = "Conflict"


class ResourceExpired(ApiError):
    """410: the resource version is too old; list again."""

    status_code = 410
    default_reason = "Expired"


class RequestTooLarge(ApiError):
    """413: the body is larger than the server takes."""

    status_code = 413
    default_reason = "RequestEntityTooLarge"


class UnsupportedMediaType(ApiError):
    """415: the body has a type the server does not take."""

    status_code = 415
    default_reason = "UnsupportedMediaType"


class Invalid(ApiError):
    """422: the object is well-formed but not valid."""

    status_code = 422
    default_reason = "Invalid"


class TooManyRequests(ApiError):
    """429: the server asks to come back later."""

    status_code = 429
    default_reason = "TooManyRequests"


class ServerFailure(ApiError):
    """5xx: the server failed."""


class StoreError(VirtsloError):
    """A record or a history database cannot be read or written."""


class Interrupted(VirtsloError):
    """The user ended the run; clean-up has run and the partial record is saved."""


_BY_CODE: Mapping[int, type[ApiError]] = {
    kind.status_code: kind
    for kind in (
        BadRequest,
        Unauthorized,
        Forbidden,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        Conflict,
        ResourceExpired,
        RequestTooLarge,
        UnsupportedMediaType,
        Invalid,
        TooManyRequests,
    )
}


def api_error(
    message: str,
    *,
    code: int,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
    retry_after_seconds: float | None = None,
) -> ApiError:
    """The error class for an HTTP status code and a `Status` reason."""
    kind = _BY_CODE.get(code, ServerFailure)
    if code == AlreadyExists.status_code and reason == AlreadyExists.default_reason:
        kind = AlreadyExists
    return kind(
        message, reason=reason, code=code, details=details, retry_after_seconds=retry_after_seconds
    )
