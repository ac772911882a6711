"""The files of a history's site: a page a job, and its data in scripts that are read when needed.

Invariant: a page asks nothing of any server but the files beside it (its own policy forbids it);
names from outside reach the page as data, never as markup.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Final

from virtslo.model.history.site import HistorySite, JobSummary
from virtslo.report.history_site.data import RUNS_A_FILE, overview, runs_file, script, series_file
from virtslo.report.html.templates import escaped
from virtslo.report.html.templates import resource as page_resource

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline' 'self' file:; style-src 'unsafe-inline'; "
    "img-src data: blob:; font-src data:; base-uri 'none'; form-action 'none'"
)

_KINDS: Final = {"worse": "bad", "mixed": "warn", "better": "good", "telemetry lost": "bad"}


def site_files(site: HistorySite) -> tuple[str, Mapping[str, str]]:
    """The folder of a lineage, and its files by name."""
    keys = list(site.lineage.series)
    files = {
        "index.html": _page(
            site.lineage.name, _own("page.html"), _own("chart.js") + _own("site.js")
        ),
        "data.js": script("data", overview(site, keys)),
    }
    for number, key in enumerate(keys):
        files[f"series-{number}.js"] = script(f"series-{number}", series_file(site, key))
    for first in range(0, len(site.lineage.runs), RUNS_A_FILE):
        number = first // RUNS_A_FILE
        files[f"runs-{number}.js"] = script(f"runs-{number}", runs_file(site, keys, first))
    return folder_of(site.lineage.name), files


def site_front(jobs: Sequence[JobSummary]) -> Mapping[str, str]:
    """The page that lists the jobs."""
    rows = "\n".join(_job_row(job) for job in jobs)
    body = _own("front.html").replace("<!-- jobs -->", rows)
    return {"index.html": _page("History", body, _own("look.js"))}


def _job_row(job: JobSummary) -> str:
    """A job as a row of the front page's table."""
    address = f"{folder_of(job.name)}/index.html"
    newest = "–"
    if job.newest is not None:
        number, kind, ended = job.newest
        newest = (
            f'<a href="{address}#/finding/{number}">{ended:%Y-%m-%d}</a> '
            f'<span class="kind {_KINDS.get(kind, "plain")}">{escaped(kind)}</span>'
        )
    worse = f"<small>{job.worse:,} confirmed as worse</small>" if job.worse else ""
    return (
        f'<tr><th scope="row"><a href="{address}">{escaped(job.name)}</a></th>'
        f'<td class="text days">{job.first:%Y-%m-%d} to {job.last:%Y-%m-%d}</td>'
        f"<td>{job.runs:,}<small>{job.valid:,} valid</small></td><td>{job.series:,}</td>"
        f'<td>{job.findings:,}{worse}</td><td class="text">{newest}</td></tr>'
    )


def folder_of(name: str) -> str:
    """A lineage's folder: its name as far as a path can have it, and a part of its digest."""
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60]
    return f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def _page(title: str, body: str, code: str) -> str:
    style = page_resource("page.css") + _own("site.css")
    return (
        '<!DOCTYPE html>\n<html lang="en" data-look="light">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        f'<meta name="generator" content="virtslo">\n<title>{escaped(title)}</title>\n'
        f'<link rel="icon" href="data:,">\n<style>\n{style}</style>\n</head>\n<body>\n{body}\n'
        f"<script>\n{code}</script>\n</body>\n</html>\n"
    )


def _own(name: str) -> str:
    """The text of one of the site's own files."""
    from importlib import resources

    file = resources.files("virtslo.report.history_site").joinpath(name)
    return file.read_text(encoding="utf-8")
