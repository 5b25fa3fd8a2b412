"""SPF (RFC 7208): whether the envelope sender's domain says who may send for it, in a record that receivers can use."""

from __future__ import annotations

from dataclasses import dataclass, field

from miniatures.delivery.doctor.dns import Dns
from miniatures.delivery.doctor.finding import Finding, ok, problem, warning

MOST_LOOKUPS = 10
"""RFC 7208, section 4.6.4: beyond it receivers take the record for an error."""
_ASKING = ("include", "a", "mx", "ptr", "exists", "redirect")
_PASSES_ALL = ("all", "+all")


@dataclass
class _Walk:
    """What was met on the way through a record and those it includes."""

    lookups: int = 0
    missing: list[str] = field(default_factory=list)


async def check_spf(domain: str, host: str, dns: Dns) -> Finding:
    """The record of `domain`; `host` is the server that sends for it.

    Whether the record covers the addresses that a relay sends from is known to whoever runs the relay: they are seldom
    those of its name, so the finding says how to see it.

    Raises:
        CouldNotLook: the DNS did not answer.
    """
    about = f"SPF of {domain}"
    records = await _records(domain, dns)
    if not records:
        told = "there is no SPF record: receivers cannot tell who may send for it"
        return problem(
            about, told, f"Add a TXT record to {domain} that your mail provider gives, such as v=spf1 mx -all."
        )
    if len(records) > 1:
        return problem(about, f"there are {len(records)} SPF records, which counts as an error", "Join them into one.")
    walk = _Walk()
    ending = await _walk(domain, records[0], dns, walk)
    return _judged(about, walk, ending, host)


def _judged(about: str, walk: _Walk, ending: str, host: str) -> Finding:
    if walk.lookups > MOST_LOOKUPS:
        told = f"it needs more than {MOST_LOOKUPS} DNS lookups, which counts as an error"
        return problem(about, told, "Take out what no longer sends for the domain.")
    if walk.missing:
        told = f"it includes {', '.join(walk.missing)}, where there is no SPF record; that counts as an error"
        return problem(about, told, "Correct the name, or take it out.")
    if ending in _PASSES_ALL:
        return problem(about, "it ends in +all: anybody may send for the domain", "Write -all or ~all.")
    if ending in ("", "?all"):
        told = "it says nothing of those it does not name" if ending else "it has no `all` at its end"
        return warning(about, told, "Write -all or ~all at the end of the record.")
    lookups = "1 DNS lookup" if walk.lookups == 1 else f"{walk.lookups} DNS lookups"
    seen = f"whether it covers the addresses that {host} sends from shows in Received-SPF of an email to yourself"
    return ok(about, f"{ending}, {lookups} of {MOST_LOOKUPS}; {seen}")


async def _records(domain: str, dns: Dns) -> list[str]:
    texts = await dns.texts(domain)
    return [text for text in texts if text.lower().split(" ", maxsplit=1)[0] == "v=spf1"]


async def _walk(domain: str, record: str, dns: Dns, walk: _Walk) -> str:
    """Counts the lookups of a record; returns the `all` it ends in, empty without one."""
    ending, redirect = "", ""
    for term in record.lower().split()[1:]:
        name, target = _parts(term)
        if name == "all":
            ending = term
        if name in _ASKING:
            walk.lookups += 1
        if name == "redirect":
            redirect = target
        elif name == "include":
            await _follow(target, dns, walk)
    if ending or not redirect:
        return ending
    return await _follow(redirect, dns, walk)


async def _follow(target: str, dns: Dns, walk: _Walk) -> str:
    """Into an included record, unless its name is made anew for each email (a macro) or the limit is passed."""
    if "%{" in target or walk.lookups > MOST_LOOKUPS:
        return ""
    records = await _records(target, dns)
    if len(records) != 1:
        walk.missing.append(target)
        return ""
    return await _walk(target, records[0], dns, walk)


def _parts(term: str) -> tuple[str, str]:
    """`~include:a.example` -> include, a.example; `redirect=b.example`; `a/24` -> a."""
    bare = term.lstrip("+-~?")
    name, mark, target = bare.partition("=") if bare.startswith("redirect=") else bare.partition(":")
    return name.partition("/")[0], target if mark else ""
