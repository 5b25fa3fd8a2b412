"""The author's own thought is found between the news and the offer, and nothing else is taken for it."""

from __future__ import annotations

from datetime import UTC, datetime

from miniatures.checks import CheckCase
from miniatures.datamodel.brief import Brief
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect
from miniatures.finetune.gold.bridges import bridge

BRIEF = Brief.model_validate(
    {
        "offer": "Breckan installs battery standby power for sites where a short outage spoils stock.",
        "claims": ["The batteries take over in 9 milliseconds, before a compressor notices."],
        "call_to_action": "Would you have 20 minutes for a call about your load?",
        "sender": {
            "name": "Kerttu Aro",
            "company": "Breckan",
            "email": "kerttu@breckan.example",
            "postal_address": "Breckan Ltd, 1 Quay, Hull",
        },
        "signals": [{"name": "contract", "describes": "a customer won"}],
    }
)
QUOTE = Evidence(
    quote="From 5 January 2027 Humberstead will hold the yoghurt stock of a northern grocer at Immingham.",
    url="https://humberstead.example/news",
    text_hash="0",
    fetched_at=datetime(2026, 11, 22, tzinfo=UTC),
    signal="contract",
)
CASE = CheckCase(
    prospect=Prospect(email="g@humberstead.example", company="Humberstead", first_name="Gareth"),
    brief=BRIEF,
    evidence=(QUOTE,),
)
NEWS = "From 5 January 2027 Humberstead will hold the yoghurt stock of a northern grocer at Immingham."
REST = """Breckan's batteries take over in 9 milliseconds, before a compressor notices.

Would you have 20 minutes for a call about your load?

Best regards,
Kerttu Aro
Breckan"""


def test_the_thought_after_the_news_is_the_bridge() -> None:
    thought = "As stock goes, this kind does not forgive a warm evening."
    assert bridge(EmailText(subject="x", body=f"Hello Gareth,\n\n{NEWS} {thought}\n\n{REST}"), CASE) == thought


def test_an_email_without_a_thought_has_none() -> None:
    assert bridge(EmailText(subject="x", body=f"Hello Gareth,\n\n{NEWS}\n\n{REST}"), CASE) == ""


def test_what_stands_before_the_news_is_no_bridge() -> None:
    before = "Chilled goods keep nobody waiting on a warm evening."
    assert bridge(EmailText(subject="x", body=f"Hello Gareth,\n\n{before} {NEWS}\n\n{REST}"), CASE) == ""
