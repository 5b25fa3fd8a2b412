"""The email asks for one thing, and it is what the brief asks for.

A sentence carries the brief's call to action when it, alone or with its neighbour, holds half of that line's content
words and, where the line names an action (a call, a visit), the same kind of action. A second ask is a sentence that
requests another kind of action, or the same one again with other sentences between. An open question (how, what, why)
asks for no action, and neither does an invitation to reply, which every email holds: two questions besides the call to
action are let pass, three are not. Requests are recognized by their English wording; in other languages every question
counts as one, unless it begins as an open question.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from miniatures.checks.case import CheckCase
from miniatures.checks.citation import shortened
from miniatures.checks.draft_text import DraftText, Sentence
from miniatures.checks.reading import Reading, read_source
from miniatures.checks.verdict import Verdict, failed, passed

_KINDS = re.compile(
    r"""\b(?:(?P<talk>calls?|chat|talk|speak|meet|meeting|demo|conversation|coffee|phone|catch\ up|walkthrough|schedule|
    appointment|book\ a\ (?:time|slot))
    |(?P<visit>click|visit|read\ more|download|watch|sign\ up|register|subscribe|log\ in|try\ it|attend|join|tour)
    |(?P<buy>buy|order|purchase|upgrade|start\ (?:a|your)\ (?:free\ )?trial|get\ started)
    |(?P<introduce>forward\ (?:this|it)|introduce\ me|point\ me|refer\ me|put\ me\ in\ touch|right\ person|connect\ me)
    |(?P<send>send\ (?:me|us)|share\ (?:your|with)|fill\ (?:in|out)|complete\ (?:the|this|our))
    |(?P<reply>reply|respond|let\ me\ know|let\ us\ know|write\ back|drop\ me|get\ back\ to))\b""",
    re.VERBOSE,
)
_REQUEST = re.compile(
    r"""(?:so[, ]+|and[, ]+|if\b[^,]{0,80},\s*)?(?:please|would\ you|could\ (?:you|we|i)|can\ (?:you|we|i)|will\ you|
    are\ you\ (?:free|open|available|up|interested|able|around)|do\ you\ have\ (?:time|a\ few|\w+\ minutes)|shall\ we|
    may\ (?:i|we)|might\ (?:you|we)|how\ about|what\ about\ a|why\ not|interested|open\ to|worth\ a|
    let\ me\ know|let\ us\ know|reply|click|visit|book|schedule|call|sign\ up|register|download|watch|join|order|buy|
    try|get\ started|forward|send|share|feel\ free|just\ (?:reply|hit|send|call|click|book)|
    let's\ (?:talk|meet|book|set))\b""",
    re.VERBOSE,
)
_REQUEST_WITHIN = re.compile(
    r"""would\ you\ be\ (?:open|willing|interested|free|available)\b
    |(?:i'd|we'd|i\ would|we\ would)\ (?:love|like|be\ happy)\ to\ (?:talk|meet|schedule|set\ up|hear|show)\b
    |please\ (?:reply|call|click|book|visit|let|send|contact|sign|forward|register|schedule)\b
    |let\ me\ know\ (?:if|when|whether|what)\b|are\ you\ (?:free|open|available)\b
    |(?:can|could)\ we\ (?:talk|meet|set|schedule|find)\b""",
    re.VERBOSE,
)
_REQUEST_HINTS = ("you be", "to ", "please", "let me", "are you", " we ")
_OPEN_QUESTION = re.compile(r"(?:\w+,\s)?(?:how|what|why|which|where|who|when|did|do|does|is|are|have|has|was)\b")
_HALF = 0.5
_OPEN_QUESTIONS = 2


@dataclass(frozen=True, slots=True)
class _Read:
    """One sentence as a possible ask."""

    text: str
    place: int
    share: float
    kinds: frozenset[str]
    asks: bool
    is_question: bool


def check_call_to_action(draft: DraftText, case: CheckCase) -> Verdict:
    """Exactly one call to action, and it is the brief's."""
    wanted, language = case.brief.call_to_action, case.brief.language
    asked, kinds = read_source(wanted, language), kinds_of(wanted.lower())
    read = [_read(sentence, place, asked, kinds, language) for place, sentence in enumerate(draft.sentences)]
    carriers = _carriers(read)
    if not carriers:
        return failed(f"no sentence asks what the brief asks: {shortened(wanted, 80)!r}")
    for one in read:
        if one.asks and _is_second(one, carriers, kinds):
            return failed(f"the body asks for a second thing: {shortened(one.text, 80)!r}")
    questions = sum(one.is_question and one not in carriers for one in read)
    if questions > _OPEN_QUESTIONS:
        return failed(f"the body asks {questions} questions besides its call to action; {_OPEN_QUESTIONS} are allowed")
    return passed()


def kinds_of(text: str) -> frozenset[str]:
    """The kinds of action that a lower-case text names."""
    return frozenset(match.lastgroup or "" for match in _KINDS.finditer(text))


def _read(sentence: Sentence, place: int, asked: Reading, kinds: frozenset[str], language: str) -> _Read:
    text = sentence.text.lower().replace("\u2019", "'")
    own = kinds_of(text)
    total = len(asked.stems) + len(asked.numbers)
    held = len(asked.stems & sentence.reading.stems) + len(asked.values & sentence.reading.values)
    fits = total > 0 and (not kinds or not kinds.isdisjoint(own))
    return _Read(
        text=sentence.text,
        place=place,
        share=held / total if fits else 0.0,
        kinds=own,
        asks=_asks(text, sentence.is_question, language),
        is_question=sentence.is_question,
    )


def _asks(text: str, is_question: bool, language: str) -> bool:
    if language[:2].lower() == "en":
        return _REQUEST.match(text) is not None or (
            any(hint in text for hint in _REQUEST_HINTS) and _REQUEST_WITHIN.search(text) is not None
        )
    return is_question and not _OPEN_QUESTION.match(text)


def _carriers(read: list[_Read]) -> list[_Read]:
    """The sentences that carry the call to action."""
    alone = [one for one in read if one.share >= _HALF]
    if alone:
        return alone
    for one, two in pairwise(read):
        if one.share > 0 and two.share > 0 and one.share + two.share >= _HALF:
            return [one, two]
    return []


def _is_second(one: _Read, carriers: list[_Read], kinds: frozenset[str]) -> bool:
    if one in carriers:
        return any(other.asks and other.place < one.place and not _joined(other, one, carriers) for other in carriers)
    if one.kinds - {"reply"} - kinds:
        return True
    beside = any(abs(one.place - other.place) == 1 for other in carriers)
    return not beside and bool(one.kinds - {"reply"})


def _joined(first: _Read, last: _Read, carriers: list[_Read]) -> bool:
    places = {one.place for one in carriers}
    return all(place in places for place in range(first.place, last.place))
