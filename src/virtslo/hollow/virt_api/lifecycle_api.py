"""virt-api's own API, hollow: starting, stopping, restarting and pausing machines by request.

Invariant: a request is refused in KubeVirt's words, or becomes the very patches that virt-api
sends, through virt-api's own client; what follows is the controllers' and the handler's.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from virtslo.base.clock import timestamp
from virtslo.base.errors import BadRequest, Conflict, NotFound, ServerFailure
from virtslo.hollow.process.component import Component
from virtslo.hollow.virt_api.fetching import fetch
from virtslo.hollow.virt_api.states import VMI, has_condition, is_over, phase_of, refusal
from virtslo.hollow.vmi.vmi_status import PAUSED
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.subresource_calls import ACCEPTED, SubresourceAnswer
from virtslo.ports.kube_api import PatchType

PATIENCE: Final = 5
_NOT_RUNNING: Final = "VM is not running"
_ACCEPTED: Final = SubresourceAnswer(ACCEPTED)
_DONE: Final = SubresourceAnswer()

Options = Mapping[str, Any]
Step = Callable[[str, str, Options], Awaitable[SubresourceAnswer]]
"""Takes namespace, name and options. Raises ApiError."""


class LifecycleApi:
    """Answers PUT …/virtualmachines/NAME/start and its like; a dry run changes nothing."""

    def __init__(
        self, virt_api: Callable[[], Component], handler_of: Callable[[str], Component | None]
    ) -> None:
        self._virt_api = virt_api
        self._handler_of = handler_of
        self.steps: Mapping[tuple[str, str], Step] = {
            ("virtualmachines", "start"): self._start,
            ("virtualmachines", "stop"): self._stop,
            ("virtualmachines", "restart"): self._restart,
            ("virtualmachineinstances", "pause"): self._pause,
            ("virtualmachineinstances", "unpause"): self._unpause,
        }

    async def _start(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        vm, vmi = await self._vm(namespace, name), await self._vmi(namespace, name)
        if vmi is not None and not is_over(vmi):
            raise refusal(name, "VM is already running")
        strategy = run_strategy(vm)
        if strategy in {"Always", "Once"}:
            raise refusal(name, f"{strategy} does not support manual start requests")
        paused = {"paused": "true"} if options.get("paused") else {}
        if strategy == "Halted" and not paused:
            return await self._patch(vm, _running_patch(vm, running=True), options)
        start: dict[str, Any] = {"action": "Start", **({"data": paused} if paused else {})}
        if vmi is not None and strategy == "RerunOnFailure" and phase_of(vmi) == "Failed":
            words = f"{strategy} does not support starting VM from failed state"
            raise refusal(name, words)
        requests = [start] if vmi is None else [_stop_request(vmi), start]
        return await self._patch(vm, _request_patch(vm, requests), options, subresource="status")

    async def _stop(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        vm = await self._vm(namespace, name)
        strategy = run_strategy(vm)
        vmi = await self._vmi(namespace, name)
        if strategy in {"Always", "Once"}:
            return await self._patch(vm, _running_patch(vm, running=False), options)
        if vmi is None or is_over(vmi):
            raise refusal(name, _NOT_RUNNING)
        if strategy == "Halted":
            words = f"{strategy} only supports manual stop requests with a shorter graceperiod"
            raise refusal(name, words)
        requests = [_stop_request(vmi)]
        return await self._patch(vm, _request_patch(vm, requests), options, subresource="status")

    async def _restart(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        grace = options.get("gracePeriodSeconds")
        if grace is not None and grace > 0:
            raise BadRequest("For force restart, only gracePeriod=0 is supported for now")
        if grace is not None and grace < 0:
            raise BadRequest("gracePeriod has to be greater or equal to 0")
        vm = await self._vm(namespace, name)
        strategy = run_strategy(vm)
        if strategy in {"Halted", "Once"}:
            raise refusal(name, f"RunStategy {strategy} does not support manual restart requests")
        vmi = await self._vmi(namespace, name)
        if vmi is None:
            raise refusal(name, "VM is not running: Halted")
        requests = [_stop_request(vmi), {"action": "Start"}]
        return await self._patch(vm, _request_patch(vm, requests), options, subresource="status")

    async def _pause(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        vmi = await self._running(namespace, name)
        if has_condition(vmi, "Paused"):
            raise refusal(name, "VMI is already paused", VMI)
        if not options.get("dryRun"):
            await self._set_paused(vmi, is_paused=True)
        return _DONE

    async def _unpause(self, namespace: str, name: str, options: Options) -> SubresourceAnswer:
        vmi = await self._running(namespace, name)
        if not has_condition(vmi, "Paused"):
            raise refusal(name, "VMI is not paused", VMI)
        if not options.get("dryRun"):
            await self._set_paused(vmi, is_paused=False)
        return _DONE

    async def _running(self, namespace: str, name: str) -> Object:
        vmi = await fetch(self._api, resources.VMIS, namespace, name)
        if phase_of(vmi) != "Running":
            raise refusal(name, "VMI is not running", VMI)
        return vmi

    async def _set_paused(self, vmi: Object, *, is_paused: bool) -> None:
        """What a virt-handler that was asked to does: tell of the domain in the VMI's status."""
        handler = self._handler_of(vmi["status"].get("nodeName", ""))
        if handler is None:
            raise ServerFailure("no virt-handler answers on the node of this VMI")
        metadata = vmi["metadata"]
        for attempt in range(PATIENCE):
            status = vmi["status"]
            conditions = [
                each for each in status.get("conditions") or () if each["type"] != "Paused"
            ]
            if is_paused:
                now = timestamp(handler.clock.wall())
                conditions.append({**PAUSED, "lastTransitionTime": now})
            changed = {**vmi, "status": {**status, "conditions": conditions}}
            try:
                await handler.api.update(resources.VMIS, changed)
            except Conflict:
                if attempt == PATIENCE - 1:
                    raise
                vmi = await handler.api.get(
                    resources.VMIS, metadata["name"], namespace=metadata["namespace"]
                )
            else:
                return

    @property
    def _api(self) -> Any:
        return self._virt_api().api

    async def _vm(self, namespace: str, name: str) -> Object:
        return await fetch(self._api, resources.VMS, namespace, name)

    async def _vmi(self, namespace: str, name: str) -> Object | None:
        try:
            found: Object = await self._api.get(resources.VMIS, name, namespace=namespace)
        except NotFound:
            return None
        return found

    async def _patch(
        self,
        vm: Object,
        operations: Sequence[Any],
        options: Options,
        *,
        subresource: str | None = None,
    ) -> SubresourceAnswer:
        metadata = vm["metadata"]
        if not options.get("dryRun"):
            await self._api.patch(
                resources.VMS,
                metadata["name"],
                operations,
                patch_type=PatchType.JSON,
                namespace=metadata["namespace"],
                subresource=subresource,
            )
        return _ACCEPTED


