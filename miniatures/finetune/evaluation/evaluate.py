"""Runs an evaluation: opens each backend, asks it the cases of a dataset, and puts what was found together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from miniatures.backends.base import Backend
from miniatures.backends.spec import open_backend, parse_spec
from miniatures.backends.wrappers.retrying import RetryingBackend
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.evaluation import BackendEvaluation, Evaluation, Phase
from miniatures.datamodel.miniature import Stage
from miniatures.finetune.dataset_folder import Dataset
from miniatures.finetune.evaluation import researching, writing
from miniatures.finetune.evaluation.answers import AnswerLog, Asker
from miniatures.finetune.evaluation.cases import ResearchQuestion, WriterQuestion, research_question, writer_question
from miniatures.finetune.evaluation.comparing import Cases, compared
from miniatures.finetune.evaluation.costs import costs_of, usd_per_accepted
from miniatures.prompts.library import PromptLibrary

ANSWERS = "answers.jsonl"
BM25 = "bm25"
BM25_FIRST = "bm25:1"
ROLES = (researching.ROLE, writing.ROLE)


@dataclass(frozen=True)
class EvaluationSettings:
    """What is asked, and how. `limit` is a number of cases for each role."""

    split: Split = Split.TEST
    roles: tuple[str, ...] = ROLES
    limit: int | None = None
    best_of: int = 8
    rewrites: int = 1
    concurrency: int = 16
    machine_usd_per_hour: float | None = None
    seed: int = 7


@dataclass(frozen=True)
class Questions:
    """Everything that each backend is asked."""

    writer: list[WriterQuestion] = field(default_factory=list)
    research: list[ResearchQuestion] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.writer) + len(self.research)


def read_questions(dataset: Dataset, settings: EvaluationSettings) -> Questions:
    """The first `limit` cases of each role, in the dataset's order, which is by hash.

    Raises:
        InputError: the split holds no case of these roles, or rows that cannot be asked.
    """
    writer, research = [], []
    if writing.ROLE in settings.roles:
        rows = dataset.rows(settings.split, [writing.ROLE])
        writer = [writer_question(row) for row in islice(rows, settings.limit)]
    if researching.ROLE in settings.roles:
        labelled = filter(None, map(research_question, dataset.rows(settings.split, [researching.ROLE])))
        research = list(islice(labelled, settings.limit))
    if not writer and not research:
        raise InputError(
            f"{dataset.folder} has no case for {' or '.join(settings.roles)} in its {settings.split} split",
            hint="Name another split or other roles; a researcher's questions need labels.",
        )
    return Questions(writer, research)


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
        InputError: no cases, or a spec that is named twice.
        BackendError: a backend could not be opened or asked; answers so far are kept.
    """
    if len(set(specs)) < len(specs):
        raise InputError("a backend is named twice", hint="Name each backend once.")
    questions = read_questions(dataset, settings)
    log = AnswerLog(out / ANSWERS)
    try:
        found = [_evaluate_one(spec, questions, log, settings, on_answer) for spec in specs]
    finally:
        log.close()
    if questions.research:
        found += [_bm25(BM25, questions, None), _bm25(BM25_FIRST, questions, 1)]
    return _together(found, questions, dataset, settings)


def _evaluate_one(
    spec: str,
    questions: Questions,
    log: AnswerLog,
    settings: EvaluationSettings,
    on_answer: Callable[[str, int], None],
) -> BackendEvaluation:
    name = pinned(spec)
    backend = open_to_ask(name)

    async def ask_all() -> BackendEvaluation:
        asker = Asker(
            backend,
            log,
            PromptLibrary(),
            concurrency=settings.concurrency,
            on_answer=lambda: on_answer(spec, len(questions)),
        )
        return await _asked(spec, name, asker, questions, settings)

    return asyncio.run(ask_all())


async def _asked(
    spec: str, name: str, asker: Asker, questions: Questions, settings: EvaluationSettings
) -> BackendEvaluation:
    """The roles one after the other, so that neither waits in the other's queue while it is timed."""
    machine = settings.machine_usd_per_hour
    scores, costs, per_accepted, versions = {}, {}, {}, {}
    choices, written = [], writing.Writing()
    if questions.research:
        choices, answers = await researching.measure_researcher(asker, questions.research)
        scores |= researching.researcher_scores([one.case for one in questions.research], choices)
        costs[Phase.RESEARCH] = costs_of(answers, len(questions.research), machine)
        versions[researching.ROLE] = asker.version(researching.ROLE)
    if questions.writer:
        written = await writing.measure_writer(
            asker, questions.writer, best_of=settings.best_of, rewrites=settings.rewrites
        )
        scores |= writing.writer_scores(written.outcomes, settings.best_of, settings.rewrites)
        costs[Phase.FIRST] = costs_of(written.first, len(questions.writer), machine)
        tried = sum(outcome.samples > 1 for outcome in written.outcomes)
        costs[Phase.FURTHER] = costs_of(written.further, tried, machine)
        accepted = scores[writing.ALL_CHECKS].passed
        accepted_in_the_end = scores[writing.best_measure(settings.best_of, settings.rewrites)].passed
        both = [costs[Phase.FIRST], costs[Phase.FURTHER]]
        per_accepted = {
            Phase.FIRST: usd_per_accepted(both[:1], accepted),
            Phase.FURTHER: usd_per_accepted(both, accepted_in_the_end),
        }
        versions[writing.ROLE] = asker.version(writing.ROLE)
    return BackendEvaluation(
        spec=spec,
        name=name,
        identity=asker.identity,
        profile=asker.profile.value,
        prompt_versions=versions,
        scores=scores,
        costs=costs,
        usd_per_accepted=per_accepted,
        writer=tuple(written.outcomes),
        researcher=tuple(choices),
    )


def _bm25(name: str, questions: Questions, facts: int | None) -> BackendEvaluation:
    outcomes = researching.bm25_outcomes(questions.research, facts)
    scores = researching.researcher_scores([one.case for one in questions.research], outcomes)
    return BackendEvaluation(
        spec=name, name=name, identity=None, profile=None, scores=scores, researcher=tuple(outcomes)
    )


def _together(
    found: list[BackendEvaluation], questions: Questions, dataset: Dataset, settings: EvaluationSettings
) -> Evaluation:
    writer = tuple(question.case for question in questions.writer)
    research = tuple(question.case for question in questions.research)
    cases = Cases(
        {question.id: question.company for question in questions.writer},
        research,
        dataset=dataset.manifest.hash,
        best=writing.best_measure(settings.best_of, settings.rewrites),
        seed=settings.seed,
    )
    return Evaluation(
        dataset=dataset.manifest.hash,
        split=settings.split,
        limit=settings.limit,
        seed=settings.seed,
        best_of=settings.best_of,
        rewrites=settings.rewrites,
        machine_usd_per_hour=settings.machine_usd_per_hour,
        companies=len(set(cases.company.values())),
        offers=len({case.offer for case in writer}),
        writer_cases=writer,
        research_cases=research,
        backends=tuple(compared(found, cases)),
    )


def pinned(spec: str) -> str:
    """The spec of a miniature with its version in place of a moving name; any other spec as it is."""
    kind, rest = parse_spec(spec)
    if kind != "miniature":
        return spec
    from miniatures.weights.registry import Registry

    name, _, ref = rest.partition("@")
    return f"miniature:{name}@{Registry().resolve(name, ref or Stage.LIVE)}"


def open_to_ask(spec: str) -> Backend:
    """The backend, which tries again what may pass."""
    return RetryingBackend(open_backend(spec))
