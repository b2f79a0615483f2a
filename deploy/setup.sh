#!/bin/sh
# Find a Python that can run Narthex, then hand over to deploy/install.py.
#
#   deploy/setup.sh demo    what `make demo` needs
#   deploy/setup.sh dev     what `make check` and `make test` need
#
# PYTHON=/path/to/python3 names the interpreter to use instead of the newest one found.
set -eu
cd "$(dirname "$0")/.."
profile=${1:-demo}

# The usual case, told in a tenth of a second: everything stands already.
if [ -x .venv/bin/python ] && .venv/bin/python deploy/install.py --ready "$profile" 2>/dev/null; then
    exit 0
fi

new_enough() {
    [ "$("$1" -c 'import sys; print(sys.version_info >= (3, 11))' 2>/dev/null)" = True ]
}

for python in ${PYTHON:-python3.14 python3.13 python3.12 python3.11 python3 python}; do
    if command -v "$python" >/dev/null 2>&1 && new_enough "$python"; then
        exec "$python" deploy/install.py "$profile"
    fi
done

if [ -n "${PYTHON:-}" ]; then
    echo "Narthex needs Python 3.11 or newer, and PYTHON=$PYTHON is not one: correct it, or unset it to use the newest on the PATH." >&2
else
    echo "Narthex needs Python 3.11 or newer, and none was found on the PATH: install it (on Debian and Ubuntu: apt install python3 python3-venv), or name it with PYTHON=/path/to/python3." >&2
fi
exit 1
