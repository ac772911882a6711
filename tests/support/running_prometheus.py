"""A real Prometheus on loopback, with its data and configuration in a folder of the test's."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from support.loopback import answer_of, free_port, wait_until_ready


def missing(*programs: str) -> str:
    """Why no Prometheus can be had here; empty where one can."""
    absent = [name for name in ("prometheus", *programs) if shutil.which(name) is None]
    return f"no {' and no '.join(absent)} on the path" if absent else ""


class RunningPrometheus:
    """A running Prometheus."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port

    def query(self, query: str, at: float) -> list[tuple[dict[str, str], float]]:
        """An instant query at Unix seconds: labels and value of each series."""
        parameters = urlencode({"query": query, "time": at})
        found = self._get(f"/api/v1/query?{parameters}")["result"]
        return [(item["metric"], float(item["value"][1])) for item in found]

    def targets(self) -> list[Any]:
        """Every target, with its health, last scrape and last error."""
        found: list[Any] = self._get("/api/v1/targets?state=active")["activeTargets"]
        return found

    def _get(self, path: str) -> Any:
        code, body = answer_of(self._port, path)
        assert code == 200, body
        return json.loads(body)["data"]


@contextmanager
def running_prometheus(
    folder: Path, config: Mapping[str, Any], *options: str
) -> Iterator[RunningPrometheus]:
    """A Prometheus whose data are in `data` of a folder, for as long as the context is open."""
    written = folder / "prometheus.yml"
    written.write_text(yaml.safe_dump(dict(config)))
    port = free_port()
    command = [
        "prometheus", f"--config.file={written}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", *options,
    ]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_until_ready(port, process)
            yield RunningPrometheus(port)
        finally:
            process.terminate()
            process.wait(timeout=600)
