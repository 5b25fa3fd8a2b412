"""The two forms of an email, plain text and HTML: made of the same pieces, so that they cannot differ in what they say.

The HTML is small and asks for nothing from outside, save for the picture that counts opens where a campaign wants
that. It sets no background, and its one grey has a contrast above 4.5 on white and on black, so it can be read where a
mail program turns colours dark.

**The link that nobody sees.** Where clicks are tracked and the email has a link, one more link stands at its end, empty
and not displayed. Only a program that follows every address of a page finds it, and so it tells link scanners from
people. It was weighed: it hides no words, which is what filters look for; it leads to the same host as the other links;
a screen reader and the tab key pass it over (`aria-hidden`, `tabindex=-1`), and the plain text has none. An email
without a tracked link has none either: there it would tell nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from miniatures.checks.draft_text import DraftText
from miniatures.checks.sentences import sentences
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.characters import CONTROLS, SURROGATES
from miniatures.datamodel.draft import EmailText
from miniatures.delivery.footer import OptOut, sender_line
from miniatures.delivery.links import links_in
from miniatures.delivery.tokens import Addresses

if TYPE_CHECKING:
    from jinja2 import Template

_UNPRINTABLE = re.compile(f"(?![\n\t])[{CONTROLS}{SURROGATES}]")
_GAP = re.compile(r"\n[ \t]*\n\s*")
_AFTER_GREETING = " ,:;!.—–-\n\t"  # noqa: RUF001
_PREHEADER_LENGTH = 140


class Piece(NamedTuple):
    """A stretch of text; with a URL it is a link."""

    text: str
    url: str = ""


class Bodies(NamedTuple):
    """What the two parts of the email hold."""

    text: str
    html: str


class Tracking(NamedTuple):
    """What is put into the email to learn what becomes of it."""

    addresses: Addresses
    opens: bool
    clicks: bool


def bodies(text: EmailText, links: tuple[str, ...], brief: Brief, opt_out: OptOut, tracking: Tracking | None) -> Bodies:
    """Plain text and HTML of an email. `links` is where its links lead, and without `tracking` they do so at once."""
    body = printable(text.body)
    pieces = list(_pieces(body, links, tracking))
    tracked = tracking is not None and tracking.clicks
    written = "".join(piece.url if piece.url and tracked else piece.text for piece in pieces).strip()
    footer = f"{sender_line(brief)}\n{opt_out.before}{opt_out.written}{opt_out.after}"
    has_links = any(piece.url for piece in pieces)
    html = _template().render(
        language=brief.language,
        subject=text.subject,
        preheader=_preheader(body, brief.language),
        paragraphs=_paragraphs(pieces),
        sender=sender_line(brief),
        opt_out=opt_out,
        unseen_url=tracking.addresses.click(0) if tracking and tracking.clicks and has_links else "",
        pixel_url=tracking.addresses.pixel if tracking and tracking.opens else "",
    )
    return Bodies(f"{written}\n\n-- \n{footer}\n", html)


def printable(text: str) -> str:
    """The text with line feeds as line breaks and without control characters and halves of characters."""
    return _UNPRINTABLE.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n"))


def _pieces(body: str, links: tuple[str, ...], tracking: Tracking | None) -> Iterator[Piece]:
    place = 0
    for number, link in enumerate(links_in(body, links), start=1):
        url = tracking.addresses.click(number) if tracking and tracking.clicks else link.target
        yield Piece(body[place : link.start])
        yield Piece(body[link.start : link.end], url)
        place = link.end
    yield Piece(body[place:])


def _paragraphs(pieces: list[Piece]) -> list[list[list[Piece]]]:
    """Paragraphs of lines of pieces: an empty line parts two paragraphs."""
    paragraphs: list[list[list[Piece]]] = [[[]]]
    for piece in pieces:
        for place, block in enumerate(_GAP.split(piece.text)):
            if place:
                paragraphs.append([[]])
            for number, line in enumerate(block.split("\n")):
                if number:
                    paragraphs[-1].append([])
                paragraphs[-1][-1].append(Piece(line, piece.url))
    return [lines for lines in paragraphs if any(piece.text.strip() for line in lines for piece in line)]


def _preheader(body: str, language: str) -> str:
    """The first sentence after the greeting: what a mail program shows beside the subject."""
    greeting = DraftText(EmailText(subject="", body=body), language).greeting
    after = body.strip().removeprefix(greeting).lstrip(_AFTER_GREETING)
    first = next(sentences(" ".join(_GAP.split(after)[0].split())), "")
    return first if len(first) <= _PREHEADER_LENGTH else f"{first[:_PREHEADER_LENGTH].rpartition(' ')[0]} …"


@cache
def _template() -> Template:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("miniatures.delivery"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("email.html.jinja")
