"""A sweep for a terminal: what each knob does, the law, what it cost.

Invariant: an effect stands with its interval, or with why it has none.
"""

from collections.abc import Iterator

from virtslo.base.plain_text import report_text
from virtslo.model.whatif.sweep import SweepOutcome
from virtslo.report.sweep_words import effect_line, law_line, quality_lines


def render(outcome: SweepOutcome) -> str:
    """The text; it ends with a line feed."""
    return "\n".join(map(report_text, _lines(outcome))) + "\n"


def _lines(outcome: SweepOutcome) -> Iterator[str]:
    sweep, results = outcome.sweep, outcome.results
    yield f"Sweep of {sweep.name}: {len(results)} of {len(sweep.points)} points, simulated"
    for knob in sweep.knobs:
        yield f"  {knob.name}: {', '.join(map(str, knob.values))}"
    seeds = sweep.seeds
    of = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
    yield f"  {of}"
    yield ""
    yield "Effects: ratio to the figure at the knob's first value, [95 % interval over seeds]"
    knob_name = ""
    for effect in outcome.effects:
        if effect.knob != knob_name:
            knob_name = effect.knob
            yield f"  {knob_name}"
        yield f"    {effect_line(effect)}"
    if not outcome.effects:
        yield "  none: no knob has two values with figures"
    if outcome.laws:
        yield ""
        yield "Universal scalability law of the Running rate, a n / (1 + s (n - 1) + k n (n - 1))"
        yield from (f"  {law_line(law)}" for law in outcome.laws)
    yield ""
    yield from quality_lines(outcome)
