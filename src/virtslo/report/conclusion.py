"""The answer of a report in at most six lines: what was run, how soon, why so, and the verdict.

Invariant: the last line is the verdict with its reason and agrees with the exit code; every number
is one of the report's figures.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Final

from virtslo.model.plan.trace import MIXED
from virtslo.model.report.document import Report, RunSummary
from virtslo.model.report.figures import Figure
from virtslo.model.report.indicators import FigureKey
from virtslo.model.report.verdicts import Outcome, Verdict
from virtslo.model.vocabulary import (
    KIND_TITLES,
    LEAST_SAMPLES,
    MIXED_TITLE,
    OF_ARRIVALS,
    TEST_TITLES,
)
from virtslo.report.content import short_id, simulated_label
from virtslo.report.headline import BURST, CHURN, PACE, Subject, kept_up_words, subjects_of
from virtslo.report.numbers import amount, margin_of, measured, number, seconds, value_of

MET: Final = 0
VIOLATED: Final = 1
REASON: Final = 150
"""Length of a reason, in characters; the whole of it is under Data quality."""
PARTS: Final[Mapping[str, str]] = {
    "mean_seconds_to_pending": "the API",
    "mean_seconds_in_pending": "making the pod",
    "mean_seconds_in_scheduling": "pod start",
    "mean_seconds_in_scheduled": "domain start",
}
"""Where the time from creation to Running goes: indicators that add up to it."""
MEMBERS: Final[Mapping[str, tuple[str, str]]] = {
    "vmpool": ("VM", "VMPool"),
    "vmirs": ("VMI", "replica set"),
}
"""What objects that stand for many are made of, and their own name."""
SMALLEST_SHARE: Final = 0.01
LEAST: Final = FigureKey("computed_least_seconds", "value")
RATE: Final = FigureKey("phase_rate_running", "mean")


def conclusion_lines(report: Report) -> list[str]:
    """At most six lines."""
    subjects = subjects_of(report)
    return [
        f"{subject_words(report, subjects)} on {_where(report)}",
        *_times(subjects),
        *_why(subjects),
        *_record(report),
        verdict_sentence(report),
    ]


def verdict_sentence(report: Report) -> str:
    """What it came to, and why."""
    if report.exit_code == VIOLATED:
        return _violated(report)
    if report.exit_code == MET:
        return _met(report)
    return f"INCONCLUSIVE: {_shortened(_doubt(report))}"


def record_of(report: Report) -> PurePath | None:
    """The folder of the report's record: a run's, or that of the suite its runs are parts of."""
    directories = [PurePath(run.directory) for run in report.runs]
    if len(directories) == 1:
        return directories[0]
    parents = {directory.parent for directory in directories}
    return parents.pop() if len(parents) == 1 else None


def run_words(run: RunSummary) -> str:
    """A run's test, count and kind: `Burst of 100 VMIs`, `Burst of 100 VMs in 1 VMPool`."""
    if run.kind == MIXED:
        return f"{TEST_TITLES[run.test]} of {_counted(run.count, 'VMI')} of {MIXED_TITLE}"
    member, group = MEMBERS.get(run.kind, (KIND_TITLES.get(run.kind, run.kind), ""))
    words = f"{TEST_TITLES[run.test]} of {_counted(run.count, member)}"
    return f"{words} in {_counted(run.groups, group)}" if group else words


def _counted(count: int, what: str) -> str:
    return f"{number(count)} {what}{'' if count == 1 else 's'}"


def subject_words(report: Report, subjects: Sequence[Subject]) -> str:
    """What was run: tests, kinds, and the number of runs if it is not one."""
    words = list(dict.fromkeys(run_words(item.runs[0]) for item in subjects if item.runs))
    if len(words) > 2:
        tests = list(dict.fromkeys(TEST_TITLES[item.test] for item in subjects))
        kinds = list(dict.fromkeys(KIND_TITLES.get(item.kind, item.kind) for item in subjects))
        words = [f"{_listed(tests)} of {_listed(kinds)}"]
    count = f", {len(report.runs)} runs" if len(report.runs) > 1 else ""
    return f"{_listed(words)}{count}"


