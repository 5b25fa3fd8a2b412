"""How a campaign's emails leave and where its replies come home: the `send:` part of the campaign file.

A password is never written there: the file names the environment variable that holds it.
"""

from __future__ import annotations

import re
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, EmailStr, Field, field_validator, model_validator

from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.prospect import normalize_email

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = re.compile(r"([01]?\d|2[0-3]):[0-5]\d")
_HOST_WITH_PORT = re.compile(r"(?P<host>[^:]*|\[.*\]):(?P<port>\d+)")


class Tls(StrEnum):
    """How a connection to a mail server is encrypted; a server that lacks what is asked for is not used."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class Login(Strict):
    """A user of a mail server."""

    user: str = Field(min_length=1)
    password: str = Field(
        pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", description="Name of the environment variable that holds it."
    )


def _without_port(host: str) -> str:
    if found := _HOST_WITH_PORT.fullmatch(host):
        raise ValueError(f"write the port on a line of its own: host: {found['host']} and port: {found['port']}")
    return host


Host = Annotated[str, AfterValidator(_without_port)]


class SmtpSettings(Strict):
    """The server that takes the emails of one mailbox."""

    host: Host = Field(min_length=1)
    port: int = Field(default=587, ge=1, le=65535)
    tls: Tls = Tls.STARTTLS
    login: Login | None = None
    timeout_s: float = Field(default=60, gt=0, le=600)
    accept_timeout_s: float = Field(
        default=600, gt=0, le=3600, description="For the server's word on a whole email: RFC 5321 asks for ten minutes."
    )
    connections: int = Field(default=2, ge=1, le=20, description="At the same time.")
    ca_file: Path | None = Field(default=None, description="Certificates that are trusted besides the system's.")


class InboxSettings(Strict):
    """Where answers to one mailbox arrive: an IMAP server, or a maildir on this machine."""

    maildir: Path | None = None
    host: Host = ""
    port: int = Field(default=993, ge=1, le=65535)
    tls: Tls = Tls.IMPLICIT
    login: Login | None = None
    folder: str = "INBOX"
    sent_folder: str = Field(default="Sent", description="Where sent mail is looked up by its Message-ID.")
    timeout_s: float = Field(default=60, gt=0, le=600)
    ca_file: Path | None = None

    @model_validator(mode="after")
    def _one_place(self) -> InboxSettings:
        if (self.maildir is None) == (not self.host):
            raise ValueError("an inbox is either a `maildir` or a `host` with a `login`: name one of the two")
        if self.host and self.login is None:
            raise ValueError("an inbox on a server needs a `login`: {user: NAME, password: ENVIRONMENT_VARIABLE}")
        return self


class DkimSettings(Strict):
    """Signs in this place of the server, for servers that do not sign themselves."""

    domain: str = Field(min_length=1)
    selector: str = Field(min_length=1)
    key: Path = Field(description="File of the private key, PEM.")


class RampUp(Strict):
    """A mailbox that is new to its recipients sends little at first, and more each day that it sends."""

    first_day: int = Field(default=10, ge=1)
    more_each_day: int = Field(default=5, ge=0)


class Mailbox(Strict):
    """One address that sends; all emails of a thread leave by the same."""

    address: EmailStr
    name: str = Field(default="", description="Shown beside the address; the brief's sender if empty.")
    smtp: SmtpSettings
    inbox: InboxSettings | None = None
    dkim: DkimSettings | None = None
    per_day: int = Field(default=50, ge=1)
    per_hour: int = Field(default=20, ge=1)
    ramp_up: RampUp | None = None
    bounces: str = Field(
        default="",
        description="Envelope sender, with `{token}` for the email: bounces+{token}@example.com. Empty: the address.",
    )

    @field_validator("bounces")
    @classmethod
    def _has_token(cls, value: str) -> str:
        if value and ("{token}" not in value.partition("@")[0] or "@" not in value):
            raise ValueError("write `{token}` before the @, such as bounces+{token}@example.com")
        return value

    @property
    def key(self) -> str:
        """What a store knows it by: its address, by whatever name a campaign calls it."""
        return normalize_email(self.address)


def _clock(value: object) -> object:
    """YAML reads 08:30 as a number of minutes: that is taken back."""
    if isinstance(value, int) and not isinstance(value, bool):
        return time(value // 60, value % 60) if 0 <= value < 24 * 60 else value
    if isinstance(value, str) and _CLOCK.fullmatch(value.strip()):
        hour, minute = value.strip().split(":")
        return time(int(hour), int(minute))
    return value


def _closing(value: object) -> object:
    """A clock's time, or 24:00: the end of the day, which YAML may have read as minutes too."""
    return time.max if value in ("24:00", 24 * 60) else _clock(value)


