"""The workload of a replay: its kind and count come from the trace, its templates are built in.

Invariant: what a document says that the trace decides is a problem, and never overruled in silence.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from virtslo.base.errors import Problem
from virtslo.config.problems import place_of
from virtslo.config.replay import choose_replay
from virtslo.config.schema import LoadModel, WorkloadModel
from virtslo.config.templates.builtin import builtin_template, builtin_templates
from virtslo.model.plan.scenario import Template
from virtslo.model.plan.trace import Replay
from virtslo.model.plan.workload import TRAITS, Kind

REPLAY: Final = "replay"
_DECIDED: Final = ("kind", "count", "groups")
_OF_OTHERS: Final = ("arrival", "churn", "actions")


def with_placeholders(
    document: Mapping[str, Any], names: Mapping[str, str]
) -> tuple[Mapping[str, Any], list[Problem]]:
    """A replay's document with the fields that the trace decides; any other as it is."""
    load = document.get("load")
    if not isinstance(load, Mapping) or load.get("pattern") != REPLAY:
        return document, []
    given = document.get("workload", {})
    if not isinstance(given, Mapping):
        return document, []
    problems = [
        Problem(place_of(("workload", key), names), "it with a replay", "none: the trace has it")
        for key in _DECIDED
        if key in given
    ]
    problems += [
        Problem(
            place_of(("load", key), names),
            "it with a replay",
            "none: the trace says what is done when",
        )
        for key in _OF_OTHERS
        if key in load
    ]
    kept = {key: value for key, value in given.items() if key not in _DECIDED}
    rest = {key: value for key, value in load.items() if key not in _OF_OTHERS}
    workload = {**kept, "kind": Kind.VMI.value, "count": 1_000_000}
    return {**document, "workload": workload, "load": rest}, problems


def replay_of(
    load: LoadModel, *, base: Path, names: Mapping[str, str]
) -> tuple[Replay | None, list[Problem]]:
    """What of which trace a scenario plays; None for every other pattern."""
    place = place_of(("load", "trace"), names)
    if load.pattern != REPLAY:
        found = [
            Problem(place_of(("load", key), names), f"it with {load.pattern}", "the pattern replay")
            for key, is_given in (
                ("trace", load.trace is not None),
                ("speed", load.speed != 1.0),
                ("sample", load.sample != 1.0),
                ("sampleSeed", load.sample_seed != 1),
            )
            if is_given
        ]
        return None, found
    if load.trace is None:
        hint = "virtslo record makes one"
        return None, [Problem(place, "nothing", "a trace to replay", hint)]
    return choose_replay(
        base / load.trace,
        speed=load.speed,
        sample=load.sample,
        seed=load.sample_seed,
        place=place,
    )


def main_kind(replay: Replay) -> Kind:
    """The kind by which a replay's figures are read: one that is no group, where there is one."""
    alone = [kind for kind in replay.kinds if not TRAITS[kind].is_group]
    return (alone or list(replay.kinds))[-1]


def replayed_templates(
    workload: WorkloadModel, template: Template | None, replay: Replay, names: Mapping[str, str]
) -> tuple[Mapping[Kind, Template], list[Problem]]:
    """A template for every kind of a replay: the one that is named, or one's own for one kind."""
    place = place_of(("workload", "template"), names)
    if workload.template not in builtin_templates():
        if len(replay.kinds) == 1 and template is not None:
            return {replay.kinds[0]: template}, []
        expected = "a built-in template: the trace has several kinds"
        return {}, [Problem(place, repr(workload.template), expected)]
    found: dict[Kind, Template] = {}
    problems = []
    for kind in (*replay.kinds, main_kind(replay)):
        builtin = builtin_template(workload.template, kind)
        if builtin is not None:
            found[kind] = builtin
        elif kind not in found:
            expected = "a template that is there for every kind of the trace, such as cirros"
            words = f"{workload.template!r}, not there for {kind.value}"
            problems.append(Problem(place, words, expected))
    return found, problems
