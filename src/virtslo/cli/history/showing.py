"""`virtslo history show`: one run as it is stored."""

import json
from typing import Any

import click

from virtslo.cli.history.options import history_option, opened
from virtslo.cli.options import format_option
from virtslo.cli.printing import say, show_json
from virtslo.model.history.runs import HistoryRun


@click.command("show")
@click.argument("run")
@history_option
@format_option("table", "json")
def command(run: str, location: str | None, form: str) -> None:
    """Show every figure, flag and finding of RUN, by its id."""
    from virtslo.base.errors import StoreError

    with opened(location) as store:
        found = store.find(run)
    if not found:
        raise StoreError(
            f"no run {run!r} in the history", hint="virtslo history list --job NAME lists runs"
        )
    if form == "json":
        show_json(json.dumps([_document(item) for item in found], indent=2, ensure_ascii=False))
        return
    for item in found:
        _print(item)


def _print(run: HistoryRun) -> None:
    say(f"{run.job} {run.run_id}")
    say(f"  ended {run.ended_at:%Y-%m-%d %H:%M:%S} UTC, {run.environment or 'environment –'}"
               f", {'valid' if run.is_valid else 'not valid'}"
               f"{', simulated' if run.is_simulated else ''}, read from {run.origin} ({run.form})"
               )  # fmt: skip
    for kind, flags in run.flags.items():
        say(f"  flags of {kind or 'the run'}: {', '.join(flags)}")
    for code, detail in run.findings:
        say(f"  {code}: {detail}")
    for figure in run.figures:
        name = " ".join(filter(None, (figure.kind, figure.indicator, figure.statistic)))
        value = f"no data: {figure.reason}" if figure.value is None else f"{figure.value:.6g}"
        unit = f" {figure.unit}" if figure.unit and figure.value is not None else ""
        count = "" if figure.samples is None else f", n = {figure.samples}"
        flag = f" [{figure.flag}]" if figure.flag else ""
        say(f"  {name}: {value}{unit} ({figure.source or 'source unknown'}{count}){flag}")


def _document(run: HistoryRun) -> dict[str, Any]:
    from dataclasses import asdict

    document = asdict(run)
    for key in ("started_at", "ended_at"):
        moment = document[key]
        document[key] = None if moment is None else moment.isoformat()
    return document
