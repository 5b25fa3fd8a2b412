"""Who asked: a person, a machine, or one of those of whom nobody can tell.

The rules are applied in one order, and the first that has an answer gives it. A link that an ordinary browser follows
soon after the email came, or out of a network where machines and people sit alike, is nobody's to tell unless there is
a sign of a reader (`reading.py`); later, whatever no rule knows to be a machine's is taken for a person's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.delivery.hits.reading import signs_of_reading
from miniatures.delivery.hits.rules import Rules, known_rules, seconds
from miniatures.delivery.hits.scans import checked_before, pairs, scans

OWN = "own"
"""The name among a hit's headers under which the tracker notes that it was the sender, and how that is known."""

_CHROME = re.compile(r"chrom(?:e|ium)/(\d+)")
_FIREFOX = re.compile(r"firefox/(\d+)")


class Judged(NamedTuple):
    """A hit's class and, in a sentence, why."""

    hit_class: HitClass
    why: str


@dataclass(frozen=True)
class _Case:
    """One hit with what is known around it."""

    hit: Hit
    agent: str
    network: str
    age: timedelta | None
    """Since a server took the email over; null where that is not known."""
    scan: str | None
    rules: Rules

    @property
    def is_open(self) -> bool:
        return self.hit.kind is HitKind.OPEN

    @property
    def is_early(self) -> bool:
        return self.came_within(self.rules.early_s)

    def came_within(self, length_s: float) -> bool:
        return self.age is not None and self.age <= seconds(length_s)

    @property
    def calls_itself_browser(self) -> bool:
        return self.agent.startswith("mozilla/5.0 (")

    def calls_itself(self, names: Sequence[str]) -> bool:
        return any(name in self.agent for name in names)


def classify(
    hits: Sequence[Hit], sent_at: datetime | None, links: int | None = None, *, rules: Rules | None = None
) -> list[Judged]:
    """The class of each hit of one email.

    Args:
        hits: the email's, in time order.
        sent_at: when a server took the email over; null where that is not known, such as of an uncertain one.
        links: how many links the email has, without the hidden one; null if that is not known.
        rules: this package's unless others are given.
    """
    rules = rules or known_rules()
    scanned = scans(hits, links, rules)
    judged = [_judged(_case(hit, sent_at, scanned.get(place), rules)) for place, hit in enumerate(hits)]
    perhaps = [place for place, one in enumerate(judged) if one.hit_class is not HitClass.MACHINE]
    for place in checked_before(hits, perhaps, rules):
        judged[place] = _machine("the same link was followed from elsewhere right after: this was the check")
    for place in pairs(hits, perhaps, rules):
        judged[place] = _machine("two programs followed the same link at once from one network")
    for place, why in signs_of_reading(hits, [one.hit_class for one in judged], rules).items():
        judged[place] = _human(why)
    return judged


def _case(hit: Hit, sent_at: datetime | None, scan: str | None, rules: Rules) -> _Case:
    age = None if sent_at is None else hit.at - sent_at
    return _Case(hit, hit.user_agent.strip().lower(), rules.network_of(hit), age, scan, rules)


def _judged(case: _Case) -> Judged:
    answers = (rule(case) for rule in _IN_ORDER)
    return next(answer for answer in answers if answer is not None)


def _human(why: str) -> Judged:
    return Judged(HitClass.HUMAN, why)


def _machine(why: str) -> Judged:
    return Judged(HitClass.MACHINE, why)


def _unknowable(why: str) -> Judged:
    return Judged(HitClass.UNKNOWABLE, why)


def _own(case: _Case) -> Judged | None:
    """The sender's own visits count as nobody's."""
    how = case.hit.headers.get(OWN)
    return _machine(f"the sender's own visit ({how})") if how else None


def _opting_out(case: _Case) -> Judged | None:
    """Whoever presses the button, or the mail provider on a person's behalf: it may not without (RFC 8058, 3.2). Some
    that check mail do all the same, at the handover. Whoever it was, the address is not written to any more."""
    if case.hit.kind is not HitKind.UNSUBSCRIBE_POST:
        return None
    if case.is_early:
        return _machine("nobody reads an email and opts out within seconds")
    return _human("a person opted out, or had their mail provider do it")


def _before_sent(case: _Case) -> Judged | None:
    early = case.age is not None and case.age < timedelta(0)
    return _machine("it came before a server had taken the email over") if early else None


def _head(case: _Case) -> Judged | None:
    return _machine("a browser asks for the page and not for its head alone") if case.hit.method == "HEAD" else None


def _known_agent(case: _Case) -> Judged | None:
    agents = case.rules.agents
    if case.calls_itself(agents.image_proxies):
        return None
    if case.calls_itself(agents.prefetchers):
        return _machine("it is Gmail's fetch before anybody looks")
    if case.calls_itself(agents.scanners):
        return _machine("it calls itself by the name of a scanner")
    if case.calls_itself(agents.previews):
        return _machine("it fetches what a preview of a link shows")
    return _machine("it calls itself by the name of a tool or robot") if case.calls_itself(agents.tools) else None


