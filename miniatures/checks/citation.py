"""Measures whether a draft really uses a quote, by the content that only that quote brings.

A quote's own content is what neither the brief nor the prospect's fields carry. A number weighs 3, a name 2 and any
other content word 1. The quote is cited when two neighbouring sentences of the body carry at least two such pieces
weighing 4 together, or half of all that the quote brings if it brings less than 8.
"""

from __future__ import annotations

from collections.abc import Sequence

from miniatures.checks.case import CheckCase, quote_source
from miniatures.checks.draft_text import DraftText, Window
from miniatures.checks.numbers import Number
from miniatures.checks.reading import Reading
from miniatures.checks.support import carries_number
from miniatures.checks.verdict import Verdict, failed, not_run, passed
from miniatures.checks.words import stem
from miniatures.datamodel.draft import EARLIER_EMAIL
from miniatures.datamodel.evidence import Quote

_NUMBER, _NAME, _ENOUGH = 3, 2, 4


def cited(draft: DraftText, evidence: tuple[Quote, ...], case: CheckCase) -> tuple[Quote, ...]:
    """The quotes among `evidence` that the draft uses."""
    return tuple(item for item in evidence if _is_cited(draft, item.quote, case))


def uses_besides(draft: DraftText, quote: str, case: CheckCase) -> bool:
    """Whether the draft uses what this quote brings and no other quote of the case carries."""
    others = [source.reading for source in case.quote_sources if source.text != quote]
    return _measure(draft, _Own(quote_source(quote, case.brief.language).reading, case, others))


def _is_cited(draft: DraftText, quote: str, case: CheckCase) -> bool:
    known = draft.citations.get(quote)
    if known is None:
        reading = quote_source(quote, case.brief.language).reading
        known = _may_be_cited(draft, reading) and _measure(draft, _Own(reading, case))
        draft.citations[quote] = known
    return known


def _may_be_cited(draft: DraftText, quote: Reading) -> bool:
    """Whether quote and body share two pieces of any kind: a cheap look that spares most foils the measuring."""
    stems, numbers = draft.whole
    shared = len(stems & quote.stems)
    return shared > 1 or shared + sum(not number.values.isdisjoint(quote.values) for number in numbers) > 1


class _Own:
    """What only this quote brings."""

    def __init__(self, quote: Reading, case: CheckCase, others: Sequence[Reading] = ()) -> None:
        self.reading = quote
        self._common = (*case.common_numbers, *others)
        common = case.common_stems.union(*(other.stems for other in others))
        self.names = frozenset(stem(name) for name in self.reading.names) - common
        self.words = self.reading.stems - common - self.names
        self.numbers = sum(not self._is_common(number) for number in self.reading.numbers)

    @property
    def needed(self) -> int:
        total = _NUMBER * self.numbers + _NAME * len(self.names) + len(self.words)
        return min(_ENOUGH, -(-total // 2))

    def carried(self, number: Number) -> bool:
        return carries_number(self.reading, number) and not self._is_common(number)

    def _is_common(self, number: Number) -> bool:
        return any(carries_number(reading, number) for reading in self._common)


def _measure(draft: DraftText, own: _Own) -> bool:
    needed = own.needed
    if needed <= 0 or _weight(draft.whole, own) < needed:
        return False
    return any(_weight(window, own) >= needed for window in draft.windows)


def _weight(window: Window, own: _Own) -> int:
    stems, numbers = window
    names, words = len(own.names & stems), len(own.words & stems)
    shared = sum(map(own.carried, numbers)) if own.numbers else 0
    return _NUMBER * shared + _NAME * names + words if names + words + shared > 1 else 0


def news_of(case: CheckCase) -> tuple[Quote, ...]:
    """The evidence that is no earlier email: to name the day of one is not to say anything of the prospect."""
    return tuple(item for item in case.evidence if item.signal != EARLIER_EMAIL)


def goes_on(draft: DraftText, case: CheckCase) -> bool:
    """Whether it follows up on an email that told the news, and is about that still: all of it together carries pieces
    of the quote and of what stands around it that weigh as much as a citation. A word or two remind those who know it.

    A thought of the brief on such news is none: readers who saw the pages would not send what holds nothing else.
    """
    news = news_of(case)
    return len(news) < len(case.evidence) and any(_reminds(draft, item, case) for item in news)


def _reminds(draft: DraftText, item: Quote, case: CheckCase) -> bool:
    reading = quote_source(f"{item.quote}\n{item.around}", case.brief.language).reading
    return _weight(draft.whole, _Own(reading, case)) >= _ENOUGH


def check_citation(draft: DraftText, case: CheckCase) -> Verdict:
    """At least one quote is cited; a follow-up may go on from it instead, as the email before it has told the news."""
    if not case.evidence:
        return not_run("there is no evidence to cite")
    if cited(draft, news_of(case), case) or goes_on(draft, case):
        return passed()
    return failed(f"the body uses no quote: nothing specific of {shortened(case.evidence[0].quote)!r} is in it")


def shortened(text: str, limit: int = 60) -> str:
    """The text's beginning, for a reason that fits on a line."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
