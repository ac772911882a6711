"""How long each answered call of a client took, exactly.

Invariant: every answered call is kept, in order, by what it was; watches and what goes through a
proxy are not calls of the API that an SLO speaks of, and are left out.
"""

from array import array

from virtslo.model.kubernetes.calls import TimedCall
from virtslo.model.run.rest_calls import OwnLatencies
from virtslo.model.vocabulary import WATCH


class AnswerTimes:
    """Collects the times that a `CallAccount` reports."""

    def __init__(self) -> None:
        self._times: dict[TimedCall, array[int]] = {}

    def answered(self, call: TimedCall, nanoseconds: int) -> None:
        """Keep one."""
        if call.verb == WATCH or call.target.endswith("/proxy"):
            return
        times = self._times.get(call)
        if times is None:
            times = self._times[call] = array("q")
        times.append(nanoseconds)

    def result(self) -> tuple[OwnLatencies, ...]:
        """Everything kept, by verb, resource and scope."""
        return tuple(
            OwnLatencies(*call, tuple(times)) for call, times in sorted(self._times.items())
        )
