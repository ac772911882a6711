"""What every test shares: the option for long tests, their skipping with a reason, and patience."""

import gc
import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is no failure: examples are judged by what they come to, not by how long they take.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("patient", PATIENT, max_examples=50)
settings.register_profile("thorough", PATIENT, max_examples=600)
settings.load_profile("patient")

pytest_plugins = [
    "support.failures",
    "support.coroutines",
    "support.cluster_fixtures",
    "support.sample_history",
]


# A session holds all that it imported and collected, a million objects; with Python's thresholds it
# looks through all of them for cycles again and again, for an eighth of its processor time.
gc.set_threshold(50_000, 20, 20)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the long tests too")


def pytest_configure(config: pytest.Config) -> None:
    """With the long tests, a property that names no number of examples is tried with more."""
    settings.load_profile("thorough" if config.getoption("--all") else "patient")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    skip = pytest.mark.skip(reason="long: run by make test-all")
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(skip)


def pytest_collection_finish() -> None:
    """Never look for cycles among what the session holds anyhow."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _no_bad_objects(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail a test in which a hollow component could not work on an object.

    Components go on after a malformed object, and so would hide a fault of their own; tests that
    make malformed objects are marked `bad_objects`.
    """
    messages: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda record: messages.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("virtslo.hollow.client_go.bad_objects")
    logger.addHandler(handler)
    yield
    logger.removeHandler(handler)
    if "bad_objects" not in request.keywords:
        assert messages == []
