"""Would the same email pass with another company's news? Then it is not personal.

Name and company are kept and the quotes are exchanged for foils. A personal draft loses its ground: it cites no foil,
or names things that no foil carries. A draft that cites none of its own quotes had no ground to lose, unless it goes on
from an email that did.
"""

from __future__ import annotations

from miniatures.checks.case import CheckCase
from miniatures.checks.citation import cited, goes_on, news_of, shortened
from miniatures.checks.draft_text import DraftText
from miniatures.checks.foils import FOILS
from miniatures.checks.support import unsupported_pieces
from miniatures.checks.verdict import Verdict, failed, not_run, passed
from miniatures.checks.words import fold
from miniatures.datamodel.evidence import Quote

_MOST_FOILS = 12


def check_swap(draft: DraftText, case: CheckCase) -> Verdict:
    """With the quotes exchanged, citation or unsupported must fail."""
    if not case.evidence:
        return not_run("there is no evidence to exchange")
    if not cited(draft, news_of(case), case):
        if goes_on(draft, case):
            return passed()
        return failed("the draft uses no quote, so it would read the same for any company")
    foils = _foils_of(case)
    if not foils:
        return not_run("there is no other company's quote to exchange for")
    swapped = case.with_evidence(foils)
    still = cited(draft, foils, swapped)
    if not still or any(any(unsupported_pieces(reading, swapped)) for _, reading in draft.readings()):
        return passed()
    return failed(f"the draft would also pass on another company's news: {shortened(still[0].quote)!r}")


def _foils_of(case: CheckCase) -> tuple[Quote, ...]:
    """Quotes of other companies, bundled ones included: none of this prospect's and none that names their company."""
    own = {item.quote for item in case.evidence}
    company = fold(case.prospect.company)
    others = (item for item in (*case.foils[:_MOST_FOILS], *FOILS) if item.quote not in own)
    return tuple(item for item in others if company not in fold(item.quote))[:_MOST_FOILS]
