#!/bin/sh
# Says in a sentence what Python lacks for `make`, and how to get it. $1: the chosen one, may be empty.
how="Debian 12, Ubuntu 24.04 and newer: apt-get install python3 python3-venv; RHEL 9: dnf install python3.11; or name one: make PYTHON=/path/to/python3.12"
if [ -z "$1" ] || ! "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    found=$("${1:-python3}" --version 2>&1) || found="none"
    echo "lvtui needs Python 3.11 or newer; found: $found. $how" >&2
    exit 1
fi
if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$("$1" --version) is here without its venv module. Debian, Ubuntu: apt-get install python3-venv; then run make again." >&2
    exit 1
fi
