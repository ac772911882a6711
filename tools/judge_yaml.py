"""Have Go judge the YAML texts of `tests/support/go_yaml.json`.

    python tools/judge_yaml.py        (needs Go)

The texts are those of `go_yaml/texts.jsonl`. Beside each stands what sigs.k8s.io/yaml makes of it,
by which Kubernetes reads, and what gopkg.in/yaml.v3 makes of it as a map of texts, by which
kube-burner reads its files; `tests/unit/base/test_yaml_scalars.py` holds our reader against both.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

HOME: Final = Path(__file__).resolve().parent
TABLE: Final = HOME.parent / "tests" / "support" / "go_yaml.json"
REFUSED: Final = {"$refused": 1}


def main() -> int:
    """Judge and keep the table."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        print("go is not there: the table stays as it is")
        return 1
    source = HOME / "go_yaml"
    done = subprocess.run(
        [go, "run", "."], cwd=source, input=(source / "texts.jsonl").read_bytes(),
        capture_output=True, check=True,
    )  # fmt: skip
    judged = [json.loads(line) for line in done.stdout.splitlines()]
    rows = [
        {"text": row["text"], "sigs": _kept(row["sigs"]), "v3": _kept(row["v3"] or {})}
        for row in judged
    ]
    TABLE.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")
    print(f"{len(rows)} texts")
    return 0


def _kept(value: Any) -> Any:
    return REFUSED if _is_refused(value) else _written(value)


def _is_refused(value: Any) -> bool:
    if isinstance(value, dict):
        return "$refused" in value or any(map(_is_refused, value.values()))
    return isinstance(value, list) and any(map(_is_refused, value))


def _written(value: Any) -> Any:
    """A value with its floats as Python writes them, and dates as a mark."""
    if isinstance(value, list):
        return [_written(below) for below in value]
    if not isinstance(value, dict):
        return value
    if "$time" in value:
        return {"$time": 1}
    if "$float" in value:
        return {"$float": repr(float(value["$float"]))}
    return {key: _written(below) for key, below in value.items()}


if __name__ == "__main__":
    sys.exit(main())
