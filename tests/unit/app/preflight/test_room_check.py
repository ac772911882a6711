"""Room on nodes: what would run out first, and what others hold."""

from typing import Any

from virtslo.app.preflight.room_check import room_of

MIB = 1024 * 1024


def node(name: str, **allocatable: str) -> dict[str, Any]:
    has = {"pods": "110", "devices.kubevirt.io/kvm": "1000", "memory": "10Gi", **allocatable}
    return {"metadata": {"name": name}, "status": {"allocatable": has}}


def pod(node_name: str, *, phase: str = "Running", memory: str = "1Gi") -> dict[str, Any]:
    container = {"resources": {"requests": {"memory": memory}}}
    spec = {"nodeName": node_name, "containers": [container]}
    return {"metadata": {}, "spec": spec, "status": {"phase": phase}}


def test_room_is_the_least_of_what_runs_out() -> None:
    room = room_of([node("a"), node("b")], [], 100 * MIB)

    assert room.by == {"pods": 220, "KVM devices": 2000, "memory": 204}
    assert room.total == 204


def test_what_others_hold_is_taken_off_but_not_what_has_ended() -> None:
    pods = [pod("a"), pod("a", phase="Succeeded"), pod("elsewhere")]

    room = room_of([node("a", pods="3", memory="2Gi")], pods, 1024 * MIB)

    assert room.by == {"pods": 2, "KVM devices": 1000, "memory": 1}


def test_memory_counts_only_where_the_template_asks_for_some() -> None:
    assert "memory" not in room_of([node("a")], [], None).by


def test_a_node_that_holds_too_much_leaves_nothing_less() -> None:
    full = [pod("a"), pod("a")]

    assert room_of([node("a", pods="1"), node("b", pods="5")], full, None).by["pods"] == 5


def test_quantities_are_read_by_the_apis_grammar() -> None:
    pods = [pod("a", memory="129e6"), pod("a", memory="1.5Gi"), pod("a", memory="128000m")]

    room = room_of([node("a", memory="1e10", pods="1.1e2")], pods, 10**9)

    assert room.by == {"pods": 107, "KVM devices": 1000, "memory": 8}
    assert room.unread == ()


def test_what_cannot_be_read_is_named_and_left_out() -> None:
    nodes = [node("a"), node("bad", memory="much")]

    room = room_of(nodes, [pod("a", memory="1 Gi")], 1024 * MIB)

    assert room.by == {"pods": 109, "KVM devices": 1000, "memory": 10}
    assert [words.partition(":")[0] for words in room.unread] == ["pod /", "node bad"]
