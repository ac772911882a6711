"""The one environment of all pages' templates, and text in pages that are made without one.

Invariant: whatever a page shows is escaped, harmless and, but for a command to run again, cut to
the limits of a report's text; only the package's own files (Markup) stand as they are.
"""

import html
from importlib import resources as package_data
from typing import Any

from virtslo.base.plain_text import harmless, report_text


def page_template(name: str) -> Any:
    """A page's template, by the name of its file."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True, finalize=_shown
    )
    return environment.from_string(resource(name))


def escaped(text: str) -> str:
    """A text as a page's markup has it."""
    return html.escape(report_text(text))


def command_markup(command: str) -> str:
    """A command as a page's markup has it: whole, since one that is cut cannot be run."""
    return html.escape(harmless(command))


def resource(name: str) -> str:
    """The text of one of the pages' own files."""
    return package_data.files("virtslo.report.html").joinpath(name).read_text(encoding="utf-8")


def _shown(value: object) -> object:
    from markupsafe import Markup

    if isinstance(value, str) and not isinstance(value, Markup):
        return report_text(value)
    return value
