#!/bin/sh
# Says in a sentence what Python lacks for `make`, and how to get it. $1: the chosen one, may be empty.
if [ -z "$1" ]; then
    found=$(python3 --version 2>&1) || found="no python3"
    echo "lvtui needs Python 3.11 or newer, and here is $found. Debian 12, Ubuntu 24.04: apt-get install python3 python3-venv; RHEL 9: dnf install python3.11; else name one: make PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! "$1" -c 'import ensurepip, venv' 2>/dev/null; then
    echo "$("$1" --version) is here without its venv module. Debian, Ubuntu: apt-get install python3-venv; then run make again." >&2
    exit 1
fi
