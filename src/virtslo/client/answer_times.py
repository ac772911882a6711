"""How long each answered call of a client took, exactly.

Invariant: every answered call is kept, in order, by what it was; watches and what goes through a
proxy are not calls of the API that an SLO speaks of, and are left out.
"""

from array import array

from virtslo.model.rest_calls import OwnLatencies


class AnswerTimes:
    """Collects the times that an `CallAccount` tells."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str, str], array[int]] = {}

    def answered(self, verb: str, resource: str, scope: str, nanoseconds: int) -> None:
        """Keep one."""
        if verb == "WATCH" or resource.endswith("/proxy"):
            return
        key = (verb, resource, scope)
        times = self._times.get(key)
        if times is None:
            times = self._times[key] = array("q")
        times.append(nanoseconds)

    def result(self) -> tuple[OwnLatencies, ...]:
        """Everything kept, by verb, resource and scope."""
        return tuple(OwnLatencies(*key, tuple(times)) for key, times in sorted(self._times.items()))
