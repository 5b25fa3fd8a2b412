"""One email as it would leave now, to be looked at. Nothing is queued, and its links lead nowhere yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTPUTF8

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.message import Message, OutboxRow
from miniatures.datamodel.standing import APPROVED, MEANINGS, TO_SEND, Standing, State
from miniatures.datamodel.suppression import Suppression
from miniatures.delivery.compose import Composed, Composer
from miniatures.delivery.queueing import follow_up_to, message_to
from miniatures.delivery.settings import required_settings
from miniatures.inputs.campaign import LoadedCampaign

_TO_LEAVE = (*APPROVED, State.QUEUED)


def first_to_send(standings: Iterable[Standing]) -> Standing | None:
    """The first that is approved and has not left; without one, the first that is ready, else the first that left;
    None if there is none of them."""
    ready = left = None
    for standing in standings:
        if standing.state in _TO_LEAVE:
            return standing
        if ready is None and standing.state is State.READY:
            ready = standing
        if left is None and standing.state.has_left:
            left = standing
    return ready or left


def is_approved(standing: Standing) -> bool:
    """Whether a person said yes to the text."""
    return standing.state in APPROVED


def wants_no_mail(listed: Suppression) -> str:
    """What is said of an email to whoever is on the list."""
    reason = f"{listed.reason.replace('_', ' ')}, since {listed.since:%Y-%m-%d}"
    return f"They are on the list of those who want no mail ({reason}): it does not leave."


def preview(
    loaded: LoadedCampaign, standing: Standing, thread: Sequence[OutboxRow] = (), *, date: datetime, secret: bytes
) -> tuple[Composed, OutboxRow | None]:
    """The email of this standing by its frozen bytes, with its row, if the outbox has them; else as it would be queued,
    under an id that nothing else has. `thread` is what the outbox has of the prospect.

    Raises:
        InputError: the campaign does not say how emails leave, a key cannot be read, or there is no text that may be
            sent.
        BadAddress: it cannot be sent to this address.
    """
    required_settings(loaded)
    step = standing.result.step
    row = next((row for row in thread if row.message.step == step and row.mime is not None), None)
    if row is not None and _is_in_the_outbox(standing):
        return as_it_left(loaded, row, secret=secret), row
    if standing.text is None or (standing.dispatch is None and standing.state not in TO_SEND):
        told = f"nothing would be sent to {standing.prospect.email}: {standing.state.replace('_', ' ')}"
        raise InputError(f"{told} ({MEANINGS[standing.state]})", hint=standing.review or standing.reason)
    _, composed = as_it_would_leave(loaded, standing, thread[:step], date=date, secret=secret)
    return composed, None


def _is_in_the_outbox(standing: Standing) -> bool:
    """Whether what the outbox has is the email that stands: it was not taken back."""
    return standing.dispatch is not None and standing.state not in (State.CANCELLED, State.SUPPRESSED)


def as_it_would_leave(
    loaded: LoadedCampaign, standing: Standing, thread: Sequence[OutboxRow] = (), *, date: datetime, secret: bytes
) -> tuple[Message, Composed]:
    """The same of any text, whether it may be sent or not. `thread` is what was queued for the prospect before.

    Raises:
        InputError: the campaign does not say how emails leave, a key cannot be read, or the first email of the thread
            that it follows is not there.
        BadAddress: it cannot be sent to this address.
    """
    composer = Composer.of(loaded.brief, required_settings(loaded), loaded.folder, secret)
    if not standing.result.step:
        message = message_to(standing, loaded, {}, provider=standing.prospect.email.rpartition("@")[2])
    elif thread:
        message = follow_up_to(standing, loaded, thread[0])
    else:
        raise InputError("the email that this one follows is not in the outbox", hint="A follow-up needs its thread.")
    return message, composer.compose(message, date, thread)


def as_it_left(loaded: LoadedCampaign, row: OutboxRow, *, secret: bytes) -> Composed:
    """An email of the outbox with its frozen bytes, which it has, and the envelope that belongs to it.

    Raises:
        InputError: the campaign does not say how emails leave, or a key cannot be read.
    """
    assert row.mime is not None and row.message_id is not None
    composer = Composer.of(loaded.brief, required_settings(loaded), loaded.folder, secret)
    return replace(composer.compose(row.message, row.queued_at), mime=row.mime, message_id=row.message_id)


@dataclass(frozen=True)
class ReadBack:
    """What a mail program makes of an email's bytes."""

    headers: tuple[tuple[str, str], ...]
    """Name and value, in their order."""
    text: str
    html: str


def read_back(mime: bytes) -> ReadBack:
    """An email of ours read from its bytes, so that what is shown is what arrives."""
    parsed = message_from_bytes(mime, policy=SMTPUTF8)
    assert isinstance(parsed, EmailMessage)
    headers = tuple((name, str(value)) for name, value in parsed.items())
    return ReadBack(headers, _part(parsed, "plain"), _part(parsed, "html"))


def _part(parsed: EmailMessage, kind: str) -> str:
    part = parsed.get_body((kind,))
    assert part is not None
    return str(part.get_content())