def run_strategy(vm: Object) -> str:
    """When a VM is to run, whichever way it says so."""
    spec = vm["spec"]
    if "runStrategy" in spec:
        return str(spec["runStrategy"])
    return "Always" if spec.get("running") else "Halted"


def _running_patch(vm: Object, *, running: bool) -> list[Mapping[str, Any]]:
    spec = vm["spec"]
    key, value = "running", running if "runStrategy" not in spec else None
    if value is None:
        key, wanted = "runStrategy", "Always" if running else "Halted"
        return _tested(f"/spec/{key}", spec[key], wanted)
    return _tested(f"/spec/{key}", spec.get(key), value)


def _tested(path: str, before: Any, after: Any) -> list[Mapping[str, Any]]:
    return [
        {"op": "test", "path": path, "value": before},
        {"op": "replace", "path": path, "value": after},
    ]


def _request_patch(vm: Object, requests: Sequence[Any]) -> list[Mapping[str, Any]]:
    status = vm.get("status") or {}
    if not status:
        return [{"op": "add", "path": "/status", "value": {"stateChangeRequests": requests}}]
    waiting = status.get("stateChangeRequests")
    if waiting and not (len(requests) == 1 and requests[0]["action"] == "Stop"):
        raise ServerFailure(
            "Internal error occurred: unable to complete request: stop/start already underway"
        )
    path = "/status/stateChangeRequests"
    operations: list[Mapping[str, Any]] = [
        {"op": "test", "path": path, "value": waiting},
        {"op": "replace" if waiting else "add", "path": path, "value": requests},
    ]
    if status.get("startFailure") is not None:
        operations.append({"op": "remove", "path": "/status/startFailure"})
    return operations


def _stop_request(vmi: Object) -> Mapping[str, Any]:
    return {"action": "Stop", "uid": vmi["metadata"]["uid"]}
