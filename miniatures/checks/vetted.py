"""Does the verifier find each statement of the email supported by the page that it rests on?"""

from __future__ import annotations

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, not_run, passed

VETTED = 0.5
"""The least that the verifier has to be sure of every statement."""


def check_vetted(_: DraftText, case: CheckCase) -> Verdict:
    """None is doubted; where no verifier reads statements, none is."""
    if case.vetted is None:
        return not_run("the verifier reads what a writer tells of the news, and finds no such sentences in this email")
    doubted = [one for one in case.vetted if one.sure < VETTED]
    if not doubted:
        return passed()
    one = min(doubted, key=lambda statement: statement.sure)
    kind = one.kind.replace("_", " ")
    return failed(f"the verifier doubts the {one.part} “{one.text}”: likeliest {kind}, supported with {one.sure:.2f}")
