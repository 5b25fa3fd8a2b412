"""Adds a judge's reading to an evaluation: the first backend's drafts against every other's, and the calibration."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from miniatures.backends.base import Backend
from miniatures.backends.spec import open_backend
from miniatures.datamodel.evaluation import Calibration, Evaluation, JudgeResult, Verdict
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.evaluate.asking import Asker
from miniatures.finetune.evaluate.calibration import calibration
from miniatures.finetune.evaluate.evaluate import STORE, pinned_name
from miniatures.finetune.evaluate.judging import Pair, judge_pairs, judge_result, pairs_of
from miniatures.finetune.evaluate.questions import EvaluationSettings, read_questions
from miniatures.store.open import open_store

Human = tuple[Sequence[Pair], Mapping[str, Verdict]]
"""Pairs that people compared, and what most of them said of each, by its case."""


@dataclass(frozen=True)
class Judge:
    """A backend that is to compare drafts, by its pinned name."""

    name: str
    backend: Backend


def open_judge(spec: str) -> Judge:
    """The judge, opened before anything is asked, so that a wrong name costs nothing.

    Raises:
        InputError: the registry has no such miniature or version.
        BackendError: it cannot be opened.
    """
    name = pinned_name(spec)
    return Judge(name, open_backend(name))


def with_judge(
    evaluation: Evaluation,
    judge: Judge,
    dataset: Dataset,
    out: Path,
    settings: EvaluationSettings,
    *,
    human: Human = ((), {}),
    on_answer: Callable[[str, int], None] = lambda spec, questions: None,
) -> Evaluation:
    """The evaluation with what the judge said; `human` are pairs that people compared (see `reviewed_pairs`).

    Raises:
        BackendError: the judge could not be asked; answers so far are kept.
    """
    ours, *others = (found for found in evaluation.backends if found.identity is not None)
    questions = read_questions(dataset, settings).writer
    pairs = [(other, pairs_of(ours, other, questions)) for other in others]
    total = sum(len(each) for _, each in pairs) + len(human[0])

    async def read_all() -> tuple[list[JudgeResult], Calibration | None]:
        asker = Asker(
            judge.name,
            judge.backend,
            store,
            concurrency=settings.concurrency,
            on_answer=lambda: on_answer(f"{judge.name} (judge)", total),
        )
        results = []
        for other, each in pairs:
            judgements = await judge_pairs(asker, each, settings.seed)
            results.append(judge_result(judge.name, ours.name, other.name, each, judgements, settings.seed))
        return results, calibration(judge.name, await judge_pairs(asker, human[0], settings.seed), human[1])

    with open_store(str(out / STORE)) as store:
        results, calibrated = asyncio.run(read_all())
    return evaluation.model_copy(update={"judged": tuple(results), "calibration": calibrated})
