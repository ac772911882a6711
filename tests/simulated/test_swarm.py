"""Random worlds: a few in every run of the tests, more of them in the long ones.

The seeds are fixed: one that fails must fail for the change that broke it, and for no other. Seeds
that differ each time are `make swarm`.
"""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.swarm.trials import limited

TOOL = Path(__file__).parents[2] / "tools" / "swarm.py"
KNOWN = {
    86: "a VMI was Running after it had Succeeded: a refused write was tried again too late",
    300157: "a list after a lost watch was late, and cycle_recovery_seconds 39.8 for 28.4",
    300250: "time_to_first_running_seconds was 24.0 for 17.4, and no finding touched it",
    600368: "a node held a pod too many: the scheduler forgot one that its watch had shown bound",
    600452: "a list that failed was asked for again without a pause, and the run never ended",
    600858: "three arrivals that never ran had a Running rate of 0/s",
    700561: "a VM that was deleted before its first reconcile left its VMI behind",
    702701: "a set that was gone made VMIs without end, in no time",
}
"""Seeds that broke a promise once, and which."""
KILLED = """
import multiprocessing, os, signal, sys, time
sys.path.insert(0, sys.argv[1])
import swarm
context = multiprocessing.get_context("spawn")
pool = context.Pool(1, initializer=swarm.end_with_parent)
pool.apply(os.getpid)
pool.apply_async(time.sleep, (600,))
time.sleep(0.5)
print("at work", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
"""A process with a worker, as the swarm has them, that is killed while the worker is busy."""


@pytest.mark.parametrize("seed", [0, *KNOWN])
def test_a_seed_keeps_every_promise(seed: int) -> None:
    assert limited(seed).broken == ()


@pytest.mark.slow
def test_many_seeds_keep_every_promise() -> None:
    done = subprocess.run(
        [sys.executable, TOOL, "--first", "1000", "--seeds", "120"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_a_killed_swarm_leaves_no_worker_running() -> None:
    """The worker holds the pipe of standard output open: reading on ends when the worker ends."""
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(TOOL.parent)], stdout=subprocess.PIPE, text=True
    ) as parent:
        out, _ = parent.communicate(timeout=60)

    assert out == "at work\n"
    assert parent.returncode == -signal.SIGKILL
