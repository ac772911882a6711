"""Names are bounded, unique DNS labels; templates are told what they need."""

import re

from support.scenarios import scenario
from virtslo.load.naming import Slot, context_of, members_of, name_of, namespaces_of
from virtslo.model.plan.scenario import GENERATION

DNS_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def test_a_name_says_kind_run_slot_and_generation() -> None:
    given = scenario("vm")

    assert name_of(given, "s1", Slot(7)) == "vm-s1-00007"
    assert name_of(given, "s1", Slot(7, 2)) == "vm-s1-00007-g2"
    assert name_of(given, "s1", Slot(0, is_warm_up=True)) == "vm-s1-w00000"


def test_long_run_labels_give_bounded_names_that_stay_apart() -> None:
    given = scenario("vmpool")
    names = [name_of(given, "r" * 60 + end, Slot(999_999, 12345)) for end in "ab"]

    assert len(set(names)) == 2
    assert all(DNS_LABEL.fullmatch(name) for name in names)


def test_objects_are_spread_over_namespaces_round_robin() -> None:
    given = scenario(workload={"namespaces": 3})

    assert namespaces_of(given, "s1") == ("virtslo-s1-0", "virtslo-s1-1", "virtslo-s1-2")
    assert context_of(given, "s1", Slot(4))["namespace"] == "virtslo-s1-1"


def test_namespaces_are_filled_one_after_another_where_a_share_is_given() -> None:
    given = scenario("vmi", 8, workload={"namespaces": 3, "objectsPerNamespace": 3})

    places = [context_of(given, "s1", Slot(index))["namespace"][-1] for index in range(8)]

    assert "".join(places) == "00011122"
    assert context_of(given, "s1", Slot(4, generation=2))["namespace"] == "virtslo-s1-1"


def test_a_chosen_namespace_is_used_as_it_is() -> None:
    assert namespaces_of(scenario(workload={"namespace": "mine"}), "s1") == ("mine",)


def test_members_are_spread_over_groups_and_none_is_lost() -> None:
    given = scenario("vmpool", 10, workload={"groups": 3})

    assert [members_of(given, Slot(index)) for index in range(3)] == [4, 3, 3]
    assert members_of(given, Slot(0, is_warm_up=True)) == 1


def test_a_template_of_a_group_is_told_its_replicas() -> None:
    given = scenario("vmirs", 10, workload={"groups": 3})

    assert context_of(given, "s1", Slot(1, replica=2)) == {
        "index": 1,
        "name": "vmirs-s1-00001",
        "namespace": "virtslo-s1-0",
        "run_id": "s1",
        "replica": 2,
        GENERATION: 0,
        "replicas": 3,
        "group": 1,
    }
