"""The card of a miniature for people: what it is, where it came from, how good it was found, how to use it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from miniatures.datamodel.capabilities import Questions, Variant
from miniatures.datamodel.example import CHAT
from miniatures.datamodel.miniature import Comparison, MiniatureCard, Score
from miniatures.weights.catalog import checkpoint_name

_RESEARCHER, _WRITER = "researcher", "writer"


def card_markdown(card: MiniatureCard, *, has_curve: bool = False) -> str:
    """The card as a Markdown page; `has_curve` says that curve.png lies beside it."""
    sections = [
        _what(card),
        _readings(card),
        _lineage(card),
        _mapping("Recipe", card.recipe),
        _training(card, has_curve),
        _scores(card),
        _comparisons(card),
        _use(card),
        _limits(card),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _what(card: MiniatureCard) -> str:
    return (
        f"# {card.name} {card.version}\n\n"
        f"A trained miniature: `{card.base}` ({_parameters(card.base_parameters)} parameters, licence "
        f"{card.base_licence}) with an adapter of {card.adapter_bytes / 1e6:.1f} MB, {_purpose(card)}. "
        f"Made {card.created_at:%Y-%m-%d}."
    )


def _purpose(card: MiniatureCard) -> str:
    work = " and ".join(_work(card)) or "its roles"
    outreach = f"for the work of {work} in business-to-business outreach"
    if card.only_chats:
        return "for chats like those it was trained on"
    return f"{outreach}, and for chats like those it was trained on" if CHAT in card.roles else outreach


def _work(card: MiniatureCard) -> list[str]:
    """The roles that a campaign file may give it."""
    return [role for role in card.roles if role != CHAT]


def _readings(card: MiniatureCard) -> str:
    """What readers found, before anything that code counted."""
    columns = (
        "On",
        "Called ready, and read",
        "Fit to send as it stood",
        "After a small edit",
        "With a false statement",
    )
    numbers = [
        (each.on, *map(str, (each.ready, each.sent_as_it_stood, each.sent_after_an_edit, each.false_statement)))
        for each in card.readings
    ]
    caveat = "The check rates below were counted on cases of our own: they do not say how good a draft is."
    return f"{_table('What readers found', columns, numbers)}\n\n{caveat}" if numbers else ""


def _lineage(card: MiniatureCard) -> str:
    versions = ", ".join(f"{name} `{version}`" for name, version in sorted(card.prompt_versions.items()))
    asked = f"{versions or 'not recorded'} ({_variant(card)} variant)"
    return _table(
        "Lineage",
        ("What", "Which"),
        [
            ("base", f"`{card.base}`"),
            ("base weights, SHA-256", f"`{card.base_sha256}`"),
            ("adapter, SHA-256", f"`{card.adapter_sha256}`"),
            ("dataset manifest", f"`{card.dataset}`" if card.dataset else "not recorded"),
            ("prompts", "none: it learned chats" if card.only_chats else asked),
            ("taxonomy of news", f"`{card.taxonomy}`" if card.taxonomy else "not recorded"),
        ],
    )


def _variant(card: MiniatureCard) -> str:
    return Variant.PASSAGE if _is_reader(card) else card.trust.variant


def _training(card: MiniatureCard, has_curve: bool) -> str:
    section = _mapping("Training", card.training)
    picture = "![Loss by step, on the training and the validation split](curve.png)"
    return "\n\n".join(part for part in (section, picture if has_curve else "") if part)


def _scores(card: MiniatureCard) -> str:
    if not card.scores:
        return "## Check rates\n\nNot evaluated yet."
    rows = [
        (name, _share(score), f"{score.passed} of {score.total}", _interval(score))
        for name, score in card.scores.items()
    ]
    table = _table("Check rates", ("Measure", "Share", "Cases", "95 % interval (Wilson)"), rows)
    return f"{table}\n\nMeasured on the dataset `{card.evaluated_on or 'not recorded'}`."


def _comparisons(card: MiniatureCard) -> str:
    columns = ("Against", "Measure", "Cases", "Difference", "95 % interval (bootstrap over companies)", "p (McNemar)")
    return _table("Compared on the same cases", columns, list(map(_compared, card.comparisons)))


def _compared(each: Comparison) -> tuple[str, ...]:
    interval = f"{100 * each.low:+.1f} to {100 * each.high:+.1f}"
    difference = f"{100 * each.difference:+.1f} points"
    return f"`{each.against}`", each.measure, str(each.cases), difference, interval, f"{each.p_value:.3g}"


def _use(card: MiniatureCard) -> str:
    return f"""## How to use it

