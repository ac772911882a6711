"""Write docs/explanation/predictions.md: experiments that KubeVirt published, simulated.

Invariant: every simulated number of the page is in predictions.json beside it, which this command
makes by running them; published ones are copied as they were published. `--render` writes the page
from that file alone. One seed takes a minute of a processor.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from virtslo.base.clock import to_seconds
from virtslo.base.virtual_time import VirtualClock, run_in_virtual_time
from virtslo.cli.options import SCENARIO_OPTIONS, TargetOptions, parameter_of
from virtslo.cli.scenarios import read_scenario
from virtslo.cli.targets import simulated_target
from virtslo.cli.whatif.executors import LocalExecutor
from virtslo.cli.wiring import simulated_cluster
from virtslo.client.token_bucket import TokenBucket
from virtslo.model.kubernetes import resources
from virtslo.model.whatif.sweep import Point, PointStatus

FOLDER: Final = Path(__file__).parents[1] / "docs" / "explanation"
PAGE: Final = FOLDER / "predictions.md"
DATA: Final = FOLDER / "predictions.json"
RATE: Final = "phase_rate_running.mean"
SLOWEST: Final = "vmi_creation_to_running_seconds.max"
OWNERS_SLOWEST: Final = "owner_creation_to_running_seconds.max"
TOLERANCE: Final = 0.25
OPERATOR_LIMITS: Final = {"operator before": (5, 10), "operator after": (200, 400)}
INSTANCE_TYPES: Final = 114
"""What was installed when the limit was changed."""
THREADS: Final = {"threads before": 3, "threads after": 10}
CLIENT_LIMITS: Final = {"limit before": (20, 30), "limit after": (400, 600)}

Found = Mapping[str, Mapping[str, float]]
"""Simulated figures, by case."""


@dataclass(frozen=True, slots=True)
class Row:
    """A published figure and ours."""

    change: str
    published: str
    simulated: float
    unit: str
    number: float
    """What was published, as a number."""
    is_bound: bool = False
    """Whether it is an upper bound."""
    is_fitted: bool = False
    """Whether a value of the simulation was chosen to meet it."""

    @property
    def is_within(self) -> bool:
        """Whether ours is within a quarter of the published figure, or under the bound."""
        if self.is_bound:
            return self.simulated <= self.number
        return abs(self.simulated / self.number - 1) <= TOLERANCE

    @property
    def judgement(self) -> str:
        """The same in words."""
        if self.is_bound:
            return "below the bound" if self.is_within else "**above the bound**"
        if self.is_fitted:
            return f"{self.simulated / self.number - 1:+.0%}, fitted"
        inside = "within 25 %" if self.is_within else "**outside 25 %**"
        return f"{self.simulated / self.number - 1:+.0%}, {inside}"


def points() -> dict[str, Point]:
    """The runs of bursts, by case."""
    limits = {
        case: {"kubevirt.virtController.qps": qps, "kubevirt.virtController.burst": burst}
        for case, (qps, burst) in CLIENT_LIMITS.items()
    }
    threads = {
        case: {
            "kubevirt.virtController.threads.vmi": number,
            "profile.reconcile.vmi.value": "1.9s",
        }
        for case, number in THREADS.items()
    }
    found: dict[str, Point] = {}
    for cases, kind, count, nodes in ((limits, "vm", 1000, 12), (threads, "vmi", 60, 3)):
        for case, settings in cases.items():
            found[case] = point(len(found), settings, kind=kind, count=count, nodes=nodes)
    return found


def point(index: int, settings: Mapping[str, Any], *, kind: str, count: int, nodes: int) -> Point:
    """A burst on profile `ci` with these settings."""
    fields = {parameter_of(option): None for option, _, _ in SCENARIO_OPTIONS}
    scenario = read_scenario("burst", {**fields, "kind": kind, "count": str(count)})
    given = tuple(f"{name}={value}" for name, value in settings.items())
    options = TargetOptions(nodes=nodes, settings=given)
    return Point(index, {}, 1, scenario, simulated_target(options, seed=1, count=count))


def run(wanted: Mapping[str, Point]) -> Found:
    """Their figures, by case."""
    names = {item.index: case for case, item in wanted.items()}
    found: dict[str, Mapping[str, float]] = {}
    outcomes = LocalExecutor(()).run(
        list(wanted.values()), is_ended=lambda: False, tell=lambda words: None
    )
    for outcome in outcomes:
        result = outcome.result
        if result.status is PointStatus.FAILED:
            raise SystemExit(f"{names[result.index]}: {result.error}")
        kept = {RATE, SLOWEST, OWNERS_SLOWEST} & result.figures.keys()
        found[names[result.index]] = {name: result.figures[name] for name in sorted(kept)}
    return found


def installed(qps: int, burst: int) -> Mapping[str, float]:
    """Seconds in which instance types are created, one after another, under a client limit."""
    target = simulated_target(TargetOptions(), seed=1, count=0)
    found: dict[str, float] = {"objects": INSTANCE_TYPES}

    async def main(clock: VirtualClock) -> None:
        async with simulated_cluster(target, clock) as api:
            bucket = TokenBucket(clock, qps=qps, burst=burst)
            began = clock.now_ns()
            for number in range(INSTANCE_TYPES):
                await bucket.acquire()
                await api.create(resources.CLUSTER_INSTANCETYPES, instance_type(number))
            found["seconds"] = to_seconds(clock.now_ns() - began)

    run_in_virtual_time(main)
    return found


def instance_type(number: int) -> dict[str, Any]:
    """One of them."""
    return {
        "apiVersion": resources.CLUSTER_INSTANCETYPES.api_version,
        "kind": resources.CLUSTER_INSTANCETYPES.kind,
        "metadata": {"name": f"experiment.{number}"},
        "spec": {"cpu": {"guest": 1}, "memory": {"guest": "1Gi"}},
    }


def operators() -> Found:
    """Commit 9bc73accf7: virt-operator's client limit."""
    return {case: installed(*limits) for case, limits in OPERATOR_LIMITS.items()}


