"""What every test shares: the option for long tests, and their skipping with a reason."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long tests too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    skip = pytest.mark.skip(reason="long: run by make test-all")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)
