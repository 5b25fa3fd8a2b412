"""One email as it would leave now, to be looked at. Nothing is queued, and its links lead nowhere yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from miniatures.datamodel.errors import InputError
from miniatures.datamodel.standing import MEANINGS, TO_SEND, Standing, State
from miniatures.delivery.compose import Composed, Composer
from miniatures.delivery.queueing import message_to
from miniatures.delivery.settings import required_settings
from miniatures.inputs.campaign import LoadedCampaign

_APPROVED = (State.APPROVED, State.EDITED)


def first_to_send(standings: Iterable[Standing]) -> Standing | None:
    """The first that is approved; without one, the first that is ready; None if there is neither."""
    ready = None
    for standing in standings:
        if standing.state in _APPROVED:
            return standing
        if ready is None and standing.state is State.READY:
            ready = standing
    return ready


def is_approved(standing: Standing) -> bool:
    """Whether a person said yes to the text."""
    return standing.state in _APPROVED


def preview(loaded: LoadedCampaign, standing: Standing, *, date: datetime, secret: bytes) -> Composed:
    """The first email to this prospect as it would be queued, under an id that nothing else has.

    Raises:
        InputError: the campaign does not say how emails leave, a key cannot be read, or this prospect has no text that
            may be sent.
        BadAddress: it cannot be sent to this address.
    """
    composer = Composer.of(loaded.brief, required_settings(loaded), loaded.folder, secret)
    if standing.state not in TO_SEND or standing.text is None:
        told = f"nothing would be sent to {standing.prospect.email}: {standing.state.replace('_', ' ')}"
        raise InputError(f"{told} ({MEANINGS[standing.state]})", hint=standing.review or standing.reason)
    domain = standing.prospect.email.rpartition("@")[2]
    return composer.compose(message_to(standing, loaded, {}, provider=domain), date)
