"""Widgets of the wizard that know nothing of recovery."""

from __future__ import annotations
