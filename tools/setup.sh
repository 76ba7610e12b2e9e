#!/bin/sh
# Makes everything `make demo`, `make test` and `make bench` need: Debian packages, .venv, the fonts.
# Starts from Debian with nothing but make and python3; does nothing when nothing has changed.
#
#   PYTHON=/path/to/python3.x   the Python to use (3.11 or later), instead of the first one found
#
# Exit codes: 0 done, 1 a step failed, 2 something must be installed by hand first (one line says what).
set -eu
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 2; }

is_recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
    for candidate in ${PYTHON:-python3.11 python3 python3.12 python3.13}; do
        if is_recent "$candidate"; then
            command -v "$candidate"
            return
        fi
    done
    stop "${PYTHON:-the python3 on PATH} is not Python 3.11 or later; install one (Debian 12's python3 is) or name one: make PYTHON=/path/to/python3.11"
}

# The listed packages that are not installed. A Python that can make a virtual environment needs no help.
missing_packages() {
    sed -e 's/#.*//' tools/debian-packages.txt | while read -r package; do
        case $package in
            '') continue ;;
            python3-venv) "$python" -c 'import ensurepip, venv' 2>/dev/null && continue ;;
        esac
        state=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null) || state=absent
        [ "$state" = installed ] || printf ' %s' "$package"
    done
}

install_packages() {
    missing=$(missing_packages)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        stop "Debian packages are missing; type: sudo apt-get update && sudo apt-get install --no-install-recommends -y$missing"
    fi
    say "installing Debian packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    # shellcheck disable=SC2086 # a list of words
    apt-get install -qq -y --no-install-recommends $missing >/dev/null
}

# Another folder or another Python wants a new .venv; a changed pyproject.toml only pip, on top of the old one.
make_venv() {
    place="$(pwd) $("$python" --version)"
    contents=$(cat pyproject.toml tools/setup.sh | cksum)
    stamp=.venv/made-from
    [ -x .venv/bin/python ] || rm -f "$stamp"
    if [ "$(cat "$stamp" 2>/dev/null)" = "$place $contents" ]; then
        return 0
    fi
    case $(cat "$stamp" 2>/dev/null) in
        "$place "*) say "bringing .venv up to date" ;;
        *) say "making .venv with $("$python" --version) ($python)"
           "$python" -m venv --clear .venv ;;
    esac
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
    printf '%s\n' "$place $contents" > "$stamp"
}

python=$(find_python)
if command -v dpkg-query >/dev/null; then
    install_packages
else
    say "not Debian: the packages in tools/debian-packages.txt are yours to find"
fi
make_venv
.venv/bin/python tools/extract_fonts.py .venv/share/fonts
