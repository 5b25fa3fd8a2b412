"""Replaces contacts' names, addresses and telephone numbers, so that no model memorizes a real person.

Each word of a name has one surrogate, drawn by seed: the same person is the same stranger in every example, whatever
the order. The sender stays who they are, and so does the company. A name that is an everyday word as well (May, Grace), or
that the brief or the company carries too (Miller of Miller Bakery), is replaced only where it plainly means the person:
in the greeting, beside another part of the name, or after a title such as Ms.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from miniatures.checks.vocabulary import NEVER_NAMES, is_ordinary
from miniatures.checks.word_list import word_set
from miniatures.checks.words import fold
from miniatures.datamodel.example import Example
from miniatures.datamodel.hashing import text_hash
from miniatures.finetune.surrogate_names import FAMILY, GIVEN, ORDINARY_NAMES

_HONORIFICS = word_set(
    """
    mr mrs ms miss mx dr prof professor doctor sir madam madame monsieur mme mlle herr herrn frau senor senora sr sra
    srta don dona dott signor signora dhr mevr pan pani san
    """
)
_PARTICLES = word_set("af al ap ben bin bint da de del della den der di do dos du el ibn la le of ten ter van von y zu")
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "å": "aa", "Å": "Aa"})
_UNSPACED = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "HANGUL")
_GREETING = re.compile(r"\s*[^\n,:;!.?。，！]{1,80}")  # noqa: RUF001
_BETWEEN_PARTS = re.compile(r"[\s.\-‐‑'’_]{1,3}")  # noqa: RUF001
_EMAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
_PHONE = r"(?<![\w.,/-])(?:\+|00|0|\()[\d ()./-]{6,}\d(?![\w-])|(?<![\w.,/-])\d{3}[-. ]\d{3}[-. ]\d{4}(?![\w-])"
_DATE = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{2,4}")
_FEWEST_DIGITS = 8
_FICTIONAL = "55501"
_TEXT_FIELDS = ("quotes", "sentences")


@dataclass(frozen=True)
class Contact:
    """A person who must not be memorized."""

    first_name: str
    last_name: str
    company: str


class Surrogates:
    """The replacement of everybody in `contacts`, who are found in all examples about their company."""

    def __init__(self, contacts: Iterable[Contact], seed: int) -> None:
        self._seed = seed
        self._of_company: dict[str, set[Contact]] = defaultdict(set)
        for contact in contacts:
            self._of_company[fold(contact.company)].add(contact)
        self._originals = frozenset(
            key for group in self._of_company.values() for contact in group for key in _all_keys(contact)
        )
        self._known: dict[tuple[str, str], str] = {}

    def replace(self, example: Example) -> Example:
        """The same example about strangers; `company`, by which datasets are split, stays."""
        own = _contact_of(example)
        others = sorted(self._of_company[fold(example.company)], key=str)
        table = _Table(self.surrogate, _guarded(example))
        for contact in ([own] if own else []) + [other for other in others if other != own]:
            table.add(contact.first_name, "given")
            table.add(contact.last_name, "family")
            table.join(contact)
        kept = fold(str(example.variables.get("brief", "")))
        replacement = _Replacement(table, kept, self._seed)
        return example.model_copy(
            update={
                "variables": _variables(example.variables, replacement),
                "answer": _answer(example.answer, replacement),
                "rejected": _answer(example.rejected, replacement),
            }
        )

    def surrogate(self, word: str, kind: str) -> str:
        """The stand-in for one word of a name, `given` or `family`; never a word of anybody's real name here."""
        key = (fold(word), kind)
        if key not in self._known:
            self._known[key] = self._draw(word, kind)
        return self._known[key]

    def _draw(self, word: str, kind: str) -> str:
        if len(word) == 1 and _script(word) not in _UNSPACED:
            letters = [chr(letter) for letter in range(ord("A"), ord("Z") + 1) if chr(letter) != word.upper()]
            return min(letters, key=lambda letter: text_hash(f"{self._seed} {fold(word)} {letter}"))
        lists = GIVEN if kind == "given" else FAMILY
        names = lists.get(_script(word), lists["LATIN"])
        free = [name for name in names if _keys(name).isdisjoint(self._originals)]
        pool = free or [name for name in lists["LATIN"] if fold(name) != fold(word)]
        return min(pool, key=lambda name: text_hash(f"{self._seed} {kind} {fold(word)} {name}"))


