"""Finds the signs of a reader around a link that was followed by nobody knows whom.

An ordinary browser that follows one link proves nothing, for those who check mail use ordinary browsers. What happened
around it may: a check does not sit on a home line, does not look at the email first, and presses no button afterwards.
There are four such signs and no others; one is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from miniatures.datamodel.hit import Hit, HitClass, HitKind
from miniatures.delivery.hits.rules import Rules, seconds
from miniatures.delivery.hits.scans import FOLLOWED, any_between


@dataclass
class _Email:
    """What of the hits of one email tells of its reader; moments are in order."""

    rules: Rules
    opened: list[datetime] = field(default_factory=list)
    """When people opened it."""
    opened_at: dict[str, datetime] = field(default_factory=dict)
    """When first, by the address that it was opened at."""
    apple_loaded: list[datetime] = field(default_factory=list)
    opted_out: dict[str, list[datetime]] = field(default_factory=dict)
    """When people pressed the button, by user agent."""

    def note(self, hit: Hit, hit_class: HitClass) -> None:
        if hit.kind is HitKind.OPEN and _agent(hit) == self.rules.agents.apple:
            self.apple_loaded.append(hit.at)
        if hit_class is not HitClass.HUMAN:
            return
        if hit.kind is HitKind.OPEN:
            self.opened.append(hit.at)
            if hit.address:
                self.opened_at.setdefault(hit.address, hit.at)
        if hit.kind is HitKind.UNSUBSCRIBE_POST:
            self.opted_out.setdefault(_agent(hit), []).append(hit.at)


def signs_of_reading(hits: Sequence[Hit], classes: Sequence[HitClass], rules: Rules) -> Mapping[int, str]:
    """Which of the followed links that nobody could tell a reader followed: their places, each with the sign.

    Args:
        hits: one email's, in time order.
        classes: of each hit, as far as it can be told by itself and by the scans.
        rules: the rules to apply.
    """
    email = _Email(rules)
    for hit, hit_class in zip(hits, classes, strict=True):
        email.note(hit, hit_class)
    untold = [place for place, hit in enumerate(hits) if hit.kind in FOLLOWED and classes[place] is HitClass.UNKNOWABLE]
    found = {place: next((why for sign, why in _SIGNS if sign(hits[place], email)), None) for place in untold}
    return {place: why for place, why in found.items() if why is not None}


def _from_a_line(hit: Hit, email: _Email) -> bool:
    """From a network that is known for neither checks nor machines for hire, or through Apple's relay, which carries
    Safari alone."""
    rules, network = email.rules, email.rules.network_of(hit)
    if rules.private.search(network):
        return _is_safari(hit, rules)
    others = rules.security, rules.shared, rules.hosting, rules.carriers
    return bool(network) and not any(pattern.search(network) for pattern in others)


def _after_opening(hit: Hit, email: _Email) -> bool:
    """At the address where it was opened, however long before, or from elsewhere within minutes. Not so from a machine
    for hire: a check comes soon after a reader as well."""
    rules = email.rules
    before = hit.at - seconds(rules.hand_s)
    if hit.address in email.opened_at and email.opened_at[hit.address] <= before:
        return True
    hired = rules.hosting.search(rules.network_of(hit))
    return not hired and any_between(email.opened, hit.at - seconds(rules.reading_s), before)


def _after_apples_load(hit: Hit, email: _Email) -> bool:
    """Apple's load tells nothing of when somebody read, but that they read on Apple's devices."""
    loaded = email.apple_loaded and email.apple_loaded[0] <= hit.at - seconds(email.rules.hand_s)
    return bool(loaded) and _is_safari(hit, email.rules)


def _before_opting_out(hit: Hit, email: _Email) -> bool:
    """By address it cannot be told, for relays change theirs from one request to the next."""
    rules, pressed = email.rules, email.opted_out.get(_agent(hit), [])
    return any_between(pressed, hit.at + seconds(rules.hand_s), hit.at + seconds(rules.reading_s))


_SIGNS: tuple[tuple[Callable[[Hit, _Email], bool], str], ...] = (
    (_from_a_line, "it came from where people sit"),
    (_after_opening, "somebody had the email open before"),
    (_after_apples_load, "the email is read on Apple's devices, and this was Apple's browser"),
    (_before_opting_out, "the same browser opted out afterwards"),
)


def _is_safari(hit: Hit, rules: Rules) -> bool:
    agent, names = _agent(hit), rules.agents
    return names.safari in agent and not any(other in agent for other in names.other_safaris)


def _agent(hit: Hit) -> str:
    return hit.user_agent.strip().lower()
