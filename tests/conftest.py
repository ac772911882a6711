"""What every test shares: the option for long tests, their skipping with a reason, and patience."""

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: examples are judged by what they come to, not by how long they take.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    skip = pytest.mark.skip(reason="long: run by make test-all")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
