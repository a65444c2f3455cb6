"""The wizard. Textual only; it shows values and dismisses with values."""

from __future__ import annotations
