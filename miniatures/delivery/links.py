"""The links of an email's text, by number: composing puts signed ones in their places, the tracker looks them up."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from miniatures.checks.web import find_links, normal_link
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.foreign_text import is_web_address
from miniatures.datamodel.message import Message
from miniatures.datamodel.send_settings import TrackingSettings


class Link(NamedTuple):
    """A stretch of a text that is one of the brief's links."""

    start: int
    end: int
    target: str
    """The link as the brief has it."""


def links_of(message: Message, brief: Brief) -> tuple[str, ...]:
    """Where each link of the email leads, in the order of the text: the first has number 1."""
    return tuple(link.target for link in links_in(message.body, brief))


def links_in(text: str, brief: Brief) -> Iterator[Link]:
    """Each place of the text that is one of the brief's web addresses; anything else in it stays text."""
    targets = _targets(brief.links)
    for found in find_links(text, ()):
        bare = normal_link(found.text)
        within = re.search(rf"(?:https?://)?(?:www\.)?{re.escape(bare)}/?", found.text, re.IGNORECASE)
        if bare in targets and within is not None:  # A mark, or a word of a script without spaces, may stand around it.
            yield Link(found.start + within.start(), found.start + within.end(), targets[bare])


@lru_cache(maxsize=16)
def _targets(links: tuple[str, ...]) -> Mapping[str, str]:
    """The web addresses among a brief's links, by their normal form."""
    return {normal_link(link): link for link in links if is_web_address(link)}


def is_tracked(message: Message, tracking: TrackingSettings | None) -> bool:
    """Whether opens and clicks of this recipient may be learned at all.

    Where some countries are left out, so is everybody whose country is not known.
    """
    if tracking is None:
        return False
    left_out = {country.upper() for country in tracking.off_in}
    return not left_out or (message.country != "" and message.country.upper() not in left_out)
