"""EFFECTS. The only package that opens files and starts processes."""

from __future__ import annotations
