"""Growth of counters whose truth is known, from samples at awkward moments."""

from virtslo.ports.metric_source import ScrapedSeries
from virtslo.slo.record.scraped import grown_by, growth, scraped_once


def test_samples_at_both_edges_give_the_exact_growth() -> None:
    found = growth([(0, 10), (30, 60), (60, 110)], 0, 60)

    assert found.value == found.at_least == 100
    assert (found.gap_before, found.gap_after, found.error) == (0, 0, 0)


def test_what_the_scrapes_cannot_tell_is_stated_as_an_interval() -> None:
    found = growth([(0, 10), (30, 60), (60, 110), (90, 120)], 20, 70)

    assert found.value == 110
    assert found.at_least == 50
    assert found.error == 60
    assert (found.gap_before, found.gap_after) == (20, 20)


def test_a_reset_counts_from_zero() -> None:
    found = growth([(0, 100), (30, 130), (60, 7), (90, 10)], 0, 90)

    assert found.value == 30 + 7 + 3
    assert found.resets == 1


def test_without_a_sample_after_the_window_that_is_said() -> None:
    found = growth([(0, 10), (30, 60)], 0, 45)

    assert found.value == 50
    assert found.gap_after is None


def test_the_first_increments_of_a_new_series_are_not_lost() -> None:
    other = ScrapedSeries({"pod": "a", "verb": "GET"}, ((0, 5), (30, 5), (60, 5)))
    born = ScrapedSeries({"pod": "a", "verb": "CREATE"}, ((30, 100), (60, 100)))

    found = grown_by([other, born], ["verb"], start=10, end=50)

    assert found["CREATE",].value == 100
    assert found["CREATE",].gap_before == 10
    assert found["GET",].value == 0


def test_a_process_that_began_inside_the_window_counts_from_zero() -> None:
    came = ScrapedSeries({"pod": "b", "verb": "CREATE"}, ((30, 40), (60, 70)))

    found = grown_by([came], ["verb"], start=10, end=60, process_starts={("", "b", ""): 20.0})

    assert found["CREATE",].value == 70


def test_a_process_whose_age_is_unknown_counts_from_its_first_sample() -> None:
    old = ScrapedSeries({"pod": "b", "verb": "CREATE"}, ((30, 4000), (60, 4007)))

    found = grown_by([old], ["verb"], start=10, end=60)

    assert found["CREATE",].value == 7
    assert found["CREATE",].gap_before is None


def test_growth_is_summed_over_pods_each_with_its_own_reset() -> None:
    one = ScrapedSeries({"pod": "a", "verb": "UPDATE"}, ((0, 10), (60, 20)))
    two = ScrapedSeries({"pod": "b", "verb": "UPDATE"}, ((0, 50), (60, 3)))

    found = grown_by([one, two], ["verb"], start=0, end=60)

    assert found["UPDATE",].value == 13
    assert found["UPDATE",].resets == 1


def scraped(*times: float, **labels: str) -> ScrapedSeries:
    return ScrapedSeries({"pod": "p", "verb": "GET", **labels}, tuple((at, 1.0) for at in times))


def test_a_process_scraped_by_two_is_counted_once() -> None:
    one = scraped(1.0, 2.0, 3.0, prometheus_replica="a")
    other = scraped(1.5, 2.5, prometheus_replica="b", job="pods")

    assert scraped_once([other, one]) == ((one,), (other,))


def test_processes_and_subjects_are_told_apart() -> None:
    both = scraped(1.0, 2.0), scraped(1.0, 2.0, pod="q")
    restarted = scraped(1.0, instance="a"), scraped(2.0, instance="b")

    assert scraped_once(both) == (both, ())
    assert scraped_once(restarted) == (restarted, ())


def test_a_sample_below_0_is_none_of_a_counter() -> None:
    assert growth([(0, 1), (60, 2)], 0, 60).is_counter
    assert not growth([(0, -1), (60, 2)], 0, 60).is_counter
