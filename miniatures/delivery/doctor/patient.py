"""What the checks look at, and with what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from miniatures.datamodel.brief import Brief
from miniatures.datamodel.send_settings import Mailbox, SendSettings
from miniatures.delivery.doctor.dns import Dns
from miniatures.delivery.tokens import Tokens
from miniatures.delivery.wire import wire_domain


@dataclass(frozen=True)
class Patient:
    """A campaign that is about to send."""

    brief: Brief
    settings: SendSettings
    folder: Path
    """Where relative paths of the settings start."""
    environment: Mapping[str, str]
    tokens: Tokens
    dns: Dns
    timeout_s: float
    """Seconds for each check."""


def envelope_domain(mailbox: Mailbox) -> str:
    """The domain that SPF is looked up for."""
    return wire_domain((mailbox.bounces or mailbox.address).replace("{token}", "x"))
