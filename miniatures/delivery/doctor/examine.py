"""Runs all checks side by side, each in its own time; one that does not come to an end is no pass."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator
from typing import NamedTuple

from miniatures.datamodel.errors import MiniaturesError
from miniatures.datamodel.send_settings import Mailbox
from miniatures.delivery.doctor.campaign import (
    check_opt_out_address,
    check_passwords,
    check_postal_address,
    check_sender_address,
)
from miniatures.delivery.doctor.dkim import check_dkim
from miniatures.delivery.doctor.dmarc import check_dmarc
from miniatures.delivery.doctor.finding import Finding, unchecked
from miniatures.delivery.doctor.inbox import check_inbox
from miniatures.delivery.doctor.mx import check_mx
from miniatures.delivery.doctor.patient import Patient, envelope_domain
from miniatures.delivery.doctor.server import check_server
from miniatures.delivery.doctor.spf import check_spf
from miniatures.delivery.doctor.tracker import check_tracker, check_tracking_url
from miniatures.delivery.wire import wire_domain


class _Check(NamedTuple):
    """A check that takes time, and what it is about if it does not end."""

    about: str
    running: Awaitable[Finding | list[Finding]]


async def examine(patient: Patient) -> list[Finding]:
    """Everything that was found, the campaign's own files first. Nothing is sent and nothing is changed."""
    found = list(_at_hand(patient))
    answers = await asyncio.gather(*(_in_time(check, patient.timeout_s) for check in _asked(patient)))
    return found + [finding for findings in answers for finding in findings]


def _at_hand(patient: Patient) -> Iterator[Finding]:
    settings = patient.settings
    yield check_postal_address(patient.brief)
    yield check_sender_address(patient.brief, settings)
    yield check_passwords(settings, patient.environment)
    yield from check_opt_out_address(settings)
    if settings.tracking is not None:
        yield check_tracking_url(settings, settings.tracking)


def _asked(patient: Patient) -> Iterator[_Check]:
    """Each server and each domain once, though several mailboxes share it."""
    settings, dns = patient.settings, patient.dns
    boxes = list(settings.mailboxes.values())
    for server in dict.fromkeys(box.smtp for box in boxes):
        yield _Check(f"server {server.host}:{server.port}", check_server(server, patient.environment))
    for domain, host in {envelope_domain(box): box.smtp.host for box in boxes}.items():
        yield _Check(f"SPF of {domain}", check_spf(domain, host, dns))
    for domain in dict.fromkeys(name for box in boxes for name in (wire_domain(box.address), envelope_domain(box))):
        yield _Check(f"MX of {domain}", check_mx(domain, dns))
    for box in boxes:
        yield _Check(f"DKIM of {box.address}", check_dkim(box, patient.folder, dns))
        yield _Check(f"DMARC of {wire_domain(box.address)}", check_dmarc(box, dns))
        yield _Check(f"inbox of {box.address}", _inbox(patient, box))
    if settings.tracking is not None:
        tracker = check_tracker(settings.tracking, patient.tokens, patient.timeout_s)
        yield _Check(f"tracker {settings.tracking.url}", tracker)


def _inbox(patient: Patient, box: Mailbox) -> Awaitable[Finding]:
    """In a thread, which nobody can end from outside: its own time is shorter than the check's."""
    follow_ups, timeout_s = bool(patient.settings.follow_ups), patient.timeout_s / 2
    return check_inbox(box, patient.folder, patient.environment, follow_ups=follow_ups, timeout_s=timeout_s)


async def _in_time(check: _Check, timeout_s: float) -> list[Finding]:
    try:
        async with asyncio.timeout(timeout_s):
            found = await check.running
    except TimeoutError:
        return [unchecked(check.about, f"no answer within {timeout_s:g} seconds")]
    except MiniaturesError as error:
        return [unchecked(check.about, error.message, error.hint)]
    except OSError as error:
        return [unchecked(check.about, error.strerror or type(error).__name__)]
    return found if isinstance(found, list) else [found]
