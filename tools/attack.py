"""Give virtslo what is wrong, everywhere that it reads, and say how often that was refused well.

Held: one of the documented exit codes but 70, no traceback, an end in bounded time and memory, a
message of reasonable length that names place and expectation, and none of the secrets that were
planted. Everything is on loopback and in a folder of its own, in processes whose memory is limited.
What does not hold is printed with what was given; the exit code is then 1.

    tools/attack.py                      every sweep, a sample of each
    tools/attack.py --most 1000000       every trial of every sweep (hours)
    tools/attack.py records commands     these sweeps
"""

import argparse
import contextlib
import faulthandler
import multiprocessing
import random
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Final

from support.attack.sweeps import SWEEPS

MEMORY: Final = 6 << 30
"""Bytes of address space of a sweep's process; an answer alone may take 256 MiB."""
LONGEST: Final = 900.0
"""Seconds after which a trial that does not end, ends the sweep with a traceback."""


def swept(name: str, seed: int, most: int) -> tuple[Counter[str], list[str], int, float]:
    """Carry out a sweep in this process: tried and held, what broke, MiB and CPU seconds."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    folder = Path(tempfile.mkdtemp(prefix="virtslo-attack-"))
    counts: Counter[str] = Counter()
    broken: list[str] = []
    try:
        with contextlib.chdir(folder):
            faulthandler.dump_traceback_later(LONGEST, exit=True)
            for attempt in SWEEPS[name].trials(folder, random.Random(seed), most):
                faulthandler.dump_traceback_later(LONGEST, exit=True)
                counts["tried"] += 1
                counts["held"] += not attempt.broken
                if attempt.broken:
                    broken.append(f"{attempt.promise}: {attempt.given}: {attempt.broken}")
                    print(f"  {broken[-1]}", flush=True)
    finally:
        faulthandler.cancel_dump_traceback_later()
        shutil.rmtree(folder, ignore_errors=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return counts, broken, used.ru_maxrss // 1024, used.ru_utime + used.ru_stime


def main() -> int:
    """Carry out the sweeps that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sweeps", nargs="*", metavar="SWEEP", help=", ".join(SWEEPS))
    parser.add_argument("--most", type=int, default=60, help="trials of each kind of file")
    parser.add_argument("--seed", type=int, default=1, help="seed of the samples")
    options = parser.parse_args()
    if unknown := set(options.sweeps) - set(SWEEPS):
        parser.error(f"no such sweep: {', '.join(sorted(unknown))}")
    failed = 0
    print(f"{'sweep':<11} {'tried':>6} {'held':>6} {'MiB':>5} {'CPU s':>6} {'s':>5}", flush=True)
    context = multiprocessing.get_context("spawn")
    for name in options.sweeps or SWEEPS:
        begun = time.monotonic()
        with ProcessPoolExecutor(1, context) as pool:  # whose processes may have children
            done = pool.submit(swept, name, options.seed, options.most).result()
        counts, _, memory, seconds = done
        failed += counts["tried"] - counts["held"]
        print(
            f"{name:<11} {counts['tried']:>6} {counts['held']:>6} {memory:>5} {seconds:>6.0f} "
            f"{time.monotonic() - begun:>5.0f}  {SWEEPS[name].words}",
            flush=True,
        )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
