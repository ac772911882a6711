"""Print what a report of a large run costs: CPU time and size for each format, the page's opening.

It measures and fails on nothing. The bounds are the design's: a report of a 10 000-VMI run within
5 s, its HTML page under 10 MB and open within 2 s.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

from support.chromium import browser, missing, opened
from virtslo.cli.formats import FORMATS

BEST_OF = 3
OPENED = "performance.getEntriesByType('navigation')[0].toJSON().domComplete"


def virtslo(*arguments: str) -> float:
    """CPU seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([sys.executable, "-m", "virtslo", *arguments], capture_output=True,
                          text=True, check=False)  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in {0, 1, 4}:
        sys.exit(f"virtslo {' '.join(arguments)}: exit {done.returncode}\n{done.stderr[-2000:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def size_of(path: Path) -> int:
    """Bytes of a file, or of the files in a folder."""
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def main() -> None:
    """Print every figure, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--record", type=Path, help="a record to report; else one is made")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        record = options.record
        if record is None:
            count = str(options.count)
            virtslo(
                "run",
                "burst",
                "--repeat",
                "1",
                "--count",
                count,
                "--runs",
                f"{folder}/runs",
                "--quiet",
            )
            (record,) = Path(folder, "runs").iterdir()
        for form in FORMATS:
            output = Path(folder) / form
            command = ["report", str(record), "--format", form, "--allow-simulated"]
            cpu = min(virtslo(*command, "-o", str(output)) for _ in range(BEST_OF))
            print(f"report, {form}: {cpu:.2f} CPU s, {size_of(output) / 1e6:.2f} MB (bound 5 s)")
        print_opening(Path(folder) / "html")


def print_opening(page: Path) -> None:
    """How long Chromium takes to open the page."""
    if missing():
        print(f"HTML page in Chromium: not measured: {missing()}")
        return
    page = page.rename(page.with_suffix(".html"))
    times = []
    with browser() as chromium:
        for _ in range(BEST_OF):
            with opened(chromium, page) as shown:
                times.append(shown.page.evaluate(OPENED) / 1000)
    print(f"HTML page in Chromium: open after {min(times):.2f} s (bound 2 s)")


if __name__ == "__main__":
    main()
