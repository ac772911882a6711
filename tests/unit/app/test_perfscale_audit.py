"""An audit waits for the last scrape, but not to say that nothing answers."""

import pytest

from virtslo.app.perfscale_audit import perfscale_audit
from virtslo.base.errors import ConnectionLost
from virtslo.base.virtual_time import VirtualClock
from virtslo.model.report.perfscale_audit import PerfscaleAuditRequest
from virtslo.ports.metric_source import ScrapedSeries


class Prometheus:
    """Nothing was scraped; where there is none, nobody answers."""

    place = "http://prometheus"

    def __init__(self, *, answers: bool) -> None:
        self._answers = answers

    async def raw_samples(
        self, selector: str, *, start: float, end: float
    ) -> tuple[ScrapedSeries, ...]:
        if not self._answers:
            raise ConnectionLost("connect call failed")
        return ()


@pytest.mark.parametrize("answers", [True, False])
async def test_a_prometheus_that_does_not_answer_is_told_at_once(
    answers: bool, clock: VirtualClock
) -> None:
    said: list[str] = []

    now = clock.wall().timestamp()
    request = PerfscaleAuditRequest("http://prometheus", now - 60.0, now, scrape_interval=30.0)
    before = clock.now_ns()
    try:
        await perfscale_audit(request, Prometheus(answers=answers), clock, said.append)
    except ConnectionLost:
        assert not answers
    waited = (clock.now_ns() - before) / 1e9

    assert waited == (45.0 if answers else 0.0)
    assert len(said) == (1 if answers else 0)
