"""What stands below each email: whose it is, by post as well, and how to be left alone."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

from miniatures.datamodel.brief import Brief

_PLACE = "{link}"


class _Words(NamedTuple):
    """Of one language: the line where a page takes the opt-out, and the line where an address does."""

    by_page: str
    by_mail: str


_LANGUAGES = {
    "en": _Words(
        "If you would rather not hear from me again, reply STOP or opt out here: {link}",
        "If you would rather not hear from me again, reply STOP or write to {link}",
    ),
    "de": _Words(
        "Wenn Sie nichts mehr von mir hören möchten, antworten Sie mit STOP oder melden Sie sich hier ab: {link}",
        "Wenn Sie nichts mehr von mir hören möchten, antworten Sie mit STOP oder schreiben Sie an {link}",
    ),
    "fr": _Words(
        "Si vous ne souhaitez plus recevoir de messages de ma part, répondez STOP ou désinscrivez-vous ici : {link}",
        "Si vous ne souhaitez plus recevoir de messages de ma part, répondez STOP ou écrivez à {link}",
    ),
    "es": _Words(
        "Si prefiere no recibir más mensajes míos, responda STOP o dese de baja aquí: {link}",
        "Si prefiere no recibir más mensajes míos, responda STOP o escriba a {link}",
    ),
    "it": _Words(
        "Se preferisce non ricevere altri miei messaggi, risponda STOP o si cancelli qui: {link}",
        "Se preferisce non ricevere altri miei messaggi, risponda STOP o scriva a {link}",
    ),
    "nl": _Words(
        "Als u liever niets meer van mij ontvangt, antwoord dan met STOP of meld u hier af: {link}",
        "Als u liever niets meer van mij ontvangt, antwoord dan met STOP of schrijf naar {link}",
    ),
}


class OptOut(NamedTuple):
    """The line that says how to opt out, around the link by which it is done."""

    before: str
    url: str
    """Where the link leads."""
    written: str
    """The link in plain text."""
    shown: str
    """The link's words in HTML."""
    after: str


def sender_line(brief: Brief) -> str:
    """The sender's company and postal address on one line; the company once, if the address begins with it."""
    company, address = brief.sender.company.strip(), " ".join(brief.sender.postal_address.split())
    return address if company.casefold() in address.casefold() else f"{company}, {address}"


def opt_out_by_page(url: str, line: str, language: str) -> OptOut:
    """The line with a link to the opt-out page; ours in the brief's language if `line` is empty.

    The link's words in HTML are its host: a link whose words name another host than it leads to looks like fraud.
    """
    return _around(line or _words(language).by_page, url, url, urlsplit(url).netloc)


def opt_out_by_mail(url: str, address: str, line: str, language: str) -> OptOut:
    """The line with the address that takes opt-outs; `url` is its `mailto:` link."""
    return _around(line or _words(language).by_mail, url, address, address)


def _words(language: str) -> _Words:
    """Of the language that a tag such as `de-AT` names; English where we have no words in it."""
    return _LANGUAGES.get(language[:2].lower(), _LANGUAGES["en"])


def _around(line: str, url: str, written: str, shown: str) -> OptOut:
    before, _, after = (line if _PLACE in line else f"{line.rstrip()} {_PLACE}").partition(_PLACE)
    return OptOut(before, url, written, shown, after)
