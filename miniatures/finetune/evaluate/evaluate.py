"""Runs an evaluation: opens each backend, asks it the cases of a dataset, and puts what was found together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from miniatures.agents.roles.role import role_named
from miniatures.agents.roles.writer import WRITER
from miniatures.backends.errors import UnknownModel
from miniatures.backends.miniature import pinned
from miniatures.backends.spec import open_backend, parse_spec
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.errors import writing as writing_to
from miniatures.datamodel.evaluation import BackendEvaluation, Evaluation, Phase
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.evaluate import researching, writing
from miniatures.finetune.evaluate.asking import Asker
from miniatures.finetune.evaluate.comparing import Cases, compared
from miniatures.finetune.evaluate.costs import costs_of, usd_per_accepted
from miniatures.finetune.evaluate.questions import EvaluationSettings, Questions, read_questions
from miniatures.store.open import open_store
from miniatures.store.store import Store

STORE = "answers.sqlite"
BM25 = "bm25"
BM25_FIRST = "bm25:1"


def evaluate(
    specs: Sequence[str],
    dataset: Dataset,
    out: Path,
    settings: EvaluationSettings,
    *,
    on_answer: Callable[[str, int], None] = lambda spec, questions: None,
) -> Evaluation:
    """Ask every backend, one after the other; answers that `out` holds already are taken from there.

    `on_answer` is told the spec and the number of its questions each time an answer is there.

    Raises:
        InputError: no cases, a backend that is named twice, a miniature that there is not, or a folder that cannot be
            written.
        BackendError: a backend could not be opened or asked; answers so far are kept.
    """
    for spec in specs:
        parse_spec(spec)
    names = [pinned_name(spec) for spec in specs]
    if len(set(names)) < len(names):
        raise InputError("a backend is named twice", hint=f"Name each backend once; yours are {', '.join(names)}.")
    questions = read_questions(dataset, settings)
    with writing_to(out):
        out.mkdir(parents=True, exist_ok=True)
    with open_store(str(out / STORE)) as store:
        found = [
            _evaluate_one(spec, name, questions, store, settings, on_answer)
            for spec, name in zip(specs, names, strict=True)
        ]
    if questions.research:
        found += [_bm25(BM25, questions, None), _bm25(BM25_FIRST, questions, 1)]
    return _together(found, questions, dataset, settings)


def pinned_name(spec: str) -> str:
    """The spec as answers are kept under it: a miniature's with its version.

    Raises:
        InputError: the registry has no such miniature or version.
    """
    try:
        return pinned(spec)
    except UnknownModel as error:  # Here the name itself is the input, not a file that names a backend.
        raise InputError(error.message, hint=error.hint) from error


def _evaluate_one(
    spec: str,
    name: str,
    questions: Questions,
    store: Store,
    settings: EvaluationSettings,
    on_answer: Callable[[str, int], None],
) -> BackendEvaluation:
    backend = open_backend(name)
    on_one = partial(on_answer, spec, len(questions))
    asker = Asker(name, backend, store, concurrency=settings.concurrency, on_answer=on_one)
    found = BackendEvaluation(
        spec=spec,
        name=name,
        identity=backend.identity,
        variant=backend.capabilities.variant,
        prompt_versions={
            role: role_named(role).version(asker.prompts, backend.capabilities) for role in questions.roles
        },
    )
    return found.model_copy(update=asyncio.run(_asked(asker, questions, settings)))


async def _asked(asker: Asker, questions: Questions, settings: EvaluationSettings) -> dict[str, Any]:
    """What each role's answers add, one role after the other: neither waits in the other's queue while it is timed."""
    best_of, rewrites, machine = settings.best_of, settings.rewrites, settings.machine_usd_per_hour
    found: dict[str, Any] = {"scores": {}, "costs": {}}
    if questions.research:
        outcomes, answers = await researching.measure_researcher(asker, questions.research)
        found["scores"] = researching.researcher_scores([question.case for question in questions.research], outcomes)
        found["costs"] = {Phase.RESEARCH: costs_of(answers, len(outcomes), machine)}
        found["researcher"] = tuple(outcomes)
    if questions.writer:
        written = await writing.measure_writer(asker, questions.writer, best_of=best_of, rewrites=rewrites)
        scores = writing.writer_scores(written.outcomes, best_of, rewrites)
        first = costs_of(written.first, len(written.outcomes), machine)
        further = costs_of(written.further, sum(one.samples > 1 for one in written.outcomes), machine)
        found["scores"] = scores | found["scores"]
        found["costs"] |= {Phase.FIRST: first, Phase.FURTHER: further}
        found["usd_per_accepted"] = {
            Phase.FIRST: usd_per_accepted([first], scores[WRITER.measure].passed),
            Phase.FURTHER: usd_per_accepted([first, further], scores[writing.best_measure(best_of, rewrites)].passed),
        }
        found["writer"] = tuple(written.outcomes)
    return found


def _bm25(name: str, questions: Questions, facts: int | None) -> BackendEvaluation:
    outcomes = researching.bm25_outcomes(questions.research, facts)
    scores = researching.researcher_scores([one.case for one in questions.research], outcomes)
    chosen = tuple(outcomes)
    return BackendEvaluation(spec=name, name=name, identity=None, variant=None, scores=scores, researcher=chosen)


def _together(
    found: list[BackendEvaluation], questions: Questions, dataset: Dataset, settings: EvaluationSettings
) -> Evaluation:
    writer = tuple(question.case for question in questions.writer)
    research = tuple(question.case for question in questions.research)
    company = {question.id: question.company for question in questions.writer}
    company |= {case.id: case.company for case in research}
    best = writing.best_measure(settings.best_of, settings.rewrites)
    cases = Cases(company, {case.id: case for case in research}, dataset.manifest.hash, best, settings.seed)
    return Evaluation(
        dataset=dataset.manifest.hash,
        split=settings.split,
        roles=settings.roles,
        limit=settings.limit,
        seed=settings.seed,
        best_of=settings.best_of,
        rewrites=settings.rewrites,
        machine_usd_per_hour=settings.machine_usd_per_hour,
        companies=len(set(company.values())),
        offers=len({case.offer for case in writer}),
        writer_cases=writer,
        research_cases=research,
        backends=tuple(compared(found, cases)),
    )
