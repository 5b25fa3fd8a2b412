"""Nothing is said twice: a small model that has run out of things to say repeats a sentence, which readers notice.

A follow-up stands in one thread with the emails before it. It tells none of them again and adds something, or it only
asks once more, which is what recipients mind most.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.reading import read_source
from miniatures.checks.verdict import Verdict, failed, passed
from miniatures.checks.web import without_links
from miniatures.checks.words import UNSPACED
from miniatures.datamodel.draft import EARLIER_EMAIL

_WORDS = 7
"""The shortest run that counts: none of 948 emails written by hand has one, and shorter ones are turns of phrase."""
_SENTENCE = 3
"""Words of the shortest sentence that counts as a whole; a name in the greeting and under the email has fewer."""
_RETOLD = 12
"""The shortest run of an earlier email that counts: a reminder in a few words of its own is wanted."""
_NEW = 4
"""Content words that the earlier emails and the request lack, of one that adds something: it takes a short sentence."""
_WORD = re.compile(rf"[{UNSPACED}]{{1,2}}|[^\W{UNSPACED}]+")


def check_repetition(draft: DraftText, case: CheckCase) -> Verdict:
    """The body holds no run of seven words twice, and no sentence of three. A link may stand there twice.

    Nor does it hold a run of twelve of an earlier email, but for the request and the signature, or nothing new.
    """
    found = _twice(_runs(_words(draft.body), _WORDS)) or _twice(_sentences(draft))
    if found:
        return failed(f"the words {' '.join(found)!r} come twice")
    earlier = [item.quote for item in case.evidence if item.signal == EARLIER_EMAIL]
    return _of_a_thread(draft, case, earlier) if earlier else passed()


def _of_a_thread(draft: DraftText, case: CheckCase, earlier: list[str]) -> Verdict:
    request = case.brief.call_to_action
    owned = read_source(f"{request} {case.brief.sender.name} {case.brief.sender.company}", case.brief.language)
    before = {run for email in earlier for run in _runs(_words(email.replace(request, "\n")), _RETOLD)}
    for text in (sentence.text for sentence in draft.sentences if sentence.text != request):
        if retold := next((run for run in _runs(_words(text), _RETOLD) if run in before), None):
            return failed(f"an earlier email has said {' '.join(retold)!r}")
    known = owned.stems.union(*(read_source(email, case.brief.language).stems for email in earlier))
    new = draft.whole[0] - known
    return passed() if len(new) >= _NEW else failed("it adds nothing to the earlier emails, and only asks once more")


def _twice(runs: Iterator[tuple[str, ...]]) -> tuple[str, ...] | None:
    seen: set[tuple[str, ...]] = set()
    for run in runs:
        if run in seen:
            return run
        seen.add(run)
    return None


def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(without_links(text.lower())))


def _runs(words: tuple[str, ...], length: int) -> Iterator[tuple[str, ...]]:
    return (words[start : start + length] for start in range(len(words) - length + 1))


def _sentences(draft: DraftText) -> Iterator[tuple[str, ...]]:
    whole = (_words(sentence.text) for sentence in draft.sentences)
    return (words for words in whole if len(words) >= _SENTENCE)
