"""What bounded a search is named from what trials measured: bucket, API server, threads, or
nothing."""

from dataclasses import replace

import pytest

from virtslo.app.search.assess import ANSWERS, QUEUES
from virtslo.app.search.bounding import Slots, bounded_by, calls_of, slots_of
from virtslo.app.search.controller import Bounds
from virtslo.model.kubernetes.client_limits import ClientLimit
from virtslo.model.simulated.profile import MigrationLimits
from virtslo.model.whatif.search import Quantity, Trial, TrialOutcome

BUCKET = ClientLimit(200.0, 400, "KubeVirt default")


def trials(answers: float = 0.1, queues: float = 0.1, load: float = 10.0) -> list[Trial]:
    return [
        Trial(
            load / 2,
            TrialOutcome.GOOD,
            waits={ANSWERS: 0.1, QUEUES: 0.1},
            calls_per_object=8.4,
        ),
        Trial(
            load,
            TrialOutcome.BAD,
            waits={ANSWERS: answers, QUEUES: queues},
            calls_per_object=8.0,
        ),
    ]


@pytest.mark.parametrize(
    ("tried", "words"),
    [
        (trials(load=26.0, answers=9.0, queues=9.0), "virt-controller's token bucket"),
        (trials(answers=9.0, queues=9.0), "the API server"),
        (trials(queues=9.0), "virt-controller's threads"),
        (trials(), "steps outside virt-controller"),
    ],
)
def test_what_comes_first_is_named(tried: list[Trial], words: str) -> None:
    bounds = Bounds(tried[0].load, tried[1].load)

    assert bounded_by(tried, bounds, BUCKET, Quantity.RATE).startswith(words)


def test_nothing_is_named_where_nothing_was_bad() -> None:
    tried = trials()[:1]

    assert bounded_by(tried, Bounds(5.0, None), BUCKET, Quantity.RATE) == "nothing that was tried"


def test_without_counters_it_is_unknown() -> None:
    tried = [Trial(1.0, TrialOutcome.BAD)]

    words = bounded_by(tried, Bounds(None, 1.0), BUCKET, Quantity.RATE)

    assert words.startswith("not known")
    assert "counters were not read" in words
    assert calls_of(tried, Bounds(None, 1.0)) is None


def test_why_it_is_unknown_is_said() -> None:
    why = "no pods of virt-controller were found"
    tried = [Trial(1.0, TrialOutcome.BAD, not_counted=why)]

    assert why in bounded_by(tried, Bounds(None, 1.0), BUCKET, Quantity.RATE)


def test_calls_are_those_at_the_last_good_load() -> None:
    tried = trials()

    assert calls_of(tried, Bounds(5.0, 10.0)) == 8.4
    assert calls_of(tried, Bounds(None, 10.0)) == 8.0


def test_migrations_are_bounded_by_how_many_may_be_at_once() -> None:
    slots = slots_of(MigrationLimits(5, 2), nodes=10)
    tried = [replace(trial, mean_seconds=2.0) for trial in trials(load=2.5, queues=9.0)]
    words = bounded_by(
        tried, Bounds(1.25, 2.5), BUCKET, Quantity.RATE, noun="migration", slots=slots
    )

    assert slots == Slots(5, "parallelMigrationsPerCluster")
    assert words.startswith("the 5 migrations that may be at once")
    assert slots_of(MigrationLimits(5, 2), nodes=2) == Slots(4, "2 nodes of 2 outbound migrations")
