"""Shows how far the reviewers of a campaign agree, and how fast they decide: what their word is worth and costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from miniatures.cli.terminal import console, plain, print_json, show_table, table
from miniatures.datamodel.review import Review, that_stand
from miniatures.measure.agreement import Agreement, ReviewerAgreement, reviewer_agreement
from miniatures.measure.people_speed import PeopleSpeed, people_speed


def show_agreement(reviews: Iterable[Review], *, as_json: bool) -> None:
    """Print, for every two reviewers who read the same answers, how often they said the same; and how each decides."""
    said = that_stand(reviews)
    agreed, people = reviewer_agreement(said), people_speed(said)
    if as_json:
        print_json({"agreement": [asdict(one) for one in agreed], "people": asdict(people)})
        return
    _show_agreed(agreed)
    _show_speed(people)


def _show_agreed(found: Sequence[ReviewerAgreement]) -> None:
    if not found:
        console().print("No two reviewers have read the same answer yet; each names themselves with --reviewer.\n")
        return
    listing = table("Reviewers", "About", ">Answers", ">Agree", ">Kappa (95 %)")
    for one in found:
        for about, agreed in (("verdicts", one.verdicts), ("comparisons", one.preferences)):
            if agreed.n:
                names = plain(" and ".join(one.reviewers))
                listing.add_row(names, about, f"{agreed.n:,}", f"{agreed.share:.0%}", _kappa(agreed))
    show_table(listing)


def _show_speed(people: PeopleSpeed) -> None:
    if not people.by_reviewer:
        return
    listing = table("Reviewer", ">Drafts", ">Seconds each (median)", ">Edited", ">Text that survived")
    everybody = [("all", people.total)] if len(people.by_reviewer) > 1 else []
    for name, speed in [*people.by_reviewer.items(), *everybody]:
        seconds = "-" if speed.seconds is None else f"{speed.seconds:,.0f}"
        listing.add_row(plain(name), f"{speed.drafts:,}", seconds, _percent(speed.edited), _percent(speed.survived))
    show_table(listing)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _kappa(agreed: Agreement) -> str:
    if agreed.kappa is None:
        return "-"
    if agreed.kappa_low is None or agreed.kappa_high is None:
        return f"{agreed.kappa:.2f}"
    return f"{agreed.kappa:.2f} ({agreed.kappa_low:.2f} to {agreed.kappa_high:.2f})"
