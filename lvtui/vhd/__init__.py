"""PURE. The virtual disk image inside a logical volume."""

from __future__ import annotations
