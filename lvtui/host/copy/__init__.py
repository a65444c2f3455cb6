"""The copier: engine, detached worker, job directories."""

from __future__ import annotations
