"""The links of an email's text, by number: composing puts signed ones in their places, the tracker looks up where they
lead. That is settled when an email is queued, so a link in somebody's mailbox leads on whatever becomes of the brief.
"""

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


def links_of(text: str, brief: Brief) -> tuple[str, ...]:
    """Where each link of a text leads, in its order: the first has number 1. Only the brief's web addresses are links;
    anything else stays text."""
    return tuple(link.target for link in links_in(text, brief.links))


def links_in(text: str, targets: tuple[str, ...]) -> Iterator[Link]:
    """Each place of the text that is one of the web addresses among these targets."""
    by_form = _by_form(targets)
    for found in find_links(text, ()):
        bare = normal_link(found.text)
        within = re.search(rf"(?:https?://)?(?:www\.)?{re.escape(bare)}/?", found.text, re.IGNORECASE)
        if bare in by_form and within is not None:  # A mark, or a word of a script without spaces, may stand around it.
            yield Link(found.start + within.start(), found.start + within.end(), by_form[bare])


@lru_cache(maxsize=16)
def _by_form(targets: tuple[str, ...]) -> Mapping[str, str]:
    return {normal_link(link): link for link in targets if is_web_address(link)}


def is_tracked(message: Message, tracking: TrackingSettings | None) -> bool:
    """Whether opens and clicks of this recipient may be learned at all.

    Where some countries are left out, so is everybody whose country is not known.
    """
    if tracking is None:
        return False
    left_out = {country.upper() for country in tracking.off_in}
    return not left_out or (message.country != "" and message.country.upper() not in left_out)
