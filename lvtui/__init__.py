"""lvtui: bring lost LVM volumes of a XenServer or XCP-ng host back, without touching the damaged disk.

The house, top to bottom; imports go only downward (checked by import-linter):

    cli        commands, exit codes
    ui         the wizard (Textual), pixels only
    flow       use cases: discover, copy, report
    demo host  the built-in damaged disk | the only package that touches files and processes
    plan       commands and jobs as values
    rescue     where LVM, VHD and XenServer are judged together
    vhd xen lvm guest   what the bytes mean: pure functions on frozen values
    errors message      operator's sentences as values
    safe units source   the gate for shown text, units, the protocol by which pure code reads bytes
    values              frozen values that are cheap to define
"""

from __future__ import annotations

__version__ = "0.1.0"