{_in_a_campaign(card) if _work(card) else _as_a_server(card)}

In Python: `open_backend("miniature:{card.name}@{card.version}")`.{"" if _is_reader(card) else _plain_peft(card)}"""


def _is_reader(card: MiniatureCard) -> bool:
    """Whether it judges sentences in their pages: an encoder of closed questions, which writes nothing."""
    return card.trust.questions is Questions.PASSAGE


def _in_a_campaign(card: MiniatureCard) -> str:
    roles = ", ".join(f"{role}: student" for role in _work(card))
    of_kinds = _RESEARCHER in card.roles and not _is_reader(card)
    asks = "\n\nAs a researcher it asks of the brief that each signal names its `kinds` of news." if of_kinds else ""
    return f"""In a campaign file:

```yaml
backends:
  student: {{use: "miniature:{card.name}@{card.version}"}}    # or {card.name}@live
roles: {{{roles}}}
```{asks}"""


def _as_a_server(card: MiniatureCard) -> str:
    return f"""Behind an OpenAI-compatible endpoint:

```sh
miniatures serve miniature:{card.name}@{card.version}
```"""


def _plain_peft(card: MiniatureCard) -> str:
    """Lines that load the adapter without this project: on the checkpoint, or on the GGUF where there is none."""
    name = checkpoint_name(card.base)
    folder, _, file = name.rpartition("/")
    of_gguf = name.endswith(".gguf")
    arguments = f'"{folder or "."}", gguf_file="{file}"' if of_gguf else f'"{name}"'
    return f"""

With plain PEFT, from the folder of this card:

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained({arguments})
model = PeftModel.from_pretrained(base, "adapter")
```"""


_DRAFTS = "- Its drafts are to be checked: unsupported claims are caught by code and by people, not by the model."
_CHOOSES = "- What it chooses is to be read: it errs about whose news a sentence tells and what was corrected."


def _limits(card: MiniatureCard) -> str:
    return f"""## Limits

{_knows(card)}
- It was tuned on exactly the base weights named above and is refused on others.
- The scores hold for data like the dataset named above. Languages, industries and lengths that it lacks were not
  measured.
{_CHOOSES if _is_reader(card) else _DRAFTS}
- The base's licence ({card.base_licence}) holds for the merged weights."""


def _knows(card: MiniatureCard) -> str:
    if card.only_chats:
        return "- It knows chats like those it was trained on, and nothing else. Nothing here measures how well."
    prompts = f"the prompts named above, in their {_variant(card)} variant"
    return f"""- It knows {prompts}, and nothing else: it is no general assistant.
- {_trusted(card)}"""


def _trusted(card: MiniatureCard) -> str:
    """One role after the other, then what the brief decides, as far as its roles read one."""
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


def _mapping(title: str, values: Mapping[str, Any]) -> str:
    return _table(title, ("Setting", "Value"), list(_flat(values)))


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", _shown(value)


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value)) if len(value) <= 12 else f"{len(value)} values"
    return "-" if value is None else str(value)


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Nothing without rows."""
    if not rows:
        return ""
    lines = [columns, tuple("---" for _ in columns), *rows]
    cells = ("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in line) + " |" for line in lines)
    return f"## {title}\n\n" + "\n".join(cells)


def _share(score: Score) -> str:
    return "-" if score.share is None else f"{100 * score.share:.1f} %"


def _interval(score: Score) -> str:
    return f"{100 * score.low:.1f} to {100 * score.high:.1f} %" if score.total else "-"


def _parameters(number: int) -> str:
    return f"{number / 1e9:.1f}B" if number >= 1_000_000_000 else f"{number / 1e6:.0f}M"
