"""PURE. What XenServer builds on LVM: names, roles, the SR metadata volume, xe output."""

from __future__ import annotations
