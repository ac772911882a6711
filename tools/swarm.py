"""Run random worlds of the simulated cluster and hold each against its invariants.

A seed is a scenario, knobs, faults and perhaps an interruption (tests/support/swarm). A seed that
breaks a promise is printed with the sentence and with a smaller scenario that breaks it too; the
exit code is then 1. Without --first the seeds differ each time; the first one is printed.

    tools/swarm.py --seeds 1000        a thousand seeds, over all cores
    tools/swarm.py --seed 86           one seed, and what became of it
    tools/swarm.py --seconds 100       as many seeds as there is time for
    tools/swarm.py --by-fault          also what runs under each fault alone said of themselves
"""

import argparse
import json
import multiprocessing
import os
import resource
import secrets
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from multiprocessing.connection import wait

import yaml

from support.swarm.trials import NO_END, Trial, attempt, limited, shrunk
from support.swarm.worlds import World
from virtslo.model.simulated.faults import FAULTS

MOST_BYTES = 4 << 30
"""Of address space for one process: what a world that hangs may take."""
SHRUNK = 5
"""At most so many failures are shrunk: each takes as long as dozens of seeds."""


def main() -> int:
    """Try the seeds that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, help="one seed alone")
    parser.add_argument("--first", type=int, help="the first of several seeds")
    parser.add_argument("--seeds", type=int, default=1000, help="how many seeds")
    parser.add_argument("--seconds", type=float, help="begin no seed after so many seconds")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--by-fault", action="store_true", help="what runs under each fault said")
    options = parser.parse_args()
    if options.seed is not None:
        trial = attempt(options.seed)
        print(told(trial.world))
        return report([trial], 0.0)
    first = secrets.randbelow(10**9) if options.first is None else options.first
    print(f"swarm: seeds {first} to {first + options.seeds - 1}", flush=True)
    begun = time.monotonic()
    trials = list(tried(first, options.seeds, options.jobs, options.seconds))
    if options.by_fault:
        print("\n".join(by_fault(trials)))
    return report(trials, time.monotonic() - begun)


def tried(first: int, count: int, jobs: int, seconds: float | None) -> Iterator[Trial]:
    """The outcome of each seed; a failure is printed at once."""
    begun = time.monotonic()
    seeds = iter(range(first, first + count))

    def in_time() -> Iterator[int]:
        for seed in seeds:
            if seconds is not None and time.monotonic() - begun > seconds:
                return
            yield seed

    # A process that is made anew every now and then cannot hoard what a seed left behind.
    context = multiprocessing.get_context("spawn")
    with context.Pool(jobs, initializer=begin, maxtasksperchild=200) as pool:
        # Twice as many as processes: none waits for a dear seed of another.
        waiting = [pool.apply_async(limited, (seed,)) for seed in islice(in_time(), 2 * jobs)]
        while waiting:
            trial = waiting.pop(0).get()
            following = next(in_time(), None)
            if following is not None:
                waiting.append(pool.apply_async(limited, (following,)))
            if trial.broken:
                print(f"seed {trial.world.seed}: {trial.broken[0][:400]}", flush=True)
            yield trial


def begin() -> None:
    """Make a worker ready: with limited memory, and with an end."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    most = MOST_BYTES if hard == resource.RLIM_INFINITY else min(MOST_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    end_with_parent()


def end_with_parent() -> None:
    """End this worker when the process that started it ends, even if that one was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def end() -> None:
        wait([sentinel])
        os._exit(1)

    threading.Thread(target=end, daemon=True).start()


def report(trials: list[Trial], seconds: float) -> int:
    """Say what held; 1 if anything did not."""
    failed = [trial for trial in trials if trial.broken]
    for trial in failed[:SHRUNK]:
        is_endless = trial.broken[0].startswith(NO_END)
        smaller = trial.world if is_endless else shrunk(trial.world, trial.broken)
        print(f"\nseed {trial.world.seed} broke {len(trial.broken)} promises:")
        for words in trial.broken[:10]:
            print(f"  {words[:600]}")
        print(f"a smaller world that breaks the same:\n{told(smaller)}")
        print(f"again: tools/swarm.py --seed {trial.world.seed}")
    promises = Counter(words.partition(":")[0] for trial in failed for words in trial.broken[:1])
    print(
        f"swarm: {len(trials)} seeds tried, {len(trials) - len(failed)} held, in {seconds:.0f} s; "
        f"broken: {json.dumps(dict(promises)) if promises else 'nothing'}"
    )
    return 1 if failed else 0


def by_fault(trials: Sequence[Trial]) -> Iterator[str]:
    """What complete runs under one fault alone said, a line a fault."""
    yield "fault: complete runs, of these valid; what spoiled the others; what was noted"
    for name in FAULTS:
        runs = [
            trial.seen
            for trial in trials
            if [text.partition(":")[0] for text in trial.world.faults] == [name]
            and trial.seen is not None
            and trial.seen.status == "complete"
        ]
        spoiled = Counter(code for run in runs for code in run.spoiled_by)
        noted = Counter(code for run in runs for code in run.noted)
        valid = sum(run.is_valid for run in runs)
        yield f"{name}: {len(runs)}, {valid}; {_counted(spoiled)}; {_counted(noted)}"


def _counted(codes: Counter[str]) -> str:
    return ", ".join(f"{code} {count}" for code, count in codes.most_common()) or "nothing"


def told(world: World) -> str:
    """A world as people read it."""
    text = yaml.safe_dump(dict(world.document), sort_keys=False)
    end = "" if world.interrupted_at is None else f"# interrupted after {world.interrupted_at} s\n"
    return f"# cluster seed {world.seed}\n{end}{text}"


if __name__ == "__main__":
    sys.exit(main())
