"""One process renders one request after another; what ends one request never reaches another."""

import json
from typing import Any

import pytest

from virtslo.config.templates.render_process import Renderer, RenderFailed, RenderProcess

SECONDS = 300.0
HUNGRY = "{% set x = 'x' * 4000000000 %}"
ENDLESS = "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}"


def request(text: str, contexts: int = 1) -> bytes:
    document = {
        "dialect": "jinja",
        "text": text,
        "variables": {},
        "contexts": [{"index": index} for index in range(contexts)],
        "max_document": 10**6,
        "max_total": 10**8,
    }
    return json.dumps(document).encode()


def asked(renderer: Renderer, text: str, contexts: int = 1) -> Any:
    return json.loads(renderer.answer("jinja", request(text, contexts), SECONDS))


@pytest.fixture
def renderer() -> Any:
    made = Renderer()
    yield made
    made.close()


def test_requests_are_answered_by_forks_of_one_process(renderer: Renderer) -> None:
    assert asked(renderer, "{{ index }}", 2) == {"texts": ["0", "1"]}
    first = renderer._process

    assert asked(renderer, "a{{ index }}") == {"texts": ["a0"]}
    assert renderer._process is first


def test_answers_and_requests_longer_than_a_pipe_holds_are_whole(renderer: Renderer) -> None:
    text = "\n".join(["é" * 99] * 2000)

    assert asked(renderer, text, 3) == {"texts": [text] * 3}


def test_a_problem_of_a_template_leaves_the_process_as_it_was(renderer: Renderer) -> None:
    assert asked(renderer, "{{ nothing }}")["problem"]["line"] == 1
    assert "too much" in asked(renderer, HUNGRY)["problem"]["found"]

    assert asked(renderer, "{{ index }}") == {"texts": ["0"]}


def test_what_is_not_answered_in_time_is_ended_and_the_next_is_answered(
    renderer: Renderer,
) -> None:
    with pytest.raises(TimeoutError):
        renderer.answer("jinja", request(ENDLESS), 0.2)

    assert asked(renderer, "{{ index }}") == {"texts": ["0"]}


def test_a_process_that_ends_otherwise_is_a_failure_of_that_request_alone(
    renderer: Renderer,
) -> None:
    with pytest.raises(RenderFailed) as failed:
        renderer.answer("jinja", b"no JSON", SECONDS)

    assert failed.value.returncode == 1
    assert b"JSONDecodeError" in failed.value.stderr
    assert asked(renderer, "{{ index }}") == {"texts": ["0"]}


def test_a_process_that_ended_for_want_of_requests_is_started_again() -> None:
    renderer = Renderer(idle_seconds=0.5)
    try:
        for _ in range(2):
            assert asked(renderer, "{{ index }}") == {"texts": ["0"]}
            assert renderer._process is not None
            renderer._process._process.wait(SECONDS)
    finally:
        renderer.close()


def test_a_closed_process_has_ended_well() -> None:
    process = RenderProcess(idle_seconds=SECONDS)
    process.close()

    assert process._process.returncode == 0
