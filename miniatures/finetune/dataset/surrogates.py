"""Replaces contacts' names, addresses and telephone numbers (pseudonymization), so that no model memorizes a person.

Each word of a name has one surrogate, drawn by a secret: the same person is the same stranger in every example,
whatever the order, and nobody without the secret can try out who it may be. The sender stays who they are, and so does
the company. A name that is an everyday word as well (May, Grace), or that the brief or the company carries too (Miller
of Miller Bakery), is replaced only where it plainly means the person: in the greeting, beside another part of the name,
or after a title such as Ms. Third persons, whom a quote or a sentence names and no list of prospects, stay; with the
extra `anonymize`, `dataset build --mask-people` masks them (see people.py).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from miniatures.checks.company_names import company_key
from miniatures.checks.words import fold
from miniatures.datamodel.example import Example
from miniatures.datamodel.json_types import StructuredAnswer
from miniatures.datamodel.keyed_hash import keyed_hash
from miniatures.finetune.dataset.contact_details import EMAIL, PHONE, surrogate_email, surrogate_phone
from miniatures.finetune.dataset.name_words import (
    cuts,
    in_case_of,
    is_everyday,
    is_unspaced,
    keys,
    name_parts,
    script,
    touch,
    word_pattern,
    words_in,
)
from miniatures.finetune.dataset.surrogate_names import FAMILY, GIVEN, HONORIFICS

_GREETING = re.compile(r"\s*[^\n,:;!.?。，！]{1,80}")  # noqa: RUF001
_TEXT_FIELDS = ("quotes", "sentences")


@dataclass(frozen=True)
class Contact:
    """A person who must not be memorized."""

    first_name: str
    last_name: str
    company: str


class Surrogates:
    """The replacement of everybody in `contacts`, who are found in all examples about their company."""

    def __init__(self, contacts: Iterable[Contact], secret: bytes) -> None:
        self._secret = secret
        self._of_company: dict[str, set[Contact]] = defaultdict(set)
        self._originals: set[str] = set()
        for contact in contacts:
            self._of_company[company_key(contact.company)].add(contact)
            for word in name_parts(f"{contact.first_name} {contact.last_name}"):
                self._originals |= keys(word)
        self._known: dict[tuple[str, str], str] = {}

    def replace(self, example: Example) -> Example:
        """The same example about strangers; `company`, by which datasets are split, stays."""
        own = _contact_of(example)
        others = sorted(self._of_company[company_key(example.company)], key=str)
        table = _Table(self.surrogate, _guarded(example))
        for contact in ([own] if own else []) + [other for other in others if other != own]:
            table.add(contact)
        replacement = _Replacement(table, example.variables.get("brief") or {}, self._secret)
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
        if len(word) == 1 and not is_unspaced(word):
            letters = [chr(letter) for letter in range(ord("A"), ord("Z") + 1) if chr(letter) != word.upper()]
            return min(letters, key=lambda letter: keyed_hash(self._secret, f"{fold(word)} {letter}"))
        lists = GIVEN if kind == "given" else FAMILY
        names = lists.get(script(word), lists["LATIN"])
        free = [name for name in names if keys(name).isdisjoint(self._originals)]
        pool = free or [name for name in lists["LATIN"] if fold(name) != fold(word)]
        return min(pool, key=lambda name: keyed_hash(self._secret, f"{kind} {fold(word)} {name}"))


class _Table:
    """What stands for each word of the names in one example, by the word's folded spellings."""

    def __init__(self, surrogate: Callable[[str, str], str], guarded: frozenset[str]) -> None:
        self._surrogate = surrogate
        self._guarded = guarded
        self._by_key: dict[str, str] = {}
        self.joined: dict[str, str] = {}

    def add(self, contact: Contact) -> None:
        """Take in the words of a name; of two people with one name the first decides what it is.

        A whole name in a script without spaces stands within a run of letters, family name first.
        """
        for name, kind in ((contact.first_name, "given"), (contact.last_name, "family")):
            for word in name_parts(name):
                for key in keys(word):
                    self._by_key.setdefault(key, self._surrogate(word, kind))
                if is_unspaced(word) and len(word) > 1:
                    self.joined.setdefault(word, self._surrogate(word, kind))
        family, given = self.find(contact.last_name), self.find(contact.first_name)
        if family and given and is_unspaced(contact.last_name):
            self.joined[contact.last_name + contact.first_name] = family + given

    def find(self, word: str) -> str | None:
        return self._by_key.get(fold(word))

    def is_guarded(self, word: str) -> bool:
        """Whether the word alone may mean something else than the person."""
        folded = fold(word)
        return folded in self._guarded or is_everyday(folded) or len(word) == 1 or word.islower()

    def is_everyday(self, word: str) -> bool:
        """Whether in this spelling it is rather the word than the name."""
        return word.islower() and is_everyday(fold(word))


