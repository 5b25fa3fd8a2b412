"""Answers of a second backend to the same question: what a fallback wrote in the end, what a shadow wrote beside.

Both are kept with the prompt's variables, so a teacher's answer to its long prompt is a training candidate for a
student with a compact one. Which of them are good is for checks and reviewers to say, not for this module.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from miniatures.datamodel.trace import SHADOW, Trace
from miniatures.store.store import Store

FALLBACK = "fallback"


@dataclass(frozen=True)
class AnswerPair:
    """Two answers to one question: the one that was used and the shadow's."""

    used: Trace
    shadow: Trace


def teacher_candidates(store: Store, campaign: str) -> Iterator[Trace]:
    """Whole answers of the fallback and of the shadow, oldest first.

    Their `role` says which of the two; the job that was done is `prompt_name`, and `variables` render it anew.
    """
    for trace in store.traces(campaign):
        if trace.role in (FALLBACK, SHADOW) and _is_whole(trace) and trace.variables:
            yield trace


def shadow_pairs(store: Store, campaign: str) -> Iterator[AnswerPair]:
    """Each used answer with the shadow's to the same question, in the order in which they were asked.

    Pairs in which a side failed or was cut off are left out. Samples of one attempt are paired in the order of their
    beginning.
    """
    return pair_with_shadows(store.traces(campaign))


def pair_with_shadows(traces: Iterable[Trace]) -> Iterator[AnswerPair]:
    """The pairs among these traces."""
    asked: dict[tuple[str, ...], tuple[list[Trace], list[Trace]]] = defaultdict(lambda: ([], []))
    for trace in traces:
        if trace.prompt_name is not None and trace.error is None:
            question = (trace.run_id, trace.parent_id or "", trace.node, trace.prompt_name, str(trace.attempt))
            asked[question][trace.role == SHADOW].append(trace)
    for used, shadows in asked.values():
        for one, other in zip(_by_start(used), _by_start(shadows), strict=False):
            if _is_whole(one) and _is_whole(other):
                yield AnswerPair(one, other)


def _by_start(traces: list[Trace]) -> list[Trace]:
    return sorted(traces, key=lambda trace: (trace.started_at, trace.id))


def _is_whole(trace: Trace) -> bool:
    """It came to its end and is the JSON that was asked for."""
    return trace.error is None and trace.structured is not None
