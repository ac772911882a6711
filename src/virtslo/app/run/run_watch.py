"""What a run watches, and when the cluster is quiet.

Invariant: one reflector per resource for the whole run; the population is fed by nothing else.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from virtslo.base.clock import Clock, to_nanoseconds
from virtslo.base.errors import ClusterError
from virtslo.client.reflector import Reflector
from virtslo.model.identifiers import RUN_LABEL
from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.model.plan.workload import Kind
from virtslo.model.run.findings import ALL_FIGURES, Finding
from virtslo.model.run.observations import Observation
from virtslo.observe.population import Population
from virtslo.observe.tracker import Tracker
from virtslo.ports.kube_api import KubeApi, Selection

WATCHED: dict[Kind, tuple[Resource, ...]] = {
    Kind.VMI: (resources.VMIS, resources.PODS),
    Kind.VM: (resources.VMS, resources.VMIS, resources.PODS),
    Kind.VMPOOL: (resources.VM_POOLS, resources.VMS, resources.VMIS, resources.PODS),
    Kind.VMIRS: (resources.VMI_REPLICA_SETS, resources.VMIS, resources.PODS),
}
_OWNERS_FIRST = (
    resources.VM_POOLS,
    resources.VMI_REPLICA_SETS,
    resources.VMS,
    resources.VMIS,
    resources.PODS,
)


def watched(kinds: Sequence[Kind]) -> tuple[Resource, ...]:
    """What is watched in a run of these kinds, owners before what they own."""
    wanted = {resource for kind in kinds for resource in WATCHED[kind]}
    return tuple(resource for resource in _OWNERS_FIRST if resource in wanted)


@dataclass(frozen=True, slots=True)
class RunObjects:
    """Which objects are a run's."""

    kinds: Sequence[Kind]
    run_label: str
    namespace: str | None = None
    """None: objects with the run's label in all namespaces."""


class RunWatch:
    """The reflectors of a run, its trackers and its population."""

    def __init__(
        self,
        api: KubeApi,
        clock: Clock,
        objects: RunObjects,
        *,
        origin_ns: int,
        on_observation: Callable[[Observation], None],
    ) -> None:
        self._clock = clock
        self._origin_ns = origin_ns
        self.population = Population(clock)

        def observed(observation: Observation) -> None:
            on_observation(observation)
            self.population.apply(observation)

        selection = Selection(objects.namespace, label_selector=f"{RUN_LABEL}={objects.run_label}")
        self._trackers = [
            Tracker(
                resource,
                origin_ns=origin_ns,
                on_observation=observed,
                run_label=objects.run_label,
            )
            for resource in watched(objects.kinds)
        ]
        self._reflectors = [
            Reflector(
                api, tracker.resource, selection, handler=tracker, clock=clock, facts_only=True
            )
            for tracker in self._trackers
        ]

    def start(self, group: asyncio.TaskGroup) -> Sequence[asyncio.Task[None]]:
        """Run the reflectors as tasks of `group`."""
        return [group.create_task(reflector.run()) for reflector in self._reflectors]

    async def synced(self, limit: float) -> None:
        """Return when every reflector has listed once.

        Raises ClusterError where one has not within `limit` seconds.
        """
        try:
            async with asyncio.timeout(limit):
                for reflector in self._reflectors:
                    await reflector.synced.wait()
        except TimeoutError as error:
            both = zip(self._trackers, self._reflectors, strict=True)
            unlisted = (of for of, reflector in both if not reflector.synced.is_set())
            waited_for = next(unlisted, self._trackers[-1])
            why = f": {waited_for.losses[-1]}" if waited_for.losses else ""
            raise ClusterError(
                f"{waited_for.resource.plural} could not be listed within {limit:g} s{why}",
                hint="virtslo preflight says what may be read; deadlines.running is the limit",
            ) from error

    async def quiet(self, *, settle: float, limit: float) -> int | None:
        """Wait for `settle` seconds without an event, at most `limit` seconds.

        Returns the time of quiet, nanoseconds since the run's start; None if it did not come.
        """
        started_ns = self._clock.now_ns()
        limit_ns = started_ns + to_nanoseconds(limit)
        settle_ns = to_nanoseconds(settle)
        while True:
            last_ns = max(
                (tracker.last_event_ns or 0) + self._origin_ns for tracker in self._trackers
            )
            quiet_at_ns = max(last_ns, started_ns) + settle_ns
            now_ns = self._clock.now_ns()
            if now_ns >= quiet_at_ns:
                return quiet_at_ns - self._origin_ns
            if quiet_at_ns > limit_ns:
                await self._clock.sleep_until(limit_ns)
                return None
            await self._clock.sleep_until(quiet_at_ns)

    def findings(self) -> tuple[Finding, ...]:
        """What the watch itself has to say of its data."""
        found: list[Finding] = []
        for tracker, reflector in zip(self._trackers, self._reflectors, strict=True):
            name = tracker.resource.plural
            if reflector.is_broken:
                found.append(
                    Finding(
                        code="watch_lost",
                        detail=f"the watch of {name} broke and could not be resumed by the end of "
                        "the "
                        "run: what happened to them since is not known",
                        touches=ALL_FIGURES,
                        inconclusive=True,
                    )
                )
            if reflector.relists:
                found.append(
                    Finding(
                        code="watch_relisted",
                        detail=f"the watch of {name} could not be resumed {reflector.relists} "
                        "times, its "
                        "resource version was too old (410 Gone): they were listed again; what "
                        "came and went in between was not seen, and the rest late",
                        touches=ALL_FIGURES,
                    )
                )
            elif reflector.resumed and not reflector.is_broken:
                found.append(
                    Finding(
                        code="watch_resumed",
                        detail=f"the watch of {name} broke {reflector.resumed} times and was "
                        "resumed "
                        "where it had ended; no event was missed, later ones were seen late",
                        touches=ALL_FIGURES,
                    )
                )
            if tracker.foreign:
                found.append(
                    Finding(
                        code="foreign_objects",
                        detail=f"{tracker.foreign} events of {name} that are not this run's were "
                        "ignored",
                    )
                )
        return tuple(found)
