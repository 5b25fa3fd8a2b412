"""One request that a tracked email caused: raw, as it came; what it means is derived and may be derived anew."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.moment import Moment
from miniatures.datamodel.trace import new_id


class HitKind(StrEnum):
    """What was asked for."""

    OPEN = "open"
    CLICK = "click"
    UNSUBSCRIBE_VIEW = "unsubscribe_view"
    UNSUBSCRIBE_POST = "unsubscribe_post"


class HitClass(StrEnum):
    """Who it was, as far as that can be told."""

    HUMAN = "human"
    MACHINE = "machine"
    UNKNOWABLE = "unknowable"
    """Such as an image that Apple fetched in advance: nobody can tell it from a person's opening."""


class Hit(Frozen):
    """One request, with what a server sees of it."""

    id: str = Field(default_factory=new_id)
    campaign: str
    prospect: str = Field(description="Key.")
    message: str = Field(description="Id of the email.")
    kind: HitKind
    link: int | None = Field(default=None, description="Number of the link in the email, from 1; 0 is one nobody sees.")
    at: Moment
    method: str = "GET"
    address: str = Field(default="", description="IP address of whoever asked.")
    network: str | None = Field(default=None, description="Whose network the address is, where somebody looked it up.")
    user_agent: str = ""
    headers: dict[str, str] = Field(
        default_factory=dict, description="The few that tell something, by lower-case name."
    )
