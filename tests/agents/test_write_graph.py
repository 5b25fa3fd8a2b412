"""Writing retries with the reasons, falls back once, keeps the best, and adds up what it cost."""

from __future__ import annotations

import json

import pytest

from miniatures import build_verify_graph, build_write_graph
from miniatures.agents.seats import Seats
from miniatures.agents.write import declined
from miniatures.backends.base import Backend
from miniatures.backends.errors import ServerFailed
from miniatures.datamodel.backend import Price
from miniatures.datamodel.campaign import WritingSettings
from miniatures.datamodel.capabilities import TELLER, Trust, Variant
from miniatures.datamodel.check import CheckName, Outcome
from miniatures.datamodel.dossier import Dossier, DossierStatus
from miniatures.datamodel.draft import Draft, DraftStatus
from miniatures.datamodel.errors import InputError
from tests.agents.scene import BAD_EMAIL, GOOD_EMAIL, WORSE_EMAIL, context, scripted
from tests.checks.cases import BODY, PROSPECT, QUOTE, SUBJECT, evidence

DOSSIER = Dossier(status=DossierStatus.FOUND, facts=(evidence(),))
PRICE = Price(input_per_million=1_000, output_per_million=10_000)


async def write(writer: Backend, *, fallback: Backend | None = None, dossier: Dossier = DOSSIER, **settings) -> Draft:
    given = context(models={"writer": Seats(writer, fallback=fallback)}, write=WritingSettings(**settings))
    graph = build_write_graph().compile()
    return (await graph.ainvoke({"prospect": PROSPECT, "dossier": dossier}, context=given))["draft"]


async def test_a_good_first_draft_is_ready():
    draft = await write(scripted(GOOD_EMAIL, price=PRICE))
    assert (draft.status, draft.attempts, draft.backend) == (DraftStatus.READY, 1, "test:scripted")
    assert (draft.subject, draft.body) == (SUBJECT, BODY)
    assert draft.evidence[0].quote == QUOTE
    assert draft.statements
    assert draft.bill.usage.total_tokens == 110
    assert draft.bill.cost_usd == pytest.approx(0.2)


async def test_a_failing_draft_is_written_again_with_its_reasons():
    writer = scripted(BAD_EMAIL, GOOD_EMAIL, price=PRICE)
    draft = await write(writer)
    assert (draft.status, draft.attempts) == (DraftStatus.READY, 2)
    prompt = writer.calls[1]["messages"][-1].text
    assert "9,900" in prompt
    assert "which neither the brief nor a quote carries" in prompt
    assert draft.bill.usage.total_tokens == 220
    assert draft.bill.cost_usd == pytest.approx(0.4)
    assert "temperature" not in writer.calls[0]
    assert writer.calls[1]["temperature"] > 0


async def test_a_malformed_answer_is_an_attempt_that_fails_the_schema_check():
    draft = await write(scripted("not JSON"), rewrites=0)
    assert (draft.status, draft.attempts, draft.body) == (DraftStatus.NEEDS_REVIEW, 1, "")
    assert draft.checks[0].name is CheckName.SCHEMA
    assert "JSON" in draft.checks[0].reason
    assert {check.outcome for check in draft.checks[1:]} == {Outcome.NOT_RUN}


async def test_the_fallback_is_asked_once_without_the_failed_text():
    writer, fallback = scripted(BAD_EMAIL), scripted(GOOD_EMAIL, name="teacher")
    draft = await write(writer, fallback=fallback, rewrites=2)
    assert (draft.status, draft.attempts, draft.backend) == (DraftStatus.READY, 4, "test:teacher")
    assert (len(writer.calls), len(fallback.calls)) == (3, 1)
    assert "9,900" not in fallback.calls[0]["messages"][-1].text


async def test_when_nothing_helps_the_best_is_kept_for_a_person():
    draft = await write(scripted(BAD_EMAIL, WORSE_EMAIL), fallback=scripted(WORSE_EMAIL, name="teacher"))
    assert (draft.status, draft.attempts, draft.backend) == (DraftStatus.NEEDS_REVIEW, 3, "test:scripted")
    assert "9,900" in draft.body
    assert draft.bill.cost_usd is None


async def test_of_several_samples_the_best_is_kept_and_each_is_seeded():
    writer = scripted(WORSE_EMAIL, "nonsense", GOOD_EMAIL, BAD_EMAIL)
    draft = await write(writer, samples=4)
    assert (draft.status, draft.attempts, draft.body) == (DraftStatus.READY, 1, BODY)
    assert draft.bill.usage.total_tokens == 440
    assert len({call.get("seed") for call in writer.calls}) == 4


async def test_of_equal_samples_the_first_is_kept():
    twin = json.dumps({"subject": "Another subject about Rotterdam", "body": BODY})
    draft = await write(scripted(twin, GOOD_EMAIL), samples=2)
    assert draft.subject == "Another subject about Rotterdam"


@pytest.mark.parametrize("status", [DossierStatus.NOTHING_FOUND, DossierStatus.BLOCKED, DossierStatus.FAILED])
async def test_an_empty_dossier_is_never_written_from(status):
    with pytest.raises(InputError, match="no evidence"):
        await write(scripted(GOOD_EMAIL), dossier=Dossier(status=status))


async def test_a_found_dossier_without_facts_does_not_contradict_itself():
    with pytest.raises(InputError, match="the dossier holds no facts, though its status is found") as refused:
        await write(scripted(GOOD_EMAIL), dossier=Dossier(status=DossierStatus.FOUND))
    assert refused.value.hint == "A node that takes the last fact away leads to END instead of `write`."


