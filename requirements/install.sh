#!/bin/sh
# Makes the environment out of one lock file: `requirements/install.sh run`, or `dev`; `extras` is what stands beside it.
# Quick when nothing changed, and without network once installed.
#
# Needs a Python (3.11 or newer) and its pip; no uv. The lock's hashes are required, and the project itself is installed
# from this folder without build isolation, so nothing outside the lock is fetched. PYTHON chooses the interpreter,
# VENV the folder (.venv).
set -eu
cd "$(dirname "$0")/.."
venv=${VENV:-.venv}

say() { printf '%s\n' "$*" >&2; }
give_up() {
    say "gatewatch: $1"
    shift
    for line; do say "  $line"; done
    exit 1
}

version_of() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null; }
new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for python in ${PYTHON:-python3 python3.13 python3.12 python3.11 python}; do
        if new_enough "$python"; then return; fi
    done
    if [ -n "${PYTHON:-}" ]; then
        give_up "PYTHON=$PYTHON is not a Python 3.11 or newer (its version: $(version_of "$PYTHON" || echo none))"
    fi
    give_up "no Python 3.11 or newer on the PATH" "Install one, or name it: make PYTHON=/path/to/python3.12 ..."
}

# Debian ships Python without ensurepip; the pip that stands beside it does as well.
make_venv() {
    if "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        "$python" -m venv --clear "$1"
    elif "$python" -c 'import pip, venv' 2>/dev/null; then
        "$python" -m venv --clear --without-pip "$1"
    else
        give_up "$python ($(version_of "$python")) cannot make an environment: it has neither ensurepip nor pip with venv" \
            "On Debian or Ubuntu: apt install python3-venv" "Or choose another Python: make PYTHON=python3.12 ..."
    fi
}

# install_into VENV WHAT…
install_into() {
    into=$1
    shift
    if "$into/bin/python" -c 'import pip' 2>/dev/null; then
        set -- "$into/bin/python" -m pip install "$@"
    else
        set -- "$python" -m pip --python "$into/bin/python" install "$@"
    fi
    PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 "$@" --quiet --quiet
}

# A folder that was moved is made anew: the scripts in it begin with its old path.
is_usable() {
    new_enough "$venv/bin/python" || return 1
    [ "$(cat "$venv/.made-in" 2>/dev/null || pwd)" = "$(pwd)" ] || return 1
    [ -z "${PYTHON:-}" ] || [ "$(version_of "$PYTHON")" = "$(version_of "$venv/bin/python")" ]
}

install_project() {
    wanted=$(cat requirements/install.sh "requirements/$1.txt" pyproject.toml gatewatch/__init__.py | cksum)
    stamp=$venv/.installed-$1
    if is_usable; then
        if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
        find_python
    else
        find_python
        make_venv "$venv"
        pwd >"$venv/.made-in"
    fi
    say "Setting up $venv (Python $(version_of "$venv/bin/python")) from requirements/$1.txt; the first time takes a minute"
    install_into "$venv" --require-hashes --requirement "requirements/$1.txt"
    install_into "$venv" --no-deps --no-build-isolation --editable .
    printf '%s\n' "$wanted" >"$stamp"
}

install_extra() {
    wanted=$(cksum <"requirements/$1.txt")
    stamp=$venv/extras/$1/.installed
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    say "Setting up $venv/extras/$1 from requirements/$1.txt"
    find_python
    make_venv "$venv/extras/$1"
    install_into "$venv/extras/$1" --require-hashes --requirement "requirements/$1.txt"
    printf '%s\n' "$wanted" >"$stamp"
}

# The Node clients, from their own lock file; left out where there is no npm.
install_node() {
    command -v npm >/dev/null || { say "gatewatch: no npm, so the Node clients are not installed"; return; }
    wanted=$(cksum <requirements/node/package-lock.json)
    stamp=$venv/extras/node/.installed
    if [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then return; fi
    say "Setting up $venv/extras/node from requirements/node/package-lock.json"
    mkdir -p "$venv/extras/node"
    cp requirements/node/package.json requirements/node/package-lock.json "$venv/extras/node/"
    npm ci --prefix "$venv/extras/node" --silent --no-audit --no-fund --ignore-scripts
    printf '%s\n' "$wanted" >"$stamp"
}

case $1 in
run | dev) install_project "$1" ;;
extras)
    for extra in openai1 anthropic0 duckdb2 keyringsalt; do install_extra "$extra"; done
    install_node
    ;;
*) give_up "install what? run, dev or extras" ;;
esac
