"""What engines that take a share of the machine ask of it."""

from __future__ import annotations

import os


def memory_bytes() -> int:
    """The machine's memory; 8 GiB where it cannot be asked."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 8 << 30
