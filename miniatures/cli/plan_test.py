"""`miniatures plan-test`: what an A/B test can show on this list, before anything is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.results import store_of
from miniatures.cli.terminal import console, count, plain, print_json, show_table, table

if TYPE_CHECKING:
    from miniatures.agents.enrolment import ArmSize
    from miniatures.cli.planned import PlannedTest
    from miniatures.datamodel.arms import AbRule
    from miniatures.datamodel.verdict import LiveMetric
    from miniatures.inputs.campaign import LoadedCampaign

_SHARE = {"min": 0.0001, "max": 0.9999}


def plan_test(
    campaign: CampaignPath,
    open_rate: Annotated[
        float, typer.Option(**_SHARE, help="Expected; the arms of the paper had 0.275 and 0.288.")
    ] = 0.28,
    click_rate: Annotated[float, typer.Option(**_SHARE, help="Expected; a guess, for want of a public figure.")] = 0.03,
    reply_rate: Annotated[float, typer.Option(**_SHARE, help="Expected; 0.03 to 0.04 is usual.")] = 0.035,
    positive_rate: Annotated[float, typer.Option(**_SHARE, help="Expected; about 0.005 is usual.")] = 0.005,
    delivered: Annotated[
        float, typer.Option(**_SHARE | {"max": 1}, help="Share of the list that an email will reach.")
    ] = 1.0,
    as_json: AsJson = False,
) -> None:
    """Say what this list can show of the arms, and when only blind readings can tell. Nothing is spent."""
    from miniatures.cli.planned import planned
    from miniatures.datamodel.verdict import LiveMetric
    from miniatures.inputs.campaign import load_campaign

    loaded = load_campaign(campaign)
    rule, (sizes, is_settled) = _rule_of(loaded), _sizes(loaded)
    rates = {
        LiveMetric.OPENED: open_rate,
        LiveMetric.CLICKED: click_rate,
        LiveMetric.REPLIED: reply_rate,
        LiveMetric.POSITIVE: positive_rate,
    }
    found = planned(rule, sizes, rates, delivered=delivered, send=loaded.campaign.send)
    if as_json:
        print_json(_record(loaded, sizes, found, is_settled=is_settled))
    else:
        _show(loaded, sizes, found, rates, delivered=delivered, is_settled=is_settled)


def _rule_of(loaded: LoadedCampaign) -> AbRule:
    """The rule of the verdict.

    Raises:
        InputError: the campaign has no arms, or no rule.
    """
    from miniatures.datamodel.errors import InputError

    if not loaded.campaign.arms:
        example = "arms: {student: {writer: student}, teacher: {writer: teacher}}"
        raise InputError(f"campaign {loaded.name} has no arms, so there is nothing to plan", hint=f"Write `{example}`.")
    if loaded.campaign.test is None:
        example = f"test: {{metric: replied, margin: 0.02, reference: {next(iter(loaded.campaign.arms))}}}"
        hint = f"Write it before the start: `{example}`."
        raise InputError(f"campaign {loaded.name} has no rule by which its arms are compared", hint=hint)
    return loaded.campaign.test


def _sizes(loaded: LoadedCampaign) -> tuple[dict[str, ArmSize], bool]:
    """How large the arms are: as they were settled, or, before that, by a salt that stands for the one to be drawn."""
    from datetime import UTC, datetime

    from miniatures.agents.enrolment import require_as_settled, sizes_of
    from miniatures.datamodel.arms import AbTest

    with store_of(loaded) as store:
        settled = store.mail.enrolments.test(loaded.name) if store else None
        known = store.mail.enrolments.of(loaded.name) if store else {}
    require_as_settled(settled, loaded.campaign)
    test = settled or AbTest(
        campaign=loaded.name, salt=loaded.name, shares=loaded.campaign.shares, started_at=datetime.now(UTC)
    )
    return sizes_of(test, known, loaded.prospects()), settled is not None


def _record(
    loaded: LoadedCampaign, sizes: dict[str, ArmSize], found: PlannedTest, *, is_settled: bool
) -> dict[str, Any]:
    return {
        "campaign": loaded.name,
        "settled": is_settled,
        "arms": {arm: {"people": size.people, "companies": size.companies} for arm, size in sizes.items()},
        "plans": [line.as_data for line in found.lines],
        "weeks": found.weeks,
        "decides": found.decides,
        "verdict": found.verdict,
    }


def _show(
    loaded: LoadedCampaign,
    sizes: dict[str, ArmSize],
    found: PlannedTest,
    rates: dict[LiveMetric, float],
    *,
    delivered: float,
    is_settled: bool,
) -> None:
    screen, rule = console(), found.rule
    screen.print(f"[bold]{plain(loaded.name)}[/]: what a test of its arms can show\n")
    arms = table("Arm", ">People", ">Companies")
    for arm, size in sizes.items():
        arms.add_row(plain(arm) + (" (reference)" if arm == rule.reference else ""), *map(_number, _both(size)))
    show_table(arms)
    margin = f"{100 * rule.margin:g} points"
    listing = table("Arm", "|Counted", ">Rate", ">No loss of", ">A loss of", f">For {margin}, per arm")
    for line in found.lines:
        shown = (f"{100 * line.plan.rate:g} %", _points(line.least_margin), _points(line.plan.least_loss))
        needed = "no number does" if line.needed is None else f"{line.needed:,}"
        listing.add_row(plain(line.plan.arm), line.words, *shown, needed)
    show_table(listing)
    looks = "looking every day" if rule.look == "daily" else "looking once"
    chance = f"with a chance of {rule.power:.0%}, {looks}, if {delivered:.0%} of the list are reached"
    screen.print(f"[dim]Shown is {chance}.[/]")
    if not is_settled:
        screen.print("[dim]An example of the arms: who is in which is drawn when the first run begins.[/]")
    screen.print(_about_time(found, rule))
    screen.print(f"\n{plain(found.verdict)}", soft_wrap=True)


def _about_time(found: PlannedTest, rule: AbRule) -> str:
    if found.weeks is None:
        return "How long it takes is not known: the campaign has no `send:`."
    weeks = "up to a week" if found.weeks == 1 else f"about {found.weeks:,} weeks"
    return f"Sending takes {weeks}, and the last email counts {count(rule.answer_days, 'day')} later."


def _both(size: ArmSize) -> tuple[int, int]:
    return size.people, size.companies


def _number(number: int) -> str:
    return f"{number:,}"


def _points(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2g} points"
