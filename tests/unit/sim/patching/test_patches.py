"""The three kinds of patch, by their definitions' examples; the object given stays as it is."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from virtslo.base.errors import BadRequest, Invalid, RequestTooLarge, UnsupportedMediaType
from virtslo.ports.kube_api import PatchType
from virtslo.sim.patching.patches import (
    apply_json_patch,
    apply_merge_patch,
    apply_patch,
    apply_strategic_patch,
)


@pytest.mark.parametrize(
    ("target", "operations", "expected"),
    [
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": 1}], {"foo": "bar", "baz": 1}),
        (
            {"foo": ["bar", "baz"]},
            [{"op": "add", "path": "/foo/1", "value": "qux"}],
            {"foo": ["bar", "qux", "baz"]},
        ),
        ({"foo": [1]}, [{"op": "add", "path": "/foo/-", "value": 2}], {"foo": [1, 2]}),
        ({"a": 1, "b": 2}, [{"op": "remove", "path": "/a"}], {"b": 2}),
        ({"a": [1, 2, 3]}, [{"op": "remove", "path": "/a/1"}], {"a": [1, 3]}),
        ({"a": 1}, [{"op": "replace", "path": "/a", "value": 2}], {"a": 2}),
        ({"a": [1, 2]}, [{"op": "replace", "path": "/a/0", "value": 9}], {"a": [9, 2]}),
        ({"a": {"b": 1}, "c": {}}, [{"op": "move", "from": "/a/b", "path": "/c/d"}],
         {"a": {}, "c": {"d": 1}}),
        ({"a": 1}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": 1, "b": 1}),
        ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/a~1b"}], {"m~n": 2}),
        ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/m~0n"}], {"a/b": 1}),
        (
            {"a": 1},
            [{"op": "test", "path": "/a", "value": 1}, {"op": "add", "path": "/b", "value": 2}],
            {"a": 1, "b": 2},
        ),
        ({"a": 1}, [{"op": "test", "path": "/b", "value": None}], {"a": 1}),
    ],
)  # fmt: skip
def test_a_json_patch_does_what_rfc_6902_says(
    target: dict[str, Any], operations: list[Any], expected: dict[str, Any]
) -> None:
    before = copy.deepcopy(target)

    assert apply_json_patch(target, operations) == expected
    assert target == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "remove", "path": "/none"},
        {"op": "add", "path": "/none/deeper", "value": 1},
        {"op": "add", "path": "/list/3", "value": 1},
        {"op": "replace", "path": "/list/2", "value": 1},
        {"op": "copy", "from": "/none", "path": "/b"},
    ],
)
def test_a_json_patch_that_does_not_fit_is_invalid(operation: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        apply_json_patch({"a": 1, "list": [1, 2]}, [operation])


@pytest.mark.parametrize(
    "operations",
    [
        {"op": "add"},
        ["add"],
        [{"op": "add", "path": "/a"}],
        [{"op": "grow", "path": "/a", "value": 1}],
        [{"op": "add", "path": "a", "value": 1}],
        [{"op": "replace", "path": "", "value": 1}],
    ],
)
def test_what_is_no_json_patch_is_a_bad_request(operations: Any) -> None:
    with pytest.raises(BadRequest):
        apply_json_patch({"a": 1}, operations)


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ],
)
def test_a_merge_patch_does_what_rfc_7386_says(
    target: dict[str, Any], patch: dict[str, Any], expected: dict[str, Any]
) -> None:
    before = copy.deepcopy(target)

    assert apply_merge_patch(target, patch) == expected
    assert target == before


def test_a_strategic_patch_merges_lists_by_their_key() -> None:
    target = {"containers": [{"name": "a", "image": "1"}, {"name": "b", "image": "2"}]}
    patch = {"containers": [{"name": "b", "image": "3"}, {"name": "c", "image": "4"}]}
    before = copy.deepcopy(target)

    assert apply_strategic_patch(target, patch) == {
        "containers": [
            {"name": "a", "image": "1"},
            {"name": "b", "image": "3"},
            {"name": "c", "image": "4"},
        ]
    }
    assert target == before


@pytest.mark.parametrize(
    ("patch", "expected"),
    [
        ({"taints": [{"key": "a", "$patch": "delete"}]}, {"taints": [{"key": "b"}]}),
        ({"taints": [{"$patch": "replace"}, {"key": "c"}]}, {"taints": [{"key": "c"}]}),
        ({"taints": None}, {}),
    ],
)
def test_a_strategic_patch_has_directives_for_lists(
    patch: dict[str, Any], expected: dict[str, Any]
) -> None:
    assert apply_strategic_patch({"taints": [{"key": "a"}, {"key": "b"}]}, patch) == expected


def test_a_strategic_patch_has_directives_for_maps_and_plain_lists() -> None:
    target = {"labels": {"a": "1"}, "finalizers": ["x", "y"], "args": ["1"]}

    assert apply_strategic_patch(target, {"labels": {"$patch": "replace", "b": "2"}})["labels"] == {
        "b": "2"
    }
    assert apply_strategic_patch(target, {"finalizers": ["y", "z"]})["finalizers"] == [
        "x", "y", "z",
    ]  # fmt: skip
    removed = apply_strategic_patch(target, {"$deleteFromPrimitiveList/finalizers": ["x"]})
    assert removed["finalizers"] == ["y"]
    assert apply_strategic_patch(target, {"args": ["2"]})["args"] == ["2"]


def test_ports_of_services_and_of_containers_go_by_different_keys() -> None:
    service = {"ports": [{"port": 80, "targetPort": 1}, {"port": 81}]}
    container = {"ports": [{"containerPort": 80, "name": "a"}]}

    assert apply_strategic_patch(service, {"ports": [{"port": 80, "targetPort": 2}]}) == {
        "ports": [{"port": 80, "targetPort": 2}, {"port": 81}]
    }
    assert apply_strategic_patch(container, {"ports": [{"containerPort": 80, "name": "b"}]}) == {
        "ports": [{"containerPort": 80, "name": "b"}]
    }


def test_an_item_without_its_merge_key_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="declared merge key: name"):
        apply_strategic_patch({"containers": [{"name": "a"}]}, {"containers": [{"image": "1"}]})


@pytest.mark.parametrize(
    "item", [{"image": "1"}, {"name": ["a"]}, {"name": {}}, "a", None], ids=repr
)
def test_an_item_that_nothing_distinguishes_is_a_bad_request_wherever_it_is(item: Any) -> None:
    for old, new in (([item], [{"name": "a"}]), ([{"name": "a"}], [item])):
        with pytest.raises(BadRequest, match="merge key"):
            apply_strategic_patch({"containers": old}, {"containers": new})


def test_a_directive_that_says_nothing_known_is_none() -> None:
    unknown: Any
    for unknown in ("merge", ["delete"], {}):
        patch = {"taints": [{"key": "a", "effect": "NoSchedule", "$patch": unknown}]}

        assert apply_strategic_patch({"taints": [{"key": "a"}]}, patch) == {
            "taints": [{"key": "a", "effect": "NoSchedule"}]
        }


def test_a_custom_resource_takes_no_strategic_patch() -> None:
    with pytest.raises(UnsupportedMediaType):
        apply_patch({"a": 1}, {"a": 2}, PatchType.STRATEGIC, is_custom=True)

    assert apply_patch({"a": 1}, {"a": 2}, PatchType.MERGE, is_custom=True) == {"a": 2}
    assert apply_patch({"a": 1}, {"a": 2}, PatchType.STRATEGIC, is_custom=False) == {"a": 2}


def test_a_patch_that_is_no_map_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="cannot unmarshal"):
        apply_patch({"a": 1}, [1], PatchType.MERGE, is_custom=False)


@pytest.mark.parametrize(
    "patch",
    [
        {"finalizers": ["a"], "$deleteFromPrimitiveList/finalizers": None},
        {"conditions": [None]},
        {"conditions": [{"type": {"a": 1}}]},
        {"containers": [{"name": ["x"]}]},
    ],
)
def test_an_odd_strategic_patch_is_a_bad_request(patch: dict[str, Any]) -> None:
    target = {"conditions": [{"type": "Ready"}], "containers": [{"name": "c"}], "finalizers": []}
    with pytest.raises(BadRequest):
        apply_patch(target, patch, PatchType.STRATEGIC, is_custom=False)


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": ""},
        {"op": "remove", "path": None},
        {"op": "remove", "path": "/a/²"},
        {"op": "remove", "path": "/a/" + "9" * 5000},
        {"op": "move", "from": "", "path": "/a"},
        {"op": "move", "from": 1, "path": "/a"},
        {"op": ["add"], "path": "/a", "value": 1},
        {"op": "add", "path": "/a/" + "9" * 5000, "value": 1},
    ],
)
def test_an_odd_operation_is_refused(operation: dict[str, Any]) -> None:
    with pytest.raises((BadRequest, Invalid)):
        apply_patch({"a": [1]}, [operation], PatchType.JSON, is_custom=False)


def test_copies_of_copies_and_endless_operations_are_too_large() -> None:
    doubling = [{"op": "copy", "from": "/a", "path": f"/a/{'x' * n}"} for n in range(1, 60)]
    for patch in (doubling, [{"op": "test", "path": "/a", "value": {}}] * 10_001):
        with pytest.raises(RequestTooLarge):
            apply_patch({"a": {}}, patch, PatchType.JSON, is_custom=False)


ITEMS = st.fixed_dictionaries(
    {"type": st.just("Ready")},
    optional={
        "status": st.sampled_from([None, "True", "False"]),
        "args": st.lists(st.sampled_from("ab"), max_size=2),
        "state": st.dictionaries(
            st.sampled_from(["running", "waiting", "$patch"]),
            st.sampled_from([None, "replace", {"at": "1"}, {"at": None}, {}]),
            max_size=2,
        ),
    },
)


@given(old=ITEMS, new=ITEMS)
def test_an_item_of_a_list_is_patched_as_it_would_be_by_itself(
    old: dict[str, Any], new: dict[str, Any]
) -> None:
    patched = apply_strategic_patch({"conditions": [old]}, {"conditions": [new]})

    assert patched == {"conditions": [apply_strategic_patch(old, new)]}


def test_an_item_that_is_said_anew_is_shared_by_all_that_it_is_said_of() -> None:
    condition = {"type": "Ready", "status": "True", "lastTransitionTime": "now"}
    before = {"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "then"}]}

    patched = apply_strategic_patch(before, {"conditions": [condition]})

    assert patched["conditions"][0] is condition
