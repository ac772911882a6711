"""The catalog's part about REST calls, components, API responsiveness and where the time goes.

Invariant: as of the catalog: every such indicator that is printed is here.
"""

from collections.abc import Iterator
from typing import Final

from virtslo.model.vocabulary import COUNTED_COMPONENTS, COUNTED_RESOURCES, COUNTED_VERBS, QUANTILES

SCOPES: Final = ("resource", "namespace", "cluster")
COUNTERS: Final = "component counters"

Text = tuple[str, str, str, str]
"""(name, unit, meaning, source)."""


def call_name(verb: str, resource: str) -> str:
    """The indicator of the requests of a verb on a resource."""
    return f"rest_calls_{verb.lower()}_{resource}"


def component_name(what: str, component: str) -> str:
    """The indicator of a component's processor time or memory."""
    return f"{component.replace('-', '_')}_{what}"


def call_definitions() -> Iterator[Text]:
    """Everything about calls, as (name, unit, meaning, source)."""
    for verb in COUNTED_VERBS:
        for resource in COUNTED_RESOURCES:
            yield (
                call_name(verb, resource),
                "requests",
                (
                    f"successful {verb} requests on {resource} by virt-api, virt-controller and "
                    "virt-handler in the measured stage; per_object: for each VMI made or replaced"
                ),
                COUNTERS,
            )
        yield (
            f"ramp_down_rest_calls_{verb.lower()}",
            "requests",
            (
                f"successful {verb} requests of the same components in the ramp-down; per_object: "
                "for each VMI deleted"
            ),
            COUNTERS,
        )
    yield from _components()
    yield from _phases()
    yield from _waiting()
    yield from _responsiveness()


def _components() -> Iterator[Text]:
    for component in COUNTED_COMPONENTS:
        yield (
            component_name("cpu_seconds", component),
            "s",
            (
                f"processor time of {component}'s processes in the measured stage; per_object: for "
                "each VMI"
            ),
            COUNTERS,
        )
        yield (
            component_name("resident_bytes", component),
            "bytes",
            (
                f"resident memory of {component}'s processes together: before the measured stage, "
                "the most of the reads, and after it"
            ),
            COUNTERS,
        )


def _waiting() -> Iterator[Text]:
    for name, meaning in (
        ("rate_limiter_wait_seconds", "components waited for their own client's token bucket"),
        ("api_answer_wait_seconds", "components waited for answers of the API server"),
        ("work_queue_wait_seconds", "keys waited in virt-controller's work queues"),
        ("work_queue_work_seconds", "virt-controller's workers worked on keys"),
    ):
        yield (name, "s", f"how long {meaning} in the measured stage, for each VMI", COUNTERS)
    yield (
        "controller_calls_per_vmi",
        "requests",
        (
            "requests that virt-controller made for each VMI in the measured stage, refused ones "
            "too: each takes a token of its client's bucket"
        ),
        COUNTERS,
    )
    yield (
        "computed_least_seconds",
        "s",
        (
            "the least time that so many calls per VMI need through virt-controller's token "
            "bucket: max(0, calls x VMIs - burst) / qps"
        ),
        "component counters, KubeVirt's configuration",
    )


def _phases() -> Iterator[Text]:
    yield (
        "mean_seconds_to_pending",
        "s",
        (
            "from the release of the create to the first phase, mean of the VMIs that are Running; "
            "with the means in the phases it adds up to the mean from creation to Running"
        ),
        "watch",
    )
    for phase in ("pending", "scheduling", "scheduled"):
        yield (
            f"mean_seconds_in_{phase}",
            "s",
            f"in phase {phase.capitalize()}, mean of the VMIs that are Running",
            "watch",
        )


def _responsiveness() -> Iterator[Text]:
    for scope in SCOPES:
        yield (
            f"own_call_seconds_{scope}",
            "s",
            (
                f"our own calls of scope {scope}, from sent to answered: the slowest pair of verb "
                "and resource; a pair too small for a statistic counts with its slowest call "
                "(watches and proxies are left out)"
            ),
            "own calls",
        )
        yield (
            f"api_call_seconds_{scope}",
            "s",
            (
                f"everybody's calls of scope {scope}, by the API server's histograms: the slowest "
                "pair of verb and resource; the bucket's edges are the error"
            ),
            "API server's histograms",
        )


def statistics_of(name: str) -> tuple[str, ...] | None:
    """The statistics of an indicator about calls; None for any other."""
    if name.startswith(("rest_calls_", "ramp_down_rest_calls_")):
        return ("count", "per_object")
    if name.endswith("_cpu_seconds"):
        return ("value", "per_object")
    if name.endswith("_resident_bytes"):
        return ("before", "peak", "after")
    if name.startswith("mean_seconds_"):
        return ("mean",)
    if name.startswith("own_call_seconds_"):
        return QUANTILES
    if name.startswith("api_call_seconds_"):
        return ("p99",)
    if name in {"controller_calls_per_vmi", *(item[0] for item in _waiting())}:
        return ("value",) if name == "computed_least_seconds" else ("per_object",)
    return None