def _looking_ahead(case: _Case) -> Judged | None:
    said = " ".join(case.hit.headers.get(name, "") for name in case.rules.looking_ahead).lower()
    ahead = any(word in said for word in case.rules.looking_ahead_words)
    return _machine("its headers say that it was fetched in advance") if ahead else None


def _part_of_scan(case: _Case) -> Judged | None:
    return _machine(case.scan) if case.scan else None


def _privately_fetched(case: _Case) -> Judged | None:
    """Apple and others fetch every picture, whether anybody looks or not, and keep it: no later fetch tells of that."""
    if not case.is_open or case.calls_itself(case.rules.agents.image_proxies):
        return None
    private = case.agent == case.rules.agents.apple or bool(case.rules.private.search(case.network))
    return _unknowable("such mail programs fetch every picture, read or not") if private else None


def _checks_mail(case: _Case) -> Judged | None:
    """Of those who check mail, Microsoft fetches pictures for readers as well."""
    checks = case.rules.security.search(case.network) and not _hired_open(case)
    return _machine(f"it came from {case.network}, which checks mail") if checks else None


def _too_early(case: _Case) -> Judged | None:
    """Mail programs and providers fetch pictures for readers, and may do so on arrival, before anybody looks."""
    if not case.is_early:
        return None
    agents = case.rules.agents
    if case.is_open and case.calls_itself((*agents.image_proxies, *agents.mail_programs)):
        return _unknowable("a reader's program fetched the picture so soon that nobody need have looked")
    return _machine("it came within seconds after a server had taken the email over")


def _image_proxy(case: _Case) -> Judged | None:
    proxied = case.is_open and case.calls_itself(case.rules.agents.image_proxies)
    return _human("the mail provider fetched the picture for somebody who looked") if proxied else None


def _hired_open(case: _Case) -> Judged | None:
    hired = case.is_open and case.rules.hosting.search(case.network)
    return _unknowable(f"a machine at {case.network} fetched it, for a reader or for a check") if hired else None


def _no_browser(case: _Case) -> Judged | None:
    """Links are followed in browsers; pictures are fetched by all kinds of mail programs."""
    if case.is_open:
        return None if case.agent else _unknowable("it does not say what it is")
    if case.calls_itself(case.rules.agents.office):
        return _machine("Office looked at the link by itself")
    return None if case.calls_itself_browser else _machine("no browser calls itself like that")


def _old_browser(case: _Case) -> Judged | None:
    chrome, firefox = _CHROME.search(case.agent), _FIREFOX.search(case.agent)
    old = (chrome is not None and int(chrome[1]) < case.rules.agents.oldest_chrome) or (
        firefox is not None and int(firefox[1]) < case.rules.agents.oldest_firefox
    )
    if not old:
        return None
    why = "it calls itself a browser so old that hardly anybody has it"
    return _unknowable(why) if case.is_open else _machine(why)


def _bare_headers(case: _Case) -> Judged | None:
    """Browsers say which languages their user reads, and since 2020 what a request is for; headers that were not kept
    prove nothing. Servers of mail providers fetch pictures under a browser's name."""
    kept = case.hit.headers
    if "accept" not in kept or kept.keys() & {"accept-language", "sec-fetch-mode"}:
        return None
    if not case.is_open:
        return _machine("it sent less than every browser sends")
    server = case.calls_itself_browser and not case.calls_itself(case.rules.agents.mail_programs)
    return _unknowable("a server under a browser's name fetched it, for a reader or for a check") if server else None


def _of_both(case: _Case) -> Judged | None:
    if case.rules.shared.search(case.network):
        return _unknowable(f"it came from {case.network}, which checks mail and carries what people browse")
    hired = case.rules.hosting.search(case.network)
    return _unknowable(f"it came from {case.network}, where checks run and some people's desks") if hired else None


def _soon(case: _Case) -> Judged | None:
    soon = case.came_within(case.rules.soon_s if case.is_open else case.rules.checked_s)
    return _unknowable("so soon it may have been a person, or a check") if soon else None


def _person(_: _Case) -> Judged | None:
    return _human("nothing about it is a machine's")


_IN_ORDER: tuple[Callable[[_Case], Judged | None], ...] = (
    _own,
    _before_sent,
    _opting_out,
    _head,
    _known_agent,
    _looking_ahead,
    _part_of_scan,
    _privately_fetched,
    _checks_mail,
    _too_early,
    _image_proxy,
    _hired_open,
    _no_browser,
    _old_browser,
    _bare_headers,
    _of_both,
    _soon,
    _person,
)