Clock = Annotated[time, BeforeValidator(_clock)]
Closing = Annotated[time, BeforeValidator(_closing)]


class Hours(Strict):
    """When recipients work, by their own clock: the row's `timezone` or `country`, else the one named here."""

    days: tuple[str, ...] = ("mon", "tue", "wed", "thu", "fri")
    opens: Clock = time(8, 30)
    closes: Closing = time(17, 0)
    timezone: str = "UTC"

    @field_validator("days", mode="before")
    @classmethod
    def _known_days(cls, value: object) -> object:
        named = [value] if isinstance(value, str) else value
        if not isinstance(named, list | tuple) or not set(named) <= set(_DAYS) or not named:
            raise ValueError(f"days are a list of {', '.join(_DAYS)}")
        return tuple(day for day in _DAYS if day in named)

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"there is no time zone {value!r}; write one such as Europe/Berlin") from error
        return value

    @model_validator(mode="after")
    def _open_before_closed(self) -> Hours:
        if self.opens >= self.closes:
            raise ValueError(f"opens ({self.opens:%H:%M}) must be earlier than closes ({self.closes:%H:%M})")
        return self

    @property
    def weekdays(self) -> frozenset[int]:
        """The days as Python counts them: Monday is 0."""
        return frozenset(_DAYS.index(day) for day in self.days)


class TrackingSettings(Strict):
    """What is learned beyond replies. Opting out works by the same address, so it is needed wherever mail leaves."""

    url: str = Field(pattern=r"^https?://[^/?#\s]+$", description="Where `miniatures track` is reached from outside.")
    opens: bool = False
    clicks: bool = True
    off_in: tuple[str, ...] = Field(default=(), description="Countries (ISO 3166, as DE) whose people are not tracked.")


class Condition(StrEnum):
    """When a follow-up is written."""

    NO_REPLY = "no_reply"
    NO_CLICK = "no_click"
    """No reply, and no link of the earlier emails was followed by a person."""


class FollowUp(Strict):
    """One further email to whoever did not answer, written by the writer with the earlier ones in view."""

    after_days: int = Field(ge=1, le=120, description="Days since the email before it was accepted by its server.")
    when: Condition = Condition.NO_REPLY
    hint: str = Field(default="", description="What it is to say, in a sentence for the writer.")


class ApprovalRule(Strict):
    """Whose yes lets an email leave: a person's, or, with `risk`, also the calibrated bound's."""

    risk: float | None = Field(
        default=None, gt=0, le=0.5, description="Ready drafts leave unread if at most this share of them is false."
    )


class SendSettings(Strict):
    """How emails leave."""

    mailboxes: dict[str, Mailbox] = Field(min_length=1)
    approval: ApprovalRule = Field(default=ApprovalRule(), description="`people`, or {risk: 0.02}.")
    hours: Hours = Hours()
    per_provider_per_hour: int = Field(
        default=20, ge=1, description="Emails an hour to recipients of one mail provider, from one mailbox."
    )
    jitter: float = Field(default=0.3, ge=0, le=1, description="Share by which each pause between two emails varies.")
    tracking: TrackingSettings | None = None
    opt_out_address: EmailStr | None = Field(
        default=None, description="Takes opt-outs by mail (List-Unsubscribe); the mailbox's own if null."
    )
    opt_out_line: str = Field(
        default="", description="Stands below each email; `{link}` is where it is done. Ours, in English, if empty."
    )
    follow_ups: tuple[FollowUp, ...] = Field(default=(), max_length=9)

    @model_validator(mode="after")
    def _one_name_each(self) -> SendSettings:
        names: dict[str, str] = {}
        for name, box in self.mailboxes.items():
            if (other := names.setdefault(box.key, name)) != name:
                raise ValueError(f"mailboxes {other} and {name} have the same address, {box.address}: name it once")
        return self

    @property
    def keys(self) -> list[str]:
        """Of its mailboxes, in the order of the file."""
        return [box.key for box in self.mailboxes.values()]

    def box_of(self, key: str) -> Mailbox | None:
        """The mailbox of this key; None if there is none any more."""
        return next((box for box in self.mailboxes.values() if box.key == key), None)

    def name_of(self, key: str) -> str:
        """What the campaign calls the mailbox of this key; the key if it has none."""
        return next((name for name, box in self.mailboxes.items() if box.key == key), key)

    @field_validator("approval", mode="before")
    @classmethod
    def _people(cls, value: object) -> object:
        return {} if value == "people" else value
