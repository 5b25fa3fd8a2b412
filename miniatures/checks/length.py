"""The body has as many words as the brief asks for."""

from __future__ import annotations

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, passed


def check_length(draft: DraftText, case: CheckCase) -> Verdict:
    """Words of the body, greeting and signature included, against the brief."""
    limits = case.brief.length
    if limits.min_words <= draft.words <= limits.max_words:
        return passed()
    return failed(f"the body has {draft.words} words; the brief allows {limits.min_words} to {limits.max_words}")
