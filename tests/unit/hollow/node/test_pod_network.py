"""Addresses of pods: one each, of their node's range, in turn."""

import pytest

from virtslo.hollow.node.pod_network import PodNetwork, mac_of


def network(pods: int = 110) -> PodNetwork:
    return PodNetwork(["a", "b"], pods_per_node=pods)


def test_each_node_has_a_range_of_its_own() -> None:
    made = network()

    assert [made.range_of(node) for node in "ab"] == ["10.128.0.0/24", "10.128.1.0/24"]


@pytest.mark.parametrize(
    ("pods", "prefix"), [(110, 24), (253, 24), (254, 23), (500, 23), (600, 22)]
)
def test_a_range_has_room_for_every_pod_of_a_node(pods: int, prefix: int) -> None:
    made = network(pods)
    addresses = {made.assign("a", str(index)) for index in range(pods)}

    assert made.range_of("a") == f"10.128.0.0/{prefix}"
    assert len(addresses) == pods


def test_a_pod_keeps_its_address_and_others_get_others() -> None:
    made = network()

    first = [made.assign(node, pod) for node, pod in (("a", "x"), ("a", "y"), ("b", "z"))]

    assert first == ["10.128.0.2", "10.128.0.3", "10.128.1.2"]
    assert made.assign("a", "x") == "10.128.0.2"
    assert made.address_of("y") == "10.128.0.3"


def test_an_address_that_is_free_again_is_not_given_at_once() -> None:
    made = network()
    made.assign("a", "x")
    made.release("x")

    assert made.address_of("x") is None
    assert made.assign("a", "y") == "10.128.0.3"
    later = [made.assign("a", str(index)) for index in range(252)]
    assert later[-1] == "10.128.0.2"
    assert len({*later, "10.128.0.3"}) == 253


def test_a_range_that_is_used_up_forgets_the_dead_and_then_refuses() -> None:
    made = network()
    for index in range(253):
        made.assign("a", str(index))

    assert made.assign("a", "new", [str(index) for index in range(1, 253)]) == "10.128.0.2"
    with pytest.raises(ValueError, match=r"every address of 10\.128\.0\.0/24 is in use"):
        made.assign("a", "newer", ["new", *(str(index) for index in range(1, 253))])


def test_a_hardware_address_is_made_from_the_address() -> None:
    assert mac_of("10.128.0.2") == "0a:58:0a:80:00:02"
