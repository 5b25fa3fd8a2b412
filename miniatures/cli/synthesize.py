"""`miniatures synthesize`: has a teacher answer drawn situations, which reviewers can turn into training data."""

from __future__ import annotations

import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from miniatures.cli.arguments import AsJson
from miniatures.cli.dataset import RoleName
from miniatures.cli.terminal import console, count, plain, print_json
from miniatures.datamodel.errors import BudgetScope, InputError
from miniatures.datamodel.money import cost_words

if TYPE_CHECKING:
    from miniatures.backends.base import Backend
    from miniatures.datamodel.backend import Price
    from miniatures.finetune.situations import Situation
    from miniatures.finetune.synthesize import SynthesisEstimate, SynthesisSummary
    from miniatures.store.store import Store


def synthesize(  # noqa: PLR0913, PLR0917 - one option each
    role: Annotated[RoleName, typer.Argument(metavar="ROLE", help="writer or researcher.")],
    teacher: Annotated[str, typer.Option(metavar="BACKEND", help="Whom to ask, such as litellm:openai/gpt-4o.")],
    n: Annotated[int, typer.Option("--n", min=1, help="How many situations are to be answered in all.")],
    space: Annotated[
        Path, typer.Option(metavar="SPACE", help="What to draw from: a gold folder, or a YAML file that names some.")
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the campaigns and their store are kept.")],
    campaign: Annotated[
        str | None, typer.Option(metavar="NAME", help="What the campaigns' names begin with; the folder's if left out.")
    ] = None,
    budget_usd: Annotated[float | None, typer.Option(min=1e-6, help="Spend no more than this, in all runs.")] = None,
    price: Annotated[
        str | None, typer.Option(metavar="IN/OUT", help="USD per million tokens, where no price list knows: 3/15.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the situations.")] = 7,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="Questions in flight.")] = 8,
    estimate: Annotated[bool, typer.Option("--estimate", help="Say what it would take, and ask nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Ask a teacher for training data. Emails that pass the checks wait for `miniatures review`; choices need none.

    Run it again after an interruption or with a larger --n: what was answered is not asked again.
    """
    import asyncio

    from miniatures.cli.interrupts import carry_out
    from miniatures.cli.summary import code_of_end
    from miniatures.finetune.situations import draw_situations, read_space
    from miniatures.finetune.synthesis_folder import STORE_FILE, write_campaigns
    from miniatures.finetune.synthesize import Synthesis
    from miniatures.store.open import open_store

    name = _campaign_name(campaign or out.resolve().name)
    situations = draw_situations(read_space(space), role.value, n, seed)
    with open_store(f"sqlite:///{out.resolve() / STORE_FILE}") as store, store.campaign_lock(name):
        dressed = _open_teacher(teacher, name, situations, store, _price(price), budget_usd)
        work = Synthesis(name, dressed, store, situations, concurrency=concurrency)
        expected = asyncio.run(work.estimate())
        if estimate and as_json:
            print_json(expected.model_dump(mode="json"))
            return
        for line in _estimate_lines(expected, n, teacher):
            typer.echo(line, err=as_json)
        if estimate:
            return
        write_campaigns(out, name, teacher, situations)
        summary = carry_out(work.run, sys.stderr if as_json else sys.stdout, "the same command")
    _show_summary(summary, role, out, as_json=as_json)
    raise typer.Exit(code_of_end(summary.outcome, some_failed=bool(summary.unanswered)))


def _estimate_lines(expected: SynthesisEstimate, wanted: int, teacher: str) -> list[str]:
    lines = []
    if expected.situations < wanted:
        lines.append(f"The space holds {count(expected.situations, 'situation')}, not {wanted:,}.")
    left = expected.situations - expected.answered_before
    before = f" ({expected.answered_before:,} answered before)" if expected.answered_before else ""
    usage, cost = expected.bill.usage, expected.bill.cost_usd
    tokens = f"at most about {usage.input_tokens:,} tokens in and {usage.output_tokens:,} out"
    lines.append(f"{count(left, 'situation')} to ask{before}: {tokens}, {cost_words(cost)}")
    if cost is None:
        lines.append(f"No price is known for {teacher}; state one with --price to see and limit the cost.")
    return lines


def _campaign_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}", name):
        hint = "Use up to 40 letters, digits, dots, dashes and underscores: --campaign NAME."
        raise InputError(f"{name!r} cannot name a campaign", hint=hint)
    return name


def _price(text: str | None) -> Price | None:
    from miniatures.datamodel.backend import Price

    if text is None:
        return None
    paid_in, _, paid_out = text.partition("/")
    try:
        return Price(input_per_million=float(paid_in), output_per_million=float(paid_out))
    except ValueError as error:
        raise InputError(f"{text!r} is no price", hint="Write USD per million tokens, in and out: 3/15.") from error


def _open_teacher(
    teacher: str, name: str, situations: list[Situation], store: Store, price: Price | None, budget_usd: float | None
) -> Backend:
    """The teacher with retries, records and a budget that counts what earlier runs spent."""
    from miniatures.backends.spec import open_backend
    from miniatures.backends.wrappers.spending import Spending
    from miniatures.backends.wrappers.wrap import dress
    from miniatures.datamodel.campaign import BackendSettings, Budget
    from miniatures.finetune.synthesize import campaign_of

    settings = BackendSettings(use=teacher, price=price)
    bare = open_backend(teacher, settings)
    if budget_usd is not None and bare.price is None:
        hint = f"State one: --price IN/OUT (0/0 if {teacher} costs nothing)."
        raise InputError(f"the price of {teacher} is not known, so a budget in USD cannot be kept", hint=hint)
    campaigns = {campaign_of(name, situation) for situation in situations}
    before = [store.spent(campaign).total for campaign in sorted(campaigns)]
    spending = Spending(
        Budget(usd=budget_usd),
        BudgetScope.CAMPAIGN,
        f"campaign {name}",
        already_tokens=sum(one.usage.total_tokens for one in before),
        already_usd=sum(one.known_usd for one in before),
    )
    return dress(bare, settings=settings, spendings=(spending,))


def _show_summary(summary: SynthesisSummary, role: RoleName, out: Path, *, as_json: bool) -> None:
    if as_json:
        print_json({**asdict(summary), "bill": summary.bill.model_dump()})
        return
    screen = console()
    new = summary.passed + summary.refused
    screen.print(
        f"\n[bold]{count(new, 'new answer')}[/]: {summary.passed:,} passed every check, {summary.refused:,} not"
    )
    if summary.faults:
        screen.print("Refused by: " + ", ".join(f"{name} {times:,}" for name, times in summary.faults.most_common()))
    if summary.unanswered:
        screen.print(f"{summary.unanswered:,} could not be asked; run it again to ask them once more")
    screen.print(f"{summary.bill.usage.total_tokens:,} tokens, {cost_words(summary.bill.cost_usd)}")
    if summary.message:
        screen.print(f"[yellow]Ended early:[/] {plain(summary.message)}\n[dim]{plain(summary.hint)}[/]")
    if role is RoleName.WRITER:
        screen.print(f"[dim]Review what passed: miniatures review {plain(out)}/BRIEF; then[/]")
    screen.print(f"[dim]miniatures dataset build --from {plain(out)} --out DATASET[/]", soft_wrap=True)
