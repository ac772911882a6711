"""What is known to be waited for in vain is said before the deadline, or explained after it."""

from pathlib import Path

import pytest

from support.cli import virtslo
from support.hollow_clusters import NAMESPACE, Hollow, vm
from virtslo.app.cluster.namespaces import create_namespaces
from virtslo.app.preflight.checks import CheckStatus
from virtslo.app.preflight.namespace_check import check_namespaces
from virtslo.app.run.stuck import find_stuck
from virtslo.base.errors import ClusterError
from virtslo.model.identifiers import RUN_LABEL
from virtslo.model.kubernetes import resources

TEMPLATE = """\
apiVersion: kubevirt.io/v1
kind: VirtualMachine
metadata: {name: "{{ name }}"}
spec:
  runStrategy: Halted
  template:
    spec:
      domain: {devices: {}, memory: {guest: 64Mi}}
"""
SCENARIO = """\
apiVersion: virtslo/v1
name: halted
workload: {kind: vm, count: 3, template: vm.yaml.j2}
load: {pattern: burst}
"""


@pytest.mark.parametrize("how", [("--dry-run",), ("--simulate", "instant", "--quiet")])
def test_a_run_of_vms_that_nothing_starts_is_refused_at_once(
    tmp_path: Path, how: tuple[str, ...]
) -> None:
    (tmp_path / "vm.yaml.j2").write_text(TEMPLATE)
    (tmp_path / "halted.yaml").write_text(SCENARIO)

    done = virtslo("run", str(tmp_path / "halted.yaml"), *how)

    assert done.code == 2
    assert "template: spec.runStrategy" in done.err
    assert "Halted (of 3 objects)" in done.err


async def test_what_is_stuck_tells_of_vms_that_nothing_starts(hollow: Hollow) -> None:
    machine = vm("one", runStrategy="Halted")
    machine["metadata"]["labels"] = {RUN_LABEL: "r"}
    await hollow.api.create(resources.VMS, machine, namespace=NAMESPACE)
    await hollow.until_status(resources.VMS, "one", "printableStatus", "Stopped")
    found = await find_stuck(hollow.api, run_label="r", stage="ramp_up")
    assert found is not None
    detail = found.detail

    assert detail.startswith("1 VMs had no VMI after ramp_up: w/one is Stopped, nothing starts it")
    assert "spec.runStrategy is Halted" in detail


async def test_a_namespace_that_is_being_terminated_fails_preflight_and_a_run(
    hollow: Hollow,
) -> None:
    for name, finalizers in (("going", ["example.org/kept"]), ("there", [])):
        metadata = {"name": name, "finalizers": finalizers}
        body = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
        await hollow.api.create(resources.NAMESPACES, body)
    await hollow.api.delete(resources.NAMESPACES, "going")
    good = await check_namespaces(hollow.api, ["there", "to-be-made"])
    bad = await check_namespaces(hollow.api, ["there", "going"])

    assert (good.outcome, good.found) == (CheckStatus.OK, "1 there, 1 to be made")
    assert bad.outcome is CheckStatus.FAILED
    assert "being terminated: going" in bad.found
    with pytest.raises(ClusterError, match="'going' is being terminated"):
        await create_namespaces(hollow.api, ["there", "going"], run_label="r", must_be_new=False)
