"""Nothing that a spam filter, or a tired reader, would stop at."""

from __future__ import annotations

import re

from miniatures.checks.case import CheckCase
from miniatures.checks.draft_text import DraftText
from miniatures.checks.verdict import Verdict, failed, listed, passed
from miniatures.checks.word_list import listed_lines
from miniatures.checks.words import fold

_PHRASES = listed_lines("spam_phrases")
_SPACES = re.compile(r"[\s-]+")
_FAKE_THREAD = re.compile(r"^\s*(?:re|fw|fwd|aw|wg|sv|tr)\s*:", re.IGNORECASE)
_MONEY = re.compile(r"[$€£]{2,}")
_MARKS = re.compile(r"[!?！]{2,}")  # noqa: RUF001
_SHOUTED = re.compile(r"\b[^\W\d_]{4,}\b")
_EMOJI = re.compile(r"[\U0001f300-\U0001faff\u2600-\u27bf]")
_EXCLAMATIONS, _EMOJIS, _SHOUTS = 1, 1, 1


def check_spam(draft: DraftText, case: CheckCase) -> Verdict:
    """Every signal found is named. A phrase that the brief itself uses is the sender's own choice and let pass."""
    text = f"{draft.subject}\n{draft.body}"
    signals = [f"the phrase {phrase!r}" for phrase in _phrases(text, case)]
    if _FAKE_THREAD.match(draft.subject):
        signals.append("a subject that pretends to be a reply")
    if "!" in draft.subject:
        signals.append("an exclamation mark in the subject")
    if text.count("!") > _EXCLAMATIONS:
        signals.append(f"{text.count('!')} exclamation marks")
    if run := _MARKS.search(text) or _MONEY.search(text):
        signals.append(f"the run {run[0][:8]!r}")
    if not text.isascii() and len(_EMOJI.findall(text)) > _EMOJIS:
        signals.append("several emoji")
    shouted = _shouted(text, case)
    if len(shouted) > _SHOUTS or _is_shouting(draft.subject):
        signals.append(f"words in capitals ({listed(shouted or [draft.subject])})")
    return failed(f"the text has {listed(signals)}") if signals else passed()


def _phrases(text: str, case: CheckCase) -> list[str]:
    plain = _plain(text)
    found = [phrase for phrase in _PHRASES if phrase in plain and _stands_alone(phrase, plain)]
    return [phrase for phrase in found if not any(phrase in _plain(source.text) for source in case.brief_sources)]


def _plain(text: str) -> str:
    """As the phrases are written: "risk-free" is "risk free"."""
    return _SPACES.sub(" ", text.replace("\u2019", "'").lower())


def _stands_alone(phrase: str, text: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(phrase)}(?!\w)", text) is not None


def _shouted(text: str, case: CheckCase) -> list[str]:
    words = dict.fromkeys(word for word in _SHOUTED.findall(text) if word.isupper() and word.lower() != word)
    return [word for word in words if fold(word) not in case.words or not _is_own_capitals(word, case)]


def _is_own_capitals(word: str, case: CheckCase) -> bool:
    texts = [source.text for source in case.sources]
    return word in case.prospect.company or any(word in text for text in texts)


def _is_shouting(subject: str) -> bool:
    letters = [letter for letter in subject if letter.isalpha()]
    return len(letters) > 8 and "".join(letters).isupper()
