"""Every definite statement of the email stands on something that the brief or a quote says."""

from __future__ import annotations

from miniatures.checks.case import CheckCase
from miniatures.checks.citation import shortened
from miniatures.checks.draft_text import DraftText
from miniatures.checks.statements import statements_of
from miniatures.checks.verdict import Verdict, failed, passed
from miniatures.datamodel.draft import Ground


def check_grounds(draft: DraftText, case: CheckCase) -> Verdict:
    """No statement stands on nothing. One whose pieces no source carries is left to `unsupported`, which names them."""
    for statement in statements_of(draft, case):
        if statement.ground is Ground.NOTHING and not statement.unsupported:
            return failed(f"{shortened(statement.text, 80)!r} stands on nothing: neither the brief nor a quote says it")
    return passed()
