"""`miniatures evaluate`: measures backends on a dataset's cases; its exit code says whether they are good enough."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from miniatures.cli.arguments import AsJson
from miniatures.cli.terminal import print_json
from miniatures.datamodel.errors import InputError

if TYPE_CHECKING:
    from miniatures.datamodel.evaluation import Evaluation
    from miniatures.finetune.dataset.folder import Dataset
    from miniatures.finetune.evaluate.judged import Human, Judge

JSON_NAME, PAGE_NAME = "evaluation.json", "evaluation.html"


def evaluate(  # noqa: PLR0913, PLR0917 - one option each
    backends: Annotated[
        list[str],
        typer.Argument(metavar="BACKEND...", help="Spec strings; the first is compared with each of the others."),
    ],
    dataset: Annotated[Path, typer.Option(metavar="FOLDER", help="A folder that `dataset build` wrote.")],
    split: Annotated[
        Literal["train", "validation", "test"], typer.Option(help="The side of the dataset to ask.")
    ] = "test",
    roles: Annotated[str, typer.Option(help="Roles to ask, with commas between them.")] = "researcher,writer",
    limit: Annotated[int | None, typer.Option(min=1, help="Only the first N cases of each role.")] = None,
    best_of: Annotated[int, typer.Option(min=1, max=32, help="Samples for a case whose first email failed.")] = 8,
    rewrites: Annotated[
        int, typer.Option(min=0, max=5, help="Rewrites with the reasons, where all samples failed.")
    ] = 1,
    judge: Annotated[
        str | None, typer.Option(metavar="BACKEND", help="Has this backend compare the drafts pair by pair.")
    ] = None,
    reviews: Annotated[
        str | None, typer.Option(metavar="STORE", help="Store with people's comparisons, to calibrate the judge by.")
    ] = None,
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where answers and results go.")] = Path("evaluation"),
    concurrency: Annotated[int, typer.Option(min=1, max=10_000, help="Questions under way at a time.")] = 16,
    machine_usd_per_hour: Annotated[
        float | None,
        typer.Option(min=0, max=1e6, help="What an hour of this machine costs, for backends without a price."),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option(metavar="MEASURE>=SHARE", help="Fail unless the first backend keeps this bound; several allowed."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap and the judge's order.")] = 7,
    as_json: AsJson = False,
) -> None:
    """Measure backends on cases that they were not trained on, with intervals, costs and paired differences.

    Answers are kept as they arrive: the same command goes on where it was stopped. Scores of a miniature: on its card.
    """
    from miniatures.cli.evaluation_progress import answer_progress
    from miniatures.cli.evaluation_tables import show_evaluation, summary
    from miniatures.datamodel.dataset import Split
    from miniatures.finetune.dataset.folder import open_dataset
    from miniatures.finetune.evaluate.cards import keep_on_cards
    from miniatures.finetune.evaluate.evaluate import evaluate as measure
    from miniatures.finetune.evaluate.judged import with_judge
    from miniatures.finetune.evaluate.measures import measures
    from miniatures.finetune.evaluate.questions import EvaluationSettings
    from miniatures.finetune.evaluate.requirements import parse_bound
    from miniatures.weights.registry import Registry

    settings = EvaluationSettings(
        Split(split), _roles(roles), limit, best_of, rewrites, concurrency, machine_usd_per_hour, seed
    )
    bounds = [parse_bound(text, measures(settings)) for text in require or ()]
    opened = open_dataset(dataset)
    reader, human = _reader(judge, reviews, opened)
    with answer_progress() as on_answer:
        evaluation = measure(backends, opened, out, settings, on_answer=on_answer)
        judged = tuple(bound.judged(evaluation.backends[0].scores) for bound in bounds)
        evaluation = evaluation.model_copy(update={"requirements": judged})
        _write(evaluation, out)
        kept = keep_on_cards(evaluation, Registry())
        if reader is not None:
            evaluation = with_judge(evaluation, reader, opened, out, settings, human=human, on_answer=on_answer)
            _write(evaluation, out)
    if as_json:
        print_json(summary(evaluation))
    else:
        show_evaluation(evaluation)
        for name, reason in kept.items():
            typer.echo(f"Nothing is kept on the card of {name}: {reason}" if reason else f"Kept on the card of {name}")
        typer.echo(f"Every answer: {out / PAGE_NAME} and {out / JSON_NAME}")
    _pass_or_fail(evaluation)


def _roles(text: str) -> tuple[str, ...]:
    from miniatures.finetune.evaluate.questions import ROLES

    named = tuple(role.strip() for role in text.split(",") if role.strip())
    unknown = [role for role in named if role not in ROLES]
    if unknown or not named:
        raise InputError(f"{text!r} names no role that is measured", hint=f"Roles are {' and '.join(ROLES)}.")
    return named


def _reader(judge: str | None, reviews: str | None, dataset: Dataset) -> tuple[Judge | None, Human]:
    """The judge, and the pairs that people compared, for it to be held against."""
    from miniatures.finetune.evaluate.calibration import pairs_in_store
    from miniatures.finetune.evaluate.judged import open_judge

    if reviews is not None and judge is None:
        raise InputError("--reviews calibrates a judge, and none is named", hint="Add --judge BACKEND.")
    human: Human = ((), {}) if reviews is None else pairs_in_store(reviews, dataset)
    return (None if judge is None else open_judge(judge)), human


def _write(evaluation: Evaluation, out: Path) -> None:
    from miniatures.datamodel.files import written_whole
    from miniatures.measure.evaluation_page import write_evaluation_page

    with written_whole(out / JSON_NAME) as file:
        file.write(evaluation.model_dump_json(indent=1))
    write_evaluation_page(evaluation, out / PAGE_NAME)


def _pass_or_fail(evaluation: Evaluation) -> None:
    from miniatures.finetune.evaluate.requirements import GateFailed

    broken = [one for one in evaluation.requirements if not one.met]
    if broken:
        found = ", ".join(
            f"{one.text} ({'not measured' if one.share is None else f'{one.share:.3f}'})" for one in broken
        )
        raise GateFailed(
            f"{evaluation.backends[0].name} does not keep {found}", hint="The page shows each case that failed."
        )