def _where(report: Report) -> str:
    label = simulated_label(report)
    if label:
        return f"the {label}"
    found = {
        f"KubeVirt {run.environment.kubevirt_version or 'of unknown version'}, "
        f"{'unknown' if run.environment.nodes is None else number(run.environment.nodes)} nodes"
        for run in report.runs
    }
    return " and ".join(sorted(found)) if found else "no cluster"


def _times(subjects: Sequence[Subject]) -> Iterator[str]:
    bursts = [item for item in subjects if item.test in OF_ARRIVALS]
    churned = [item for item in subjects if item.test not in OF_ARRIVALS]
    if len(subjects) == 1:
        yield _of_one(subjects[0])
        yield from _pace(subjects[0])
        return
    if bursts:
        titles = " and ".join(dict.fromkeys(TEST_TITLES[item.test] for item in bursts))
        yield f"{titles}, all Running after: {_each(bursts, BURST['all Running'])}"
    if churned:
        yield f"Replacement, P95: {_each(churned, CHURN['P95'])}"


def _of_one(subject: Subject) -> str:
    def of(key: FigureKey) -> str:
        figure = subject.figures.get(key)
        return "no data" if figure is None else measured(figure)

    if subject.test in OF_ARRIVALS:
        p50, p95 = of(BURST["P50"]), of(BURST["P95"])
        return f"All Running after {of(BURST['all Running'])}; P50 {p50}, P95 {p95}"
    return (
        f"Replacement P50 {of(CHURN['replacement P50'])}, P95 {of(CHURN['P95'])}; a cycle whole "
        f"again after {of(CHURN['recovery P50'])} (P50)"
        if ("cycle_recovery_seconds", "p50") in subject.figures
        else f"Replacement P50 {of(CHURN['replacement P50'])}, P95 {of(CHURN['P95'])}"
    )


def _pace(subject: Subject) -> Iterator[str]:
    """Whether the system kept up, of a load that sets its own pace."""
    offered, running = (subject.figures.get(PACE[name]) for name in ("offered", "Running"))
    if offered is None or offered.value is None:
        return
    rates = f"offered {measured(offered)}"
    if running is not None and running.value is not None:
        rates += f", Running {measured(running)}"
    yield f"Kept up with the load: {kept_up_words(subject)} (over its second half: {rates})"


def _each(subjects: Sequence[Subject], key: FigureKey) -> str:
    return ", ".join(
        f"{KIND_TITLES.get(item.kind, item.kind)} "
        f"{'no data' if key not in item.figures else measured(item.figures[key])}"
        for item in subjects
    )


def _why(subjects: Sequence[Subject]) -> Iterator[str]:
    """Where the time goes, and what bounded it."""
    if len(subjects) != 1:
        shares = [share for item in subjects if (share := _shares(item).get("pod start"))]
        if shares:
            ends = sorted({round(100 * min(shares)), round(100 * max(shares))})
            extent = " to ".join(map(str, ends))
            yield f"Pod start takes {extent} % of the time from create to Running"
        return
    (subject,) = subjects
    told = [
        f"{100 * taken:.0f} % {part}"
        for part, taken in sorted(_shares(subject).items(), key=lambda item: -item[1])
        if taken >= SMALLEST_SHARE
    ]
    if told:
        yield f"From create to Running: {', '.join(told)}"
    bound = "" if PACE["offered"] in subject.figures else _bound(subject)
    if bound:
        yield bound


