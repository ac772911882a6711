#!/bin/sh
# Solve the dependencies of pyproject.toml into requirements/*.lock: versions and hashes, for
# every platform, without the address of any index, so that any index or mirror can serve them.
set -eu

solve() {
    uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@"
}

solve --group test --group lint --group build pyproject.toml -o requirements/dev.lock
# The driver of the browser tests is large: only those who run them install it.
solve --constraints requirements/dev.lock --group browser -o requirements/browser.lock
# So are the generator of the documentation site and its theme.
solve --constraints requirements/dev.lock --group site -o requirements/site.lock
