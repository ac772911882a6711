"""What else is asked of virt-api of a machine: migration, its guest, its whole spec.

Invariant: no guest runs here and so no guest agent: what an agent would answer is refused in
KubeVirt's words, and a guest that is reset changes nothing that the API shows.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from virtslo.base.errors import ApiError, ServerFailure
from virtslo.hollow.process.component import Component
from virtslo.hollow.virt_api.fetching import fetch
from virtslo.hollow.virt_api.lifecycle_api import Options, Step
from virtslo.hollow.virt_api.states import VMI, has_condition, phase_of, refusal
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.subresource_calls import ACCEPTED, SubresourceAnswer

FAILED: Final = 500
_VMIM: Final = resources.VMI_MIGRATIONS
_PREFIX: Final = "kubevirt-migrate-vm-"


class InstanceApi:
    """Answers …/virtualmachineinstances/NAME/guestosinfo and its like."""

    def __init__(self, virt_api: Callable[[], Component]) -> None:
        self._virt_api = virt_api
        self.steps: Mapping[tuple[str, str], Step] = {
            ("virtualmachines", "migrate"): self._migrate,
            ("virtualmachines", "expand-spec"): self._expand,
            ("virtualmachineinstances", "softreboot"): self._soft_reboot,
            ("virtualmachineinstances", "reset"): self._reset,
            ("virtualmachineinstances", "guestosinfo"): self._of_the_agent,
            ("virtualmachineinstances", "userlist"): self._of_the_agent,
            ("virtualmachineinstances", "filesystemlist"): self._of_the_agent,
        }

    async def _migrate(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        await self._vm(namespace, name)
        vmi = await self._vmi(namespace, name)
        if phase_of(vmi) != "Running":
            raise refusal(name, "VM is not running")
        spec: dict[str, Any] = {"vmiName": name}
        if options.get("addedNodeSelector"):
            spec["addedNodeSelector"] = options["addedNodeSelector"]
        body = {
            "apiVersion": _VMIM.api_version,
            "kind": _VMIM.kind,
            "metadata": {"generateName": _PREFIX},
            "spec": spec,
        }
        try:
            await self._api.create(
                _VMIM, body, namespace=namespace, dry_run=bool(options.get("dryRun"))
            )
        except ApiError as error:
            raise ServerFailure(f"Internal error occurred: {error.message}") from error
        return SubresourceAnswer(ACCEPTED)

    async def _expand(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        vm = await self._vm(namespace, name)
        if vm["spec"].get("instancetype") or vm["spec"].get("preference"):
            raise ServerFailure(
                f"expand-spec of {name}: instance types and preferences are not expanded by a "
                "simulated virt-api; a started VMI shows what they come to",
                code=501,
                reason="NotImplemented",
            )
        return SubresourceAnswer(document=vm)

    async def _soft_reboot(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        vmi = await self._vmi(namespace, name)
        if phase_of(vmi) != "Running":
            raise refusal(name, "VM is not running", VMI)
        if has_condition(vmi, "Paused"):
            raise refusal(name, "VMI is paused", VMI)
        features = vmi["spec"]["domain"].get("features") or {}
        if (features.get("acpi") or {}).get("enabled") is False:
            words = "VMI neither have the agent connected nor the ACPI feature enabled"
            raise refusal(name, words, VMI)
        return SubresourceAnswer()

    async def _reset(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        vmi = await self._vmi(namespace, name)
        if phase_of(vmi) != "Running":
            words = f"Failed to reset non-running VMI with phase {phase_of(vmi)}"
            raise ServerFailure(f"Internal error occurred: {words}: no domain is there")
        return SubresourceAnswer()

    async def _of_the_agent(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        """What only a guest agent knows: virt-api answers failures of these reads as texts."""
        try:
            vmi = await self._vmi(namespace, name)
        except ApiError as error:
            return SubresourceAnswer(FAILED, text=error.message)
        is_running = phase_of(vmi) == "Running"
        words = "VMI does not have guest agent connected" if is_running else "VMI is not running"
        return SubresourceAnswer(FAILED, text=refusal(name, words, VMI).message)

    @property
    def _api(self) -> Any:
        return self._virt_api().api

    async def _vm(self, namespace: str, name: str) -> Object:
        return await fetch(self._api, resources.VMS, namespace, name)

    async def _vmi(self, namespace: str, name: str) -> Object:
        return await fetch(self._api, resources.VMIS, namespace, name)
