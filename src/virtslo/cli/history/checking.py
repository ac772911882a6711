"""`virtslo history check`: whether a run is in line with the runs before it."""

import json
from typing import Final

import click

from virtslo.cli.history.options import choose_lineage, history_option, opened, remembered
from virtslo.cli.options import format_option
from virtslo.cli.printing import say, show_json

NAMED: Final = 3


@click.command("check")
@click.argument("run", required=False)
@history_option
@click.option("--job", metavar="NAME", help="The job or scenario, or a part of its name.")
@format_option("table", "json", text="Format of the output: one line, or JSON.")
def command(run: str | None, location: str | None, job: str | None, form: str) -> int:
    """Check RUN, by default the newest one, against the runs before it.

    For CI: one line says what it came to. Exit code 0 in line or better, 1 out of line or
    telemetry lost, 4 if nothing can be told.
    """
    from virtslo.base.errors import StoreError
    from virtslo.regress.check import Check, Standing, check_run

    with opened(location) as store:
        if run is not None and job is None:
            found = store.find(run)
            job = found[0].lineage if found else None
        lineage = store.load(choose_lineage(store, job))
        ids = [item.run_id for item in lineage.runs]
        if run is not None and run not in ids:
            raise StoreError(
                f"no run {run!r} of {lineage.name}",
                hint="virtslo history list --job NAME lists runs",
            )
        index = len(ids) - 1 if run is None else ids.index(run)
        with remembered(store, lineage.name) as known:
            check: Check = check_run(lineage, index, known)
    names = [
        f"{item.key.label} {item.value:.4g} after {item.median:.4g} ({item.ratio:+.0%}, "
        f"n = {item.runs})"
        for item in check.deviations
    ]
    if check.missing:
        names.append(f"{len(check.missing)} keys missing, such as {check.missing[0].label}")
    if check.unresolved:
        names.insert(0, f"{len(check.unresolved)} keys without resolution, such as "
                     f"{check.unresolved[0].label}")  # fmt: skip
    if form == "json":
        show_json(json.dumps({
            "schema": "virtslo.check/v1",
            "run_id": ids[index],
            "standing": check.standing.value,
            "judged": check.judged,
            "reason": check.reason,
            "deviations": [
                {**item.key._asdict(), "value": item.value, "median": item.median,
                 "runs": item.runs, "is_good": item.is_good}
                for item in check.deviations
            ],
            "missing": [key._asdict() for key in check.missing],
            "unresolved": [key._asdict() for key in check.unresolved],
        }, indent=2))  # fmt: skip
    else:
        more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
        reason = check.reason or "; ".join(names[:NAMED]) + more
        say(
            f"{ids[index]}: {check.standing.value}, {check.judged} series judged"
            f"{': ' if reason else ''}{reason}"
        )
    if check.standing is Standing.CANNOT_TELL:
        return 4
    return 1 if check.standing in {Standing.WORSE, Standing.TELEMETRY_LOST} else 0
