"""Reads cards that earlier versions of this package wrote: what they said of profiles is said of trust now."""

from __future__ import annotations

from typing import Any

from miniatures.datamodel.capabilities import SMALL, Trust

_TRUST = {"compact": SMALL, "full": Trust()}
_SAME_TEXT = {"deb51fbc010df6f0": "baa060a5f9440605"}
"""Templates that were written anew and render the same text, by version: the old one and the present one."""


def upgraded(card: Any) -> Any:
    """The card's JSON in today's form; a card of today's form, or what is no card at all, as it is.

    Raises:
        ValueError: it names a profile that there never was.
    """
    if not isinstance(card, dict) or "profile" not in card:
        return card
    kept = {name: value for name, value in card.items() if name != "profile"}
    if card["profile"] not in _TRUST:
        raise ValueError(f"it names the prompt profile {card['profile']!r}, which there is not")
    versions = {role: _SAME_TEXT.get(version, version) for role, version in kept.get("prompt_versions", {}).items()}
    return {**kept, "prompt_versions": versions, "trust": _TRUST[card["profile"]].model_dump(mode="json")}