def rows(found: Found) -> dict[str, list[Row]]:
    """The eight published figures and ours, by experiment."""
    before, after = found["limit before"], found["limit after"]
    return {
        "rate": [
            Row("20/30", "about 1 VMI/s", before[RATE], "VMI/s", 1.0),
            Row("400/600", "17 VMI/s", after[RATE], "VMI/s", 17.0),
        ],
        "slowest": [
            Row("20/30", "22.7 min", before[SLOWEST], "s", 22.7 * 60),
            Row("400/600", "25 s", after[SLOWEST], "s", 25.0),
        ],
        "operator": [
            Row("5/10", "about 22 s", found["operator before"]["seconds"], "s", 22.0),
            Row(
                "200/400", "under 1 s", found["operator after"]["seconds"], "s", 1.0, is_bound=True
            ),
        ],
        "threads": [
            Row("3", "one every 5 s", found["threads before"][RATE], "VMI/s", 0.2),
            Row(
                "10",
                "about one a second",
                found["threads after"][RATE],
                "VMI/s",
                1.0,
                is_fitted=True,
            ),
        ],
    }


def table(of: Sequence[Row], title: str) -> Iterator[str]:
    """Rows as Markdown."""
    yield f"| {title} | published | simulated | ours against it |"
    yield "| --- | --- | ---: | --- |"
    for row in of:
        ours = f"{row.simulated:.3g} {row.unit}"
        yield f"| {row.change} | {row.published} | {ours} | {row.judgement} |"
    yield ""


