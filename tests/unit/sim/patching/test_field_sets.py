"""Sets of fields: what a value sets, and their form as a document."""

from typing import Any

from virtslo.sim.patching.field_sets import (
    ABSENT,
    Lists,
    document_of,
    fields_of,
    merged,
    read_document,
    shown,
    value_at,
    without,
)

BUILT_IN, CUSTOM = Lists(is_built_in=True), Lists(is_built_in=False)
POD: Any = {
    "metadata": {"finalizers": ["a"], "labels": {}},
    "spec": {"containers": [{"name": "x", "image": "y"}], "nodeName": "n"},
}


def test_a_built_in_list_is_owned_item_by_item() -> None:
    item = 'k:{"name":"x"}'

    assert list(fields_of(POD, BUILT_IN)) == [
        ("f:metadata", "f:finalizers", 'v:"a"'),
        ("f:metadata", "f:labels"),
        ("f:spec", "f:containers", item),
        ("f:spec", "f:containers", item, "f:name"),
        ("f:spec", "f:containers", item, "f:image"),
        ("f:spec", "f:nodeName"),
    ]


def test_a_custom_resources_list_is_owned_whole() -> None:
    assert ("f:spec", "f:containers") in fields_of(POD, CUSTOM)


def test_a_document_is_read_back_as_the_set_it_was() -> None:
    fields = fields_of(POD, BUILT_IN)

    assert sorted(read_document(document_of(fields))) == sorted(fields)


def test_values_are_found_and_removed_by_their_paths() -> None:
    path = ("f:spec", "f:containers", 'k:{"name":"x"}', "f:image")

    assert value_at(POD, path) == "y"
    assert value_at(POD, (*path[:2], 'k:{"name":"z"}')) is ABSENT
    assert without(POD, path)["spec"]["containers"] == [{"name": "x"}]
    assert without(POD, path[:3])["spec"]["containers"] == []
    assert POD["spec"]["containers"] == [{"name": "x", "image": "y"}]


def test_lists_are_merged_by_their_keys_and_sets_by_their_values() -> None:
    config: Any = {
        "metadata": {"finalizers": ["b", "a"]},
        "spec": {"containers": [{"name": "x", "tty": True}, {"name": "z"}]},
    }

    found = merged(POD, config, BUILT_IN)

    assert found["metadata"]["finalizers"] == ["a", "b"]
    assert found["spec"]["containers"] == [
        {"name": "x", "image": "y", "tty": True},
        {"name": "z"},
    ]
    assert merged(POD, config, CUSTOM)["spec"]["containers"] == config["spec"]["containers"]


def test_paths_are_shown_as_kubernetes_shows_them() -> None:
    assert shown(("f:spec", "f:ports", 'k:{"containerPort":80}', "f:protocol")) == (
        ".spec.ports[containerPort=80].protocol"
    )
    assert shown(("f:metadata", "f:finalizers", 'v:"a"')) == '.metadata.finalizers[="a"]'