class _Table:
    """What stands for each word of the names in one example, by the word's folded spellings."""

    def __init__(self, surrogate: Callable[[str, str], str], guarded: frozenset[str]) -> None:
        self._surrogate = surrogate
        self._guarded = guarded
        self._by_key: dict[str, str] = {}
        self.joined: dict[str, str] = {}

    def add(self, name: str, kind: str) -> None:
        """Take in the words of a name; of two people with one name the first decides what it is."""
        for word in _words(name):
            if _is_part(word):
                for key in _keys(word):
                    self._by_key.setdefault(key, self._surrogate(word, kind))
                if _script(word) in _UNSPACED and len(word) > 1:
                    self.joined.setdefault(word, self._surrogate(word, kind))

    def join(self, contact: Contact) -> None:
        """A whole name in a script without spaces, family name first, as it stands within a run of letters."""
        parts = [self.find(contact.last_name), self.find(contact.first_name)]
        if all(parts) and _script(contact.last_name) in _UNSPACED:
            self.joined[contact.last_name + contact.first_name] = "".join(filter(None, parts))

    def find(self, word: str) -> str | None:
        return self._by_key.get(fold(word))

    def is_guarded(self, word: str) -> bool:
        """Whether the word alone may mean something else than the person."""
        return fold(word) in self._guarded or len(word) == 1 or word.islower()

    def is_everyday(self, word: str) -> bool:
        return word.islower() and _is_everyday(fold(word))


@dataclass(frozen=True)
class _Piece:
    """A word that is part of a name: where it stands, what it is, what it becomes, and what clings to it."""

    start: int
    end: int
    word: str
    surrogate: str


class _Replacement:
    """Rewrites the texts of one example. `kept` is what the brief says: its addresses and numbers stay."""

    def __init__(self, table: _Table, kept: str, seed: int) -> None:
        self._table = table
        self._kept = kept
        self._kept_digits = re.sub(r"\D", "", kept)
        self._seed = seed

    def name(self, text: str) -> str:
        """A field that holds nothing but a name."""
        return self._rewrite(text, greeting=len(text))

    def text(self, text: str) -> str:
        """Running text."""
        return self._rewrite(text, greeting=0)

    def body(self, text: str) -> str:
        """An email's body, whose first line greets."""
        opening = _GREETING.match(text)
        return self._rewrite(text, greeting=opening.end() if opening else 0)

    def _rewrite(self, text: str, greeting: int) -> str:
        parts: list[str] = []
        done = 0
        for start, end, new in self._changes(text, greeting):
            parts += [text[done:start], new]
            done = end
        rewritten = "".join([*parts, text[done:]])
        for name in sorted(self._table.joined, key=len, reverse=True):
            rewritten = rewritten.replace(name, self._table.joined[name])
        return rewritten

    def _changes(self, text: str, greeting: int) -> list[tuple[int, int, str]]:
        changes: list[tuple[int, int, str]] = []
        tokens: list[_Piece | re.Match[str]] = []
        for match in _token_pattern().finditer(text):
            if match.lastgroup == "word":
                tokens.append(self._piece(match) or match)
                continue
            new = self._address(match[0]) if match.lastgroup == "email" else self._number(match[0])
            changes.append((match.start(), match.end(), new))
        for place, token in enumerate(tokens):
            if isinstance(token, _Piece) and self._means_person(text, tokens, place, greeting):
                changes.append((token.start, token.end, _in_case_of(token.word, token.surrogate)))
        return sorted(changes)

    def _piece(self, match: re.Match[str]) -> _Piece | None:
        """The part of the word that is a name: all of it, or without a possessive ending or an elided article."""
        for start, end in _cuts(match[0]):
            surrogate = self._table.find(match[0][start:end])
            if surrogate is not None:
                return _Piece(match.start() + start, match.start() + end, match[0][start:end], surrogate)
        return None

    def _means_person(self, text: str, tokens: list[Any], place: int, greeting: int) -> bool:
        piece: _Piece = tokens[place]
        if not self._table.is_guarded(piece.word) or piece.end <= greeting:
            return True
        if self._table.is_everyday(piece.word):
            return False
        before = tokens[place - 1] if place else None
        after = tokens[place + 1] if place + 1 < len(tokens) else None
        if isinstance(before, re.Match):
            titled = fold(before[0]) in _HONORIFICS and _touch(text, before.end(), piece.start)
            if titled:
                return True
        elif before is not None and _touch(text, before.end, piece.start):
            return True
        return isinstance(after, _Piece) and _touch(text, piece.end, after.start)

    def _address(self, email: str) -> str:
        if fold(email) in self._kept:
            return email
        name = text_hash(f"{self._seed} {email.lower()}")
        return f"contact-{name[:6]}@{name[6:12]}.example"

    def _number(self, phone: str) -> str:
        """The same shape; the last seven digits become 555 01xx, which are kept free for fiction."""
        digits = re.sub(r"\D", "", phone)
        if len(digits) < _FEWEST_DIGITS or _DATE.fullmatch(phone.strip()) or digits in self._kept_digits:
            return phone
        last = int(text_hash(f"{self._seed} {digits}")[:8], 16) % 100
        if digits[-7:] == f"{_FICTIONAL}{last:02}":
            last = (last + 1) % 100
        fresh = iter(f"{digits[:-7]}{_FICTIONAL}{last:02}")
        return re.sub(r"\d", lambda _: next(fresh), phone)


