"""PURE. Where LVM, VHD and XenServer are judged together."""

from __future__ import annotations
