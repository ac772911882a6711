"""Required affinities: to nodes by their labels and names, to and from pods that are placed."""

from typing import Any

import pytest

from virtslo.hollow.kubernetes.affinity import (
    APART,
    BESIDE,
    REQUIRED,
    UNWANTED,
    accepts_node,
    neighbours_of,
    node_terms,
    pod_terms,
)

NODES = [{"host": "a", "zone": "1"}, {"host": "b", "zone": "1"}, {"host": "c", "zone": "2"}, {}]


def pod(labels: dict[str, str], namespace: str = "n", **affinity: Any) -> dict[str, Any]:
    kinds = {"beside": "podAffinity", "apart": "podAntiAffinity"}
    return {
        "metadata": {"namespace": namespace, "labels": labels},
        "spec": {"affinity": {kinds[kind]: {REQUIRED: [of]} for kind, of in affinity.items()}},
    }


def term(key: str, labels: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"topologyKey": key, "labelSelector": {"matchLabels": labels}, **more}


def obstacles(new: dict[str, Any], *placed: tuple[dict[str, Any], int]) -> list[str | None]:
    found = neighbours_of(new, [(each, NODES[at]) for each, at in placed], NODES)
    return [found.obstacle(labels) for labels in NODES]


@pytest.mark.parametrize(
    ("rule", "accepted"),
    [
        ({"operator": "In", "values": ["x", "y"]}, [True, False, False, False]),
        ({"operator": "NotIn", "values": ["x"]}, [False, True, True, True]),
        ({"operator": "Exists"}, [True, True, True, False]),
        ({"operator": "DoesNotExist"}, [False, False, False, True]),
        ({"operator": "Gt", "values": ["4"]}, [False, True, False, False]),
        ({"operator": "Lt", "values": ["5"]}, [False, False, True, False]),
        ({"operator": "Gt", "values": ["4", "5"]}, [False, False, False, False]),
        ({"operator": "Lt", "values": ["many"]}, [False, False, False, False]),
    ],
)
def test_a_requirement_is_met_by_labels(rule: dict[str, Any], accepted: list[bool]) -> None:
    terms = [{"matchExpressions": [{"key": "k", **rule}]}]
    labels: list[dict[str, str]] = [{"k": "x"}, {"k": "7"}, {"k": "-1"}, {}]

    assert [accepts_node(terms, "node", each) for each in labels] == accepted


def test_any_term_will_do_and_an_empty_one_never() -> None:
    by_name = {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["a"]}]}
    both = {**by_name, "matchExpressions": [{"key": "k", "operator": "Exists"}]}

    assert accepts_node([{}, by_name], "a", {})
    assert not accepts_node([by_name], "b", {})
    assert not accepts_node([both], "a", {})
    assert not accepts_node([{}], "a", {})
    assert not accepts_node([], "a", {})


def test_only_what_is_required_counts() -> None:
    preferred: dict[str, Any] = {"preferredDuringSchedulingIgnoredDuringExecution": [{}]}
    spec = {"affinity": {"nodeAffinity": preferred, "podAffinity": preferred}}
    new = {"metadata": {"namespace": "n"}, "spec": spec}

    assert node_terms(new) is None
    assert pod_terms(new, "podAffinity") == ()


def test_a_pod_keeps_away_from_others_of_its_namespace() -> None:
    new = pod({}, apart=term("zone", {"app": "db"}))
    other = pod({"app": "db", "more": "x"})

    assert obstacles(new, (other, 1)) == [APART, APART, None, None]
    assert obstacles(new, (pod({"app": "db"}, "elsewhere"), 1)) == [None] * 4
    assert obstacles(new, (other, 3)) == [None] * 4


def test_named_namespaces_are_meant_instead() -> None:
    new = pod({}, apart=term("host", {"app": "db"}, namespaces=["elsewhere"]))

    assert obstacles(new, (pod({"app": "db"}, "elsewhere"), 0))[0] == APART
    assert obstacles(new, (pod({"app": "db"}), 0)) == [None] * 4


def test_placed_pods_keep_a_new_one_away() -> None:
    other = pod({}, apart=term("host", {"app": "web"}))

    assert obstacles(pod({"app": "web"}), (other, 0)) == [UNWANTED, None, None, None]
    assert obstacles(pod({"app": "db"}), (other, 0)) == [None] * 4


def test_a_pod_goes_where_the_others_are() -> None:
    new = pod({}, beside=term("zone", {"app": "db"}))

    assert obstacles(new, (pod({"app": "db"}), 0)) == [None, None, BESIDE, BESIDE]
    assert obstacles(new) == [BESIDE] * 4


def test_the_first_of_those_that_want_to_be_together_goes_anywhere() -> None:
    new = pod({"app": "db"}, beside=term("zone", {"app": "db"}))

    assert obstacles(new) == [None, None, None, BESIDE]


def test_a_term_without_a_selector_means_no_pod() -> None:
    new = pod({}, apart={"topologyKey": "host"})
    everyone = pod({}, apart={"topologyKey": "host", "labelSelector": {}})

    assert obstacles(new, (pod({}), 0)) == [None] * 4
    assert obstacles(everyone, (pod({}), 0))[0] == APART
