"""One brief, one prospect, one good email: the tests break one thing at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from miniatures.checks import CheckCase, run_checks
from miniatures.datamodel.brief import Brief, Sender, Signal
from miniatures.datamodel.check import CheckName, CheckResult
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect

NOW = datetime(2026, 6, 1, tzinfo=UTC)

BRIEF = Brief(
    offer="FrostWatch, wireless temperature sensors for cold stores",
    claims=(
        "Sensors report the temperature every 60 seconds.",
        "Customers cut energy costs by 18 percent on average.",
        "Installation takes two days without emptying the store.",
    ),
    audience="operations leads of cold storage companies",
    call_to_action="Ask for a 15-minute call next week.",
    links=("https://frostwatch.example/demo",),
    sender=Sender(
        name="Anna Berg",
        title="Account manager",
        company="FrostWatch",
        email="anna@frostwatch.example",
        postal_address="12 Harbour Road, Leith",
    ),
    signals=(
        Signal(
            name="expansion",
            describes="opened a new cold store, warehouse or distribution centre",
            kinds=("expansion",),
        ),
    ),
    background="FrostWatch was founded in 2015.",
)
PROSPECT = Prospect(
    email="maria.lopez@nordfrost.example",
    company="Nordfrost Logistics GmbH",
    first_name="María",
    last_name="López",
    title="Head of Operations",
    website="https://nordfrost.example",
)
QUOTE = "In March we opened a 7,200 m² cold store in Rotterdam with 24 loading docks."
SUBJECT = "Energy use in your Rotterdam cold store"
BODY = """Hi María,

I saw that Nordfrost opened a 7,200 m² cold store in Rotterdam in March. A store of that size uses a lot of energy.

Our sensors report the temperature every 60 seconds, and customers cut energy costs by 18 percent on average. \
Installation takes two days without emptying the store.

Would you be open to a 15-minute call next week?

Best regards,
Anna Berg
FrostWatch"""


def evidence(quote: str = QUOTE, **changes: object) -> Evidence:
    fields = {
        "quote": quote,
        "url": "https://nordfrost.example/news",
        "title": "News",
        "text_hash": "0" * 64,
        "fetched_at": NOW,
        "signal": "expansion",
    }
    return Evidence.model_validate(fields | changes)


CASE = CheckCase(prospect=PROSPECT, brief=BRIEF, evidence=(evidence(),), now=NOW, max_age_days=540)


def case(**changes: object) -> CheckCase:
    return replace(CASE, **changes)


def result(name: CheckName, *, body: str = BODY, subject: str = SUBJECT, case: CheckCase = CASE) -> CheckResult:
    report = run_checks(EmailText(subject=subject, body=body), case)
    return next(entry for entry in report.results if entry.name is name)


def swap_text(old: str, new: str) -> str:
    assert old in BODY
    return BODY.replace(old, new)
