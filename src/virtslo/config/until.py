"""When repetitions end, as `--until` words it: `ci=5%`, `NAME=5%` or `NAME:STATISTIC=5%`.

Invariant: what comes out names an indicator of the catalog and a statistic that runs may have of
it, or neither; everything that is wrong is returned, not the first thing alone.
"""

from typing import Final

from virtslo.base.errors import Problem
from virtslo.base.units import parse_share
from virtslo.config.problems import nearest
from virtslo.model.plan.suite import Until
from virtslo.model.report.indicators import Definitions

PLACE: Final = "--until"
HEADLINE: Final = "ci"
"""In place of an indicator: the headline of each test."""
EXPECTED: Final = "ci=5%, or an indicator, such as phase_rate_running=5%"


def until_of(text: str, most: int, indicators: Definitions) -> tuple[Until | None, list[Problem]]:
    """What an option says, and what is wrong with it."""
    name, equals, given = text.partition("=")
    if not equals:
        return None, [Problem(PLACE, repr(text), EXPECTED)]
    problems = []
    share = 0.0
    try:
        share = parse_share(given)
    except ValueError as error:
        problems.append(Problem(PLACE, repr(given), str(error)))
    else:
        if not 0 < share < 1:
            problems.append(Problem(PLACE, repr(given), "a share above 0% and below 100%"))
    name, _, statistic = name.strip().partition(":")
    if name != HEADLINE:
        definition = indicators.get(name)
        if definition is None:
            hint = nearest(name, list(indicators))
            problems.append(Problem(PLACE, repr(name), "ci, or the name of an indicator", hint))
        else:
            statistic = statistic or definition.statistics[0]
            if not definition.has(statistic):
                known = ", ".join(definition.statistics)
                problems.append(Problem(PLACE, repr(statistic), f"a statistic of {name}: {known}"))
    elif statistic:
        problems.append(Problem(PLACE, repr(text), "no statistic beside ci"))
    if problems:
        return None, problems
    named = ("", "") if name == HEADLINE else (name, statistic)
    return Until(share, *named, most=most), []
