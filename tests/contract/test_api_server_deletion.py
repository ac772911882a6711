"""Deletion over the wire: finalizers, grace, preconditions, propagation, namespaces."""

from typing import Any

import pytest

from support.raw_api import JSON_PATCH, MERGE, RawApi


def path(space: str, name: str = "") -> str:
    return f"/api/v1/namespaces/{space}/configmaps" + (f"/{name}" if name else "")


def create(api: RawApi, space: str, **metadata: Any) -> dict[str, Any]:
    answer = api.call("POST", path(space), {"metadata": {"name": "one", **metadata}})
    assert answer.code == 201, answer.body
    found: dict[str, Any] = answer.document
    return found


def pod(name: str, **spec: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": name},
        "spec": {"containers": [{"name": "a", "image": "x"}], **spec},
    }


def test_what_goes_at_once_is_told_as_a_success(api: RawApi, space: str) -> None:
    made = create(api, space)

    answer = api.call("DELETE", path(space, "one"))

    assert answer.code == 200
    assert answer.document["status"] == "Success"
    assert answer.document["details"] == {
        "name": "one",
        "kind": "configmaps",
        "uid": made["metadata"]["uid"],
    }
    assert api.call("GET", path(space, "one")).code == 404


def test_what_has_finalizers_is_marked_and_waits_for_them(api: RawApi, space: str) -> None:
    create(api, space, finalizers=["example.com/wait"])

    marked = api.call("DELETE", path(space, "one")).document
    again = api.call("DELETE", path(space, "one"))
    patch = [{"op": "remove", "path": "/metadata/finalizers"}]
    released = api.call("PATCH", path(space, "one"), patch, kind=JSON_PATCH)

    assert marked["kind"] == "ConfigMap"
    assert marked["metadata"]["deletionTimestamp"].endswith("Z")
    assert marked["metadata"]["deletionGracePeriodSeconds"] == 0
    assert (again.code, released.code) == (200, 200)
    assert api.call("GET", path(space, "one")).code == 404


def test_what_is_being_deleted_takes_no_further_finalizer(api: RawApi, space: str) -> None:
    create(api, space, finalizers=["example.com/wait"])
    marked = api.call("DELETE", path(space, "one")).document

    more = {"metadata": {"finalizers": ["example.com/wait", "example.com/b", "example.com/a"]}}
    patched = api.call("PATCH", path(space, "one"), more, kind=MERGE)
    metadata = {**marked["metadata"], "finalizers": ["example.com/wait", "example.com/a"]}
    updated = api.call("PUT", path(space, "one"), {**marked, "metadata": metadata})

    for answer in (patched, updated):
        assert answer.code == 422
        # A real server says it twice of kinds of its own.
        assert set(answer.causes) == {("FieldValueForbidden", "metadata.finalizers")}
    assert patched.message == (
        'ConfigMap "one" is invalid: metadata.finalizers: Forbidden: no new finalizers can be '
        "added if the object is being deleted, found new finalizers "
        '[]string{"example.com/a", "example.com/b"}'
    )
    odd = api.call("PATCH", path(space, "one"), {"metadata": {"finalizers": [None]}}, kind=MERGE)
    assert odd.code == 422
    kept = api.call("GET", path(space, "one")).document["metadata"]
    assert kept["finalizers"] == ["example.com/wait"]
    patch = [{"op": "remove", "path": "/metadata/finalizers"}]
    assert api.call("PATCH", path(space, "one"), patch, kind=JSON_PATCH).code == 200


@pytest.mark.parametrize(
    ("policy", "finalizer"), [("Foreground", "foregroundDeletion"), ("Orphan", "orphan")]
)
def test_a_policy_of_propagation_is_kept_as_a_finalizer(
    api: RawApi, space: str, policy: str, finalizer: str
) -> None:
    create(api, space, finalizers=["example.com/wait"])

    marked = api.call("DELETE", path(space, "one"), propagationPolicy=policy).document

    assert marked["metadata"]["finalizers"] == ["example.com/wait", finalizer]
    patch = [{"op": "remove", "path": "/metadata/finalizers"}]
    api.call("PATCH", path(space, "one"), patch, kind=JSON_PATCH)


def test_a_policy_that_is_none_is_refused(api: RawApi, space: str) -> None:
    create(api, space)

    answer = api.call("DELETE", path(space, "one"), {"propagationPolicy": "Sideways"})

    assert answer.code == 422
    assert answer.causes == [("FieldValueNotSupported", "propagationPolicy")]


@pytest.mark.parametrize("key", ["uid", "resourceVersion"])
def test_a_deletion_may_mean_one_object_or_version(api: RawApi, space: str, key: str) -> None:
    made = create(api, space)

    other = api.call("DELETE", path(space, "one"), {"preconditions": {key: "other"}})
    right = {"preconditions": {key: made["metadata"][key]}}

    assert other.code == 409
    assert "in the precondition (other) does not match" in other.message
    assert api.call("DELETE", path(space, "one"), right).code == 200


def test_a_pod_on_a_node_has_its_grace(api: RawApi, space: str) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, pod("bound", nodeName="no-such-node", terminationGracePeriodSeconds=9))

    own = api.call("DELETE", f"{pods}/bound").document["metadata"]
    asked = api.call("DELETE", f"{pods}/bound", {"gracePeriodSeconds": 3}).document["metadata"]
    longer = api.call("DELETE", f"{pods}/bound", {"gracePeriodSeconds": 60}).document["metadata"]
    at_once = api.call("DELETE", f"{pods}/bound", {"gracePeriodSeconds": 0})

    assert own["deletionGracePeriodSeconds"] == 9
    assert asked["deletionGracePeriodSeconds"] == 3
    assert longer["deletionGracePeriodSeconds"] == 3
    assert at_once.code == 200
    assert api.call("GET", f"{pods}/bound").code == 404


