"""Who is never written to again. The list holds keyed hashes of addresses and no address, and it never expires."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.keyed_hash import keyed_hash
from miniatures.datamodel.moment import Moment
from miniatures.datamodel.prospect import normalize_email

EVERYWHERE = ""
"""The scope of whoever is written to by no campaign."""


class SuppressionReason(StrEnum):
    """Why somebody is on the list."""

    OPT_OUT = "opt_out"
    COMPLAINT = "complaint"
    BOUNCE = "bounce"
    GONE = "gone"
    IMPORTED = "imported"
    BY_HAND = "by_hand"
    FORGOTTEN = "forgotten"


class Suppression(Frozen):
    """One entry: a person, or with `@domain` everybody there."""

    scope: str = Field(default=EVERYWHERE, description="A campaign's name; empty for all campaigns.")
    address: str = Field(description="Keyed hash of the normalized address, or of `@` and a domain.")
    reason: SuppressionReason
    since: Moment


def suppression_hash(secret: bytes, address: str) -> str:
    """How the list names an address, or a whole domain that is given as `@example.com`."""
    return keyed_hash(secret, f"suppression {normalize_email(address)}")


def suppression_hashes(secret: bytes, address: str) -> tuple[str, str]:
    """Under which an address may be listed: its own, and its domain's."""
    return suppression_hash(secret, address), suppression_hash(secret, f"@{address.rpartition('@')[2]}")
