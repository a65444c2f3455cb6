"""A small damaged disk, made by real LVM2, to practise on without root or LVM."""

from __future__ import annotations