async def test_backend_errors_go_up():
    class Broken(type(scripted(""))):
        def _generate(self, *args, **options):
            raise ServerFailed("the server is down")

    broken = Broken(identity=scripted("").identity, answers=[])
    with pytest.raises(ServerFailed):
        await write(broken)


@pytest.mark.parametrize("variant", [Variant.FULL, Variant.COMPACT])
async def test_the_shared_part_of_the_prompt_comes_first_and_is_the_same_for_all(variant):
    systems = set()
    for company in ("Nordfrost", "Polar"):
        writer = scripted(GOOD_EMAIL, trust=Trust(variant=variant))
        given = context(models={"writer": writer})
        someone = PROSPECT.model_copy(update={"company": company})
        await build_write_graph().compile().ainvoke({"prospect": someone, "dossier": DOSSIER}, context=given)
        system, user = writer.calls[0]["messages"]
        systems.add(system.text)
        assert company in user.text
        assert QUOTE in user.text
    assert len(systems) == 1


async def test_a_verifiers_opinion_is_stored_and_decides_nothing():
    opinion = json.dumps({"sendable": False, "comment": "I dislike it."})
    verifier = scripted(opinion, price=PRICE)
    given = context(models={"writer": scripted(GOOD_EMAIL, price=PRICE), "verifier": verifier})
    state = await build_write_graph().compile().ainvoke({"prospect": PROSPECT, "dossier": DOSSIER}, context=given)
    draft = state["draft"]
    assert draft.status is DraftStatus.READY
    assert draft.opinion == "would not send: I dislike it."
    assert draft.bill.cost_usd == pytest.approx(0.4)
    assert len(verifier.calls) == 1


async def test_the_verify_graph_checks_a_draft_that_somebody_edited():
    edited = Draft(subject=SUBJECT, body=BODY.replace("24", "24"), status=DraftStatus.NEEDS_REVIEW, backend="a person")
    graph = build_verify_graph().compile()
    given = context(models={})
    good = await graph.ainvoke({"prospect": PROSPECT, "dossier": DOSSIER, "draft": edited}, context=given)
    assert good["draft"].status is DraftStatus.READY
    broken = edited.model_copy(update={"body": BODY.replace("7,200", "8,200")})
    bad = await graph.ainvoke({"prospect": PROSPECT, "dossier": DOSSIER, "draft": broken}, context=given)
    assert bad["draft"].status is DraftStatus.NEEDS_REVIEW
    assert [check.name for check in bad["draft"].failed_checks] == [CheckName.UNSUPPORTED]
    assert bad["draft"].backend == "a person"


def told_as(reason: str) -> str:
    opening = f"{QUOTE.removesuffix('.')}." if reason != "poor" else ""
    said = {"reason": reason, "opening": opening, "thought": "", "claim": 0, "subject": SUBJECT if opening else ""}
    return json.dumps(said)


OTHER = evidence().model_copy(update={"quote": "Nordfrost paints its gates in the colour of the sea."})
TWO = Dossier(status=DossierStatus.FOUND, facts=(OTHER, evidence()))


async def test_a_teller_judges_one_fact_after_the_other_and_tells_the_first_good_one():
    writer = scripted(told_as("poor"), told_as("good"), trust=TELLER)
    draft = await write(writer, dossier=TWO, rewrites=0)
    assert [one.quote for one in draft.evidence] == [QUOTE]
    assert QUOTE in draft.body
    first, second = ("\n".join(message.text for message in call["messages"]) for call in writer.calls)
    assert OTHER.quote in first
    assert QUOTE not in first
    assert QUOTE in second
    assert draft.bill.usage.total_tokens == 220


async def test_a_fair_reason_is_told_where_there_is_no_better():
    writer = scripted(told_as("fair"), told_as("poor"), trust=TELLER)
    draft = await write(writer, dossier=TWO, rewrites=1)
    assert draft.status is DraftStatus.NEEDS_REVIEW, "the opening is not what that quote says"
    assert [one.quote for one in draft.evidence] == [OTHER.quote], "a rewrite that declines is no better"
    assert len(writer.calls) == 3, "only the quote that was told is asked about again"


async def test_where_the_teller_finds_no_reason_nothing_is_written_and_nobody_is_asked_again():
    writer, fallback = scripted(told_as("poor"), trust=TELLER), scripted(GOOD_EMAIL, name="teacher")
    draft = await write(writer, dossier=TWO, fallback=fallback, rewrites=2)
    assert (draft.status, draft.body) == (DraftStatus.NOTHING_FOUND, "")
    assert "no good reason to write" in draft.failed_checks[0].reason, "an evaluation counts no refusal as passed"
    assert (len(writer.calls), len(fallback.calls)) == (2, 0)
    dossier = declined(TWO, draft)
    assert dossier.status is DossierStatus.NOTHING_FOUND
    assert "2 sentences no good reason to write, as the writer judged" in dossier.why_nothing


async def test_an_answer_that_cannot_be_read_is_asked_for_again_before_the_teller_is_taken_at_its_word():
    writer = scripted("not JSON", told_as("poor"), trust=TELLER)
    draft = await write(writer, dossier=TWO, rewrites=1)
    assert draft.status is DraftStatus.NOTHING_FOUND
    assert len(writer.calls) == 4
