"""The models of an objectives file, from which its JSON Schema is made too.

Invariant: strict and closed, as the scenario file's. A model says what a field may be by itself;
whether an indicator exists, and whether its bound can be kept at all, is checked beside it.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from virtslo.config.field_types import MAX_COUNT, KindName, Model, Rate, expected
from virtslo.config.schema import API_VERSION
from virtslo.model.vocabulary import Statistic

KIND: Final = "Objectives"


def _read_bound(value: Any) -> float | int | str | dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise expected("a number, a text such as 45s or 20/s, or perObject and plus")
    return value


class GrowingBoundModel(Model):
    """A bound that grows with the number of objects: perObject x objects + plus."""

    per_object: float = Field(ge=0, strict=False, description="How much for each object.")
    plus: float = Field(0.0, ge=0, strict=False, description="How much besides.")


Amount = Annotated[
    float | int | str,
    BeforeValidator(_read_bound),
    WithJsonSchema({"type": ["number", "string"], "examples": ["45s", "20/s", 2]}),
]
BoundField = Amount | GrowingBoundModel


class PromiseModel(Model):
    """The load and the cluster for which objectives are promised."""

    tests: list[Literal["burst", "steady-state", "constant-churn", "replay"]] = Field(
        default_factory=list, max_length=4, description="Which tests; empty: all."
    )
    kinds: list[KindName] = Field(
        default_factory=list, max_length=4, description="Which kinds; empty: all."
    )
    max_objects: int | None = Field(
        None, ge=1, le=MAX_COUNT, description="Up to how many objects of the workload."
    )
    max_rate: Rate | None = Field(None, description="Up to how many arrivals per second.")
    min_nodes: int | None = Field(None, ge=1, le=100_000, description="From how many nodes on.")


class ObjectiveModel(Model):
    """Indicator + statistic + bound."""

    name: str | None = Field(
        None, min_length=1, max_length=200, description="What the objective is called."
    )
    indicator: str = Field(min_length=1, description="What is judged (docs/reference/indicators).")
    statistic: Statistic | None = Field(
        None, description="Which statistic of it; needed where it has several."
    )
    per: str | None = Field(
        None, min_length=1, description="An indicator to divide it by, such as created pods."
    )
    at_most: BoundField | None = Field(None, description="The most that it may be.")
    at_least: BoundField | None = Field(None, description="The least that it must be.")
    promised_for: PromiseModel | None = Field(
        None, description="The load it is promised for, instead of the file's."
    )


class ObjectivesModel(Model):
    """An objectives file: what a cluster is to keep to."""

    api_version: Literal["virtslo/v1"] = Field(description="The version of this format.")
    kind: Literal["Objectives"] = Field(description="What this file is.")
    name: str = Field(min_length=1, max_length=63, description="What the set is called.")
    description: str = Field("", description="Why these, for people.")
    promised_for: PromiseModel = Field(
        default_factory=lambda: PromiseModel.model_validate({}),
        description="The load and the cluster for which they are promised.",
    )
    objectives: list[ObjectiveModel] = Field(
        min_length=1, max_length=1000, description="The objectives."
    )


def objectives_schema() -> dict[str, Any]:
    """The JSON Schema of the objectives file."""
    schema = ObjectivesModel.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "virtslo objectives",
        "examples": [EXAMPLE],
    }


EXAMPLE: Final[dict[str, Any]] = {
    "apiVersion": API_VERSION,
    "kind": KIND,
    "name": "our-cluster",
    "promisedFor": {"tests": ["burst"], "kinds": ["vmi"], "maxObjects": 1000},
    "objectives": [
        {
            "name": "VMIs run soon",
            "indicator": "vmi_creation_to_running_seconds",
            "statistic": "p95",
            "atMost": "60s",
        },
        {
            "name": "PATCH virtualmachineinstances per created pod",
            "indicator": "rest_calls_patch_virtualmachineinstances",
            "per": "rest_calls_create_pods",
            "atMost": 2,
        },
        {
            "name": "UPDATE virtualmachineinstances grow with the number of VMIs, no faster",
            "indicator": "rest_calls_update_virtualmachineinstances",
            "statistic": "count",
            "atMost": {"perObject": 4, "plus": 20},
        },
    ],
}
