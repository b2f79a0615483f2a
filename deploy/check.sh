#!/bin/sh
# Everything `make check` looks at: each check runs even when an earlier one failed, and the failed ones are named last.
set -u
cd "$(dirname "$0")/.."
failed=""

check() {
    name=$1
    shift
    if output=$("$@" 2>&1); then
        printf '  %-28s ok\n' "$name"
        printf '%s\n' "$output" | sed -n 's/^skipped: /    skipped: /p'
    else
        printf '  %-28s FAILED\n%s\n' "$name" "$output"
        failed="$failed, $name"
    fi
}

check "format" ruff format --check --quiet .
check "lint" ruff check --quiet .
check "types" mypy
check "types of the tooling" mypy --explicit-package-bases deploy/install.py deploy/audit.py tests/architecture tests/deploy
check "import contracts" lint-imports --no-cache --no-logo
check "the house's own rules" python -m pytest -q -p no:randomly -m "not faults" tests/architecture tests/deploy
check "container file" hadolint deploy/Containerfile
check "widgets: format and lint" npm --prefix widgets run --silent lint
check "widgets: types" npm --prefix widgets run --silent types
if [ -f widgets/dist/manifest.json ]; then
    check "widgets: size" npm --prefix widgets run --silent size
fi

if [ -n "$failed" ]; then
    echo "Failed: ${failed#, }"
    exit 1
fi
