"""The KubeVirt object's spec, from options."""

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.plane.kubevirt_spec import names_of, spec_of


def test_gates_and_fields_become_a_spec() -> None:
    spec = spec_of(
        ["Snapshot", "VMExport=off", "Sidecar=on"],
        ["virtualMachineInstancesPerNode=200", "spec.infra.replicas=3",
         "virtControllerConfiguration.restClient={rateLimiter: {qps: 20}}"],
    )  # fmt: skip

    assert spec == {
        "configuration": {
            "developerConfiguration": {
                "featureGates": ["Snapshot", "Sidecar"],
                "disabledFeatureGates": ["VMExport"],
            },
            "virtualMachineInstancesPerNode": 200,
            "virtControllerConfiguration": {"restClient": {"rateLimiter": {"qps": 20}}},
        },
        "infra": {"replicas": 3},
    }
    assert names_of(["Snapshot", "VMExport=off"]) == ("Snapshot", "VMExport")


def test_nothing_said_is_an_empty_spec() -> None:
    assert spec_of([], []) == {}


def test_every_option_that_cannot_be_read_is_listed() -> None:
    with pytest.raises(ScenarioError) as failure:
        spec_of(["A=maybe"], ["novalue", "a..b=1", "a=[", "x=1", "x.y=2"])

    message = failure.value.message
    assert "5 problems" in message
    for place in ("--gate A=maybe", "--config novalue", "--config a..b=1", "--config a=[",
                  "--config x.y=2"):  # fmt: skip
        assert place in message
