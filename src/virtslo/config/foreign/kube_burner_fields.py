"""The fields of one job of a kube-burner file, read by kube-burner's rules.

Invariant: what a field may not be is a problem with its path; what stands for a default is noted.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from virtslo.base.errors import Problem
from virtslo.base.units import parse_duration
from virtslo.base.yaml_reader import GoMapping
from virtslo.base.yaml_scalars import NO, YES
from virtslo.config.field_types import MAX_COUNT
from virtslo.config.foreign.kube_burner_keys import FLAGS, FORMS, METRICS_CLOSING, WAIT_OPTIONS
from virtslo.config.problems import found_text, nearest

MAX_WAIT: Final = 4 * 3600.0
DEFAULT_QPS: Final = 5.0
"""client-go's requests a second where a configuration gives none."""
DEFAULT_BURST: Final = 10


@dataclass(slots=True)
class Job:
    """What a job came to."""

    document: dict[str, Any] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def with_flags(mapping: Mapping[str, Any]) -> Mapping[str, Any]:
    """A job or an object whose booleans may be words, as yaml.v3 takes them where it wants one."""
    changed = GoMapping()
    changed.update(mapping)
    if isinstance(mapping, GoMapping):
        changed.texts, changed.has_other_keys = mapping.texts, mapping.has_other_keys
    for key in FLAGS & mapping.keys():
        value = mapping[key]
        if isinstance(value, str) and value in YES | NO:
            changed[key] = value in YES
    return changed


def text_of(mapping: Mapping[str, Any], key: str) -> str:
    """A value where kube-burner wants a text: what was written, also for a number."""
    text = mapping.text_of(key) if isinstance(mapping, GoMapping) else mapping.get(key)
    return text if isinstance(text, str) else ""


def wanted_form(key: str, value: Any) -> str:
    """What kube-burner wants instead of this value of a key; empty where it takes it.

    The keys that virtslo reads itself are checked where they are read.
    """
    form = FORMS.get(key, "")
    if value is None or not form:
        return ""
    match form:
        case "true or false":
            is_taken = isinstance(value, bool)
        case "a text":
            is_taken = not isinstance(value, Mapping | list)
        case "a mapping":
            is_taken = isinstance(value, Mapping)
        case "a list":
            is_taken = isinstance(value, list)
        case _:
            is_taken = _is_duration(value)
    if not is_taken:
        return form
    if key == "metricsClosing" and value not in METRICS_CLOSING:
        return f"one of {', '.join(METRICS_CLOSING)}"
    if key == "waitOptions" and not value.keys() <= set(WAIT_OPTIONS):
        return f"a mapping of {', '.join(WAIT_OPTIONS)}"
    return ""


def _is_duration(value: Any) -> bool:
    """Whether a value is a duration: a sign may lead it, and 0 needs no unit."""
    if isinstance(value, str):
        try:
            parse_duration(value.removeprefix("-").removeprefix("+"))
        except ValueError:
            return False
        return True
    return value == 0 and not isinstance(value, bool)


class JobFields:
    """Reads the fields of a job, and of what is in it."""

    def __init__(self, job: Mapping[str, Any], place: str) -> None:
        self.job = job
        self.place = place
        self.found = Job()

    def number(
        self,
        key: str,
        default: int,
        mapping: Mapping[str, Any] | None = None,
        place: str = "",
        *,
        least: int = 1,
    ) -> int:
        """A whole number from `least` on."""
        value = (self.job if mapping is None else mapping).get(key)
        if value is None:
            return default
        if isinstance(value, float):
            value = int(value)  # as yaml.v3 does where a whole number is asked for
        is_number = isinstance(value, int) and not isinstance(value, bool)
        if not is_number or not least <= value <= MAX_COUNT:
            expected = f"a whole number from {least} to {MAX_COUNT}"
            self.add(f"{place or self.place}.{key}", found_text(value), expected)
            return max(default, least)
        return int(value)

    def client_rate(self) -> float:
        """Requests a second: where it is absent or no positive number, client-go's own."""
        value = self.job.get("qps")
        if value is None:
            return DEFAULT_QPS
        if isinstance(value, bool) or not isinstance(value, int | float):
            self.add(f"{self.place}.qps", found_text(value), "a number of requests a second")
            return DEFAULT_QPS
        if value > 0:
            return float(value)
        self.found.notes.append(
            f"{self.place}.qps: {value:g} stands for client-go's default, {DEFAULT_QPS:g} "
            "requests a second, as in kube-burner"
        )
        return DEFAULT_QPS

    def client_burst(self) -> int:
        """How many requests go at once: where it is absent or not positive, client-go's own."""
        value = self.job.get("burst")
        if isinstance(value, int) and not isinstance(value, bool) and value <= 0:
            self.found.notes.append(
                f"{self.place}.burst: {value} stands for client-go's default, {DEFAULT_BURST} at "
                "once, as in kube-burner"
            )
            return DEFAULT_BURST
        return self.number("burst", DEFAULT_BURST)

    def duration(
        self,
        key: str,
        default: float,
        mapping: Mapping[str, Any] | None = None,
        place: str = "",
    ) -> float:
        """Seconds."""
        value = (self.job if mapping is None else mapping).get(key)
        if value is None:
            return default
        try:
            return parse_duration(value.removeprefix("+")) if value != 0 else 0.0
        except (ValueError, TypeError, AttributeError):
            where = f"{place or self.place}.{key}"
            self.add(where, found_text(value), "a duration such as 5m")
            return default

    def keys(
        self,
        mapping: Mapping[str, Any],
        place: str,
        keys: Mapping[str, str],
        refused: Mapping[str, str],
    ) -> None:
        """Every key: carried out, noted as done otherwise, refused, or unknown."""
        for key, value in mapping.items():
            where = f"{place}.{key}"
            if key in refused:
                if value not in (None, False, 0, "", "0", "0s", [], {}):
                    self.add(where, found_text(value), refused[key])
            elif key not in keys:
                hint = nearest(key, [*keys, *refused])
                self.add(where, "an unknown key", f"one of {', '.join(keys)}", hint)
            elif expected := wanted_form(key, value):
                self.add(where, found_text(value), expected)
            elif keys[key] and value not in (None, False):
                self.found.notes.append(f"{where}: {keys[key]}")

    def add(self, place: str, found: str, expected: str, hint: str = "") -> None:
        """Add a problem."""
        self.found.problems.append(Problem(place, found, expected, hint))
