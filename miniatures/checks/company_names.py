"""Tells whether a text names a company, and tells its name from another's that only begins like it.

A company may be called by its whole name, by a part that a dash or a bracket sets off in it, or by its first word. One
word alone is taken for the company where nothing contradicts it: a nationality, a place, a given name or another word
that many companies share never stands alone; a capitalized word beside it that the company's name does not hold makes
it another's ("Nordfrost Seafood"), and so does a person's name or title before it ("Jane Mercer").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from miniatures.checks.names import is_headline
from miniatures.checks.unspaced_names import is_unspaced, names_unspaced
from miniatures.checks.vocabulary import COMMON_WORDS, NEVER_NAMES, is_ordinary
from miniatures.checks.word_list import listed_words, word_set
from miniatures.checks.words import bare, fold
from miniatures.datamodel.characters import nfc

_LEGAL_FORMS = frozenset(map(fold, listed_words("legal_forms")))
_FILLERS = _LEGAL_FORMS | word_set("co the and company group holding holdings z o und")
"""What says nothing anywhere in a name (AB Volvo); at its end, cleanco's longer list of legal forms says nothing."""
_GIVEN_NAMES = frozenset(map(fold, listed_words("given_names")))
_SHARED = listed_words("shared_first_words") | _GIVEN_NAMES
_COMPANY_NOUNS = listed_words("company_nouns")
_HONORIFICS = listed_words("honorifics")
_BESIDE_A_NAME = NEVER_NAMES | listed_words("offices") | listed_words("months") | listed_words("regions")
"""What may follow a company's name with a capital and is no part of a name."""
_PLACING = word_set("in at near around outside within im bei")
_NOUN_CAPITALS = word_set("der die das und den dem ein eine einen im mit für ist hat wird")
"""Words of a language that writes every noun with a capital, so that one before a name says nothing."""
_SHORTEST, _CASELESS = 4, 3
"""Letters: of the shortest first word that stands alone, and of the longest name that is matched as it is written."""
_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_DIGRAPH = re.compile("([aou])e")
_DOTS = re.compile(r"(?<=\b\w)\.(?=\w\b)|(?<=\b\w)\.$")
_PARTS = re.compile(r"\s+[-\u2013\u2014|/]\s+|\s*[()]\s*")
_SENTENCE_BREAK = re.compile(r"[.!?:;\n\r\u2022|]")
_YEAR = re.compile(r"(?:19|20)\d\d")
_JOINT = re.compile(r"[ \u00a0]|[-\u2010\u2011]|[ \u00a0]?[&+][ \u00a0]?")


@lru_cache(maxsize=4_096)
def company_names(company: str) -> tuple[str, ...]:
    """Folded names that stand for the company: the whole without its legal form, then what is short for it."""
    base = _DOTS.sub("", _without_legal_form(nfc(company)))
    core = _core(base)
    if not core:
        return (fold(company),)
    short = [_without_numbers(core), _first_unit(base, core), *map(_core, _PARTS.split(base))] if len(core) > 1 else []
    return tuple(dict.fromkeys([" ".join(core), *(" ".join(words) for words in short if _is_distinctive(words))]))


def company_key(company: str) -> str:
    """The name that two spellings of one company share: folded, without its legal form. Depot 4 is not Depot 7."""
    return company_names(company)[0]


def names_company(text: str, company: str) -> bool:
    """Whether the text names the company, whole words only."""
    if is_unspaced(company):
        return names_unspaced(text, company)
    return any(_mentions(text, company))


def look_alikes(text: str, company: str) -> Iterator[str]:
    """The names in a text that begin like the company's and go on otherwise: Nordic Seafood for Nordic Foods."""
    own = _words(company)
    words = _words_in(text)
    for place, (word, after) in enumerate(pairwise(words)):
        if len(own) > 1 and word.folded == own[0] and word.is_capitalized and _goes_on(text, words, place, company):
            yield text[word.start : after.end]


@dataclass(frozen=True, slots=True)
class _Word:
    """One word of a text: folded without its possessive, as it is written, and where."""

    folded: str
    written: str
    start: int
    end: int

    @property
    def is_capitalized(self) -> bool:
        return self.written[0].isupper()

    @property
    def is_lower_case(self) -> bool:
        return self.written == self.written.lower()


def _mentions(text: str, company: str) -> Iterator[bool]:
    """For each place where one of the company's names stands, whether it stands for the company."""
    words = _words_in(text)
    sought = [name.split() for name in company_names(company) if name]
    place = 0
    while place < len(words):
        name = next((name for name in sought if _stands_at(name, words, place, company)), None)
        if name is not None and name != sought[0] and _has_another_number(text, words, place + len(name), company):
            yield False
        elif name is not None:
            yield len(name) > 1 or not (
                _is_anothers(text, words, place, company)
                or (name != sought[0] and _is_of_another_form(words, place, company))
            )
        place += len(name) if name is not None else 1


def _stands_at(name: Sequence[str], words: Sequence[_Word], place: int, company: str) -> bool:
    written = words[place : place + len(name)]
    if written[0].folded[:1] != name[0][:1] or not _are_all_alike(name, [word.folded for word in written]):
        return False
    if len(name) == 1 and written[0].is_lower_case and not any(word.is_lower_case for word in _words_in(company)):
        return False
    if any(len(part) > _CASELESS and not is_ordinary(part) and part not in _SHARED for part in name):
        return True
    return company.islower() or not all(word.is_lower_case for word in written)


def _are_all_alike(name: Sequence[str], written: Sequence[str]) -> bool:
    """Word for word, the last perhaps in a genitive without apostrophe: Nordfrosts neue Halle."""
    ending = f"{name[-1]}s"
    return len(name) == len(written) and all(
        _are_alike(one, other) or (one is name[-1] and other == ending and not is_ordinary(other))
        for one, other in zip(name, written, strict=True)
    )


