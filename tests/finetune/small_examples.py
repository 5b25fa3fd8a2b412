"""Makes writer's examples that differ in what a test is about: company, words, who stands behind them."""

from __future__ import annotations

import random

from miniatures.datamodel.example import Example, Source
from tests.checks.cases import BRIEF

WORDS = "amber basalt cedar delta ember flint garnet hazel indigo jasper kelp lichen marble nectar onyx pearl".split()  # noqa: SIM905


def body(number: int) -> str:
    chance = random.Random(number)
    return " ".join(chance.choice(WORDS) for _ in range(30))


def firm(number: int) -> str:
    """A company's name; numbers alone would not tell two apart."""
    return f"{WORDS[number % 16]} {WORDS[number // 16]} Works".title()


def example(company: str, text: str, source: Source = Source.CHECKED, rejected: str | None = None) -> Example:
    prospect = {"first_name": "Adwoa", "last_name": "Mensah", "title": "", "company": company}
    return Example(
        role="writer",
        variables={
            "brief": BRIEF.model_dump(mode="json"),
            "prospect": prospect,
            "quotes": [{"number": 1, "signal": "expansion", "text": "A quote."}],
            "reasons": [],
            "previous": None,
        },
        answer={"subject": "News", "body": text},
        company=company,
        source=source,
        lineage=(f"trace:{company}",),
        rejected=None if rejected is None else {"subject": "News", "body": rejected},
    )
