"""virt-api's own API, hollow: starting, stopping, restarting and pausing machines by request.

Invariant: a request is refused in KubeVirt's words, or becomes the very patches that virt-api
sends, through virt-api's own client; what follows is the controllers' and the handler's.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from virtslo.base.clock import timestamp
from virtslo.base.errors import BadRequest, Conflict, NotFound, ServerFailure
from virtslo.hollow.process.component import Component
from virtslo.model.identifiers import Object
from virtslo.model.kubernetes import resources
from virtslo.ports.kube_api import PatchType

PATIENCE: Final = 5
_OVER: Final = frozenset({"Succeeded", "Failed"})
_NOT_RUNNING: Final = "VM is not running"
_PAUSED: Final = {
    "type": "Paused",
    "status": "True",
    "reason": "PausedByUser",
    "message": "VMI was paused by user",
}

Call = tuple[str, str]
"""(plural, action)."""


class LifecycleApi:
    """Answers PUT …/virtualmachines/NAME/start and its like."""

    def __init__(
        self, virt_api: Callable[[], Component], handler_of: Callable[[str], Component | None]
    ) -> None:
        self._virt_api = virt_api
        self._handler_of = handler_of
        self.actions: Mapping[Call, Callable[[str, str, Any], Any]] = {
            ("virtualmachines", "start"): self._start,
            ("virtualmachines", "stop"): self._stop,
            ("virtualmachines", "restart"): self._restart,
            ("virtualmachineinstances", "pause"): self._pause,
            ("virtualmachineinstances", "unpause"): self._unpause,
        }

    async def answer(
        self, plural: str, namespace: str, name: str, action: str, options: Any
    ) -> None:
        """Carry a request out. Raises ApiError."""
        step = self.actions.get((plural, action))
        if step is None:
            raise NotFound("the server could not find the requested resource")
        await step(namespace, name, options if isinstance(options, Mapping) else {})

    async def _start(self, namespace: str, name: str, options: Mapping[str, Any]) -> None:
        vm, vmi = await self._vm(namespace, name), await self._vmi(namespace, name)
        if vmi is not None and not _is_over(vmi):
            raise _conflict(name, "VM is already running")
        strategy = run_strategy(vm)
        if strategy in {"Always", "Once"}:
            raise _conflict(name, f"{strategy} does not support manual start requests")
        paused = {"paused": "true"} if options.get("paused") else {}
        if strategy == "Halted" and not paused:
            await self._patch(vm, _running_patch(vm, running=True))
            return
        start: dict[str, Any] = {"action": "Start", **({"data": paused} if paused else {})}
        if vmi is not None and strategy == "RerunOnFailure" and _phase(vmi) == "Failed":
            words = f"{strategy} does not support starting VM from failed state"
            raise _conflict(name, words)
        requests = [start] if vmi is None else [_stop_request(vmi), start]
        await self._patch(vm, _request_patch(vm, requests), subresource="status")

    async def _stop(self, namespace: str, name: str, options: Mapping[str, Any]) -> None:
        vm = await self._vm(namespace, name)
        strategy = run_strategy(vm)
        vmi = await self._vmi(namespace, name)
        if strategy in {"Always", "Once"}:
            await self._patch(vm, _running_patch(vm, running=False))
            return
        if vmi is None or _is_over(vmi):
            raise _conflict(name, _NOT_RUNNING)
        if strategy == "Halted":
            words = f"{strategy} only supports manual stop requests with a shorter graceperiod"
            raise _conflict(name, words)
        await self._patch(vm, _request_patch(vm, [_stop_request(vmi)]), subresource="status")

    async def _restart(self, namespace: str, name: str, options: Mapping[str, Any]) -> None:
        grace = options.get("gracePeriodSeconds")
        if grace is not None and grace > 0:
            raise BadRequest("For force restart, only gracePeriod=0 is supported for now")
        if grace is not None and grace < 0:
            raise BadRequest("gracePeriod has to be greater or equal to 0")
        vm = await self._vm(namespace, name)
        strategy = run_strategy(vm)
        if strategy in {"Halted", "Once"}:
            raise _conflict(name, f"RunStategy {strategy} does not support manual restart requests")
        vmi = await self._vmi(namespace, name)
        if vmi is None:
            raise _conflict(name, "VM is not running: Halted")
        requests = [_stop_request(vmi), {"action": "Start"}]
        await self._patch(vm, _request_patch(vm, requests), subresource="status")

    async def _pause(self, namespace: str, name: str, options: Mapping[str, Any]) -> None:
        vmi = await self._running(namespace, name)
        if _is_paused(vmi):
            raise _conflict(name, "VMI is already paused", "virtualmachineinstance")
        await self._set_paused(vmi, is_paused=True)

    async def _unpause(self, namespace: str, name: str, options: Mapping[str, Any]) -> None:
        vmi = await self._running(namespace, name)
        if not _is_paused(vmi):
            raise _conflict(name, "VMI is not paused", "virtualmachineinstance")
        await self._set_paused(vmi, is_paused=False)

    async def _running(self, namespace: str, name: str) -> Object:
        vmi: Object = await self._api.get(resources.VMIS, name, namespace=namespace)
        if _phase(vmi) != "Running":
            raise _conflict(name, "VMI is not running", "virtualmachineinstance")
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
                conditions.append({**_PAUSED, "lastTransitionTime": now})
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
        found: Object = await self._api.get(resources.VMS, name, namespace=namespace)
        return found

    async def _vmi(self, namespace: str, name: str) -> Object | None:
        try:
            found: Object = await self._api.get(resources.VMIS, name, namespace=namespace)
        except NotFound:
            return None
        return found

    async def _patch(
        self, vm: Object, operations: Sequence[Any], *, subresource: str | None = None
    ) -> None:
        metadata = vm["metadata"]
        await self._api.patch(
            resources.VMS,
            metadata["name"],
            operations,
            patch_type=PatchType.JSON,
            namespace=metadata["namespace"],
            subresource=subresource,
        )


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


def _phase(vmi: Object) -> str:
    return str((vmi.get("status") or {}).get("phase") or "")


def _is_over(vmi: Object) -> bool:
    return _phase(vmi) in _OVER or not _phase(vmi)


def _is_paused(vmi: Object) -> bool:
    conditions = vmi["status"].get("conditions") or ()
    return any(each["type"] == "Paused" and each["status"] == "True" for each in conditions)


def _conflict(name: str, words: str, kind: str = "virtualmachine") -> Conflict:
    return Conflict(
        f'Operation cannot be fulfilled on {kind}.kubevirt.io "{name}": {words}',
        details={"name": name, "group": "kubevirt.io", "kind": kind},
    )
