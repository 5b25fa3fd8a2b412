"""How a backend is used in a role: asked first, asked where the first failed, or asked beside it and never used."""

from __future__ import annotations

from enum import StrEnum


class Seat(StrEnum):
    """The places in which backends sit behind a role."""

    FIRST = "first"
    FALLBACK = "fallback"
    SHADOW = "shadow"
