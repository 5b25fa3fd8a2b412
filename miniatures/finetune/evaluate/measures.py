"""The names of all that an evaluation measures, so that a requirement can be refused before anything is asked."""

from __future__ import annotations

from miniatures.finetune.evaluate import researching, writing
from miniatures.finetune.evaluate.questions import EvaluationSettings


def measures(settings: EvaluationSettings) -> list[str]:
    """Names of the scores that these settings lead to."""
    names: list[str] = []
    if writing.ROLE in settings.roles:
        names += writing.writer_scores([], settings.best_of, settings.rewrites)
    if researching.ROLE in settings.roles:
        names += researching.researcher_scores([], [])
    return names
