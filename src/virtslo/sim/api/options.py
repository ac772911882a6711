"""Parameters of requests that mean the same for every verb: dry run, field manager, validation.

Invariant: what a parameter may be is checked here once, with the API server's words.
"""

from collections.abc import Mapping
from typing import Final

from virtslo.ports.kube_api import PatchType
from virtslo.sim.api.refusals import Cause, forbidden_field, invalid_options, required, unsupported
from virtslo.sim.api.requests import Request

LONGEST_MANAGER: Final = 128
_OPTIONS: Final = {
    "create": "CreateOptions",
    "update": "UpdateOptions",
    "patch": "PatchOptions",
    "delete": "DeleteOptions",
    "deletecollection": "DeleteOptions",
}
_APPLY: Final = PatchType.APPLY
"""A name of its own: to find a member in its enumeration takes as long as a call."""
_VALIDATIONS: Final = ("Ignore", "Warn", "Strict")
_NOTHING: Final[Mapping[str, str]] = {}


def dry_run(request: Request) -> bool:
    """Whether nothing is to be stored. A deletion may say so in its options instead."""
    return "dryRun" in request.query


def check_options(request: Request) -> None:
    """Refuse parameters of a write that mean nothing. Raises Invalid."""
    query = request.query
    if not (query or request.patch_type is _APPLY) or request.verb not in _OPTIONS:
        return
    causes: list[Cause] = []
    if "dryRun" in query and query["dryRun"] != "All":
        causes.append(unsupported("dryRun", query["dryRun"], ("All",)))
    validation = query.get("fieldValidation")
    if validation and validation not in _VALIDATIONS:
        causes.append(unsupported("fieldValidation", validation, ("", *_VALIDATIONS)))
    if "force" in query and not is_apply(request):
        causes.append(forbidden_field("force", "may not be specified for non-apply patch"))
    if is_apply(request) and not query.get("fieldManager"):
        causes.append(required("fieldManager", "is required for apply patch"))
    if causes:
        raise invalid_options(_OPTIONS[request.verb], causes)


def is_apply(request: Request) -> bool:
    """Whether a request is a server-side apply."""
    return request.patch_type is _APPLY


def manager_of(request: Request) -> str:
    """Who owns the fields that a request sets: said, or the first word of the user agent."""
    stated = request.query.get("fieldManager")
    if stated:
        return stated
    return request.user.user_agent.partition("/")[0][:LONGEST_MANAGER] or "unknown"
