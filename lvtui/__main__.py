"""`python -m lvtui`."""

from __future__ import annotations

from lvtui.cli import main

raise SystemExit(main())
