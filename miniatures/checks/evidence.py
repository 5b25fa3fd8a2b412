"""No quote that the draft uses is stale, set aside or from the future.

What a quote that was set aside shares with the draft's own quotes, such as a place, is taken from these.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from miniatures.checks.case import CheckCase
from miniatures.checks.citation import cited, shortened, uses_besides
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, not_run, passed
from miniatures.datamodel.dossier import SetAside, SetAsideReason
from miniatures.datamodel.evidence import Quote

_CLOCK_SKEW = timedelta(days=2)


def check_evidence(draft: DraftText, case: CheckCase) -> Verdict:
    """What research set aside stays aside, and age is looked at again on the day of writing."""
    if not case.evidence:
        return not_run("there is no evidence to look at")
    own = {item.quote for item in case.evidence}
    for entry in case.set_aside:
        if not _is_copy(entry, own) and uses_besides(draft, entry.evidence.quote, case):
            return failed(f"the body uses {shortened(entry.evidence.quote)!r}, {_said(entry.reason)}")
    for item in case.evidence:
        trouble = age_trouble(item, case.checked_at, case.max_age_days)
        if trouble and cited(draft, (item,), case):
            return failed(f"the body uses {shortened(item.quote)!r}, {trouble}")
    return passed()


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
