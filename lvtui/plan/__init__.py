"""PURE. Commands, jobs and facts as values."""

from __future__ import annotations
