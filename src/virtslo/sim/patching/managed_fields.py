"""Server-side apply: who owns which field, whom an apply conflicts with, what it leaves. Pure.

Invariant: a field that an apply changes although another manager owns it is a conflict, or (forced)
changes its owner; a field that its only applier no longer names is removed. Objects that no one
ever applied carry no ownership, and their writes cost nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from virtslo.base.errors import Conflict
from virtslo.model.identifiers import Object
from virtslo.sim.patching.field_sets import (
    ABSENT,
    FieldSet,
    Lists,
    Path,
    document_of,
    fields_of,
    merged,
    read_document,
    shown,
    value_at,
    without,
)

APPLY: Final = "Apply"
UPDATE: Final = "Update"
BEFORE_FIRST_APPLY: Final = "before-first-apply"
_NOT_OWNED: Final = frozenset({("f:apiVersion",), ("f:kind",)}) | {
    ("f:metadata", f"f:{name}")
    for name in (
        "name",
        "namespace",
        "uid",
        "creationTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "selfLink",
        "deletionTimestamp",
        "deletionGracePeriodSeconds",
    )
}


@dataclass(frozen=True, slots=True)
class Writer:
    """Who writes, how, and when (RFC 3339)."""

    manager: str
    api_version: str
    now: str
    subresource: str = ""
    operation: str = UPDATE


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one writer owns."""

    writer: Writer
    fields: FieldSet = field(default_factory=dict)

    def is_by(self, writer: Writer) -> bool:
        own = self.writer
        return (own.manager, own.operation, own.subresource) == (
            writer.manager,
            writer.operation,
            writer.subresource,
        )


def has_owners(target: Object) -> bool:
    """Whether an object was ever applied."""
    return bool(target["metadata"].get("managedFields"))


def applied(
    live: Object | None, config: Object, writer: Writer, *, force: bool, is_built_in: bool
) -> Object:
    """What an apply leaves of an object. Raises Conflict."""
    lists = Lists(is_built_in=is_built_in)
    wanted = _owned(fields_of(config, lists))
    entries = _entries(live, lists) if live is not None else []
    conflicts = _conflicts(entries, writer, wanted, live, config)
    if conflicts and not force:
        raise _refusal(conflicts)
    mine = next((entry.fields for entry in entries if entry.is_by(writer)), {})
    result: Any = merged(live, config, lists) if live is not None else dict(config)
    taken = {path for _, path in conflicts}
    others = [
        replace(entry, fields={path: None for path in entry.fields if path not in taken})
        for entry in entries
        if not entry.is_by(writer)
    ]
    for path in _given_up(mine, wanted, others):
        result = _removed(result, path, config)
    entry = _Entry(writer, wanted)
    if live is not None and mine.keys() == wanted.keys() and result == live:
        entry = next((each for each in entries if each.is_by(writer)), entry)
    return _with_entries(result, [*others, entry])


def updated(before: Object, after: Object, writer: Writer, *, is_built_in: bool) -> Object:
    """An object after a write that was no apply, its fields owned by who changed them last."""
    stated = after["metadata"].get("managedFields")
    if not has_owners(before):
        return after
    if stated is not None and not any(stated):
        return _with_entries(after, [])
    lists = Lists(is_built_in=is_built_in)
    old, new = _owned(fields_of(before, lists)), _owned(fields_of(after, lists))
    changed = {path: None for path in new if value_at(before, path) != value_at(after, path)}
    touched = {**changed, **{path: None for path in old if path not in new}}
    entries = _entries(before, lists)
    if not touched:
        return _with_entries(after, entries)
    mine = next((entry.fields for entry in entries if entry.is_by(writer)), {})
    kept = [
        replace(entry, fields={path: None for path in entry.fields if path not in touched})
        for entry in entries
        if not entry.is_by(writer)
    ]
    own = {path: None for path in (*mine, *changed) if path in new}
    return _with_entries(after, [*kept, _Entry(writer, own)])


def _owned(fields: FieldSet) -> FieldSet:
    return {path: None for path in fields if path[:2] not in _NOT_OWNED and path not in _NOT_OWNED}


