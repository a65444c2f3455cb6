"""PURE. LVM2 on disk and as text: labels, metadata areas, carving, model, history, verdicts."""

from __future__ import annotations
