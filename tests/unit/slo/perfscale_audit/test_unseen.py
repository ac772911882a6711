"""What may have been requested without a series that tells of it."""

from virtslo.ports.metric_source import ScrapedSeries
from virtslo.slo.perfscale_audit.unseen import READS, lacking_labels, unseen_requests, with_verb

PODS = ("virt-api-a", "virt-controller-a", "virt-handler-a")


def counter(pod: str, *values: float, **labels: str) -> ScrapedSeries:
    samples = tuple((100.0 * at, value) for at, value in enumerate(values))
    known = {"verb": "GET", "resource": "nodes", "code": "200", "pod": pod}
    kept = {key: value for key, value in {**known, **labels}.items() if value}
    return ScrapedSeries(kept, samples)


def test_nothing_is_unseen_where_every_component_was_scraped_to_the_end() -> None:
    assert unseen_requests([counter(pod, 1, 1, 1) for pod in PODS], start=50, end=150) == ()


def test_a_component_without_a_series_and_a_process_that_ended_are_unseen() -> None:
    found = unseen_requests(
        [counter("virt-api-a", 1, 1), counter("virt-api-b", 1, 1, 1)], start=50, end=150
    )

    assert found == (
        "virt-controller was not scraped",
        "virt-handler was not scraped",
        "a process was not scraped after the end",
    )


def test_growth_without_a_label_is_unseen() -> None:
    parts = [counter(pod, 1, 1, 1) for pod in PODS]

    assert unseen_requests([*parts, counter(PODS[0], 1, 1, 1, code="")], start=50, end=150) == ()
    assert unseen_requests([*parts, counter(PODS[0], 1, 2, 3, code="")], start=50, end=150) == (
        "requests were counted without the label code",
    )


def test_a_method_stands_for_its_verb_and_get_for_three() -> None:
    verbs = [
        with_verb(counter("p", 1, verb="", method=method)).labels.get("verb")
        for method in ("POST", "put", "GET", "")
    ]

    assert verbs == ["CREATE", "UPDATE", READS, None]
    assert lacking_labels(counter("p", 1, verb="")) == ("verb",)
