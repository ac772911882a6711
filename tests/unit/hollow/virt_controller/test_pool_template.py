"""VMs of a pool: lowest free names, revisions noted at every level, what is numbered."""

from typing import Any

from virtslo.hollow.virt_controller.pool_status import selector_text
from virtslo.hollow.virt_controller.pool_template import (
    POOL_FINALIZER,
    REVISION_LABEL,
    free_names,
    index_of,
    pool_revision,
    vm_of_pool,
)
from virtslo.hollow.virt_controller.pool_update import most_unavailable


def _pool(**spec: Any) -> dict[str, Any]:
    volumes = [
        {"name": "c", "configMap": {"name": "c"}},
        {"name": "s", "secret": {"secretName": "s"}},
    ]
    template = {"metadata": {"labels": {"a": "b"}}, "spec": {"volumes": volumes}}
    return {
        "apiVersion": "pool.kubevirt.io/v1beta1",
        "kind": "VirtualMachinePool",
        "metadata": {"name": "p", "namespace": "w", "uid": "1", "generation": 4},
        "spec": {
            "replicas": 10,
            "virtualMachineTemplate": {
                "metadata": {"labels": {"a": "b"}},
                "spec": {"runStrategy": "Always", "template": template},
            },
            **spec,
        },
    }


def test_names_are_the_lowest_that_are_free() -> None:
    taken = {"p-0", "p-2"}

    assert free_names(_pool(), 3, taken.__contains__) == ["p-1", "p-3", "p-4"]


def test_an_index_is_read_back_from_a_name() -> None:
    assert [index_of(name) for name in ("p-12", "p", "p-x")] == [12, 0, 0]


def test_a_vm_notes_its_pools_revision_on_itself_and_on_its_vmi() -> None:
    vm = vm_of_pool(_pool(), "p-1")

    assert vm["metadata"]["labels"] == {"a": "b", REVISION_LABEL: "p-4"}
    assert vm["spec"]["template"]["metadata"]["labels"] == {"a": "b", REVISION_LABEL: "p-4"}
    assert vm["metadata"]["finalizers"] == [POOL_FINALIZER]
    assert pool_revision(_pool())["metadata"]["name"] == "p-4"


def test_config_maps_and_secrets_are_numbered_only_where_it_is_asked_for() -> None:
    pool = _pool(nameGeneration={"appendIndexToSecretRefs": True})
    config_map, secret = vm_of_pool(pool, "p-3")["spec"]["template"]["spec"]["volumes"]

    assert config_map["configMap"]["name"] == "c"
    assert secret["secret"]["secretName"] == "s-3"


def test_as_many_as_may_be_unavailable_are_a_number_or_a_share() -> None:
    assert most_unavailable(_pool()) == 10
    assert most_unavailable(_pool(maxUnavailable="25%")) == 2
    assert most_unavailable(_pool(maxUnavailable=3)) == 3
    assert most_unavailable(_pool(maxUnavailable="0%")) == 1


def test_a_selector_is_one_line() -> None:
    rules = [
        {"key": "x", "operator": "In", "values": ["2", "1"]},
        {"key": "y", "operator": "DoesNotExist"},
    ]

    text = selector_text({"matchLabels": {"b": "2", "a": "1"}, "matchExpressions": rules})

    assert text == "a=1,b=2,x in (1,2),!y"
