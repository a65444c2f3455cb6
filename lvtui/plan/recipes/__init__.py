"""PURE. Facts in, plans out; a recipe never probes."""

from __future__ import annotations
