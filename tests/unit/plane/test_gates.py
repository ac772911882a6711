"""Gates that a build does not know."""

from pathlib import Path

import pytest

from virtslo.base.errors import ScenarioError
from virtslo.plane.gates import refuse_unknown_gates
from virtslo.plane.programs import VIRT_API, VIRT_CONTROLLER


def test_a_gate_is_known_where_either_program_holds_its_name(tmp_path: Path) -> None:
    paths = {name: tmp_path / name for name in (VIRT_API, VIRT_CONTROLLER)}
    paths[VIRT_API].write_bytes(b"\x00SnapshotCPUManager\x00")
    paths[VIRT_CONTROLLER].write_bytes(b"\x00Sidecar\x00")

    refuse_unknown_gates(["Snapshot", "Sidecar"], paths)
    with pytest.raises(ScenarioError) as failure:
        refuse_unknown_gates(["snapshot", "Si", "Sidecar"], paths, "v1.2.3")

    assert "2 problems" in failure.value.message
    assert "gate snapshot" in failure.value.message
    assert "v1.2.3" in failure.value.message
