"""`miniatures dataset`: freezes traces and gold data into a dataset, writes corrected replies for one, and says what is
in one."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from miniatures.cli.arguments import AsJson, CampaignPath
from miniatures.cli.terminal import command, console, count, plain, print_json, show_table, table
from miniatures.datamodel.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from miniatures.finetune.dataset.stats import DatasetStats, Lengths
    from miniatures.review.rulings import Verdict

app = typer.Typer(no_args_is_help=True, help="Make a dataset of traces, gold data and replies; say what is in one.")

_BAR = 40
"""Columns of the longest bar."""


class RoleName(StrEnum):
    """The roles that examples are made for."""

    WRITER = "writer"
    RESEARCHER = "researcher"
    ASSESSOR = "assessor"
    VERIFIER = "verifier"
    REPLY_READER = "reply_reader"


@app.command("build")
def build(  # noqa: PLR0913, PLR0917 - one option each
    source: Annotated[
        list[str],
        typer.Option(
            "--from",
            metavar="SOURCE",
            help="A campaign file, a gold folder, chats in JSONL, or a name in --store; repeat.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the dataset is written.")],
    store: Annotated[str | None, typer.Option(metavar="URL", help="The store of campaigns given by name.")] = None,
    role: Annotated[list[RoleName] | None, typer.Option(help="Only this role; all if left out.")] = None,
    reviewed: Annotated[bool, typer.Option("--reviewed", help="Only what a reviewer stands behind.")] = False,
    accepted_only: Annotated[
        bool, typer.Option("--accepted-only", help="Only what a reviewer accepted as it stood.")
    ] = False,
    checked: Annotated[
        bool, typer.Option("--checked", help="Also hold what reviewers stand behind to every check.")
    ] = False,
    since: Annotated[datetime | None, typer.Option(metavar="DATE", help="Only traces from this date on (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option(metavar="DATE", help="Only traces before this date (UTC).")] = None,
    test: Annotated[float, typer.Option(min=0, max=1.0, help="Share of examples to test on.")] = 0.1,
    validation: Annotated[float, typer.Option(min=0, max=1.0, help="Share of examples to validate on.")] = 0.05,
    like: Annotated[
        Path | None,
        typer.Option(metavar="DATASET", help="Companies of this earlier dataset stay on the side they have there."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws the split, the surrogates and the variants.")] = 7,
    variants: Annotated[int, typer.Option(min=0, help="Variants of each gold example, its facts exchanged.")] = 0,
    variant: Annotated[
        Literal["compact", "full", "opening", "passage"],
        typer.Option(
            help="How the student will be asked: briefly, at length, for the opening of an email alone, or about "
            "sentences in their pages."
        ),
    ] = "compact",
    mask_people: Annotated[
        bool,
        typer.Option("--mask-people", help="Also replace others whom traces name (extra anonymize); not in chats."),
    ] = False,
    people_model: Annotated[
        str, typer.Option(metavar="MODEL", help="The spaCy model that finds them: a name, or a folder.")
    ] = "en_core_web_sm",
    keep_near_duplicates: Annotated[
        bool, typer.Option("--keep-near-duplicates", help="Count near-duplicates, but leave them in.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Freeze examples into a folder: split by company, rendered, hashed. Building twice gives the same bytes.

    Prospects and their colleagues on the list are replaced by surrogates. Third persons in quotes stay, unless
    --mask-people finds them.
    """
    from miniatures.datamodel.capabilities import READER, SMALL, TELLER, Trust
    from miniatures.finetune.dataset.build import BuildSettings, build_dataset
    from miniatures.finetune.dataset.folder import open_dataset
    from miniatures.finetune.dataset.people import presidio_finder
    from miniatures.finetune.dataset.sources import find_sources, gather_examples, prompts_of, require_maskable
    from miniatures.finetune.dataset.split import sides_of
    from miniatures.finetune.dataset.trace_examples import ROLES, TraceSelection

    if test + validation > 1:
        raise InputError(f"--test {test} and --validation {validation} are more than everything", hint="Lower one.")
    sides = {} if like is None else sides_of(open_dataset(like))
    selection = TraceSelection(
        roles=tuple(one.value for one in role) if role else ROLES,
        verdicts=_verdicts(reviewed, accepted_only),
        checked=checked,
        since=_utc(since),
        until=_utc(until),
    )
    found = find_sources(source, store)
    if mask_people:
        require_maskable(found)
    gathered = gather_examples(found, selection, seed, variants, presidio_finder(people_model) if mask_people else None)
    settings = BuildSettings(
        seed=seed,
        trust={"compact": SMALL, "full": Trust(), "opening": TELLER, "passage": READER}[variant],
        validation=validation,
        test=test,
        keep_near_duplicates=keep_near_duplicates,
        sides=sides,
        sources=gathered.sources,
        dropped=gathered.dropped,
    )
    build_dataset(gathered.examples, out, settings, prompts_of(found.campaigns))
    _show(out, None, as_json=as_json)


