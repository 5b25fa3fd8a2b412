"""Tells whether a sentence is about the prospect's company, by rules that a person can follow.

On another host the company must be named near the sentence: in it, in its neighbours or in the page's title. On the
company's own host a sentence is taken to be about the company, unless it names another organization (by its legal form)
and neither it nor its neighbours say we, our or the company's name.
"""

from __future__ import annotations

import re
from functools import lru_cache

from miniatures.agents.tools.websites import host_of
from miniatures.checks.company_names import company_names, names_company
from miniatures.checks.word_list import word_set
from miniatures.checks.words import fold
from miniatures.datamodel.evidence import Page
from miniatures.datamodel.prospect import Prospect

_NEIGHBOURHOOD = 200
"""Characters on either side of a sentence that count as near it."""
_LEGAL_WORD = re.compile(
    r"(?<![\w&'\u2019-])((?:[A-Z\u00c0-\u00de][\w&'\u2019-]*+,?\s++){1,4})"
    r"(?:GmbH|AG|KG|SE|Ltd|Limited|LLC|LLP|Inc|Corp|Corporation|PLC|plc|S\.?A\.?|SAS|SARL|S\.?L\.?|B\.?V\.?|N\.?V\.?|Oyj?|AB|ASA?|"
    r"ApS|S\.?r\.?l\.?|S\.?p\.?A\.?|Pty|Pte|Kft)(?=[\s.,;:)'\u2019]|$)"
)
_FIRST_PERSON = re.compile(
    r"\b(?:we|our|ours|(?-i:[Uu]s)|wir|unser\w*|uns|nous|notre|nos|nosotros|nuestr\w+|noi|nostr\w+|wij|ons|onze|nós|noss\w+|vi|vår\w*)\b",
    re.IGNORECASE,
)
_STORY = re.compile(
    r"\b(?:case stud(?:y|ies)|customer stor(?:y|ies)|success stor(?:y|ies)|partner spotlight|referenz\w*)\b", re.I
)
_FREE_MAIL = word_set(
    """
    gmail.com googlemail.com outlook.com hotmail.com live.com yahoo.com icloud.com me.com aol.com gmx.de
    gmx.net web.de proton.me protonmail.com mail.com zoho.com yandex.com qq.com 163.com t-online.de orange.fr
    free.fr libero.it
    """
)


@lru_cache(maxsize=4_096)
def own_hosts(website: str, email: str, company: str) -> frozenset[str]:
    """The hosts that the company speaks on: its website's and, unless a free provider's, its mail's."""
    mail = frozenset([email.rpartition("@")[2].lower()]) - _FREE_MAIL
    return frozenset(_with_siblings(host, company) for host in {host_of(website), *mail} if host)


def is_own_page(url: str, prospect: Prospect) -> bool:
    """Whether the page stands on one of the company's hosts or below one."""
    host = host_of(url)
    own_ones = own_hosts(prospect.website, prospect.email, prospect.company)
    return any(host == own or host.endswith(f".{own}") for own in own_ones)


def _with_siblings(host: str, company: str) -> str:
    """The host's registrable domain if that bears the company's name: customers of one site are strangers."""
    from tld import get_fld

    domain = get_fld(host, fix_protocol=True, search_private=True, fail_silently=True) or host
    label = fold(domain.partition(".")[0]).replace("-", "")
    return domain if label in {name.replace(" ", "") for name in company_names(company)} else host


def about_another(sentence: str, page: Page, prospect: Prospect) -> str:
    """Why the sentence is about another company, or an empty string."""
    near = _neighbourhood(sentence, page.text)
    company = prospect.company
    if not is_own_page(page.url, prospect):
        if names_company(near, company) or (
            names_company(page.title, company) and not _other_organization(near, company)
        ):
            return ""
        return f"the page is on another host and does not name {company} near the sentence"
    if names_company(near, company) or _FIRST_PERSON.search(near):
        return ""
    other = _other_organization(sentence, company)
    if other:
        return f"the sentence is about {other}"
    if _STORY.search(page.title) and not names_company(page.title, company):
        return f"the page tells another company's story: {page.title[:80]}"
    return ""


def _neighbourhood(sentence: str, text: str) -> str:
    place = text.find(sentence)
    if place < 0:
        return sentence
    return text[max(0, place - _NEIGHBOURHOOD) : place + len(sentence) + _NEIGHBOURHOOD]


def _other_organization(text: str, company: str) -> str:
    for match in _LEGAL_WORD.finditer(text):
        if not names_company(match[0], company):
            return match[0].strip()
    return ""
