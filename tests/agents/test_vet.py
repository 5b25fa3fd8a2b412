"""A verifier of statements decides, with the checks, whether what a writer told is ready, and which sample is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from miniatures.agents.context import CampaignContext
from miniatures.agents.seats import Seats
from miniatures.agents.verify import build_verify_graph
from miniatures.agents.write import build_write_graph
from miniatures.backends.base import Backend
from miniatures.datamodel.backend import BackendIdentity, Price
from miniatures.datamodel.campaign import WritingSettings
from miniatures.datamodel.capabilities import READER, TELLER, Capabilities, Grammar, Trust
from miniatures.datamodel.check import CheckName, CheckResult, Outcome
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.errors import InputError
from tests.agents.scene import GOOD_EMAIL, MemoryLedger, context, scripted
from tests.agents.scene import ScriptedBackend as Scripted
from tests.checks.cases import BRIEF, PROSPECT, evidence

DOSSIER = Dossier(status=DossierStatus.FOUND, facts=(evidence(),))
OPENING = "Nordfrost has opened a 7,200 m² cold store with 24 loading docks in Rotterdam."
THOUGHT = "More doors, more alarms."
SUBJECT = "The new store in Rotterdam"
PRICE = Price(input_per_million=0, output_per_million=1_000)


class Doubter(Backend):
    """Finds statements with a word of its list supported by that much, and all others surely."""

    doubts: dict[str, float]
    asked: list[str] = []

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        statement = messages[-1].text.partition("\n")[0]
        self.asked.append(statement)
        sure = next((share for word, share in self.doubts.items() if word in statement), 0.95)
        shares = {"truth": {"supported": sure, "distorted": 1 - sure}, "form": {"good": 1.0}}
        words = {field: max(told, key=told.__getitem__) for field, told in shares.items()}
        usage = {"input_tokens": 10, "output_tokens": 1, "total_tokens": 11}
        message = AIMessage(
            content=json.dumps(words),
            usage_metadata=usage,
            response_metadata={"model_name": "doubter", "shares": shares},
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        return self._generate(messages, **options)


def doubter(doubts: dict[str, float]) -> Doubter:
    identity = BackendIdentity(provider="test", model="doubter")
    capabilities = Capabilities().with_trust(READER)
    return Doubter(identity=identity, capabilities=capabilities, price=PRICE, doubts=doubts, asked=[])


def telling(**changes: Any) -> str:
    said = {"reason": "good", "opening": OPENING, "thought": THOUGHT, "claim": 1, "subject": SUBJECT}
    return json.dumps(said | changes)


def teller(*answers: str) -> Scripted:
    writer = scripted(*answers, trust=TELLER)
    writer.capabilities = Capabilities(grammar=Grammar.GROUNDED).with_trust(TELLER)
    return writer


def given(writer: Backend, verifier: Backend, **changes: Any) -> CampaignContext:
    brief = BRIEF.model_copy(update={"length": BRIEF.length.model_copy(update={"min_words": 10})})
    models = {"writer": Seats(writer), "verifier": verifier}
    return context(models=models, brief=brief, write=WritingSettings(rewrites=0), **changes)


async def written(setting: CampaignContext) -> Draft:
    graph = build_write_graph().compile()
    return (await graph.ainvoke({"prospect": PROSPECT, "dossier": DOSSIER}, context=setting))["draft"]


def vetted(draft: Draft) -> CheckResult:
    return next(one for one in draft.checks if one.name is CheckName.VETTED)


async def test_each_statement_is_read_and_none_is_doubted() -> None:
    verifier = doubter({})
    draft = await written(given(teller(telling()), verifier))
    assert verifier.asked == [OPENING, THOUGHT, SUBJECT]
    assert [(one.part, one.sure) for one in draft.vetted] == [("opening", 0.95), ("thought", 0.95), ("subject", 0.95)]
    assert draft.status is DraftStatus.READY
    assert draft.opinion is None
    assert draft.bill.usage.output_tokens == 13


async def test_a_doubted_statement_is_for_a_person_and_is_named() -> None:
    draft = await written(given(teller(telling()), doubter({"alarms": 0.2})))
    assert draft.status is DraftStatus.NEEDS_REVIEW
    assert [one.name for one in draft.failed_checks] == [CheckName.VETTED]
    doubt = f"the verifier doubts the thought “{THOUGHT}”: likeliest distorted, supported with 0.20"
    assert vetted(draft).reason == doubt


async def test_of_samples_that_fail_no_check_the_surest_is_kept() -> None:
    other = telling(thought="Few alarms are worth a drive.")
    setting = given(teller(telling(), other, telling()), doubter({"More doors": 0.4, "Few alarms": 0.9}))
    setting = CampaignContext(**{**vars_of(setting), "write": WritingSettings(rewrites=0, samples=3)})
    draft = await written(setting)
    assert "Few alarms" in draft.body
    assert draft.status is DraftStatus.READY


def vars_of(setting: CampaignContext) -> dict[str, Any]:
    fields = ("models", "brief", "search", "now")
    return {name: getattr(setting, name) for name in fields}


async def test_an_edited_draft_is_read_again() -> None:
    setting = given(teller(telling()), doubter({"9,900": 0.1}))
    draft = await written(setting)
    edited = draft.model_copy(update={"body": draft.body.replace("7,200", "9,900")})
    graph = build_verify_graph().compile()
    state = {"prospect": PROSPECT, "dossier": DOSSIER, "draft": edited}
    again = (await graph.ainvoke(state, context=setting))["draft"]
    assert not vetted(again).passed
    assert again.status is DraftStatus.NEEDS_REVIEW


async def test_an_email_that_is_no_longer_told_is_not_passed_over() -> None:
    setting = given(teller(telling()), doubter({}))
    draft = await written(setting)
    edited = draft.model_copy(update={"body": draft.body.replace(BRIEF.offer, "We sell what you need.")})
    graph = build_verify_graph().compile()
    state = {"prospect": PROSPECT, "dossier": DOSSIER, "draft": edited}
    again = (await graph.ainvoke(state, context=setting))["draft"]
    assert vetted(again).outcome is Outcome.NOT_RUN
    assert again.status is DraftStatus.NEEDS_REVIEW
    assert again.vetted == ()


async def test_what_was_read_is_remembered() -> None:
    verifier, ledger = doubter({}), MemoryLedger()
    setting = given(teller(telling()), verifier, ledger=ledger)
    first, second = await written(setting), await written(setting)
    assert first.vetted == second.vetted
    assert len(verifier.asked) == 3
    assert "vet" in ledger.recalled


async def test_what_the_verifier_gives_no_answer_on_is_not_supported() -> None:
    mute = scripted("perhaps", trust=READER)
    draft = await written(given(teller(telling()), mute))
    assert "likeliest unread" in vetted(draft).reason


@pytest.mark.parametrize("trust", [None, Trust()])
def test_with_a_writer_that_tells_no_news_it_has_nothing_to_read(trust: Trust | None) -> None:
    models = {"verifier": doubter({})} | ({} if trust is None else {"writer": scripted(GOOD_EMAIL, trust=trust)})
    with pytest.raises(InputError, match="reads the sentences in which a writer tells the news"):
        context(models=models)
