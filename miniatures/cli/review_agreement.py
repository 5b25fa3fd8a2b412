"""Shows how far the reviewers of a campaign agree: what their word is worth as a yardstick."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from miniatures.cli.terminal import console, plain, print_json, table
from miniatures.datamodel.review import Review
from miniatures.measure.agreement import Agreement, reviewer_agreement


def show_agreement(reviews: Iterable[Review], *, as_json: bool) -> None:
    """Print, for every two reviewers who read the same answers, how often they said the same."""
    found = reviewer_agreement(reviews)
    if as_json:
        print_json([asdict(one) for one in found])
        return
    if not found:
        console().print("No two reviewers have read the same answer yet; each names themselves with --reviewer.")
        return
    listing = table("Reviewers", "About", ">Answers", ">Agree", ">Kappa (95 %)")
    for one in found:
        for about, agreed in (("verdicts", one.verdicts), ("comparisons", one.preferences)):
            if agreed.n:
                names = plain(" and ".join(one.reviewers))
                listing.add_row(names, about, f"{agreed.n:,}", f"{agreed.share:.0%}", _kappa(agreed))
    console().print(listing)


def _kappa(agreed: Agreement) -> str:
    if agreed.kappa is None:
        return "-"
    if agreed.kappa_low is None or agreed.kappa_high is None:
        return f"{agreed.kappa:.2f}"
    return f"{agreed.kappa:.2f} ({agreed.kappa_low:.2f} to {agreed.kappa_high:.2f})"
