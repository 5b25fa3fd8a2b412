"""The subject line of an email that code places: the brief's own, else what the sender deals in, at the company.

"Flat and industrial roofs at Arkle Bridge Brewery" is what a person would type, goes with whatever the news is, and
says nothing that could be untrue.
"""

from __future__ import annotations

import re
from itertools import takewhile

from miniatures.agents.as_data import as_data
from miniatures.datamodel.brief import Brief

_MOST_WORDS, _MOST_CHARACTERS = 4, 40
"""Of what is dealt in: readers took longer lists for lines of a catalogue."""
_BETWEEN = re.compile(r", (?:and )?| and ")
_WORD = re.compile(r"[^\s,;:.()\u2013\u2014]+|[,;:.()\u2013\u2014]")
_NO_DEALING = {"has", "does", "goes", "was", "helps", "lets", "asks", "insures", "trains"}
"""Verbs whose object is not what the sender deals in."""
_JOINTS = {",", "and", "or"}
_PARTICLES = {"after", "up", "out", "over"}
_DETERMINERS = {"the", "all", "its", "their", "our", "your", "any"}
_NO_BEGINNING = {"a", "an", "every", "each", "both", "no", "some", "many", "inside"}
_CUSTOMERS = re.compile(
    r"\b(?:firms?|compan(?:y|ies)|customers?|exporters?|manufacturers?|makers?|\w+['\u2019]s?)(?!\w)"
)
_ENDS = re.compile(
    r"(?:of|for|from|with|who|whose|that|which|to|in|on|over|at|by|against|into|under|between|whenever|when|so|as"
    r"|without|across|through|abroad|together|within|until|before|after|while|where|because|if|not)|[^\w,].*"
)


def subject_line(brief: Brief, signal: str, company: str) -> str:
    """The brief's subject for such news, else one made of its offer, else the two companies."""
    company = as_data(company)
    if own := brief.subject_for(signal, company):
        return own
    dealt_in = dealt_in_by(brief.offer)
    return f"{dealt_in[0].upper()}{dealt_in[1:]} at {company}" if dealt_in else f"{brief.sender.company} and {company}"


def dealt_in_by(offer: str) -> str:
    """What stands after the verbs of "Slatewick surveys flat and industrial roofs with a drone", as it stands there.

    Empty where the offer is worded otherwise.
    """
    words = _WORD.findall(offer)
    named = len([*takewhile(lambda word: not word[0].islower(), words)])
    verbs = _verbs(words[named:], third_person=words[:1] not in (["We"], ["I"]))
    said = _object(words[named + verbs :])
    if not verbs or not said or said[0] in _NO_BEGINNING | _JOINTS:
        return ""
    short = _shortened(" ".join(said).replace(" ,", ","))
    return "" if _CUSTOMERS.search(short) else short


def _verbs(words: list[str], *, third_person: bool) -> int:
    """How many words the verbs take: "plans, builds and runs", "looks after"."""
    taken = 0
    while taken < len(words):
        joints = len([*takewhile(_JOINTS.__contains__, words[taken:])]) if taken else 0
        at = taken + joints
        if (taken and not joints) or at >= len(words) or not _is_verb(words[at], third_person):
            break
        taken = at + 1
        taken += taken < len(words) and words[taken] in _PARTICLES
    return taken


def _is_verb(word: str, third_person: bool) -> bool:
    return word[0].islower() and word not in _NO_DEALING and (word.endswith("s") or not third_person)


def _object(words: list[str]) -> list[str]:
    """What the verbs are about, up to what says where, how, for whom, or what else is done."""
    said: list[str] = []
    for place, word in enumerate(words):
        follows = words[place + 1] if place + 1 < len(words) else "."
        ends = follows in _JOINTS or _ENDS.fullmatch(follows) is not None
        does_more = said[-1:] in (["and"], [","]) and word.endswith("s") and not ends
        if _ENDS.fullmatch(word) or does_more:
            break
        if said or word not in _DETERMINERS:
            said.append(word)
    while said and said[-1] in _JOINTS:
        said.pop()
    return said


def _shortened(text: str) -> str:
    """The text, or of a long list the first thing, with the second where both are short.

    Of "training, medical and permit records" it is the last, which the others share their noun with.
    """
    if " and " not in text:
        text = " and ".join(text.rsplit(", ", 1))
    first, *others = _BETWEEN.split(text)
    if len(text.split()) <= _MOST_WORDS or not others:
        return text if len(text) <= _MOST_CHARACTERS else ""
    pair = text.partition(", ")[0]
    single = all(len(thing.split()) == 1 for thing in (first, *others[:-1]))
    if single and len(others[-1].split()) > 1 and not first.endswith("s"):
        return others[-1]
    both = pair if " and " in pair else f"{first} and {others[0]}"
    return both if len(both.split()) <= _MOST_WORDS and (pair == both or both.endswith("s")) else first
