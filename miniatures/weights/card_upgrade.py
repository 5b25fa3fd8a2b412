"""Reads cards that earlier versions of this package wrote: what they said of profiles is said of trust now."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from miniatures.datamodel.capabilities import SMALL, Trust

_TRUST = {"compact": SMALL, "full": Trust()}
_SAME_TEXT = {"deb51fbc010df6f0": "baa060a5f9440605"}
"""Templates that were written anew and render the same text, by version: the old one and the present one."""


class _OldCard(BaseModel):
    """What is rewritten of a card."""

    profile: str
    prompt_versions: dict[str, str]


def upgraded(card: Any) -> Any:
    """The card's JSON in today's form; a card of today's form, or what is no card at all, as it is.

    Raises:
        ValueError: it names a profile that there never was, or says no versions of its prompts.
    """
    if not isinstance(card, dict) or "profile" not in card:
        return card
    old = _OldCard.model_validate(card)
    if old.profile not in _TRUST:
        raise ValueError(f"it names the prompt profile {old.profile!r}, which there is not")
    kept = {name: value for name, value in card.items() if name != "profile"}
    versions = {role: _SAME_TEXT.get(version, version) for role, version in old.prompt_versions.items()}
    return {**kept, "prompt_versions": versions, "trust": _TRUST[old.profile].model_dump(mode="json")}
