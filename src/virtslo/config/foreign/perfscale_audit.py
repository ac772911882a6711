"""Input files of KubeVirt's perfscale-audit, read unchanged.

Invariant: every problem of a file is found at once, each with its key; no secret is repeated in a
message. Its interval is a number of nanoseconds, its duration a Go duration.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any, Final

from virtslo.base.clock import to_nanoseconds, to_seconds
from virtslo.base.errors import Problem, ScenarioError
from virtslo.base.limits import CREDENTIAL_FILE
from virtslo.base.units import parse_duration
from virtslo.base.yaml_reader import shorten
from virtslo.config.problems import found_text, nearest
from virtslo.config.yaml_document import read_text
from virtslo.model.report.perfscale_audit import PerfscaleAuditRequest, Threshold

KEYS: Final = (
    "startTime", "endTime", "duration", "prometheusURL", "prometheusUserName",
    "prometheusPassword", "prometheusBearerToken", "prometheusVerifyTLS",
    "prometheusScrapeInterval", "thresholdExpectations",
)  # fmt: skip
THRESHOLD_KEYS: Final = ("value", "metric", "ratio")
DURATION: Final = 600.0
INTERVAL: Final = 30.0
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
"""Before any Prometheus."""
LONGEST_WINDOW: Final = 31 * 24 * 3600.0
LEAST_INTERVAL: Final = 0.1
LONGEST_INTERVAL: Final = 3600.0
LARGEST_NUMBER: Final = 1e15
"""Of a threshold: beyond it a count is not exact."""


def read_perfscale_audit_file(path: Path) -> dict[str, Any]:
    """The document of an input file. Raises ScenarioError."""
    text = read_text(path, expected="an input file of perfscale-audit")
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}"
        raise ScenarioError(str(path), [Problem(place, error.msg, "JSON")]) from error
    except (ValueError, RecursionError) as error:
        found = "too many levels" if isinstance(error, RecursionError) else shorten(str(error))
        raise ScenarioError(str(path), [Problem("the document", found, "JSON")]) from None
    if not isinstance(document, dict):
        raise ScenarioError(str(path), [Problem("the document", found_text(document), "a mapping")])
    return document


def read_secret(path: Path) -> str:
    """The token that a file holds, without the line feed at its end. Raises ScenarioError."""
    text = read_text(path, limit=CREDENTIAL_FILE, expected="a file with a token").strip()
    if not text or not text.isascii() or not text.isprintable():
        found = "an empty file" if not text else "characters that no HTTP header holds"
        raise ScenarioError(str(path), [Problem(str(path), found, "one line with a token")])
    return text


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text}, which is no number of JSON")


def perfscale_audit_request(
    document: Mapping[str, Any],
    *,
    source: str,
    now: float,
    places: Mapping[str, str] | None = None,
) -> PerfscaleAuditRequest:
    """What a document asks for; `now` in Unix seconds. Raises ScenarioError."""
    reader = _Reader(document, places or {})
    request = reader.read(now)
    if reader.problems or request is None:
        raise ScenarioError(source, reader.problems)
    return request


@dataclass(slots=True)
class _Reader:
    """Reads one document, collecting problems."""

    document: Mapping[str, Any]
    places: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)

    def read(self, now: float) -> PerfscaleAuditRequest | None:
        """The request; meaningful only without problems."""
        for key in self.document:
            if key not in KEYS:
                self._add(key, "an unknown key", f"one of {', '.join(KEYS)}", nearest(key, KEYS))
        url = self._text("prometheusURL")
        if not url:
            self._add("prometheusURL", "nothing", "the URL of a Prometheus")
        end = self._moment("endTime")
        start = self._moment("startTime")
        duration = self._duration()
        last = now if end is None else end
        first = last - duration if start is None else start
        if end is None and start is not None and "duration" in self.document:
            last = start + duration
        if first >= last:
            self._add("startTime", "a start that is not before the end", "a start before the end")
        elif last > now + LONGEST_WINDOW:
            self._add("endTime", "an end more than 31 days from now", "an end that will come")
        elif last - first > LONGEST_WINDOW:
            found = f"a window of {(last - first) / 86400:.0f} days"
            self._add("startTime", found, "a window of at most 31 days")
        interval, verify, thresholds = self._interval(), self._verify(), self._thresholds()
        request = PerfscaleAuditRequest(
            url=url,
            start=first,
            end=last,
            scrape_interval=interval,
            username=self._text("prometheusUserName") or None,
            password=self._text("prometheusPassword") or None,
            bearer_token=self._text("prometheusBearerToken") or None,
            verify=verify,
            thresholds=thresholds,
        )
        return None if self.problems else request

    def _thresholds(self) -> tuple[Threshold, ...]:
        given = self.document.get("thresholdExpectations") or {}
        if not isinstance(given, Mapping):
            self._add("thresholdExpectations", found_text(given), "a mapping of result keys")
            return ()
        return tuple(self._threshold(key, spec) for key, spec in given.items())

    def _threshold(self, key: str, spec: Any) -> Threshold:
        place = f"thresholdExpectations.{key}"
        if not isinstance(spec, Mapping):
            self._add(place, found_text(spec), "a mapping with value, or with metric and ratio")
            return Threshold(key, 0.0)
        for name in spec:
            if name not in THRESHOLD_KEYS:
                self._add(f"{place}.{name}", "an unknown key", ", ".join(THRESHOLD_KEYS))
        numbers = {name: spec.get(name, 0) for name in ("value", "ratio")}
        for name, number in numbers.items():
            if not _is_number(number) or abs(number) > LARGEST_NUMBER:
                self._add(f"{place}.{name}", found_text(number), "a number of at most 1e15")
                return Threshold(key, 0.0)
        metric = spec.get("metric") or None
        if metric is not None and not isinstance(metric, str):
            self._add(f"{place}.metric", found_text(metric), "the key of another result")
            return Threshold(key, 0.0)
        if metric is not None and not numbers["ratio"]:
            self._add(f"{place}.ratio", "nothing", f"how many times {metric} it may be")
        if metric is None and not numbers["value"]:
            self._add(f"{place}.value", "nothing", "the most that it may be")
        ratio = float(numbers["ratio"]) if metric is not None else None
        return Threshold(key, float(numbers["value"]), metric, ratio)

    def _moment(self, key: str) -> float | None:
        value = self.document.get(key)
        if value is None or value == "":
            return None
        try:
            moment = datetime.fromisoformat(value)
        except (TypeError, ValueError):
            moment = None
        if moment is None or moment.tzinfo is None:
            expected = "a date and time with its zone, such as 2026-01-31T10:00:00Z"
            self._add(key, found_text(value), expected)
            return None
        seconds = moment.timestamp()
        if seconds < EARLIEST:
            self._add(key, found_text(value), "a moment after the year 2000")
            return None
        return seconds

    def _duration(self) -> float:
        value = self.document.get("duration")
        if value in (None, ""):
            return DURATION
        try:
            duration = parse_duration(value)
        except (TypeError, ValueError, AttributeError):
            duration = 0.0
        if not 0 < duration <= LONGEST_WINDOW:
            expected = "a duration such as 10m, at most 744h"
            self._add("duration", found_text(value), expected)
            return DURATION
        return duration

    def _interval(self) -> float:
        value = self.document.get("prometheusScrapeInterval") or 0
        if _is_number(value) and not value:
            return INTERVAL
        largest = to_nanoseconds(LONGEST_INTERVAL)
        if not _is_number(value) or not to_nanoseconds(LEAST_INTERVAL) <= value <= largest:
            expected = "a number of nanoseconds from 0.1 s to 1 h, such as 30000000000"
            self._add("prometheusScrapeInterval", found_text(value), expected)
            return INTERVAL
        return to_seconds(value)

    def _verify(self) -> bool:
        value = self.document.get("prometheusVerifyTLS", False)
        if not isinstance(value, bool):
            self._add("prometheusVerifyTLS", found_text(value), "true or false")
        return bool(value)

    def _text(self, key: str) -> str:
        value = self.document.get(key) or ""
        if not isinstance(value, str):
            self._add(key, "not a text", "a text")
            return ""
        return value

    def _add(self, key: str, found: str, expected: str, hint: str = "") -> None:
        self.problems.append(Problem(self.places.get(key, key), found, expected, hint))


def _is_number(value: Any) -> bool:
    """Whether a value of JSON is a number that is finite."""
    if isinstance(value, bool):
        return False
    return isinstance(value, int) or (isinstance(value, float) and isfinite(value))
