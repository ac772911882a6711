#!/bin/sh
# Make the environment in $VENV from requirements/dev.lock, with uv if it can be had, else pip.
set -eu

"$PYTHON" - <<'CHECK'
import sys
if sys.version_info < (3, 11):
    found = ".".join(map(str, sys.version_info[:3]))
    sys.exit(f"virtslo needs Python 3.11 or later, found {found}: set PYTHON=python3.x")
CHECK

find_uv() {
    if command -v uv >/dev/null 2>&1; then
        command -v uv
    elif [ -x "$VENV/bin/uv" ]; then
        echo "$VENV/bin/uv"
    fi
}

echo "making the environment in $VENV ..." >&2
if [ ! -x "$VENV/bin/python" ]; then
    "$PYTHON" -m venv "$VENV"
fi
UV=$(find_uv)
if [ -z "$UV" ] && "$VENV/bin/python" -m pip install --quiet "uv==$UV_VERSION" 2>/dev/null; then
    UV=$(find_uv)
fi
if [ -n "$UV" ]; then
    VIRTUAL_ENV="$VENV" "$UV" pip install --quiet --require-hashes -r requirements/dev.lock
    VIRTUAL_ENV="$VENV" "$UV" pip install --quiet --no-deps --no-build-isolation --editable .
else
    "$VENV/bin/python" -m pip install --quiet --require-hashes -r requirements/dev.lock
    "$VENV/bin/python" -m pip install --quiet --no-deps --no-build-isolation --editable .
fi