HEAD: Final = """# Predictions held against published experiments

<!-- generated by tools/predictions.py: do not edit -->

What KubeVirt's developers published about a change, and what the simulated cluster says of the
same change. **Published** figures are from a pull request or commit, of a cluster that is not
described further: the direction is sure, the size is rough. **Simulated** ones are of profile
`ci`, seed 1, which was calibrated on none of them but for one value (threads). Nothing here was
measured by virtslo.

**{within} of {all} figures are within 25 %, of which {fitted} was fitted and {bounds} is an upper
bound; the direction is right in {directions} of {pairs} pairs.**
"""
CLIENT: Final = """## virt-controller's client limit

Published in [PR 7879](https://github.com/kubevirt/kubevirt/pull/7879).

1 000 VMs on 12 nodes; virt-controller's requests per second and burst. The text of the pull
request calls 5/10 the old limit; the code of that time reads 20/30, which is what is simulated.
Running rate:
"""
SLOW: Final = """\
The slowest VMI, from its creation to Running:
"""
SLOW_WHY: Final = """\
Before: the two published figures need one another. 1 000 VMs of which the slowest took 22.7 min
are {implied:.2f} VMI/s over the whole, if it counts from the VM; the text does not say. From the
VM's creation our slowest is {owner:.0f} s ({owner_share:+.0%}); from the VMI's, which the table
has, it is short, since simulated VMs meter their VMIs and a VMI is created only shortly before
its turn. At 20 requests a second {implied:.2f} VMI/s are {calls:.0f} requests of virt-controller
for a VM, and {ours:.1f} are simulated, after v1.9. KubeVirt made more then: the earliest counts
that its CI published (184 runs, September to November 2023, test of VMs, all components) are 8.7
UPDATEs of a VMI for each VM, where 6.0 are simulated.

After: with 400/600 a simulated pod starts in 16 s, as in KubeVirt's CI, and the slowest of 1 000 in
twice that. The published cluster's pods started sooner: its slowest VMI took 25 s in all.
"""
OPERATOR: Final = """## virt-operator's client limit

Published in [commit 9bc73accf7](https://github.com/kubevirt/kubevirt/commit/9bc73accf7).

Time in which 114 instance types are created, one after another, through the token bucket that
simulated components have. The commit says "114 and more".
"""
OPERATOR_WHY: Final = """\
In closed form the bucket takes (objects − burst) ÷ rate: (114 − 10) ÷ 5 = 20.8 s. With 200/400 its
burst covers all of them and the API server's answers are what takes the time: "under 1 s" is an
upper bound, which a simulated time below it meets without being confirmed in size.
"""
THREADED: Final = """## The VMI controller's threads

Published in [PR 4772](https://github.com/kubevirt/kubevirt/pull/4772).

Threads of virt-controller's VMI controller. In `ci` they are idle at this rate, and show no
effect: a VMI every 5 s from three threads says that each reconcile of that time held its thread
for seconds. So each reconcile is set to work for 1.9 s, chosen for about a VMI a second with
ten threads; only the ratio of the two rows is a prediction.
"""
REST: Final = """\
The published rate rose fivefold. Threads alone cannot give more than 10/3 of the rate, and the
simulation gives {threads:.2f} times: at ten of them the pods' start shows beside the reconciles.
What is left came of other changes, or of rounding: "every 5 s" and "about one a second" have one
digit each.

## Without a counterpart

Published, and not simulated here: idle GETs of nodes by virt-handler (issue 14627), VMs left behind
after 12 hours (issue 7101), recovery from a lost node in five phases (PR 10961), the migration
queue (PR 11616, 14141).

Claims of ours that nothing published confirms or contradicts:

- rates between the client limits that were tried, and of other numbers of threads;
- what a larger API server gives (`apiServer.cores`), and the capacity that `search` finds;
- steady states, constant churn and its ladder, replacement and recovery times;
- deletion: no published figure says how long it takes;
- pools and replica sets;
- effects on REST calls, but for those that KubeVirt's CI publishes
  ([calls per object](../reference/calls-per-object.md));
- every interval.

How far calibrated predictions were from a real control plane is measured, by virtslo:
[calibration](calibration.md).
"""


def rises(pair: Sequence[Row]) -> tuple[bool, bool]:
    """Whether a figure rises with the change, published and simulated."""
    first, second = pair
    return second.number > first.number, second.simulated > first.simulated


def page(found: Found) -> str:
    """The page."""
    by = rows(found)
    every = [row for pair in by.values() for row in pair]
    agreeing = sum(published == ours for published, ours in map(rises, by.values()))
    owner = found["limit before"][OWNERS_SLOWEST]
    head = HEAD.format(
        within=sum(row.is_within for row in every),
        all=len(every),
        fitted=sum(row.is_within and row.is_fitted for row in every),
        bounds=sum(row.is_within and row.is_bound for row in every),
        directions=agreeing,
        pairs=len(by),
    )
    ratio = found["threads after"][RATE] / found["threads before"][RATE]
    lines = [head, CLIENT, *table(by["rate"], "requests/s, burst")]
    lines += [SLOW, *table(by["slowest"], "requests/s, burst")]
    implied = 1000 / (22.7 * 60)
    lines += [
        SLOW_WHY.format(
            owner=owner,
            owner_share=owner / (22.7 * 60) - 1,
            implied=implied,
            calls=CLIENT_LIMITS["limit before"][0] / implied,
            ours=CLIENT_LIMITS["limit before"][0] / found["limit before"][RATE],
        )
    ]
    lines += [OPERATOR, *table(by["operator"], "requests/s, burst"), OPERATOR_WHY]
    lines += [THREADED, *table(by["threads"], "threads"), REST.format(threads=ratio).rstrip(), ""]
    return "\n".join(lines)


def main() -> None:
    """Run everything and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--render", action="store_true", help="Write the page, run nothing.")
    if not parser.parse_args().render:
        found = {**operators(), **run(points())}
        DATA.write_text(json.dumps(found, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(DATA.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
