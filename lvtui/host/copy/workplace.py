"""What an engine works with, in one value."""

from __future__ import annotations

from dataclasses import dataclass

from lvtui.host.copy.control import Control
from lvtui.host.copy.full import Patience
from lvtui.host.copy.image import JobImage
from lvtui.host.copy.manifest import Manifest
from lvtui.host.copy.mapstore import MapStore
from lvtui.host.copy.meter import Meter
from lvtui.host.copy.open_image import OpenImage
from lvtui.host.copy.watch import SourceWatch
from lvtui.host.machine import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What an engine works with; all of it belongs to one job."""

    image: JobImage
    target: OpenImage
    manifest: Manifest
    maps: MapStore
    meter: Meter
    control: Control
    patience: Patience
    watch: SourceWatch
    clock: Clock
