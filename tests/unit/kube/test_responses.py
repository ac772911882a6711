"""Answers become objects, pages and errors of ours."""

import json

import pytest

from virtslo.base.errors import (
    AlreadyExists,
    ApiError,
    ClusterError,
    Conflict,
    NotFound,
    ServerFailure,
    TooManyRequests,
)
from virtslo.kube import responses


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"\xff"])
def test_what_is_no_object_is_an_error_that_names_the_place(body: bytes) -> None:
    with pytest.raises(ClusterError, match=r"GET /x at host:1"):
        responses.read_object(body, place="GET /x at host:1")


def test_a_list_whose_items_are_none_is_an_error_that_names_the_place() -> None:
    with pytest.raises(ClusterError, match=r"GET /x at host:1: the items of the list are no list"):
        responses.read_object(b'{"kind":"PodList","items":{"a":1}}', place="GET /x at host:1")


@pytest.mark.parametrize(
    ("code", "reason", "kind"),
    [
        (404, "NotFound", NotFound),
        (409, "AlreadyExists", AlreadyExists),
        (409, "Conflict", Conflict),
        (429, "TooManyRequests", TooManyRequests),
        (500, "InternalError", ServerFailure),
    ],
)
def test_a_status_becomes_the_error_of_its_code(
    code: int, reason: str, kind: type[ApiError]
) -> None:
    status = {"kind": "Status", "message": "words", "reason": reason, "code": code}

    error = responses.error_of(code, {}, json.dumps(status).encode(), place="here")

    assert type(error) is kind
    assert (error.message, error.reason, error.code) == ("words", reason, code)


def test_a_failure_under_a_successful_code_says_what_was_asked() -> None:
    status = {"kind": "Status", "status": "Failure", "message": "no", "code": 409}

    with pytest.raises(ApiError) as caught:
        responses.read_object(json.dumps(status).encode(), place="GET /x at host")

    assert caught.value.message == "GET /x at host: a failure under a code of success: no"


@pytest.mark.parametrize("more", [b"", b',"message":{"a":1}', b',"message":""'])
def test_a_status_without_words_says_what_was_asked(more: bytes) -> None:
    body = b'{"kind":"Status"%s}' % more

    error = responses.error_of(500, {}, body, place="GET /x at host")

    assert error.message == "GET /x at host: HTTP 500: the API server gave no reason"


def test_the_time_to_come_back_is_read_from_the_header_and_from_the_status() -> None:
    status = {"kind": "Status", "code": 429, "details": {"retryAfterSeconds": 7}}

    by_header = responses.error_of(429, {"Retry-After": "3"}, b"", place="here")
    by_status = responses.error_of(429, {}, json.dumps(status).encode(), place="here")

    assert (by_header.retry_after_seconds, by_status.retry_after_seconds) == (3.0, 7)


def test_of_a_body_that_is_no_status_little_is_told() -> None:
    error = responses.error_of(502, {}, b"x" * 10_000, place="GET /x at host")

    assert error.message.startswith("GET /x at host: HTTP 502: xxx")
    assert len(error.message) < 300


def test_an_item_of_a_namespaced_list_has_a_namespace() -> None:
    body = b'{"kind":"PodList","items":[{"metadata":{"name":"a"}}]}'

    assert responses.read_object(body, place="x")["items"]
    with pytest.raises(ClusterError, match=r"items\[0\].metadata.namespace"):
        responses.read_object(body, place="x", namespaced=True)
