"""Puts prospects into the arms of an A/B test: by a salted hash of their company, before anything is known of them.

So all people of a company are in one arm, nobody can be moved by what was found out about them, and whoever joins the
list later moves nobody. What was settled at the first enrolment stands.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice

from miniatures.agents.run_counts import BadRows
from miniatures.checks.company_names import company_key
from miniatures.datamodel.arms import UNKNOWN_GATEWAY, AbTest, Enrolment
from miniatures.datamodel.campaign import Campaign
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import BadRow, Prospect
from miniatures.store.store import Store

_PAGE = 500
_RENAME = "Take the change back, or give the campaign another `name:` and begin anew."


def arm_of(company: str, salt: str, shares: Mapping[str, float]) -> str:
    """The arm of a company, by its key: its hash as a number from 0 to 1, and in whose share that falls."""
    place = int.from_bytes(sha256(f"{salt}\n{company}".encode()).digest()[:8]) / 2**64
    names = sorted(shares)
    for name in names[:-1]:
        place -= shares[name]
        if place < 0:
            return name
    return names[-1]


async def settled_test(store: Store, campaign: Campaign, *, salt: str, now: datetime) -> AbTest:
    """The campaign's test as it was settled; settled here, with this salt, if it had not begun.

    Raises:
        InputError: the file's arms, shares or rule are not those that were settled, or it was run without arms.
    """
    enrolments = store.mail.enrolments
    if enrolments.test(campaign.name) is None and store.runs(campaign.name):
        raise InputError(
            f"campaign {campaign.name} was run before it had arms, so its prospects cannot be enrolled any more",
            hint="Give it another `name:`: arms are assigned before research.",
        )
    rule = campaign.test.version if campaign.test else ""
    wanted = AbTest(campaign=campaign.name, salt=salt, shares=campaign.shares, rule=rule, started_at=now)
    settled = await enrolments.settle(wanted)
    require_as_settled(settled, campaign)
    return settled


def require_as_settled(test: AbTest | None, campaign: Campaign) -> None:
    """Refuse a file that says something else of the test than was settled; None is a campaign that began none.

    Raises:
        InputError: what was changed.
    """
    if test is None:
        return
    if campaign.shares != test.shares:
        file = f"its file has {_told(campaign.shares)}" if campaign.arms else "its file has no arms any more"
        raise InputError(f"campaign {campaign.name} began as a test of {_told(test.shares)}; {file}", hint=_RENAME)
    if test.rule != (campaign.test.version if campaign.test else ""):
        raise InputError(
            f"`test` is not the rule that campaign {campaign.name} began with, and a rule that is written after the "
            "start proves nothing",
            hint=_RENAME,
        )


def _told(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} ({share:.3g})" for name, share in sorted(shares.items()))


@dataclass
class Enrolled:
    """Who of a list is in which arm: by key, with the companies of each, and the rows that were left out."""

    arms: dict[str, str] = field(default_factory=dict)
    people: Counter[str] = field(default_factory=Counter)
    bad_rows: BadRows = field(default_factory=BadRows)
    without_gateway: dict[str, list[str]] = field(default_factory=dict)
    """The keys of those whose mail gateway nobody has named yet, by the domain of their addresses."""

    def rows_of(self, arm: str, rows: Iterable[Prospect | BadRow]) -> Iterator[Prospect]:
        """The prospects of an arm; whoever joined the list after the enrolment is left to the next run."""
        return (row for row in rows if isinstance(row, Prospect) and self.arms.get(row.key) == arm)


async def enrol(store: Store, test: AbTest, rows: Iterable[Prospect | BadRow], now: datetime) -> Enrolled:
    """Enrol the prospects of a list page by page; whoever is enrolled stays where they are.

    They are put on the campaign's list in their order here, before each arm works through its own.
    """
    enrolments, enrolled, source = store.mail.enrolments, Enrolled(), iter(rows)
    before = await asyncio.to_thread(enrolments.of, test.campaign)
    known = {key: one.arm for key, one in before.items()}
    with_gateway = {key for key, one in before.items() if one.gateway not in ("", UNKNOWN_GATEWAY)}
    while page := await asyncio.to_thread(lambda: list(islice(source, _PAGE))):
        people = [row for row in page if isinstance(row, Prospect)]
        await store.enrol(test.campaign, people)
        new = [_enrolment(one, test, now) for one in people if one.key not in known]
        await enrolments.add(test.campaign, new)
        known |= {one.prospect: one.arm for one in new}
        for row in page:
            if isinstance(row, BadRow):
                enrolled.bad_rows.note(row)
        enrolled.people.update(known[one.key] for one in people)
        for one in people:
            if one.key not in with_gateway:
                enrolled.without_gateway.setdefault(one.email.rpartition("@")[2], []).append(one.key)
    enrolled.arms = known
    return enrolled


@dataclass(frozen=True)
class ArmSize:
    """How large an arm is on a list."""

    people: int
    companies: int


def sizes_of(test: AbTest, known: Mapping[str, Enrolment], rows: Iterable[Prospect | BadRow]) -> dict[str, ArmSize]:
    """How many people and companies of a list are in each arm, or would be; those who are enrolled are `known`."""
    places = [known.get(row.key) or _enrolment(row, test, test.started_at) for row in rows if isinstance(row, Prospect)]
    people = Counter(place.arm for place in places)
    companies = Counter(arm for arm, _ in {(place.arm, place.company) for place in places})
    return {arm: ArmSize(people[arm], companies[arm]) for arm in test.shares}


def _enrolment(prospect: Prospect, test: AbTest, now: datetime) -> Enrolment:
    company = company_key(prospect.company)
    arm = arm_of(company, test.salt, test.shares)
    return Enrolment(prospect=prospect.key, company=company, arm=arm, enrolled_at=now)
