"""PURE. What lies in the virtual disk: partition tables and file system superblocks."""

from __future__ import annotations
