"""Label and field selectors accept what Kubernetes' accept, and refuse what it refuses."""

from typing import Any

import pytest

from virtslo.base.errors import BadRequest
from virtslo.sim.api.selectors import field_reader, field_selector, label_selector


def labelled(**labels: str) -> dict[str, Any]:
    return {"metadata": {"name": "one", "labels": labels}}


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("", ["web", "db", "none"]),
        ("app=web", ["web"]),
        ("app==web", ["web"]),
        ("app!=web", ["db", "none"]),
        ("app", ["web", "db"]),
        ("!app", ["none"]),
        ("app in (web, db)", ["web", "db"]),
        ("app notin (web)", ["db", "none"]),
        ("app in (web,db),tier=back", ["db"]),
        ("app, tier!=back", ["web"]),
        ("example.com/kind=x", []),
        ("app=", []),
    ],
)
def test_labels_are_selected(text: str, accepted: list[str]) -> None:
    objects = {
        "web": labelled(app="web"),
        "db": labelled(app="db", tier="back"),
        "none": {"metadata": {"name": "none"}},
    }

    selector = label_selector(text)

    assert [name for name, target in objects.items() if selector.accepts(target)] == accepted


@pytest.mark.parametrize("text", ["app=a b", "app in web", "=web", "app in (web", "-app", "a=b=c"])
def test_a_label_selector_that_is_none_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(BadRequest, match="unable to parse requirement"):
        label_selector(text)


def test_what_must_be_equal_is_known_and_nothing_else() -> None:
    selector = label_selector("a=1,b!=2,c in (3),d==4,e")

    assert selector.equal == (("a", "1"), ("d", "4"))
    assert field_selector("spec.nodeName=n,status.phase!=Failed", "pods").equal == (
        ("spec.nodeName", "n"),
    )


@pytest.mark.parametrize(
    ("text", "is_accepted"),
    [
        ("spec.nodeName=node-1", True),
        ("spec.nodeName==node-2", False),
        ("spec.nodeName!=", True),
        ("status.podIP=", True),
        ("spec.nodeName=node-1,status.phase=Running", True),
        ("spec.nodeName=node-1,status.phase!=Running", False),
        ("", True),
    ],
)
def test_fields_are_selected_and_an_absent_one_is_empty(text: str, is_accepted: bool) -> None:
    pod = {
        "metadata": {"name": "one", "namespace": "here"},
        "spec": {"nodeName": "node-1"},
        "status": {"phase": "Running"},
    }

    assert field_selector(text, "pods").accepts(pod) is is_accepted


@pytest.mark.parametrize(
    ("plural", "words"),
    [
        ("virtualmachineinstances", "field label not supported: spec.nodeName"),
        ("configmaps", '"spec.nodeName" is not a known field selector'),
    ],
)
def test_a_field_that_a_kind_is_not_selected_by_is_refused(plural: str, words: str) -> None:
    with pytest.raises(BadRequest, match=words):
        field_selector("spec.nodeName=a", plural)


def test_a_field_selector_without_an_operator_is_refused() -> None:
    with pytest.raises(BadRequest, match=r"can't understand 'metadata\.name'"):
        field_selector("metadata.name", "pods")


@pytest.mark.parametrize(
    ("path", "value"),
    [("spec.unschedulable", "true"), ("spec.count", "3"), ("spec.none", ""), ("spec.a.b", "")],
)
def test_a_field_is_compared_as_text(path: str, value: str) -> None:
    target = {"spec": {"unschedulable": True, "count": 3, "none": None, "a": "text"}}

    assert field_reader(path)(target) == value


@pytest.mark.parametrize(
    ("plural", "text", "target", "is_accepted"),
    [
        ("nodes", "spec.unschedulable=false", {}, True),
        ("nodes", "spec.unschedulable=false", {"spec": {"unschedulable": True}}, False),
        ("nodes", "spec.unschedulable!=true", {"spec": {}}, True),
        ("pods", "spec.hostNetwork=false", {"spec": {}}, True),
        ("pods", "spec.restartPolicy=Always", {"spec": {}}, True),
        ("pods", "spec.schedulerName=default-scheduler", {"spec": {}}, True),
        ("pods", "status.podIPs=", {"status": {"podIPs": [{"ip": "10.0.0.1"}]}}, True),
        ("jobs", "status.successful=0", {}, True),
        ("replicationcontrollers", "status.replicas=2", {"status": {"replicas": 2}}, True),
        ("events", "source=a", {"source": {"component": "a"}}, True),
        ("events", "source=b", {"source": {}, "reportingComponent": "b"}, True),
    ],
)
def test_a_field_that_is_absent_counts_as_its_default(
    plural: str, text: str, target: dict[str, object], is_accepted: bool
) -> None:
    assert field_selector(text, plural).accepts({"metadata": {}, **target}) is is_accepted


@pytest.mark.parametrize("plural", ["deployments", "daemonsets", "persistentvolumeclaims"])
def test_a_built_in_kind_says_what_it_is_selected_by(plural: str) -> None:
    with pytest.raises(BadRequest, match=r'only "metadata\.name", "metadata\.namespace"'):
        field_selector("spec.replicas=1", plural)
