"""Rules: what one allows, what some cover of others, and how what is missing is told."""

from typing import Any

import pytest

from virtslo.sim.authorization.attributes import Attributes, attributes_of
from virtslo.sim.authorization.rules import FULL_AUTHORITY, allows, described, uncovered


def rule(groups: str, resources: str, verbs: str, *names: str) -> dict[str, Any]:
    parts = {"apiGroups": groups, "resources": resources, "verbs": verbs}
    found: dict[str, Any] = {key: text.split(",") for key, text in parts.items()}
    return {**found, "resourceNames": list(names)} if names else found


def path_rule(*paths: str) -> dict[str, Any]:
    return {"nonResourceURLs": list(paths), "verbs": ["get"]}


def asked(verb: str, combined: str, group: str = "", name: str = "") -> Attributes:
    resource, _, below = combined.partition("/")
    return Attributes(verb, group, resource, below, "n", name)


@pytest.mark.parametrize(
    ("held", "wanted", "is_allowed"),
    [
        (rule("", "pods", "get,list"), asked("list", "pods"), True),
        (rule("", "pods", "get"), asked("list", "pods"), False),
        (rule("", "pods", "*"), asked("list", "pods"), True),
        (rule("", "pods", "*"), asked("get", "pods/log"), False),
        (rule("", "pods/log", "*"), asked("get", "pods/log"), True),
        (rule("", "pods/log", "*"), asked("get", "pods"), False),
        (rule("", "*/log", "*"), asked("get", "pods/log"), True),
        (rule("", "*/lo", "*"), asked("get", "pods/log"), False),
        (rule("", "*", "*"), asked("get", "pods/log"), True),
        (rule("", "*", "*"), asked("get", "vms", "kubevirt.io"), False),
        (rule("*", "*", "*"), asked("get", "vms", "kubevirt.io"), True),
        (rule("", "pods", "get", "a"), asked("get", "pods", name="a"), True),
        (rule("", "pods", "get", "a"), asked("get", "pods", name="b"), False),
        (rule("", "pods", "list", "a"), asked("list", "pods"), False),
        (rule("*", "*", "*"), attributes_of("GET", "/metrics", {}), False),
        (path_rule("/metrics"), attributes_of("GET", "/metrics", {}), True),
        (path_rule("/metrics"), attributes_of("GET", "/metrics/x", {}), False),
        (path_rule("/metrics/*"), attributes_of("GET", "/metrics/x", {}), True),
        (path_rule("*"), attributes_of("GET", "/x", {}), True),
        (path_rule("*"), attributes_of("POST", "/x", {}), False),
        (path_rule("*"), asked("get", "pods"), False),
        ({"verbs": None}, asked("get", "pods"), False),
    ],
)
def test_a_rule_allows_what_it_names(
    held: dict[str, Any], wanted: Attributes, *, is_allowed: bool
) -> None:
    assert allows(held, wanted) is is_allowed


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ([rule("", "pods", "get"), rule("", "pods", "list")], [rule("", "pods", "get,list")]),
        ([rule("*", "*", "*")], [rule("a,b", "c,d/e", "f", "g")]),
        ([rule("", "*/log", "get")], [rule("", "pods/log", "get")]),
        ([rule("", "pods", "get")], [rule("", "pods", "get", "a")]),
        ([rule("", "pods", "get", "a", "b")], [rule("", "pods", "get", "a")]),
        ([path_rule("/a/*")], [path_rule("/a/b", "/a/c*")]),
        (list(FULL_AUTHORITY), [rule("a", "b", "c"), path_rule("/x")]),
    ],
)
def test_rules_cover_others(held: list[Any], wanted: list[Any]) -> None:
    assert uncovered(held, wanted) == []


@pytest.mark.parametrize(
    ("held", "wanted", "words"),
    [
        ([], [rule("", "pods", "get,list")], ('{APIGroups:[""], Resources:["pods"], '
         'Verbs:["get" "list"]}')),
        ([rule("", "pods", "get", "a")], [rule("", "pods", "get")],
         '{APIGroups:[""], Resources:["pods"], Verbs:["get"]}'),
        ([rule("", "pods", "get", "a")], [rule("", "pods", "get", "a", "b")],
         '{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}'),
        ([rule("*", "*", "*")], [path_rule("/a")], '{NonResourceURLs:["/a"], Verbs:["get"]}'),
        ([rule("", "pods", "get")], [rule("", "b,a", "get")],
         ('{APIGroups:[""], Resources:["a"], Verbs:["get"]}\n'
         '{APIGroups:[""], Resources:["b"], Verbs:["get"]}')),
    ],
)  # fmt: skip
def test_what_is_not_covered_is_told_in_the_servers_words(
    held: list[Any], wanted: list[Any], words: str
) -> None:
    assert described(uncovered(held, wanted)) == words
