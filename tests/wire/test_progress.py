"""What a run in real time tells while it is under way, where there is no terminal."""

import re
from pathlib import Path

import pytest

from support.clusters import hollow_served
from support.processes import finish, kubeconfig_of, start


@pytest.mark.slow
async def test_lines_tell_of_creates_calls_and_the_generators_lateness(tmp_path: Path) -> None:
    async with hollow_served(nodes=2) as there:
        where = ("--kubeconfig", str(kubeconfig_of(there, tmp_path)), "--context", "mine")
        load = ("--count", "5", "--settle", "6s", "--yes")
        process = await start(tmp_path, "run", "burst", "--repeat", "1", *load, *where)
        err = (await finish(process)).err

    assert re.search(r"created 5 of 5 .* own calls · late \d+ ms · at most", err), err
