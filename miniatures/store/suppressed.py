"""Who of a list is written to no more: asked once for each row, so the list of suppressions is held in memory."""

from __future__ import annotations

from collections.abc import Callable

from miniatures.datamodel.suppression import suppression_hashes
from miniatures.store.home_secret import home_secret
from miniatures.store.store import Store


def suppression_of(store: Store, campaign: str) -> Callable[[str], str]:
    """A function from an address to why the campaign does not write to it; empty if it may.

    It knows what was listed when it was made: what is listed afterwards is kept where an email is claimed.
    """
    secret = home_secret()
    reasons = {entry.address: entry.reason for entry in store.mail.suppressions.entries(campaign)}

    def reason(email: str) -> str:
        found = next((reasons[name] for name in suppression_hashes(secret, email) if name in reasons), None)
        return (
            f"suppressed ({found.replace('_', ' ')}): nobody researches this address or writes to it" if found else ""
        )

    return reason
