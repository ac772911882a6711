"""The types of a scenario file's fields: durations, rates, kinds, faults, as people write them.

Invariant: a reader returns the value in the units of the model (seconds, per second), or raises
what was expected, with a hint.
"""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from virtslo.base.errors import Problem
from virtslo.base.near_words import did_you_mean
from virtslo.base.units import parse_duration, parse_rate, parse_share
from virtslo.base.yaml_reader import shorten
from virtslo.config.faults import read_fault
from virtslo.model.kubernetes.resources import BY_KIND
from virtslo.model.plan.workload import BY_API_KIND, TRAITS, Kind
from virtslo.model.simulated.faults import FAULTS

MAX_COUNT: Final = 1_000_000
MAX_SECONDS: Final = 7 * 24 * 3600.0
MAX_RATE: Final = 100_000.0
NAME: Final = r"^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$"
NAMESPACE: Final = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"

Scalar = str | int | float | bool | None


def expected(words: str, hint: str = "") -> PydanticCustomError:
    """The error of a validator here: what was expected, and a hint."""
    return PydanticCustomError("expected", "{words}", {"words": words, "hint": hint})


def read_kind(value: Any) -> Kind:
    """A kind by its short name, its API kind, or its plural or singular."""
    if isinstance(value, str):
        text = value.strip()
        for traits in TRAITS.values():
            resource = traits.resource
            names = {traits.kind.value, resource.plural, resource.singular, *resource.short_names}
            if text == resource.kind or text.lower() in names:
                return traits.kind
        if text in BY_KIND:
            raise expected(_KINDS, f"{text} is a kind that virtslo cannot create")
        hint = did_you_mean(text, _SHORT)
        raise expected(_KINDS, hint or f"short names: {', '.join(_SHORT)}")
    raise expected(_KINDS)


_SHORT: Final = tuple(kind.value for kind in Kind)
_KINDS: Final = "one of " + ", ".join(f"{kind} ({short})" for kind, short in BY_API_KIND.items())


def _read_duration(*, least: float) -> Callable[[Any], float]:
    def read(value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise expected("a duration such as 90s or 5m")
        if not isinstance(value, str):
            if value == 0 == least:
                return 0.0
            raise expected("a duration such as 90s or 5m", f"with a unit: {shorten(repr(value))}s")
        try:
            seconds = parse_duration(value)
        except ValueError as error:
            raise expected(str(error)) from error
        if not least <= seconds <= MAX_SECONDS:
            raise expected(f"a duration from {least:g}s to 168h")
        return seconds

    return read


def _read_rate(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise expected("a rate such as 50/s", f"with a unit: {shorten(repr(value))}/s")
    if not isinstance(value, str):
        raise expected("a rate such as 50/s")
    try:
        rate = parse_rate(value)
    except ValueError as error:
        raise expected(str(error)) from error
    if not 0 < rate <= MAX_RATE:
        raise expected(f"a rate above 0 and at most {MAX_RATE:g}/s")
    return rate


def _read_share_or_count(value: Any) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool):
        if 1 <= value <= MAX_COUNT:
            return value
        raise expected("a whole number of at least 1, or a share such as 5%")
    if isinstance(value, str):
        try:
            if parse_share(value) > 0:
                return value
        except ValueError as error:
            raise expected("a whole number, or " + str(error)) from error
    raise expected("a whole number of at least 1, or a share such as 5%")


def _read_fault(value: Any) -> str:
    if not isinstance(value, str):
        raise expected("a fault such as latency:delay=1s,stage=churn")
    problems: list[Problem] = []
    read_fault(value, problems, place="")
    if problems:
        words = "; ".join(f"{item.place} {item.expected}".strip() for item in problems)
        raise expected(words, next((item.hint for item in problems if item.hint), ""))
    return value


def _read_variable(value: Any) -> Scalar:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    raise expected("a text, a number or a boolean")


def _read_template_variable(value: Any) -> Any:
    """A value of JSON for a template: a scalar, or lists and mappings of such."""
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise expected("a mapping whose keys are texts")
        return {key: _read_template_variable(below) for key, below in value.items()}
    if isinstance(value, list):
        return [_read_template_variable(below) for below in value]
    return _read_variable(value)


def default_text(text: str) -> dict[str, Any]:
    """What the JSON Schema says of a default, in the file's own words."""
    return {"default": text}


def _text(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


_DURATION: Final = r"^(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)$"
Duration = Annotated[float, BeforeValidator(_read_duration(least=0.001)), _text(_DURATION, "90s")]
DurationOrZero = Annotated[
    float, BeforeValidator(_read_duration(least=0.0)), _text(_DURATION, "5s")
]
Rate = Annotated[float, BeforeValidator(_read_rate), _text(r"^[0-9]+(\.[0-9]+)?/[smh]$", "50/s")]
KindName = Annotated[
    Kind,
    BeforeValidator(read_kind),
    WithJsonSchema({"type": "string", "enum": [*BY_API_KIND, *(kind.value for kind in Kind)]}),
]
Objects = Annotated[
    int | str,
    BeforeValidator(_read_share_or_count),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": MAX_COUNT},
                {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?\s*%$"},
            ]
        }
    ),
]
Variable = Annotated[
    Scalar,
    BeforeValidator(_read_variable),
    WithJsonSchema({"type": ["string", "number", "boolean", "null"]}),
]
TemplateVariable = Annotated[
    Any,
    BeforeValidator(_read_template_variable),
    WithJsonSchema({"type": ["string", "number", "boolean", "null", "array", "object"]}),
]
Count = Annotated[int, Field(ge=1, le=MAX_COUNT)]
FaultText = Annotated[
    str,
    BeforeValidator(_read_fault),
    _text(f"^({'|'.join(FAULTS)})(:.+)?$", "latency:delay=1s,rate=0.2,stage=churn"),
]


class Model(BaseModel):
    """What every model of the file has in common."""

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=False,
        str_max_length=4096,
    )
