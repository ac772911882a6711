"""The table of fields: every kind is in it, and it names no type that it does not have."""

import pytest

from virtslo.model.kubernetes import resources
from virtslo.model.kubernetes.resources import Resource
from virtslo.sim.openapi.field_types import kind_of, structs
from virtslo.sim.openapi.schemas import _descriptions


@pytest.mark.parametrize("resource", resources.ALL, ids=lambda resource: resource.kind)
def test_every_kind_has_fields(resource: Resource) -> None:
    struct = kind_of(resource.kind)

    assert struct is not None
    assert {"apiVersion", "kind", "metadata"} <= set(struct.fields)


def test_a_kind_that_is_not_served_has_none() -> None:
    assert kind_of("ThirdPartyResource") is None


def test_every_description_is_of_a_field_or_type_that_exists() -> None:
    strays = [
        name
        for name in _descriptions()
        if (parts := name.split("."))[0] not in structs()
        or (len(parts) == 2 and parts[1] not in structs()[parts[0]].fields)
    ]

    assert strays == []
