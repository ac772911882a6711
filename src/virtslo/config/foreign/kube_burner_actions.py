"""A job of type `kubevirt` of a kube-burner file as the steps of a scenario's actions.

Invariant: a job acts on every machine that the file's one job creates, or is refused; nothing is
asked of machines of others. Each object of each iteration is one step, in order.
"""

from collections.abc import Mapping
from typing import Any, Final

from virtslo.base.units import format_duration
from virtslo.config.foreign.kube_burner_fields import MAX_WAIT, Job, JobFields, text_of, with_flags
from virtslo.config.foreign.kube_burner_keys import (
    ACTION_KEYS,
    JOB_KEYS,
    REFUSED_IN_ACTIONS,
    REFUSED_IN_JOBS,
)
from virtslo.config.problems import found_text, nearest
from virtslo.config.schema import MAX_STEPS
from virtslo.model.plan.actions import Action

JOB_LABEL: Final = "kube-burner.io/job"
KIND: Final = "VirtualMachine"
VERSIONS: Final = ("", "kubevirt.io/v1")
VOLUMES: Final = ("add-volume", "remove-volume")
OPTIONS: Final[Mapping[str, tuple[Action, ...]]] = {
    "force": (Action.STOP, Action.RESTART),
    "startPaused": (Action.START,),
}
"""`inputVars` that kube-burner reads of an action; it passes others over."""


class ActionsReader:
    """Reads one job of type `kubevirt`."""

    def __init__(
        self, job: Mapping[str, Any], place: str, *, creating: str, deadline: float
    ) -> None:
        self._fields = JobFields(job, place)
        self._job = job
        self._place = place
        self._creating = creating
        """The name of the job that creates the machines."""
        self._deadline = deadline
        """How long that job waits, seconds."""
        self._steps: list[dict[str, Any]] = []

    def read(self) -> Job:
        """The steps, what is wrong and what is done otherwise."""
        fields, job = self._fields, self._job
        fields.keys(job, self._place, JOB_KEYS, REFUSED_IN_JOBS)
        mode = job.get("executionMode") or "sequential"
        if mode != "sequential":
            expected = "sequential: requests to one machine at the same moment race each other"
            fields.add(f"{self._place}.executionMode", found_text(mode), expected)
        if job.get("churnConfig"):
            words = "not carried out, as in kube-burner: such a job churns nothing"
            fields.found.notes.append(f"{self._place}.churnConfig: {words}")
        objects = job.get("objects")
        if not isinstance(objects, list) or not objects:
            fields.add(f"{self._place}.objects", found_text(objects), "a list of actions")
            return fields.found
        iterations = fields.number("jobIterations", 1, least=0)
        if iterations * len(objects) > MAX_STEPS:
            found = f"{iterations} iterations of {len(objects)} actions"
            fields.add(f"{self._place}.jobIterations", found, f"at most {MAX_STEPS} actions")
            iterations = 1
        one = [self._step(spec, f"{self._place}.objects[{at}]") for at, spec in enumerate(objects)]
        self._lay_out(one, iterations)
        self._note_waits()
        fields.found.document = {"actions": self._steps}
        return fields.found

    def _lay_out(self, one: list[dict[str, Any]], iterations: int) -> None:
        """Every iteration's steps, with the pauses between them."""
        fields = self._fields
        load = {"rate": f"{fields.client_rate():g}/s", "atOnce": fields.client_burst()}
        after_each = fields.duration("objectDelay", 0.0)
        after_all = fields.duration("jobIterationDelay", 0.0)
        for _ in range(iterations):
            for at, step in enumerate(one):
                delay = after_each + (after_all if at == len(one) - 1 else 0.0)
                self._steps.append({**step, **load, "delay": format_duration(delay)})

    def _note_waits(self) -> None:
        fields = self._fields
        wait = fields.duration("maxWaitTimeout", MAX_WAIT) or MAX_WAIT
        if wait != self._deadline:
            fields.found.notes.append(
                f"{self._place}.maxWaitTimeout: a step waits {format_duration(self._deadline)}, as "
                f"jobs: {self._creating} does"
            )
        if not self._job.get("objectWait"):
            fields.found.notes.append(
                f"{self._place}.objects: each step begins when every machine is as the one before "
                "wants it (as with objectWait: true), and the delay after it has passed"
            )

    def _step(self, given: Any, place: str) -> dict[str, Any]:
        fields = self._fields
        if not isinstance(given, Mapping):
            fields.add(place, found_text(given), "a mapping with kubeVirtOp")
            return {}
        spec = with_flags(given)
        fields.keys(spec, place, ACTION_KEYS, REFUSED_IN_ACTIONS)
        action = self._action(spec, place)
        self._machines(spec, place)
        if action is None:
            return {}
        is_waited_for = spec.get("wait") is not False
        return {
            "action": action.value,
            "wait": is_waited_for,
            **self._options(spec, place, action),
        }

    def _action(self, spec: Mapping[str, Any], place: str) -> Action | None:
        where, name = f"{place}.kubeVirtOp", text_of(spec, "kubeVirtOp")
        names = [action.value for action in Action]
        if name in names:
            return Action(name)
        if name in VOLUMES:
            expected = f"one of {', '.join(names)}: virtslo has no volumes to plug into a machine"
            self._fields.add(where, name, expected)
            return None
        found = found_text(spec.get("kubeVirtOp"))
        self._fields.add(where, found, f"one of {', '.join(names)}", nearest(name, names))
        return None

    def _machines(self, spec: Mapping[str, Any], place: str) -> None:
        """An action must be about all machines that the file's own job creates."""
        fields = self._fields
        kind, version = spec.get("kind") or KIND, spec.get("apiVersion") or ""
        if kind != KIND:
            expected = f"{KIND}: virtslo acts on the VMs that it made"
            fields.add(f"{place}.kind", found_text(kind), expected)
        if version not in VERSIONS:
            fields.add(f"{place}.apiVersion", found_text(version), "kubevirt.io/v1")
        wanted = {JOB_LABEL: self._creating}
        selector = spec.get("labelSelector")
        if selector != wanted:
            expected = f"{{{JOB_LABEL}: {self._creating}}}, what the job that creates labels with"
            hint = "virtslo acts on all machines that it made, and on no others"
            fields.add(f"{place}.labelSelector", found_text(selector), expected, hint)

    def _options(self, spec: Mapping[str, Any], place: str, action: Action) -> dict[str, Any]:
        given = spec.get("inputVars") or {}
        where = f"{place}.inputVars"
        if not isinstance(given, Mapping):
            self._fields.add(where, found_text(given), "a mapping")
            return {}
        found = {}
        for name, value in given.items():
            if action not in OPTIONS.get(name, ()):
                words = f"{name} plays no part in {action.value}, as in kube-burner"
                self._fields.found.notes.append(f"{where}: {words}")
                continue
            found[name] = value is True or value == "true"
            if value not in (True, False, "true", "false"):
                self._fields.add(f"{where}.{name}", found_text(value), "true or false")
        options: dict[str, Any] = {}
        if found.get("force"):
            options["force"] = True
        if found.get("startPaused"):
            options["paused"] = True
        return options