def test_a_pod_that_ended_while_it_had_its_grace_waits_for_its_kubelet(
    api: RawApi, space: str
) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, pod("ended", nodeName="no-such-node"))
    api.call("DELETE", f"{pods}/ended")
    over = {"status": {"phase": "Succeeded"}}
    before = api.call("PATCH", f"{pods}/ended/status", over, kind=MERGE)

    again = api.call("DELETE", f"{pods}/ended")

    assert again.code == 200
    after = api.call("GET", f"{pods}/ended").document["metadata"]
    assert after["deletionGracePeriodSeconds"] == 30
    assert after["resourceVersion"] == before.document["metadata"]["resourceVersion"]
    assert api.call("DELETE", f"{pods}/ended", {"gracePeriodSeconds": 0}).code == 200
    assert api.call("GET", f"{pods}/ended").code == 404


def test_a_pod_that_has_ended_goes_at_once(api: RawApi, space: str) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, pod("over", nodeName="no-such-node"))
    over = {"status": {"phase": "Succeeded"}}
    api.call("PATCH", f"{pods}/over/status", over, kind=MERGE)

    assert api.call("DELETE", f"{pods}/over").code == 200
    assert api.call("GET", f"{pods}/over").code == 404


def test_a_negative_grace_is_one_second(api: RawApi, space: str) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, pod("bound", nodeName="no-such-node"))

    asked = api.call("DELETE", f"{pods}/bound", {"gracePeriodSeconds": -5}).document["metadata"]

    assert asked["deletionGracePeriodSeconds"] == 1
    api.call("DELETE", f"{pods}/bound", {"gracePeriodSeconds": 0})


def test_a_pod_on_no_node_goes_at_once(api: RawApi, space: str) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, pod("free"))

    api.call("DELETE", f"{pods}/free")

    assert api.call("GET", f"{pods}/free").code == 404


def test_a_dry_run_stated_in_the_options_leaves_a_pod(api: RawApi, space: str) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, pod("free"))

    answer = api.call("DELETE", f"{pods}/free", {"dryRun": ["All"]})

    assert answer.code == 200
    kept = api.call("GET", f"{pods}/free")
    assert (kept.code, "deletionTimestamp" in kept.document["metadata"]) == (200, False)
    api.call("DELETE", f"{pods}/free")


def test_a_dry_run_of_an_eviction_leaves_a_pod(api: RawApi, space: str) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, pod("free"))
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": "free", "namespace": space},
        "deleteOptions": {"dryRun": ["All"]},
    }

    answer = api.call("POST", f"{pods}/free/eviction", eviction)

    assert answer.code == 201
    assert api.call("GET", f"{pods}/free").code == 200
    api.call("DELETE", f"{pods}/free")


def test_a_dry_run_that_is_none_is_refused(api: RawApi, space: str) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, pod("free"))

    answer = api.call("DELETE", f"{pods}/free", {"dryRun": ["Some"]})

    assert answer.code == 422
    assert 'supported values: "All"' in answer.message
    assert api.call("GET", f"{pods}/free").code == 200
    api.call("DELETE", f"{pods}/free")


def test_a_pod_is_bound_once(api: RawApi, space: str) -> None:
    pods = f"/api/v1/namespaces/{space}/pods"
    api.call("POST", pods, pod("one"))
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": "one"},
        "target": {"apiVersion": "v1", "kind": "Node", "name": "node-a"},
    }

    first = api.call("POST", f"{pods}/one/binding", binding)
    second = api.call("POST", f"{pods}/one/binding", binding)

    assert first.code == 201
    assert api.call("GET", f"{pods}/one").document["spec"]["nodeName"] == "node-a"
    assert second.code == 409
    assert 'is already assigned to node "node-a"' in second.message
    api.call("DELETE", f"{pods}/one", {"gracePeriodSeconds": 0})


def test_a_namespace_is_terminating_until_it_is_finalized(api: RawApi) -> None:
    body = {"metadata": {"generateName": "contract-"}}
    made = api.call("POST", "/api/v1/namespaces", body).document
    name = made["metadata"]["name"]

    marked = api.call("DELETE", f"/api/v1/namespaces/{name}").document
    refused = api.call("POST", path(name), {"metadata": {"name": "one"}})
    finalized = {**marked, "spec": {"finalizers": []}}
    api.call("PUT", f"/api/v1/namespaces/{name}/finalize", finalized)

    assert made["spec"]["finalizers"] == ["kubernetes"]
    assert made["status"]["phase"] == "Active"
    assert made["metadata"]["labels"]["kubernetes.io/metadata.name"] == name
    assert marked["status"]["phase"] == "Terminating"
    assert refused.code == 403
    assert refused.causes == [("NamespaceTerminating", "metadata.namespace")]
    assert f"namespace {name} because it is being terminated" in refused.message
    assert api.call("GET", f"/api/v1/namespaces/{name}").code == 404


@pytest.mark.parametrize("name", ["default", "kube-system"])
def test_namespaces_that_a_cluster_needs_stay(api: RawApi, name: str) -> None:
    answer = api.call("DELETE", f"/api/v1/namespaces/{name}", dryRun="All")

    assert answer.code == 403
    assert answer.message == f'namespaces "{name}" is forbidden: this namespace may not be deleted'


def test_namespaces_are_not_deleted_all_at_once(api: RawApi) -> None:
    (verbs,) = [
        item["verbs"]
        for item in api.call("GET", "/api/v1").document["resources"]
        if item["name"] == "namespaces"
    ]

    assert "deletecollection" not in verbs
    assert api.call("DELETE", "/api/v1/namespaces", labelSelector="none=such").code == 405