def contacts_of(examples: Iterable[Example]) -> set[Contact]:
    """Whom the examples are written to."""
    return {contact for contact in map(_contact_of, examples) if contact is not None}


def _contact_of(example: Example) -> Contact | None:
    prospect = example.variables.get("prospect")
    if not isinstance(prospect, Mapping):
        return None
    return Contact(str(prospect.get("first_name", "")), str(prospect.get("last_name", "")), example.company)


def _variables(variables: dict[str, Any], replacement: _Replacement) -> dict[str, Any]:
    changed = dict(variables)
    if isinstance(variables.get("prospect"), Mapping):
        names = {key: replacement.name(variables["prospect"].get(key, "")) for key in ("first_name", "last_name")}
        changed["prospect"] = {**variables["prospect"], **names}
    for field in _TEXT_FIELDS:
        if field in variables:
            changed[field] = [{**item, "text": replacement.text(item["text"])} for item in variables[field]]
    if variables.get("previous"):
        changed["previous"] = _answer(variables["previous"], replacement)
    if variables.get("reasons"):
        changed["reasons"] = [replacement.text(reason) for reason in variables["reasons"]]
    return changed


def _answer(answer: dict[str, Any] | None, replacement: _Replacement) -> dict[str, Any] | None:
    if answer is None:
        return None
    return {
        key: value if not isinstance(value, str) else (replacement.body if key == "body" else replacement.text)(value)
        for key, value in answer.items()
    }


def _guarded(example: Example) -> frozenset[str]:
    """Folded words of the brief and the company, and everyday words."""
    own = {fold(word) for text in _strings(example.variables.get("brief", {})) for word in _words(text)}
    company = {fold(word) for word in _words(example.company)}
    contact = _contact_of(example)
    names = {key for one in ([contact] if contact else []) for key in _all_keys(one)}
    return frozenset(own | company | {name for name in names if _is_everyday(name)})


def _strings(value: Any) -> Iterable[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _strings(one)


def _is_everyday(key: str) -> bool:
    return key in ORDINARY_NAMES or key in NEVER_NAMES or is_ordinary(key)


def _all_keys(contact: Contact) -> Iterable[str]:
    for word in (*_words(contact.first_name), *_words(contact.last_name)):
        if _is_part(word):
            yield from _keys(word)


def _is_part(word: str) -> bool:
    return not (word.islower() and word in _PARTICLES)


def _keys(word: str) -> frozenset[str]:
    """Folded spellings of a word: Müller is muller and mueller."""
    return frozenset({fold(word), fold(word.translate(_UMLAUTS))})


def _words(text: str) -> list[str]:
    return re.findall(_word_pattern(), text)


def _cuts(word: str) -> Iterable[tuple[int, int]]:
    """Where a name may begin and end within a word."""
    yield 0, len(word)
    if word[-2:].lower() in ("'s", "’s"):  # noqa: RUF001
        yield 0, len(word) - 2
    mark = re.search("['’]", word)  # noqa: RUF001
    if mark:
        yield mark.end(), len(word)
        yield 0, mark.start()


def _touch(text: str, end: int, start: int) -> bool:
    return _BETWEEN_PARTS.fullmatch(text, end, start) is not None


def _in_case_of(word: str, surrogate: str) -> str:
    if word.islower():
        return surrogate.lower()
    return surrogate.upper() if word.isupper() and len(word) > 1 else surrogate


@lru_cache(maxsize=4_096)
def _script(word: str) -> str:
    letter = next((sign for sign in word if sign.isalpha()), "a")
    return unicodedata.name(letter, "LATIN").split()[0]


@lru_cache(maxsize=1)
def _word_pattern() -> str:
    """Letters with the vowel signs and accents that cling to them, and apostrophes within."""
    marks = "".join(chr(code) for code in range(sys.maxunicode) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
    letter = rf"(?:[^\W\d_]|[{marks}\u200c\u200d])"
    return rf"{letter}+(?:['’]{letter}+)*"  # noqa: RUF001


@lru_cache(maxsize=1)
def _token_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?P<email>{_EMAIL})|(?P<phone>{_PHONE})|(?P<word>{_word_pattern()})")
