"""No quote that the draft uses is stale, set aside or from the future, and the company goes by its own name.

What a quote that was set aside shares with the draft's own quotes, such as a place, is taken from these.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from miniatures.checks.case import CheckCase
from miniatures.checks.citation import cited, shortened, uses_besides
from miniatures.checks.company_names import look_alikes
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, not_run, passed
from miniatures.checks.words import fold
from miniatures.datamodel.dossier import SetAside, SetAsideReason
from miniatures.datamodel.evidence import Quote

_CLOCK_SKEW = timedelta(days=2)


def check_evidence(draft: DraftText, case: CheckCase) -> Verdict:
    """What research set aside stays aside, and age is looked at again on the day of writing."""
    if not case.evidence:
        return not_run("there is no evidence to look at")
    misnamed = _misnamed(draft, case)
    if misnamed:
        return failed(f"the text names {misnamed!r}, and the company is {case.prospect.company}")
    own = {item.quote for item in case.evidence}
    for entry in case.set_aside:
        if not _is_copy(entry, own) and uses_besides(draft, entry.evidence.quote, case):
            return failed(f"the body uses {shortened(entry.evidence.quote)!r}, {_said(entry.reason)}")
    for item in case.evidence:
        trouble = age_trouble(item, case.checked_at, case.max_age_days)
        if trouble and cited(draft, (item,), case):
            return failed(f"the body uses {shortened(item.quote)!r}, {trouble}")
    return passed()


def _misnamed(draft: DraftText, case: CheckCase) -> str:
    """A name that begins like the company's, goes on otherwise and stands in no source; empty if there is none."""
    names = (name for text in draft.texts for name in look_alikes(text, case.prospect.company))
    return next((name for name in names if not any(fold(name) in fold(one.text) for one in case.sources)), "")


def _is_copy(entry: SetAside, own: set[str]) -> bool:
    """A portal's copy of the company's own news says nothing against that."""
    return entry.reason is SetAsideReason.OTHER_COMPANY and entry.evidence.quote in own


def age_trouble(item: Quote, now: datetime, max_age_days: int | None) -> str:
    """Why the quote's date forbids its use, or an empty string. An unknown date forbids nothing."""
    if item.published is None:
        return ""
    published = item.published if item.published.tzinfo else item.published.replace(tzinfo=UTC)
    if published > now + _CLOCK_SKEW:
        return f"which is dated {published.date()}, in the future"
    age = (now - published).days
    if max_age_days is not None and age > max_age_days:
        return f"which is {age} days old; {max_age_days} are allowed"
    return ""


def _said(reason: SetAsideReason) -> str:
    match reason:
        case SetAsideReason.STALE:
            return "which research set aside as stale"
        case SetAsideReason.OTHER_COMPANY:
            return "which research set aside as about another company"
        case SetAsideReason.LANGUAGE:
            return "which research set aside as in a language that the writer does not know"
        case SetAsideReason.NO_REASON:
            return "which the writer set aside as no good reason to write"
