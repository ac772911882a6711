"""Rules of roles: what one allows, whether some cover others, and how they are written. Pure.

Invariant: `*` stands for every verb, group, resource or path, and `*/x` for the subresource x of
every resource; a rule that names objects allows nothing that has no name.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from virtslo.sim.authorization.attributes import Attributes
from virtslo.sim.authorization.go_text import go_list

Rule = Mapping[str, Any]

EVERYTHING: Final = "*"
FULL_AUTHORITY: Final[tuple[Rule, ...]] = (
    {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},
    {"verbs": ["*"], "nonResourceURLs": ["*"]},
)
_PARTS: Final = ("apiGroups", "resources", "nonResourceURLs", "resourceNames", "verbs")


def allows(rule: Rule, asked: Attributes) -> bool:
    """Whether a rule allows what is asked."""
    if not _has(rule, "verbs", asked.verb):
        return False
    if not asked.is_resource:
        return any(_covers_path(path, asked.path) for path in _values(rule, "nonResourceURLs"))
    if not _has(rule, "apiGroups", asked.group):
        return False
    wanted = {EVERYTHING, asked.combined}
    if asked.subresource:
        wanted.add(f"*/{asked.subresource}")
    if wanted.isdisjoint(_values(rule, "resources")):
        return False
    names = _values(rule, "resourceNames")
    return not names or asked.name in names


def uncovered(held: Sequence[Rule], wanted: Sequence[Rule]) -> list[Rule]:
    """The parts of rules, each of one verb and one thing, that others do not cover."""
    return [
        part
        for rule in wanted
        for part in _broken_down(rule)
        if not any(_covers(each, part) for each in held)
    ]


def described(rules: Sequence[Rule]) -> str:
    """Parts of rules as the API server tells them: one line each thing, in order."""
    verbs: dict[tuple[tuple[str, tuple[str, ...]], ...], list[str]] = {}
    for rule in rules:
        key = tuple((name, tuple(_values(rule, name))) for name in _PARTS[:-1])
        verbs.setdefault(key, []).extend(_values(rule, "verbs"))
    lines = {_line({**dict(key), "verbs": found}) for key, found in verbs.items()}
    return "\n".join(sorted(lines))


def _line(rule: Mapping[str, Sequence[str]]) -> str:
    told = [
        f"{name[0].upper()}{name[1:]}:{go_list(rule[name])}".replace("ApiGroups", "APIGroups")
        for name in _PARTS
        if rule[name]
    ]
    return "{" + ", ".join(told) + "}"


def _broken_down(rule: Rule) -> Iterator[Rule]:
    names = _values(rule, "resourceNames")
    for group in _values(rule, "apiGroups"):
        for resource in _values(rule, "resources"):
            for verb in _values(rule, "verbs"):
                part = {"apiGroups": [group], "resources": [resource], "verbs": [verb]}
                if not names:
                    yield part
                for name in names:
                    yield {**part, "resourceNames": [name]}
    for path in _values(rule, "nonResourceURLs"):
        for verb in _values(rule, "verbs"):
            yield {"nonResourceURLs": [path], "verbs": [verb]}


def _covers(held: Rule, part: Rule) -> bool:
    """Whether a rule covers a part of one; a rule of resources never covers paths."""
    names, wanted = _values(held, "resourceNames"), _values(part, "resourceNames")
    return (
        _has_all(held, part, "verbs")
        and _has_all(held, part, "apiGroups")
        and all(_covers_resource(held, each) for each in _values(part, "resources"))
        and (not names or (bool(wanted) and set(wanted) <= set(names)))
        and all(
            any(_covers_path(own, path) for own in _values(held, "nonResourceURLs"))
            for path in _values(part, "nonResourceURLs")
        )
    )


def _has(rule: Rule, name: str, value: str) -> bool:
    values = _values(rule, name)
    return value in values or EVERYTHING in values


def _has_all(held: Rule, part: Rule, name: str) -> bool:
    return all(_has(held, name, value) for value in _values(part, name))


def _covers_resource(held: Rule, resource: str) -> bool:
    _, slash, subresource = resource.partition("/")
    own = _values(held, "resources")
    return resource in own or EVERYTHING in own or (bool(slash) and f"*/{subresource}" in own)


def _covers_path(own: str, path: str) -> bool:
    return own == path or (own.endswith("*") and path.startswith(own.rstrip("*")))


def _values(rule: Rule, name: str) -> Sequence[str]:
    return rule.get(name) or ()
