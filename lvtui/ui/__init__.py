"""The wizard. Textual only; it shows values and dismisses with values.

Textual reads its settings while it is imported, so they are settled here: whatever is imported from
`lvtui.ui`, this runs first.
"""

from __future__ import annotations

from lvtui.ui.terminal import settle_environment

settle_environment()