def _entries(live: Object, lists: Lists) -> list[_Entry]:
    if not has_owners(live):
        everything = Writer(BEFORE_FIRST_APPLY, live["apiVersion"], "")
        return [_Entry(everything, _owned(fields_of(live, lists)))]
    return [
        _Entry(
            Writer(
                each.get("manager", ""),
                each.get("apiVersion", ""),
                each.get("time", ""),
                each.get("subresource", ""),
                each.get("operation", UPDATE),
            ),
            read_document(each.get("fieldsV1") or {}),
        )
        for each in live["metadata"]["managedFields"]
        if each is not None  # as a writer may have stated it
    ]


def _conflicts(
    entries: Sequence[_Entry],
    writer: Writer,
    wanted: FieldSet,
    live: Object | None,
    config: Object,
) -> list[tuple[_Entry, Path]]:
    return [
        (entry, path)
        for entry in entries
        if not entry.is_by(writer)
        for path in entry.fields
        if path in wanted
        and not path[-1].startswith("k:")
        and value_at(live, path) != value_at(config, path)
    ]


def _given_up(mine: FieldSet, wanted: FieldSet, others: Sequence[_Entry]) -> list[Path]:
    """What only this applier owned and no longer names: whole items of lists, with what defaults
    put into them, and then the deepest first."""
    kept = {path[:length] for entry in others for path in entry.fields
            for length in range(1, len(path) + 1)}  # fmt: skip
    left = [path for path in mine if path not in wanted and path not in kept]
    return sorted(left, key=lambda path: (not path[-1].startswith("k:"), -len(path), path))


def _removed(target: Any, path: Path, config: Object) -> Any:
    result = without(target, path)
    for length in range(len(path) - 1, 0, -1):
        above = path[:length]
        if value_at(result, above) not in ({}, []) or value_at(config, above) is not ABSENT:
            break
        result = without(result, above)
    return result


def _with_entries(target: Object, entries: Sequence[_Entry]) -> Object:
    managed = [_document(entry) for entry in entries if entry.fields]
    metadata = {key: value for key, value in target["metadata"].items() if key != "managedFields"}
    if managed:
        metadata["managedFields"] = managed
    return {**target, "metadata": metadata}


def _document(entry: _Entry) -> Mapping[str, Any]:
    writer = entry.writer
    document: dict[str, Any] = {
        "manager": writer.manager,
        "operation": writer.operation,
        "apiVersion": writer.api_version,
    }
    if writer.now:
        document["time"] = writer.now
    document |= {"fieldsType": "FieldsV1", "fieldsV1": document_of(entry.fields)}
    if writer.subresource:
        document["subresource"] = writer.subresource
    return document


def _refusal(conflicts: Sequence[tuple[_Entry, Path]]) -> Conflict:
    by_manager: dict[str, list[Path]] = {}
    for entry, path in conflicts:
        by_manager.setdefault(_told(entry.writer), []).append(path)
    if len(conflicts) == 1:
        ((name, (path,)),) = by_manager.items()
        words = f"1 conflict: conflict with {name}: {shown(path)}"
    else:
        parts = [
            "\n".join([f"conflicts with {name}:", *(f"- {shown(path)}" for path in sorted(paths))])
            for name, paths in sorted(by_manager.items())
        ]
        words = f"{len(conflicts)} conflicts: " + "\n".join(parts)
    causes = [
        {
            "reason": "FieldManagerConflict",
            "message": f"conflict with {name}",
            "field": shown(path),
        }
        for name, paths in sorted(by_manager.items())
        for path in sorted(paths)
    ]
    return Conflict(f"Apply failed with {words}", details={"causes": causes})


def _told(writer: Writer) -> str:
    text = f'"{writer.manager}"'
    if writer.subresource:
        text += f' with subresource "{writer.subresource}"'
    if writer.operation == UPDATE:
        text += f" using {writer.api_version}"
        text += f" at {writer.now}" if writer.now else ""
    return text
