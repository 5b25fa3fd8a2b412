"""The card of a miniature for people: what it is, where it came from, how good it was found, how to use it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from miniatures.datamodel.miniature import Comparison, MiniatureCard, Score
from miniatures.weights.card_words import (
    asks_for_kinds,
    campaign_lines,
    flat,
    is_reader,
    limits,
    parameters,
    purpose,
    variant_of,
    work_of,
)
from miniatures.weights.catalog import checkpoint_name


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
        f"A trained miniature: `{card.base}` ({parameters(card.base_parameters)} parameters, licence "
        f"{card.base_licence}) with an adapter of {card.adapter_bytes / 1e6:.1f} MB, {purpose(card)}. "
        f"Made {card.created_at:%Y-%m-%d}."
    )


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
    asked = f"{versions or 'not recorded'} ({variant_of(card)} variant)"
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

{_in_a_campaign(card) if work_of(card) else _as_a_server(card)}

In Python: `open_backend("miniature:{card.name}@{card.version}")`.{"" if is_reader(card) else _plain_peft(card)}"""


def _in_a_campaign(card: MiniatureCard) -> str:
    asks = "\n\nAs a researcher it asks of the brief that each signal names its `kinds` of news."
    return f"""In a campaign file:

```yaml
{campaign_lines(card)}
```{asks if asks_for_kinds(card) else ""}"""


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


def _limits(card: MiniatureCard) -> str:
    return "## Limits\n\n" + "\n".join(f"- {limit}" for limit in limits(card))


def _mapping(title: str, values: Mapping[str, Any]) -> str:
    return _table(title, ("Setting", "Value"), list(flat(values)))


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