def _shares(subject: Subject) -> dict[str, float]:
    """The share of each part of the time from creation to Running; empty without data."""
    found = {
        part: _value(subject.figures.get(FigureKey(name, "mean"))) for name, part in PARTS.items()
    }
    known = {part: value for part, value in found.items() if value is not None}
    total = sum(known.values())
    return {part: value / total for part, value in known.items()} if total > 0 else {}


def _bound(subject: Subject) -> str:
    rate = subject.figures.get(RATE)
    by = None if rate is None else (rate.detail or {}).get("bound_by")
    least = _value(subject.figures.get(LEAST))
    alone = ""
    if least is not None and round(least, 1) > 0 and subject.test == "burst":
        alone = f"the client limit alone would allow {seconds(round(least, 1))}"
    if by is None:
        return f"Bound: {alone}" if alone else ""
    words = "Saturated: objects wait for one another" if by == "saturated" else f"Bound by {by}"
    return f"{words}; {alone}" if alone else words


def _record(report: Report) -> Iterator[str]:
    where = record_of(report)
    if where is not None:
        yield f"Record: {where}; next: virtslo show {short_id(where.name)}"


def _violated(report: Report) -> str:
    worst = min(report.standing, key=lambda item: item.margin if item.margin is not None else 0.0)
    missed = len(report.standing)
    more = ""
    if len(report.verdicts) > 1:
        more = f"; {missed} of {len(report.verdicts)} objectives violated"
    return f"violated: {_judged(worst)}{more}"


def _met(report: Report) -> str:
    if not report.verdicts:
        few = _fewest(report)
        words = "no finding makes the figures doubtful"
        if few is not None:
            count, what = few
            counted = f"{count} {what}s are" if count > 1 else f"one {what} is"
            words = f"{counted} too few for a P95 (needs {LEAST_SAMPLES['p95']})"
        return f"valid: no objective was given to judge by; {words}"
    near = min(report.verdicts, key=lambda item: 1.0 if item.margin is None else item.margin)
    if len(report.verdicts) == 1:
        return f"met: {_judged(near)}"
    return f"met: all {len(report.verdicts)} objectives; the closest: {_judged(near)}"


def _fewest(report: Report) -> tuple[int, str] | None:
    """What is too few for a P95, and its number; None where there is enough."""
    found = [(run.count, "object") for run in report.runs]
    for subject in subjects_of(report):
        replaced = subject.figures.get(CHURN["P95"])
        if replaced is not None and replaced.value is None and replaced.lower_bound is None:
            found.append((replaced.samples // max(1, len(subject.runs)), "replacement"))
    few = [item for item in found if 0 < item[0] < LEAST_SAMPLES["p95"]]
    return min(few, default=None)


def _judged(item: Verdict) -> str:
    sign = "at least" if item.is_least else "at most"
    bound = amount(item.bound, item.unit)
    return f"{item.objective}: {value_of(item)}, {sign} {bound}{margin_of(item)}"


def _doubt(report: Report) -> str:
    """The first reason why nothing is proven."""
    spoilt = [item.finding for item in report.findings if item.finding.inconclusive]
    runs = {run.id for run in report.runs}
    if spoilt and not any(
        item.finding.inconclusive and item.run in runs for item in report.findings
    ):
        return f"a suite is not complete: {spoilt[0].detail}"
    if spoilt:
        others = len(spoilt) - 1
        more = f" (and {others} more finding{'s' if others > 1 else ''})" if others else ""
        return f"{spoilt[0].code}{more}: {spoilt[0].detail}"
    for outcome in (Outcome.INCONCLUSIVE, Outcome.VIOLATED):
        for item in report.verdicts:
            if item.verdict is outcome:
                return f"{item.objective}: {item.reason or _judged(item)}"
    return "no objective that was given is about these runs"


def _shortened(text: str) -> str:
    return text if len(text) <= REASON else f"{text[: REASON - 1].rpartition(' ')[0]} …"


def _value(figure: Figure | None) -> float | None:
    return None if figure is None or figure.value is None else float(figure.value)


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
