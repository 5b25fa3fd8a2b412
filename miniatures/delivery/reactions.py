"""What people did about the emails that they were sent, and when first: told from what came back and from the hits.

What a mail means is its class, if it has one: a person's correction puts another class in the place of the first and
so changes what is counted. Without a class the kind decides, and no answer is positive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum, auto

from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.datamodel.inbound import Inbound, InboundKind, ReplyClass
from miniatures.delivery.bounce import bounced_at_once, came_back_as_bounce
from miniatures.delivery.hits.alone import class_alone
from miniatures.delivery.hits.classify import classify
from miniatures.store.mail.people import Mailed


class Meaning(StrEnum):
    """What a mail that came back counts as."""

    REPLIED = auto()
    POSITIVE = auto()
    UNSUBSCRIBED = auto()
    COMPLAINED = auto()
    BOUNCED = auto()
    TURNED_AWAY = auto()


_BY_CLASS: Mapping[ReplyClass, tuple[Meaning, ...]] = {
    ReplyClass.POSITIVE: (Meaning.REPLIED, Meaning.POSITIVE),
    ReplyClass.NEUTRAL: (Meaning.REPLIED,),
    ReplyClass.NEGATIVE: (Meaning.REPLIED,),
    ReplyClass.WRONG_PERSON: (Meaning.REPLIED,),
    ReplyClass.OPT_OUT: (Meaning.UNSUBSCRIBED,),
    ReplyClass.OUT_OF_OFFICE: (),
}
_BY_KIND: Mapping[InboundKind, tuple[Meaning, ...]] = {
    InboundKind.COMPLAINT: (Meaning.COMPLAINED,),
    InboundKind.OPT_OUT: (Meaning.UNSUBSCRIBED,),
    InboundKind.REFERRAL: (Meaning.REPLIED,),
    InboundKind.REPLY: (Meaning.REPLIED,),
}


@dataclass(frozen=True)
class Reactions:
    """When a person first did each thing; null where they did not."""

    bounced_at: datetime | None = None
    """When the first email came back, or was refused because there is no such address."""
    turned_away_at: datetime | None = None
    """When the first email came back because its sender is not wanted there: it was not delivered and is no bounce."""
    opened_at: datetime | None = None
    """The first opening by a person beyond doubt."""
    perhaps_opened_at: datetime | None = None
    """The first hit that may have been one."""
    clicked_at: datetime | None = None
    """The first link that a person followed beyond doubt."""
    perhaps_clicked_at: datetime | None = None
    """The first hit on a link that may have been one."""
    replied_at: datetime | None = None
    positive_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    complained_at: datetime | None = None


NOTHING = Reactions()
"""What most people do."""


def reactions(sent: Sequence[Mailed], inbound: Iterable[Inbound], hits: Mapping[str, Sequence[Hit]]) -> Reactions:
    """What one person did about the emails to them, the first one first; `hits` are by the email's id.

    A bounce counts where the first email came back: one of a follow-up says nothing against what arrived before. And it
    counts only while nobody answered, for whoever answers was reached, whatever some server on the way reported.
    """
    came: dict[Meaning, list[datetime]] = {meaning: [] for meaning in Meaning}
    for mail in inbound:
        for meaning in _meanings(mail, sent):
            came[meaning].append(mail.received_at)
    came[Meaning.BOUNCED] += [at for row in sent[:1] if (at := bounced_at_once(row)) is not None]
    human, perhaps = _by_people(sent, hits)
    opted_out = [*came[Meaning.UNSUBSCRIBED], *human[HitKind.UNSUBSCRIBE_POST]]
    answered = came[Meaning.REPLIED] or opted_out or came[Meaning.COMPLAINED]
    return Reactions(
        bounced_at=None if answered else _first(came[Meaning.BOUNCED]),
        turned_away_at=None if answered else _first(came[Meaning.TURNED_AWAY]),
        opened_at=_first(human[HitKind.OPEN]),
        perhaps_opened_at=_first(perhaps[HitKind.OPEN]),
        clicked_at=_first(human[HitKind.CLICK]),
        perhaps_clicked_at=_first(perhaps[HitKind.CLICK]),
        replied_at=_first(came[Meaning.REPLIED]),
        positive_at=_first(came[Meaning.POSITIVE]),
        unsubscribed_at=_first(opted_out),
        complained_at=_first(came[Meaning.COMPLAINED]),
    )


def _meanings(mail: Inbound, sent: Sequence[Mailed]) -> tuple[Meaning, ...]:
    if mail.kind is InboundKind.BOUNCE:
        meaning = Meaning.BOUNCED if came_back_as_bounce(mail) else Meaning.TURNED_AWAY
        return (meaning,) if _is_of_first(mail, sent) else ()
    if mail.kind is InboundKind.COMPLAINT or mail.reply_class is None:
        return _BY_KIND.get(mail.kind, ())
    return _BY_CLASS[mail.reply_class]


def _is_of_first(bounce: Inbound, sent: Sequence[Mailed]) -> bool:
    """Whether it is the first email that came back; one of which only the address is known is of the newest before."""
    if bounce.message is not None:
        return bool(sent) and bounce.message == sent[0].id
    return not any(row.sent_at is not None and row.sent_at <= bounce.received_at for row in sent[1:])


def _by_people(
    sent: Sequence[Mailed], hits: Mapping[str, Sequence[Hit]]
) -> tuple[Mapping[HitKind, list[datetime]], Mapping[HitKind, list[datetime]]]:
    """When people did what beyond doubt, and when they may have."""
    human, perhaps = defaultdict(list), defaultdict(list)
    for row in sent:
        in_order = sorted(hits.get(row.id, ()), key=lambda hit: (hit.at, hit.id))
        for hit, hit_class in zip(in_order, _classes(in_order, row.sent_at), strict=True):
            if hit_class is HitClass.HUMAN:
                human[hit.kind].append(hit.at)
            if hit_class is not HitClass.MACHINE:
                perhaps[hit.kind].append(hit.at)
    return human, perhaps


def _classes(in_order: Sequence[Hit], sent_at: datetime | None) -> list[HitClass]:
    if len(in_order) == 1:
        return [class_alone(in_order[0], sent_at)]
    return [judged.hit_class for judged in classify(in_order, sent_at)] if in_order else []


def _first(moments: Iterable[datetime]) -> datetime | None:
    return min(moments, default=None)
