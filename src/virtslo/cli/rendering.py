"""Reports in their formats: the renderer that a format names, imported when it is used.

Invariant: no renderer is named here; `formats.py` alone says which there are.
"""

import importlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from virtslo.cli.formats import CHECKUP_RESULTS, FAILURE_REASON, FORMATS, RECORD_LIST
from virtslo.model.report.document import RecordLine, Report
from virtslo.ports.renderer import FolderRenderer, Renderer


def render(report: Report, form: str, **options: bool) -> str:
    """A report's text in a format, with options of its renderer; it ends with a line feed."""
    text = _renderer(form, **options).render(report)
    return text if text.endswith("\n") else text + "\n"


def render_files(report: Report, form: str) -> Mapping[str, str] | None:
    """A report's files by name, for a format that is a folder; None for one that is a text."""
    renderer = _renderer(form)
    return renderer.files(report) if isinstance(renderer, FolderRenderer) else None


def render_shared(report: Report, name: str) -> Mapping[str, str]:
    """An HTML page under its name, and the files that pages of a folder share."""
    page = _named(FORMATS["html"].renderer)(is_shared=True)
    return {**page.assets(), name: page.render(report)}


def render_list(lines: Sequence[RecordLine]) -> str:
    """Records as a list for a terminal."""
    text: str = _named(RECORD_LIST)(lines)
    return text


def render_checkup(report: Report) -> tuple[dict[str, str], str]:
    """A report as the results of a checkup, and why it failed; empty where it did not."""
    results: dict[str, str] = _named(CHECKUP_RESULTS)(report)
    reason: str = _named(FAILURE_REASON)(report)
    return results, reason


def _renderer(form: str, **options: bool) -> Renderer:
    renderer: Renderer = _named(FORMATS[form].renderer)(**options)
    return renderer


def _named(place: str) -> Callable[..., Any]:
    module, _, name = place.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found