@dataclass(frozen=True)
class _Word:
    """A word of a text and where it stands; of a name, without what clings to it, and with what it becomes."""

    start: int
    end: int
    text: str
    surrogate: str | None = None


class _Replacement:
    """Rewrites the texts of one example; the brief's addresses and numbers stay, and its sender's whole name."""

    def __init__(self, table: _Table, brief: Mapping[str, Any], secret: bytes) -> None:
        self._table = table
        self._kept = fold(str(brief))
        self._kept_digits = re.sub(r"\D", "", self._kept)
        self._sender = re.compile(re.escape(str(brief.get("sender", {}).get("name", ""))) or r"(?!)")
        self._secret = secret

    def name(self, text: str) -> str:
        """A field that holds nothing but a name."""
        return self.text(text, greeting=len(text))

    def body(self, text: str) -> str:
        """An email's body, whose first line greets."""
        opening = _GREETING.match(text)
        return self.text(text, greeting=opening.end() if opening else 0)

    def text(self, text: str, greeting: int = 0) -> str:
        """Running text; up to `greeting` every name means a person."""
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
        words: list[_Word] = []
        senders = [found.span() for found in self._sender.finditer(text, greeting)]
        for match in _token_pattern().finditer(text):
            if match.lastgroup == "word":
                is_sender = any(start <= match.start() < end for start, end in senders)
                words.append(_Word(*match.span(), match[0]) if is_sender else self._word(match))
                continue
            new = self._address(match[0]) if match.lastgroup == "email" else self._number(match[0])
            changes.append((match.start(), match.end(), new))
        for before, word, after in zip([None, *words], words, [*words[1:], None], strict=False):
            if word.surrogate and (word.end <= greeting or self._means_person(text, before, word, after)):
                changes.append((word.start, word.end, in_case_of(word.text, word.surrogate)))
        return sorted(changes)

    def _word(self, match: re.Match[str]) -> _Word:
        """The part of the word that is a name: all of it, or without a possessive ending or an elided article."""
        for start, end in cuts(match[0]):
            surrogate = self._table.find(match[0][start:end])
            if surrogate is not None:
                return _Word(match.start() + start, match.start() + end, match[0][start:end], surrogate)
        return _Word(*match.span(), match[0])

    def _means_person(self, text: str, before: _Word | None, word: _Word, after: _Word | None) -> bool:
        if not self._table.is_guarded(word.text):
            return True
        if self._table.is_everyday(word.text):
            return False
        if before and (before.surrogate or fold(before.text) in HONORIFICS) and touch(text, before.end, word.start):
            return True
        return bool(after and after.surrogate and touch(text, word.end, after.start))

    def _address(self, email: str) -> str:
        return email if fold(email) in self._kept else surrogate_email(email, self._secret)

    def _number(self, phone: str) -> str:
        kept = re.sub(r"\D", "", phone) in self._kept_digits
        return phone if kept else surrogate_phone(phone, self._secret)


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
        titles = {key: replacement.text(text) for key, text in variables["prospect"].items() if key == "title"}
        changed["prospect"] = {**variables["prospect"], **names, **titles}
    for field in _TEXT_FIELDS:
        if field in variables:
            changed[field] = [{**item, "text": replacement.text(item["text"])} for item in variables[field]]
    if variables.get("previous"):
        changed["previous"] = _answer(variables["previous"], replacement)
    if variables.get("earlier"):
        changed["earlier"] = [email | _texts_of(email, replacement) for email in variables["earlier"]]
    if variables.get("reasons"):
        changed["reasons"] = [replacement.text(reason) for reason in variables["reasons"]]
    return changed


def _texts_of(email: dict[str, Any], replacement: _Replacement) -> dict[str, str]:
    """An earlier email's texts; its day stays."""
    return {"subject": replacement.text(email["subject"]), "body": replacement.body(email["body"])}


def _answer(answer: StructuredAnswer | None, replacement: _Replacement) -> StructuredAnswer | None:
    if answer is None:
        return None
    return {
        key: value if not isinstance(value, str) else (replacement.body if key == "body" else replacement.text)(value)
        for key, value in answer.items()
    }


def _guarded(example: Example) -> frozenset[str]:
    """Folded words of the brief and the company."""
    texts = (*strings_in(example.variables.get("brief", {})), example.company)
    return frozenset(fold(word) for text in texts for word in words_in(text))


def strings_in(value: Any) -> Iterable[str]:
    """Every text within a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from strings_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from strings_in(one)


@lru_cache(maxsize=1)
def _token_pattern() -> re.Pattern[str]:
    return re.compile(rf"(?P<email>{EMAIL})|(?P<phone>{PHONE})|(?P<word>{word_pattern()})")
