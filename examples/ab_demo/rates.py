"""The rates that are set for the simulated people, as `rates.yaml` has them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import yaml
from pydantic import Field, model_validator

from miniatures.datamodel.frozen import Strict
from miniatures.datamodel.inbound import ReplyClass

Share = Annotated[float, Field(ge=0, le=1)]
T = TypeVar("T")


class MailServerKind(StrEnum):
    """What the server of a company does with what cannot be delivered."""

    STRICT = "strict"
    LATE = "late"
    SIEVE = "sieve"


class Program(StrEnum):
    """What somebody reads their mail with."""

    APPLE = "apple"
    GMAIL = "gmail"
    OUTLOOK = "outlook"
    THUNDERBIRD = "thunderbird"


class OptOut(StrEnum):
    """How somebody asks to be left alone."""

    ONE_CLICK = "one_click"
    """The mail program posts for them (RFC 8058)."""
    PAGE = "page"
    """They follow the link at the end of the email and press the button."""
    STOP = "stop"
    """They reply with that word, as the email says they may."""


class ArmRates(Strict):
    """What the people do whom an email of one arm reaches; each does one thing besides reading and clicking at most."""

    opens: Share
    clicks: Share
    replies: dict[ReplyClass, Share]
    opts_out: dict[OptOut, Share]
    complains: Share

    @model_validator(mode="after")
    def _only_who_opened(self) -> ArmRates:
        if max(self.clicks, self.acts) > self.opens:
            raise ValueError(f"only who opened an email does anything: opens ({self.opens}) is too small")
        return self

    @property
    def acts(self) -> float:
        """The share that replies, opts out or complains."""
        return sum(self.replies.values()) + sum(self.opts_out.values()) + self.complains


class Rates(Strict):
    """All of them. The shares of servers and of programs add up to 1."""

    seed: int
    people: int = Field(ge=1)
    companies: int = Field(ge=1)
    mail_servers: dict[MailServerKind, Share]
    link_scanner: Share
    left_company: Share
    away: Share
    mail_programs: dict[Program, Share]
    arms: dict[str, ArmRates]

    @model_validator(mode="after")
    def _whole(self) -> Rates:
        for name, shares in (("mail_servers", self.mail_servers), ("mail_programs", self.mail_programs)):
            if abs(sum(shares.values()) - 1) > 1e-9:
                raise ValueError(f"the shares of {name} add up to {sum(shares.values()):g}, and not to 1")
        return self


def load_rates(file: Path, **changed: int) -> Rates:
    """The rates of a file, with what the command line says otherwise."""
    return Rates.model_validate(yaml.safe_load(file.read_text(encoding="utf-8")) | changed)


def drawn(shares: Mapping[T, float], number: float) -> T | None:
    """The one in whose share the number from 0 to 1 falls; None if it is beyond them all."""
    for one, share in shares.items():
        number -= share
        if number < 0:
            return one
    return None
