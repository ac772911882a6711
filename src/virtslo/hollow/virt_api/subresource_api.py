"""virt-api's subresource API, hollow: every call to the part that answers it.

Invariant: what it does not know is not found; nothing is answered without a virt-api's client.
"""

from collections.abc import Callable, Mapping
from typing import Final

from virtslo.base.errors import PathNotFound
from virtslo.hollow.process.component import Component
from virtslo.hollow.virt_api.instance_api import InstanceApi
from virtslo.hollow.virt_api.lifecycle_api import LifecycleApi, Step
from virtslo.model.kubernetes.subresource_calls import SubresourceAnswer, SubresourceCall

VERSION: Final = "version"


class SubresourceApi:
    """Answers for one virt-api."""

    def __init__(
        self,
        virt_api: Callable[[], Component],
        handler_of: Callable[[str], Component | None],
        *,
        version: str,
    ) -> None:
        self._steps: Mapping[tuple[str, str], Step] = {
            **LifecycleApi(virt_api, handler_of).steps,
            **InstanceApi(virt_api).steps,
        }
        self._version = SubresourceAnswer(
            document={
                "gitVersion": version,
                "gitCommit": "simulated",
                "gitTreeState": "clean",
                "buildDate": "2026-01-01T00:00:00Z",
                "goVersion": "none",
                "compiler": "none",
                "platform": "simulated",
            }
        )

    async def answer(self, call: SubresourceCall) -> SubresourceAnswer:
        """Carry a call out. Raises ApiError."""
        if call.action == VERSION and not call.plural:
            return self._version
        step = self._steps.get((call.plural, call.action))
        if step is None:
            raise PathNotFound
        options = call.options if isinstance(call.options, Mapping) else {}
        return await step(call.namespace, call.name, options)
