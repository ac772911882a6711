"""Have Go judge the template expressions of `tests/support/go_templates.json`.

    python tools/judge_templates.py        (needs Go)

The expressions are those listed here and every function of sprig with arguments of every type. Go's
text or error is kept beside each; `tests/unit/config/go_templates/test_table.py` holds our engine
against it. Expressions whose text depends on random numbers, the clock or the machine are left out.
"""

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

HOME: Final = Path(__file__).resolve().parent
TABLE: Final = HOME.parent / "tests" / "support" / "go_templates.json"
MOST: Final = 1_000
"""Longer texts are left out of the table."""
DATA: Final[dict[str, Any]] = {
    "Iteration": 3, "Replica": 1, "UUID": "u-1", "JobName": "job", "name": "density", "n": 7,
    "neg": -5, "f": 2.5, "big": 21000000, "bigf": 21000000.0, "small": 1e-7,
    "huge": 9223372036854775807,
    "s": "Hello wörld", "num": "42", "oct": "010", "empty": "", "none": None, "yes": True,
    "no": False, "list": ["b", "a", "c"], "ints": [3, 1, 2], "mixed": [1, "a", None, 2.5, True],
    "map": {"z": 1, "a": {"b": "deep"}}, "nolist": [], "nomap": {}, "multi": "a\nb\nc",
    "html": "<a href='x'>&\"+</a>", "zero": 0,
}  # fmt: skip
ARGUMENTS: Final = (
    '"abc"', '""', '"3"', '"010"', '"é,ö x"', '"3.7"', "1", "-2", "0", "2.5", "3.0", "1e6",
    "true", "nil",
    ".list", ".ints", ".mixed", ".map", ".none", ".nolist", ".n", ".f", ".s",
    "(list 1 2)", "(add 1 2)",
    '(dict "k" "v")',
)  # fmt: skip
UNARY: Final = """
trim upper lower title untitle nospace initials swapcase snakecase camelcase kebabcase quote squote
cat sha1sum sha256sum sha512sum adler32sum toString atoi int64 int float64 toDecimal toStrings until
add1 add1f floor ceil sortAlpha empty toJson toPrettyJson toRawJson fromJson typeOf kindOf base dir
clean ext isAbs b64enc b64dec b32enc b32dec first rest last initial reverse uniq compact len not
print println html js urlquery duration durationRound list tuple seq add max min values keys
coalesce all any fail deepCopy regexQuoteMeta osBase concat mustFirst mustUniq call index
"""
BINARY: Final = """
abbrev trunc repeat trimAll trimPrefix trimSuffix contains hasPrefix hasSuffix indent nindent wrap
split splitList join add sub div mod mul addf subf mulf divf max min maxf minf round default has
hasKey get append prepend without slice chunk eq ne lt le gt ge and or index print printf typeIs
kindIs deepEqual until pick omit pluck cat regexMatch regexFind regexSplit regexFindAll
"""
WRITTEN: Final = (HOME / "go_templates" / "expressions.txt").read_text().splitlines()


def expressions() -> list[str]:
    """Every expression to judge, each once."""
    found = [line.replace("\\N", "\n") for line in WRITTEN if line and not line.startswith("#")]
    found += [f"{{{{ {name} {one} }}}}" for name in UNARY.split() for one in ARGUMENTS]
    some = ARGUMENTS[::2]
    pairs = [
        *itertools.product(some[:8], some[4:]),
        *zip(ARGUMENTS, reversed(ARGUMENTS), strict=True),
    ]
    for place, name in enumerate(BINARY.split()):
        chosen = pairs[place % 5 :: 5]
        found += [f"{{{{ {name} {one} {other} }}}}" for one, other in chosen]
        found += [f"{{{{ {one} | {name} {other} }}}}" for one, other in chosen[::4]]
    found += [f'{{{{ printf "{form}" {one} }}}}' for form in _forms() for one in ARGUMENTS[::3]]
    return list(dict.fromkeys(found))


def _forms() -> list[str]:
    flags = ("", "5", "-6", "05", "+", ".2", "8.3", "#", " ", "x%%y-%")
    verbs = "vdsqxXobctTeEfFgGU"
    return [f"%{flag}{verb}" for flag in flags for verb in verbs if "%%" not in flag] + ["a%%b%v"]


def main() -> int:
    """Judge and keep the table."""
    go = shutil.which("go") or shutil.which("go", path="/usr/local/go/bin")
    if go is None:
        print("go is not there: the table stays as it is")
        return 1
    entries = [{"text": text, "data": DATA} for text in expressions()]
    done = subprocess.run(
        [go, "run", "."], cwd=HOME / "go_templates", input=json.dumps(entries).encode(),
        capture_output=True, check=True,
    )  # fmt: skip
    judged = json.loads(done.stdout)
    rows = [
        [row["text"], row.get("go"), (row.get("error") or "")[-60:].partition(" ")[2]]
        for row in judged
        if len(row.get("go") or "") <= MOST
    ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    data = json.dumps(DATA, ensure_ascii=False)
    TABLE.write_text(f'{{"data": {data},\n"rows": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{len(rows)} expressions: {sum(row[1] is not None for row in rows)} texts")
    return 0


if __name__ == "__main__":
    sys.exit(main())
