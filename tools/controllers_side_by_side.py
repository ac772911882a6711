"""Measure KubeVirt's own virt-controller and the hollow one on a real plane, and write the tables.

`measure FOLDER` makes a run of each and keeps both in the folder; `write FOLDER` writes the means
of all runs there into docs/explanation/real-control-plane.md. A run takes about four minutes; the
control plane must be built (make control-plane).
"""

import asyncio
import json
import sys
import tempfile
from pathlib import Path
from typing import Final

from control_plane.side_by_side import PARTS, markdown, measure, read_runs

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = ROOT / "docs" / "explanation" / "real-control-plane.md"
END: Final = "Writes merge when the plane is busy:"


def main() -> None:
    """Do what the command line says."""
    match sys.argv[1:]:
        case ["measure", folder]:
            _measure(Path(folder))
        case ["write", folder]:
            _write(Path(folder))
        case _:
            sys.exit(__doc__)


def _measure(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    number = len(read_runs(folder, "hollow")) + 1
    for which in ("real", "hollow"):
        with tempfile.TemporaryDirectory() as place:
            run = asyncio.run(measure(Path(place), hollow=which == "hollow"))
        text = json.dumps(run, indent=1)
        (folder / f"{which}-{number}.json").write_text(text, encoding="utf-8")


def _write(folder: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, after = text.index(f"### {PARTS[0][1]}"), text.index(END)
    tables = markdown(read_runs(folder, "real"), read_runs(folder, "hollow"))
    PAGE.write_text(f"{text[:before]}{tables}\n{text[after:]}", encoding="utf-8")


if __name__ == "__main__":
    main()
