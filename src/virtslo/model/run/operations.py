"""One intended API action of the load, and what became of it.

Invariant: times are nanoseconds of the run's clock since the run's start; a time that did not
come to pass is None, never 0.
"""

from typing import Final, Literal

import msgspec

from virtslo.model.run.numbers import Nanoseconds, Number
from virtslo.model.stage_names import StageName

Verb = Literal[
    "create", "delete", "scale", "start", "stop", "restart", "pause", "unpause", "migrate"
]
"""What an operation asks for; from `start` on, of a machine that is there (`Action`)."""

CREATE: Final[Verb] = "create"
DELETE: Final[Verb] = "delete"
SCALE: Final[Verb] = "scale"

SERVER_FAILURE: Final = 500


class OperationRecord(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What was intended, released, sent and answered for one object.

    `intended_ns`: when the arrival process wanted it. `released_ns`: when the in-flight bound let
    it go (open loop: waiting for the bound is `released − intended`). `sent_ns`: when the request
    was handed to the client. `finished_ns`: when the answer was there.
    `uid`: of what was created or deleted, where the answer said it. `error` is the reason of a
    refusal (`Invalid`, `Forbidden`), `message` the server's own words for it.
    """

    stage: StageName
    verb: Verb
    kind: str
    namespace: str
    name: str
    index: Number
    intended_ns: Nanoseconds
    released_ns: Nanoseconds | None = None
    sent_ns: Nanoseconds | None = None
    finished_ns: Nanoseconds | None = None
    code: Number | None = None
    error: str | None = None
    uid: str | None = None
    cycle: Number | None = None
    message: str | None = None

    @property
    def is_in_doubt(self) -> bool:
        """Whether the server may have carried out what failed: no answer came, or a 5xx, which a
        gateway may have written in its place.
        """
        return self.error is not None and (self.code is None or self.code >= SERVER_FAILURE)
