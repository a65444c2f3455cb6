"""USE CASES without a user interface: the wizard and the commands call the same functions."""

from __future__ import annotations
