"""Fields that a kind does not have, and values of the wrong type: strict, warned of, ignored."""

from typing import Any

import pytest

from support.raw_api import APPLY, MERGE, RawApi


def config_maps(space: str) -> str:
    return f"/api/v1/namespaces/{space}/configmaps"


def machines(space: str) -> str:
    return f"/apis/kubevirt.io/v1/namespaces/{space}/virtualmachines"


def config_map(**more: Any) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "one"}, **more}


def vm(**domain: Any) -> dict[str, Any]:
    spec = {"domain": {"devices": {}, "memory": {"guest": "64Mi"}, **domain}}
    return {
        "apiVersion": "kubevirt.io/v1",
        "kind": "VirtualMachine",
        "metadata": {"name": "one"},
        "spec": {"runStrategy": "Halted", "template": {"spec": spec}},
    }


def test_strictly_an_unknown_field_is_refused(api: RawApi, space: str) -> None:
    answer = api.call("POST", config_maps(space), config_map(extra={}), fieldValidation="Strict")

    assert answer.code == 400
    assert answer.message == (
        'ConfigMap in version "v1" cannot be handled as a ConfigMap: strict decoding error: '
        'unknown field "extra"'
    )


def test_an_unknown_field_is_warned_of_and_dropped(api: RawApi, space: str) -> None:
    for number, query in enumerate(({}, {"fieldValidation": "Warn"})):
        body = config_map(extra={"a": "b"})
        body["metadata"]["name"] = f"map-{number}"

        answer = api.call("POST", config_maps(space), body, **query)

        assert answer.code == 201
        assert answer.headers["Warning"] == '299 - "unknown field \\"extra\\""'
        assert "extra" not in answer.document


def test_an_ignored_field_is_dropped_in_silence(api: RawApi, space: str) -> None:
    answer = api.call("POST", config_maps(space), config_map(extra={}), fieldValidation="Ignore")

    assert answer.code == 201
    assert "Warning" not in answer.headers
    assert "extra" not in answer.document


def test_a_validation_of_an_unknown_sort_is_refused(api: RawApi, space: str) -> None:
    answer = api.call("POST", config_maps(space), config_map(), fieldValidation="Perhaps")

    assert answer.code == 422
    assert answer.causes == [("FieldValueNotSupported", "fieldValidation")]


def test_fields_of_custom_resources_are_known_to_their_depths(kubevirt: RawApi, space: str) -> None:
    body = vm(cpu={"cores": 1, "coers": 2}, devices={"disks": [{"name": "d", "disc": {}}]})
    path = "spec.template.spec.domain"

    strict = kubevirt.call("POST", machines(space), body, fieldValidation="Strict")

    assert strict.code == 400
    assert f'unknown field "{path}.cpu.coers"' in strict.message
    assert f'unknown field "{path}.devices.disks[0].disc"' in strict.message


def test_unknown_fields_of_custom_resources_are_pruned(kubevirt: RawApi, space: str) -> None:
    made = kubevirt.call("POST", machines(space), vm(cpu={"cores": 1, "coers": 2}))

    domain = made.document["spec"]["template"]["spec"]["domain"]
    assert made.code == 201
    assert domain["cpu"] == {"cores": 1}


@pytest.mark.parametrize("kind", [MERGE, APPLY])
def test_a_patch_is_validated_too(api: RawApi, space: str, kind: str) -> None:
    api.call("POST", config_maps(space), config_map())
    query = {"fieldManager": "me"} if kind == APPLY else {}

    answer = api.call(
        "PATCH",
        f"{config_maps(space)}/one",
        config_map(extra={}),
        kind=kind,
        fieldValidation="Strict",
        **query,
    )

    assert answer.code >= 400
    assert "extra" in answer.message


def test_a_value_of_another_type_is_not_valid(api: RawApi, space: str) -> None:
    answer = api.call("POST", config_maps(space), config_map(data={"a": 1}))

    assert answer.code == 400
    assert "json: cannot unmarshal number into Go struct field ConfigMap.data" in answer.message


def test_a_value_of_another_type_is_told_of_custom_resources(kubevirt: RawApi, space: str) -> None:
    body = {
        "apiVersion": "instancetype.kubevirt.io/v1beta1",
        "kind": "VirtualMachineInstancetype",
        "metadata": {"name": "one"},
        "spec": {"cpu": {"guest": "two"}, "memory": {"guest": "1Gi"}},
    }
    base = f"/apis/instancetype.kubevirt.io/v1beta1/namespaces/{space}"

    answer = kubevirt.call("POST", f"{base}/virtualmachineinstancetypes", body)

    assert answer.code == 422
    assert answer.causes == [("FieldValueTypeInvalid", "spec.cpu.guest")]
    assert answer.message.endswith(
        'spec.cpu.guest: Invalid value: "string": spec.cpu.guest in body must be of type integer: '
        '"string"'
    )


@pytest.mark.parametrize(
    ("bucket", "wrong"),
    [({"qps": "x", "burst": 5}, "qps"), ({"qps": 5, "burst": 1.5}, "burst")],
)
def test_a_client_limit_that_is_no_number_is_refused(
    kubevirt: RawApi, space: str, bucket: dict[str, Any], wrong: str
) -> None:
    limiter = {"restClient": {"rateLimiter": {"tokenBucketRateLimiter": bucket}}}
    body = {
        "apiVersion": "kubevirt.io/v1",
        "kind": "KubeVirt",
        "metadata": {"name": "one"},
        "spec": {"configuration": {"controllerConfiguration": limiter}},
    }

    answer = kubevirt.call("POST", f"/apis/kubevirt.io/v1/namespaces/{space}/kubevirts", body)

    place = "spec.configuration.controllerConfiguration.restClient.rateLimiter"
    rules_left_out = ("FieldValueInvalid", "<nil>")  # by a real one, of an object with a wrong type
    causes = [cause for cause in answer.causes if cause != rules_left_out]
    assert answer.code == 422
    assert causes == [("FieldValueTypeInvalid", f"{place}.tokenBucketRateLimiter.{wrong}")]


def test_a_status_that_is_no_object_is_not_valid(api: RawApi, space: str) -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "one"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
        "status": "Running",
    }

    answer = api.call("POST", f"/api/v1/namespaces/{space}/pods", pod)

    assert answer.code == 400
    assert "json: cannot unmarshal string into Go struct field Pod.status" in answer.message


@pytest.mark.parametrize("status", ["Running", 5, True, ["Running"]])
@pytest.mark.parametrize(("verb", "kind"), [("PUT", "application/json"), ("PATCH", MERGE)])
def test_a_status_that_is_written_by_itself_is_an_object(
    kubevirt: RawApi, space: str, verb: str, kind: str, status: Any
) -> None:
    made = kubevirt.call("POST", machines(space), vm()).document
    place = f"{machines(space)}/one"
    body = {**made, "status": status} if verb == "PUT" else {"status": status}

    answer = kubevirt.call(verb, f"{place}/status", body, kind=kind)

    assert answer.code == 422
    assert ("FieldValueTypeInvalid", "status") in answer.causes
    assert " in body must be of type object" in answer.message  # a real one names no path before
    assert kubevirt.call("GET", place).document.get("status") == made.get("status")
