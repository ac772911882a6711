"""One process renders one request after another; what ends one request never reaches another."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
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


ASKING: str = """
import sys
from virtslo.config.templates.render_process import RENDERER
RENDERER.answer("jinja", sys.argv[1].encode(), 600.0)
"""


def children(process: int) -> list[int]:
    return [
        int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()
    ]


def until_one(process: int) -> int:
    """The only child of a process, as soon as there is one."""
    for _ in range(6000):
        if found := children(process):
            return found[0]
        time.sleep(0.01)
    raise AssertionError(f"{process} started nothing")


def is_there(process: int) -> bool:
    """Whether a process goes on."""
    try:
        return ") Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="processes are found in /proc")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_goes_on_rendering_for_a_process_that_has_ended(number: signal.Signals) -> None:
    """The fork would go on until it had used its processor time, which is half a minute."""
    command = [sys.executable, "-c", ASKING, request(ENDLESS).decode()]
    with subprocess.Popen(command) as asking:
        child = until_one(asking.pid)
        fork = until_one(child)
        os.kill(asking.pid, number)
    for _ in range(2500):
        if not is_there(child) and not is_there(fork):
            break
        time.sleep(0.01)

    assert not is_there(fork)
    assert not is_there(child)