def _are_alike(one: str, other: str) -> bool:
    """Whether two folded words are one, umlauts perhaps in two letters: Mueller, Müller."""
    return one == other or (len(one) >= _SHORTEST and _DIGRAPH.sub(r"\1", one) == _DIGRAPH.sub(r"\1", other))


def _is_anothers(text: str, words: Sequence[_Word], place: int, company: str) -> bool:
    """Whether the word at this place belongs to a longer name of somebody else."""
    return _is_persons(text, words, place, company) or _goes_on(text, words, place, company)


def _goes_on(text: str, words: Sequence[_Word], place: int, company: str) -> bool:
    """Whether the word after it makes a longer name that the company's does not hold."""
    word, after = words[place], words[place + 1] if place + 1 < len(words) else None
    own = _own(company)
    is_genitive = _is_possessive(word) or (word.folded not in own and word.folded[:-1] in own)
    if after is None or is_genitive or not _JOINT.fullmatch(text[word.end : after.start]):
        return False
    sentence = _sentence_around(text, word)
    if text[word.end] == "-" and after.folded not in _COMPANY_NOUNS and not _NOUN_CAPITALS.isdisjoint(_words(sentence)):
        return False
    return _continues_a_name(after, sentence, own)


def _has_another_number(text: str, words: Sequence[_Word], after: int, company: str) -> bool:
    """Whether the word after the short name is a number, and the company's own name has another one."""
    numbers = {word for word in _words(company) if word.isdigit()}
    if not numbers or after >= len(words) or not _JOINT.fullmatch(text[words[after - 1].end : words[after].start]):
        return False
    number = words[after].folded
    return number.isdigit() and number not in numbers and not _YEAR.fullmatch(number)


def _is_of_another_form(words: Sequence[_Word], place: int, company: str) -> bool:
    """Whether a legal form follows the short name, and the company, which states one, has another: Shell plc."""
    after = words[place + 1] if place + 1 < len(words) else None
    own = set(_words(company))
    if after is None or after.folded not in _LEGAL_FORMS or own.isdisjoint(_LEGAL_FORMS) or after.folded in own:
        return False
    return after.is_capitalized or after.folded in {"plc", "gmbh"}


def _is_persons(text: str, words: Sequence[_Word], place: int, company: str) -> bool:
    """Whether the word before is a title or a first name, so that this one is somebody's last name."""
    before = words[place - 1] if place else None
    if before is None or before.folded in _own(company) or not before.is_capitalized or _is_possessive(before):
        return False
    between = text[before.end : words[place].start]
    if before.folded in _HONORIFICS:
        return between in {" ", ". "}
    if not _JOINT.fullmatch(between):
        return False
    if before.folded in _GIVEN_NAMES:
        return True
    if before.folded in _SHARED or before.folded in _BESIDE_A_NAME or is_ordinary(before.folded):
        return False
    around = words[max(0, place - 12) : place + 12]
    first = place < 2 or words[place - 2].end + 1 < before.start or words[place - 2].folded in _PLACING
    return not first and _NOUN_CAPITALS.isdisjoint(word.written.lower() for word in around)


def _continues_a_name(after: _Word, sentence: str, own: frozenset[str]) -> bool:
    if not after.is_capitalized or after.folded in own or after.folded in _BESIDE_A_NAME:
        return False
    return after.folded in _COMPANY_NOUNS or not (is_headline(sentence) and is_ordinary(after.folded))


def _is_possessive(word: _Word) -> bool:
    return word.written.lower().endswith(("'s", "\u2019s"))


def _sentence_around(text: str, word: _Word) -> str:
    breaks = [match.end() for match in _SENTENCE_BREAK.finditer(text, max(0, word.start - 120), word.start)]
    end = _SENTENCE_BREAK.search(text, word.end, word.end + 120)
    return text[breaks[-1] if breaks else max(0, word.start - 120) : end.start() if end else word.end + 120].strip()


@lru_cache(maxsize=4_096)
def _own(company: str) -> frozenset[str]:
    return frozenset(_words(company)) | _FILLERS


def _words_in(text: str) -> list[_Word]:
    return [_Word(bare(match[0]), match[0], match.start(), match.end()) for match in _WORD.finditer(text)]


def _words(text: str) -> list[str]:
    return [bare(word) for word in _WORD.findall(text)]


def _core(name: str) -> list[str]:
    """The words that say something; all of them if only numbers do, as in Group 4."""
    words = _words(name)
    core = [word for word in words if word not in _FILLERS]
    return core if _without_numbers(core) else words


def _without_numbers(words: Sequence[str]) -> list[str]:
    return [word for word in words if not word.isdigit()]


def _first_unit(name: str, core: Sequence[str]) -> list[str]:
    """The words up to the first space, of which a hyphen makes several: Coca-Cola is one unit."""
    units = (_words(unit) for unit in name.split())
    return next((unit for unit in units if core[0] in unit), [])


def _is_distinctive(words: Sequence[str]) -> bool:
    if len(words) > 1:
        return any(word not in _SHARED and not is_ordinary(word) for word in words)
    if words and words[0].upper() == words[0]:  # Without capitals nothing tells whether the name goes on.
        return False
    return bool(words) and len(words[0]) >= _SHORTEST and words[0] not in _SHARED and not is_ordinary(words[0])


def _without_legal_form(company: str) -> str:
    """Lumerick A/S is Lumerick; but Simple Private is not Simple, which would be named everywhere."""
    from cleanco import basename

    core = str(basename(company))
    return company if not core or fold(core) in COMMON_WORDS else core
