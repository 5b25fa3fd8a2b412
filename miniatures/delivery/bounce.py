"""What counts as a bounce, whether a server refuses the address at once or takes the email and returns it later.

Which of the two happens depends on the way an email takes, so an arm must not look better because a server of its
recipients answers sooner.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from miniatures.datamodel.inbound import Inbound, InboundKind
from miniatures.delivery.inbound.rejection import Rejection
from miniatures.delivery.server_word import ServerWord, word_of
from miniatures.store.mail.people import Mailed

_ABOUT = {ServerWord.NO_SUCH_PERSON: Rejection.ADDRESS, ServerWord.POLICY: Rejection.POLICY}


def is_bounce(about: Rejection, *, came_back: bool) -> bool:
    """Whether a refusal counts as a bounce, by what it is about and whether the email had left before.

    What a sender is or says is nothing that an address did. A full mailbox, a server out of reach or a size is a bounce
    of an email that came back; one that was refused for that at once never left, and is in no rate.
    """
    match about:
        case Rejection.ADDRESS:
            return True
        case Rejection.POLICY:
            return False
        case Rejection.OTHER:
            return came_back
        case _:
            assert_never(about)


def came_back_as_bounce(mail: Inbound) -> bool:
    """Whether a mail that came back is a report of a bounce."""
    if mail.kind is not InboundKind.BOUNCE:
        return False
    about = Rejection.ADDRESS if mail.no_such_address else Rejection.OTHER
    return is_bounce(Rejection.POLICY if mail.policy_rejection else about, came_back=True)


def bounced_at_once(email: Mailed) -> datetime | None:
    """When a server refused an email and that is a bounce; None if none did, or for another reason."""
    if email.refusal is None:
        return None
    about = _ABOUT.get(word_of(email.refusal), Rejection.OTHER)
    return email.refused_at if is_bounce(about, came_back=False) else None
