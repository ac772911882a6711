"""Each pure core has a unit file of its own, in the place that mirrors the module's.

A core is logic without I/O: a fault in it fails its own file first, not a suite five layers up.
Modules that are not listed are exercised by the suites: `contract` the API server and the clients,
`simulated` the controllers, stages and reports, `wire` what needs sockets, `docs` the commands.
"""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "src" / "virtslo"
UNIT = ROOT / "tests" / "unit"

CORES = (
    "base",
    "client",
    "load",
    "observe",
    "sim/api/selectors.py",
    "sim/authorization",
    "sim/flow_control",
    "sim/patching",
    "slo/record",
    "slo/statistics/quantiles.py",
    "store/jsonl.py",
    "hollow/client_go/expectations.py",
)
"""Rooms and modules that hold to the mirror."""

EXCEPTIONS = {
    "base/limits.py": "constants; each reader's own tests hold it to its limit",
    "base/stage_board.py": "tests/simulated/test_server_faults.py plays faults by stage with it",
    "client/answer_times.py": "a list; tests/simulated/test_counts_agree.py compares its counts",
    "client/answers.py": "tests/properties/test_answers.py and tests/wire/test_odd_answers.py",
    "observe/callers.py": "tests/simulated/test_audit_log.py and test_counts_agree.py",
    "observe/server_scrape.py": "tests/unit/observe/test_scrape.py reads both expositions",
    "sim/authorization/authorizer.py": "tests/contract/test_api_server_access.py, word for word",
    "sim/authorization/default_roles.py": "tests/contract/test_api_server_access.py, by default",
    "sim/authorization/escalation.py": "tests/contract/test_api_server_access.py, word for word",
    "sim/authorization/impersonation.py": "tests/contract/test_api_server_access.py, as others",
    "sim/authorization/roles.py": "tests/contract/test_api_server_access.py, by bindings",
    "sim/patching/managed_fields.py": "tests/contract/test_api_server_apply.py, a table of cases",
    "slo/record/lateness.py": "tests/unit/slo/findings, from records in seconds",
    "slo/record/churn_reader.py": "tests/unit/slo/record/test_churn.py, by the churn that it reads",
    "slo/record/scraped_window.py": "tests/unit/slo/record/test_scraped.py",
}
"""Modules of a core without a unit file, and what exercises them."""


def modules() -> list[str]:
    found = []
    for core in CORES:
        path = SOURCES / core
        files = path.rglob("*.py") if path.is_dir() else [path]
        found += [str(each.relative_to(SOURCES)) for each in files if each.name != "__init__.py"]
    return sorted(found)


def unit_file(module: str) -> Path:
    path = UNIT / module
    return path.with_name(f"test_{path.name}")


@pytest.mark.parametrize("module", modules())
def test_a_core_has_a_unit_file_of_its_own(module: str) -> None:
    is_excepted = module in EXCEPTIONS

    assert unit_file(module).exists() is not is_excepted, (
        f"{module}: strike it from EXCEPTIONS" if is_excepted else f"no {unit_file(module)}"
    )


def test_every_core_and_every_exception_is_there() -> None:
    assert [core for core in CORES if not (SOURCES / core).exists()] == []
    assert set(EXCEPTIONS) <= set(modules())
