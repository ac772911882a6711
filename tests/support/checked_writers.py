"""Connections of hollow components whose every write is searched for unknown fields.

The product trusts these writers (`DirectTransport(is_trusted=True)`); every test that plays hollow
components shows that it may.
"""

from virtslo.base.errors import BadRequest
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes.identity import Identity
from virtslo.ports.kube_api import Call
from virtslo.sim.api.requests import received
from virtslo.sim.api_server import ApiServer
from virtslo.sim.direct import DirectTransport


class CheckedTransport(DirectTransport):
    """A connection on which a body with fields that its kind does not have fails the test."""

    def __init__(self, server: ApiServer, user: Identity) -> None:
        super().__init__(server, user)
        self._identity = user

    async def send(self, call: Call) -> Object:
        """Have the server answer a call, and look at what it says of the body."""
        try:
            answer = await self.server.handle(received(call, self._identity))
        except BadRequest as error:
            raise AssertionError(f"{self._identity.component}: {call.verb}: {error}") from error
        assert not answer.warnings, (self._identity.component, call, answer.warnings)
        return answer.body
