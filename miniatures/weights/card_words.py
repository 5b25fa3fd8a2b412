"""What a miniature's card comes to in words: what it is for, what it may be trusted with, and how it is used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from miniatures.datamodel.capabilities import Questions, Variant
from miniatures.datamodel.example import CHAT
from miniatures.datamodel.miniature import MiniatureCard

_RESEARCHER, _WRITER = "researcher", "writer"


def purpose(card: MiniatureCard) -> str:
    """What it was trained for, in words that stand after `a miniature`."""
    work = " and ".join(work_of(card)) or "its roles"
    outreach = f"for the work of {work} in business-to-business outreach"
    if card.only_chats:
        return "for chats like those it was trained on"
    return f"{outreach}, and for chats like those it was trained on" if CHAT in card.roles else outreach


def work_of(card: MiniatureCard) -> list[str]:
    """The roles that a campaign file may give it."""
    return [role for role in card.roles if role != CHAT]


def variant_of(card: MiniatureCard) -> str:
    """Which rendering of its prompts it knows."""
    return Variant.PASSAGE if is_reader(card) else card.trust.variant


def is_reader(card: MiniatureCard) -> bool:
    """Whether it judges sentences in their pages: an encoder of closed questions, which writes nothing."""
    return card.trust.questions is Questions.PASSAGE


def campaign_lines(card: MiniatureCard) -> str:
    """What a campaign file says to give it its roles."""
    roles = ", ".join(f"{role}: student" for role in work_of(card))
    return f"""backends:
  student: {{use: "miniature:{card.name}@{card.version}"}}    # or {card.name}@live
roles: {{{roles}}}"""


def asks_for_kinds(card: MiniatureCard) -> bool:
    """Whether a brief's signals have to name their kinds of news for it."""
    return _RESEARCHER in card.roles and not is_reader(card)


_DRAFTS = "Its drafts are to be checked: unsupported claims are caught by code and by people, not by the model."
_CHOOSES = "What it chooses is to be read: it errs about whose news a sentence tells and what was corrected."


def limits(card: MiniatureCard) -> list[str]:
    """What it does not know and was not measured on, a sentence or two each."""
    return [
        *_knows(card),
        "It was tuned on exactly the base weights named above and is refused on others.",
        "The scores hold for data like the dataset named above. Languages, industries and lengths that it lacks were "
        "not\n  measured.",
        _CHOOSES if is_reader(card) else _DRAFTS,
        f"The base's licence ({card.base_licence}) holds for the merged weights.",
    ]


def _knows(card: MiniatureCard) -> list[str]:
    if card.only_chats:
        return ["It knows chats like those it was trained on, and nothing else. Nothing here measures how well."]
    prompts = f"the prompts named above, in their {variant_of(card)} variant"
    return [f"It knows {prompts}, and nothing else: it is no general assistant.", trusted(card)]


def trusted(card: MiniatureCard) -> str:
    """What it may be trusted with: one role after the other, then what the brief decides, as far as they read one."""
    trust = card.trust
    match trust.questions:
        case Questions.EACH:
            asked = "about each sentence alone"
        case Questions.PASSAGE:
            asked = "about each sentence in its page"
        case Questions.LIST:
            asked = "to choose out of a list"
    held = "is held to the names, numbers and length that its prompt gives" if trust.held else "writes freely"
    told = {_RESEARCHER: f"as a researcher it is asked {asked}", _WRITER: f"as a writer it {held}"}
    roles = "; ".join(told[role] for role in told if role in card.roles)
    parts = [
        f"{roles[:1].upper()}{roles[1:]}." if roles else "",
        f"A brief {'may' if trust.own_kinds else 'may not'} add kinds of news of its own.",
        f"It writes {', '.join(trust.languages) or 'any language'}." if _WRITER in card.roles else "",
    ]
    return " ".join(part for part in parts if part)


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Settings line by line: the dotted name, and the value in short."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) if len(value) <= 12 else f"{len(value)} values"
    return "-" if value is None else str(value)


def parameters(number: int) -> str:
    """A number of parameters as people say it."""
    return f"{number / 1e9:.1f}B" if number >= 1_000_000_000 else f"{number / 1e6:.0f}M"
