"""The shipped manifests: the rights that a run asks for, and no others."""

from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from virtslo.app.preflight.permissions import needed, needed_to_act, optional
from virtslo.model.plan.actions import Action, ActionStep
from virtslo.model.plan.workload import TRAITS, Kind

DEPLOY = Path(__file__).parents[3] / "deploy"


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def granted(name: str, kind: str) -> set[tuple[str, str, str]]:
    """(group, resource, verb) of the one role of a file."""
    (role,) = [each for each in documents(name) if each["kind"] == kind]
    return {
        triple
        for rule in role["rules"]
        for triple in product(rule["apiGroups"], rule["resources"], rule["verbs"])
    }


@pytest.mark.parametrize("kind", list(Kind))
def test_the_role_allows_what_a_run_asks_for(kind: Kind) -> None:
    asked = {(each.group, each.resource, each.verb) for each in needed(kind)}

    assert asked - granted("rbac.yaml", "ClusterRole") == set()


def test_the_role_allows_nothing_that_no_run_asks_for() -> None:
    asked = {(each.group, each.resource, each.verb) for kind in Kind for each in needed(kind)}
    asked |= {
        (each.group, each.resource, each.verb)
        for each in optional("kubevirt")
        if not each.subresource
    }
    churned = {
        (traits.resource.group, traits.resource.plural, "patch")
        for kind, traits in TRAITS.items()
        if kind is not Kind.VMI
    }

    granted_beside = granted("rbac.yaml", "ClusterRole") - asked - churned
    acted = {
        (each.group, f"{each.resource}/{each.subresource}".rstrip("/"), each.verb)
        for each in needed_to_act([ActionStep(action) for action in Action])
    }

    assert granted_beside == acted


def test_the_pod_proxy_is_apart_and_in_one_namespace_only() -> None:
    roles = [each for each in documents("rbac-counters.yaml") if each["kind"] == "Role"]
    places = {each["metadata"]["namespace"]: each["rules"] for each in roles}

    proxy = {"apiGroups": [""], "resources": ["pods/proxy"], "verbs": ["get"]}
    slices = {"apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"]}
    assert places == {"kubevirt": [proxy], "default": [{**slices, "verbs": ["list"]}]}
    assert not any("proxy" in triple[1] for triple in granted("rbac.yaml", "ClusterRole"))


def test_in_the_whole_cluster_counters_need_only_the_api_servers_own_metrics() -> None:
    (role,) = (each for each in documents("rbac-counters.yaml") if each["kind"] == "ClusterRole")

    assert role["rules"] == [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]


def test_the_job_runs_as_that_account_and_is_not_begun_again() -> None:
    (job,) = documents("job.yaml")
    pod = job["spec"]["template"]["spec"]

    assert job["spec"]["backoffLimit"] == 0
    assert pod["serviceAccountName"] == "virtslo"
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert {"--in-cluster", "--yes"} <= set(container["args"])
    assert container["securityContext"]["readOnlyRootFilesystem"] is True


@pytest.mark.parametrize("kind", list(Kind))
def test_the_checkups_role_allows_what_a_run_in_one_namespace_asks_for(kind: Kind) -> None:
    asked = {
        (each.group, each.resource, each.verb)
        for each in needed(kind, "team")
        if each.namespace == "team"
    }
    elsewhere = {str(each) for each in needed(kind, "team") if each.namespace != "team"}

    assert asked - granted("checkup.yaml", "Role") == set()
    assert elsewhere == {"list kubevirts.kubevirt.io"}


def test_the_checkups_role_allows_nothing_that_no_run_asks_for() -> None:
    asked = {(each.group, each.resource, each.verb) for kind in Kind for each in needed(kind, "t")}
    patched = {(t.resource.group, t.resource.plural, "patch") for t in TRAITS.values()}
    own = {("", "configmaps", "get"), ("", "configmaps", "update"), ("", "events", "list")}

    assert granted("checkup.yaml", "Role") - asked - patched - own == set()
    assert not any("Cluster" in each["kind"] for each in documents("checkup.yaml"))