@app.command("stats")
def stats(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A dataset.")],
    base: Annotated[
        str | None, typer.Option(metavar="BASE", help="Count tokens as well, with this base's tokenizer.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what was kept and what was dropped and why, by role and by who wrote it, and how long everything is."""
    _show(folder, base, as_json=as_json)


@app.command("replies")
def replies(
    campaign: CampaignPath,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="The file to write, .jsonl.")],
) -> None:
    """Write the replies whose meaning people corrected into a file that `dataset build --from` takes.

    Prospects are replaced by surrogates, and so are addresses and telephone numbers.
    """
    from miniatures.cli.out_file import require_ending, require_no_input
    from miniatures.cli.results import open_run
    from miniatures.finetune.dataset.chat_file import SUFFIX
    from miniatures.finetune.dataset.replies import corrected_records, write_replies
    from miniatures.store.home_secret import home_secret

    require_ending(out, (SUFFIX,))
    with open_run(campaign) as (loaded, store):
        require_no_input(out, loaded)
        prospects = {one.prospect.key: one.prospect for one in store.results(loaded.name)}
        mails = store.mail.inbox.stream(loaded.name)
        records = list(corrected_records(mails, loaded.brief.offer, prospects, home_secret()))
    if not records:
        correct = command("inbox", campaign, "--list")
        raise InputError(
            f"nobody has corrected a reply to {loaded.name} yet, so there is nothing to write",
            hint=f"Correct one in the app, under Replies, or by its id: {correct}",
        )
    write_replies(records, out)
    typer.echo(f"Wrote {out}: {len(records):,} corrected {'reply' if len(records) == 1 else 'replies'}")


def _verdicts(reviewed: bool, accepted_only: bool) -> frozenset[Verdict] | None:
    from miniatures.review.rulings import REVIEWED, Verdict

    if accepted_only:
        return frozenset({Verdict.ACCEPTED})
    return REVIEWED if reviewed else None


def _utc(moment: datetime | None) -> datetime | None:
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _show(folder: Path, base: str | None, *, as_json: bool) -> None:
    from miniatures.finetune.dataset.folder import open_dataset
    from miniatures.finetune.dataset.stats import dataset_stats, token_counter

    found = dataset_stats(open_dataset(folder), token_counter(base) if base else None)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    screen = console()
    about = f"{count(found.examples, 'example')} about {_companies(found.companies)}"
    screen.print(f"[bold]{plain(folder)}[/]: {about}, dataset {found.hash[:12]}")
    screen.print(f"[dim]from {plain(', '.join(found.sources))}; seed {found.seed}[/]\n")
    _show_kept(found)
    _show_dropped(found)
    for lengths in found.lengths:
        _show_lengths(lengths)


def _companies(number: int) -> str:
    return f"{number:,} compan{'y' if number == 1 else 'ies'}"


def _show_kept(found: DatasetStats) -> None:
    listing = table("Split", ">Examples", ">Companies")
    for split, side in found.splits.items():
        listing.add_row(split.value, f"{side.examples:,}", f"{side.companies:,}")
    show_table(listing)
    console().print(f"By role: {_counts(found.roles)}")
    console().print(f"By who wrote the answer: {_counts(found.answers)}")
    others = [count(found.preference_pairs, "preference pair"), f"{found.unanswered:,} without an answer"]
    console().print("; ".join(others) + "\n")


def _counts(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{plain(name)} {number:,}" for name, number in counted.items())


def _show_dropped(found: DatasetStats) -> None:
    from miniatures.datamodel.dataset import DropReason

    if found.dropped:
        listing = table("Left out", ">Answers", "Why")
        for reason, number in found.dropped.items():
            listing.add_row(reason.value.replace("_", " "), f"{number:,}", reason.why)
        console().print(listing)
    left_in = found.flagged_near_duplicates - found.dropped.get(DropReason.NEAR_DUPLICATE, 0)
    if left_in:
        console().print(f"{count(left_in, 'near-duplicate')} left in")
    if found.dropped or left_in:
        console().print()


def _show_lengths(lengths: Lengths) -> None:
    title = f"{lengths.role}, {lengths.what}"
    console().print(f"[bold]{plain(title)}[/]: median {lengths.median:,}, longest {lengths.most:,}")
    longest = max(one.count for one in lengths.bins)
    wide = len(f"{lengths.bins[-1].high:,}")
    for one in lengths.bins:
        bar = "█" * round(_BAR * one.count / longest) or ("▏" if one.count else "")
        console().print(f"  {one.low:>{wide},} to {one.high - 1:<{wide},}  [cyan]{bar}[/] {one.count:,}")
    console().print()
