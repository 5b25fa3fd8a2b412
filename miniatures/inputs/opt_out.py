"""Reads a list's own word that somebody wants no mail: a cell that says yes, unsubscribed, or when that was.

A status column of a CRM says it in words of its own, and in the same column that mail came back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum

from miniatures.datamodel.prospect import one_line
from miniatures.inputs.headers import normal_header


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_YES = _words(
    """
    true yes y 1 x ✓ ✔ checked on ja j wahr vrai oui o si s verdadero vero sim tak kylla да はい
    unsubscribed unsubscribe optedout optout donotcontact donotemail donotmail nomail blocked
    nonmarketingcontact nonmarketing nonsubscribed notsubscribed noconsent suppressed blocklisted blacklisted cleaned
    bounced bounce hardbounced hardbounce softbounced softbounce emailbounced undeliverable unzustellbar
    complained complaint spamcomplaint spam markedasspam reportedspam reportedasspam
    abgemeldet ausgetragen abbestellt widersprochen widerspruch gesperrt nichtkontaktieren keinewerbung
    desabonne desinscrit desuscrito debaja dadodebaja disiscritto descadastrado uitgeschreven afgemeld
    avregistrerad avmeldt avmeldtnyhetsbrev
    """
)
_NO = _words(
    """
    false no n 0 none null na unchecked off nein falsch faux non nej nei nee nao nie нет falso いいえ
    subscribed active optedin optin angemeldet abonniert abonne inscrit
    marketingcontact marketing consented verified valid deliverable ok
    """
)
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?\b.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b.*")


class OptOut(Enum):
    """What one cell says of whether its person wants mail."""

    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


def said_by(cell: str) -> OptOut:
    """What the cell of an opt-out column says; an empty one says no, a date says since when."""
    word = normal_header(cell) or one_line(cell)
    if word in _YES or _DATE.fullmatch(one_line(cell)):
        return OptOut.YES
    return OptOut.NO if not word.strip("-–—/") or word in _NO else OptOut.UNCLEAR  # noqa: RUF001


def refusal(cells: Sequence[str], opt_outs: Mapping[str, int]) -> str:
    """Why the person of this row is not written to, by the row's own word; empty if no column says so.

    `opt_outs` are the columns that may say it: header -> place.
    """
    said = (f"opted out: {header!r} says {cell!r}" for header, cell in _of(OptOut.YES, cells, opt_outs))
    return next(said, "")


def unclear(cells: Sequence[str], opt_outs: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    """The headers and cells of opt-out columns that say neither yes nor no: no opt-out."""
    return _of(OptOut.UNCLEAR, cells, opt_outs)


def _of(word: OptOut, cells: Sequence[str], opt_outs: Mapping[str, int]) -> Iterator[tuple[str, str]]:
    for header, place in opt_outs.items():
        cell = cells[place] if place < len(cells) else ""
        if said_by(cell) is word:
            yield header, one_line(cell)[:40]
