"""The tree of errors: every status code finds its class, every problem is told."""

import pytest

from virtslo.base import errors
from virtslo.base.errors import ApiError, Problem, ScenarioError, api_error


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (400, "BadRequest", errors.BadRequest),
        (401, "Unauthorized", errors.Unauthorized),
        (403, "Forbidden", errors.Forbidden),
        (404, "NotFound", errors.NotFound),
        (405, "MethodNotAllowed", errors.MethodNotAllowed),
        (409, "Conflict", errors.Conflict),
        (409, "AlreadyExists", errors.AlreadyExists),
        (410, "Expired", errors.ResourceExpired),
        (422, "Invalid", errors.Invalid),
        (429, "TooManyRequests", errors.TooManyRequests),
        (500, "InternalError", errors.ServerFailure),
        (503, "ServiceUnavailable", errors.ServerFailure),
        (418, "", errors.ServerFailure),
    ],
)
def test_every_status_code_has_its_class(code: int, reason: str, kind: type[ApiError]) -> None:
    error = api_error("it failed", code=code, reason=reason)

    assert type(error) is kind
    assert error.code == code


def test_a_scenario_error_tells_every_problem_with_place_found_expected_and_hint() -> None:
    error = ScenarioError(
        "scenario.yaml",
        [
            Problem("workload.count", "-1", "a whole number of at least 1"),
            Problem("load.rat", "a key that is not known", "rate", "did you mean 'rate'?"),
        ],
    )

    assert str(error) == (
        "scenario.yaml: 2 problems\n"
        "  workload.count: expected a whole number of at least 1, found -1\n"
        "  load.rat: expected rate, found a key that is not known\n"
        "    hint: did you mean 'rate'?"
    )


def test_problems_of_a_file_name_it_among_others() -> None:
    of_file = ScenarioError("mine.yaml", [Problem("server.read", "-1", "seconds")])
    of_options = ScenarioError("command line", [Problem("--kind", "'x'", "vmi")])

    assert [item.place for item in of_file.placed] == ["mine.yaml: server.read"]
    assert of_options.placed == of_options.problems
