"""Was the researcher sure enough of the reason to write for the risk that the campaign allows?"""

from __future__ import annotations

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, not_run, passed
from miniatures.datamodel.evidence import sureness


def check_sureness(_: DraftText, case: CheckCase) -> Verdict:
    """The first quote is as sure as the bound asks for; where no risk is stated, any is."""
    if case.sure_bound is None:
        return passed()
    sure = sureness(case.evidence)
    if sure is None:
        return not_run("the researcher did not say how sure it was of the reason to write")
    if sure >= case.sure_bound:
        return passed()
    return failed(f"the reason to write is {sure:.2f} sure, and the stated risk asks for {case.sure_bound:.2f}")
