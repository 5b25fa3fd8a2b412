"""The names of all that an evaluation measures, so that a requirement can be refused before anything is asked."""

from __future__ import annotations

from miniatures.agents.roles.writer import WRITER
from miniatures.datamodel.check import CheckName
from miniatures.finetune.evaluate import researching, writing
from miniatures.finetune.evaluate.questions import EvaluationSettings


def measures(settings: EvaluationSettings) -> list[str]:
    """Names of the scores that these settings lead to."""
    names = []
    if writing.ROLE in settings.roles:
        best = writing.best_measure(settings.best_of, settings.rewrites)
        names += [WRITER.measure, best, writing.UNSUPPORTED, *(f"check_{check.value}" for check in CheckName)]
    if researching.ROLE in settings.roles:
        names += [researching.PRECISION, researching.MUST_FOUND, researching.NONE_RIGHT]
    return names
