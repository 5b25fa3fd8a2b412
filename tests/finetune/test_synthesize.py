"""A teacher is asked each question once, within its budget, and what passes waits for a reviewer.

The stand-in is a real server on loopback that speaks OpenAI's protocol; the slow test asks a real model.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from miniatures.agents.roles.role import role_named
from miniatures.cli.main import main
from miniatures.datamodel.errors import ExitCode
from miniatures.datamodel.trace import Trace
from miniatures.inputs.campaign import load_campaign
from miniatures.review.queue import DraftToReview, draft_to_review, waiting_drafts
from miniatures.store.open import open_store
from tests.chaos.unruly_server import Behaviour, answers, error, status, unruly
from tests.finetune.small_space import write_space

BODY = (
    "Hi {first},\n\n{company} opened a cold store with {n} docks in Leith on 3 May 2026, and every one of them is a "
    "door that has to stay cold. Frostwatch sensors report every 60 seconds.\n\nCould we talk for 15 minutes?\n\n"
    "Anna Berg\nFrostwatch"
)
GOOD = BODY.format(first="Jarmila", company="Northmill", n=24)


@pytest.fixture
def order(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    write_space(tmp_path / "gold")

    def run(url: str, *options: str, role: str = "writer", n: int = 3) -> tuple[int, str]:
        teacher = f"openai-compatible:{url}#stand-in" if url.startswith("http") else url
        fixed = ["--teacher", teacher, "--space", "gold", "--out", "made", "--n", str(n), "--concurrency", "1"]
        code = main(["synthesize", role, *fixed, *options])
        said = capsys.readouterr()
        return code, said.out + said.err

    return run


def kept(tmp_path: Path) -> tuple[list[Trace], list[DraftToReview]]:
    """The calls of all campaigns, and the drafts that wait for a reviewer."""
    traces: list[Trace] = []
    waiting: list[DraftToReview] = []
    for file in sorted((tmp_path / "made").glob("*/campaign.yaml")):
        loaded = load_campaign(file)
        with open_store(loaded.store_url, create=False) as store:
            assert {run.outcome for run in store.runs(loaded.name)} == {"completed"}
            assert not list(store.results(loaded.name))
            traces += store.traces(loaded.name)
            found = [draft_to_review(store, one) for one in waiting_drafts(store, loaded.name, "ana")]
            waiting += [one for one in found if one is not None]
            assert None not in found
    return traces, waiting


def faults(trace: Trace) -> str:
    return "; ".join(role_named(trace.role).faults_of(trace.variables, trace.structured or {}))


def email(body: str) -> str:
    return json.dumps({"subject": "Your cold store in Leith", "body": body})


def test_a_question_is_asked_once_and_a_larger_order_goes_on(tmp_path, order):
    with unruly(answers(email("Hi."))) as server:
        code, said = order(server.url, "--price", "3/15", "--budget-usd", "1")
        assert (code, len(server.calls)) == (ExitCode.OK, 3), said
        assert "3 situations to ask: at most about" in said
        assert "0 passed every check, 3 not" in said
        assert "length 3" in said
        order(server.url, "--price", "3/15")
        assert len(server.calls) == 3
        _, said = order(server.url, n=5)
        assert len(server.calls) == 5
        assert "2 situations to ask (3 answered before)" in said
    traces, waiting = kept(tmp_path)
    assert len({trace.prospect for trace in traces}) == len(traces) == 5
    assert all("length" in faults(trace) for trace in traces)
    assert not waiting


def test_what_passes_waits_for_a_reviewer_and_becomes_a_dataset(tmp_path, order, capsys):
    (tmp_path / "space.yaml").write_text(
        "gold: [gold]\nindustries: [bakery]\ntraps: [none]\nlengths: [{min_words: 20, max_words: 60}]\n"
    )
    with unruly(answers(email(GOOD))) as server:
        order(server.url, "--space", "space.yaml", n=8)
    traces, waiting = kept(tmp_path)
    assert len(waiting) == 1, [faults(trace) for trace in traces]
    (trace,) = [one for one in traces if not faults(one)]
    assert (trace.node, trace.prompt_variant, trace.role) == ("synthesize", "full", "writer")
    assert (waiting[0].item.trace, waiting[0].item.answer["body"]) == (trace.id, GOOD)
    assert (waiting[0].recipient.first_name, waiting[0].recipient.company) == ("Jarmila", "Northmill")
    capsys.readouterr()
    assert (
        main(["dataset", "build", "--from", "made", "--out", "data", "--test", "0", "--validation", "0", "--json"]) == 0
    )
    stats = json.loads(capsys.readouterr().out)
    assert stats["answers"] == {"teacher": 1}
    assert stats["dropped"] == {"failed_checks": 3}
    text = (tmp_path / "data" / "train.jsonl").read_text()
    assert trace.id in text
    assert not [name for name in ("Jarmila", "Novotn") if name in text]
    assert "Write a short sales email" in text  # the compact prompt, not the one that the teacher read


def costs(prompt_tokens: int, completion_tokens: int, text: str) -> Behaviour:
    """An answer with this usage."""
    choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
    total = prompt_tokens + completion_tokens
    usage = {"prompt_tokens": prompt_tokens, "completion_tokens": completion_tokens, "total_tokens": total}
    head = {"id": "x", "object": "chat.completion", "created": 1, "model": "stand-in"}
    return status(200, head | {"choices": [choice], "usage": usage})


def test_the_cost_is_told_and_nothing_asked(tmp_path, order):
    with unruly(answers(email("Hi."))) as server:
        code, said = order(server.url, "--estimate", "--price", "3/15", "--json")
        expected = json.loads(said)
        assert (code, len(server.calls)) == (ExitCode.OK, 0)
        usage, cost = expected["bill"]["usage"], expected["bill"]["cost_usd"]
        assert cost == pytest.approx((usage["input_tokens"] * 3 + usage["output_tokens"] * 15) / 1e6)
        assert cost > 0
        _, said = order(server.url, "--estimate")
        assert "cost unknown" in said
        assert "No price is known" in said
    assert not list((tmp_path / "made").glob("*/campaign.yaml"))


def test_a_budget_without_a_price_is_refused_and_one_with_a_price_is_kept(order):
    with unruly(costs(1_500, 500, email("Hi."))) as server:
        code, said = order(server.url, "--budget-usd", "1")
        assert code == ExitCode.BAD_INPUT
        assert "the price of" in said
        code, said = order(server.url, "--price", "1000/1000", "--budget-usd", "6.5", n=6)
        assert code == ExitCode.BUDGET_REACHED
        assert "Ended early" in said
        asked = len(server.calls)
        assert asked in (2, 3)  # two dollars each; what a call may cost at most is set aside before it
        code, _ = order(server.url, "--price", "1000/1000", "--budget-usd", "6.5", n=6)
        assert (code, len(server.calls)) == (ExitCode.BUDGET_REACHED, asked)


def test_an_answer_that_is_no_email_is_counted_and_a_refusal_is_asked_again(tmp_path, order):
    with unruly(answers("I would rather not."), error(400, "no"), answers(email("Hi."))) as server:
        code, said = order(server.url)
        assert code == ExitCode.SOME_FAILED
        assert "1 could not be asked" in said
        assert "schema 1" in said
        code, _ = order(server.url)
        assert (code, len(server.calls)) == (ExitCode.OK, 4)


def test_a_teacher_that_is_not_there_ends_the_run(order):
    with unruly(error(401, "bad key")) as server:
        code, said = order(server.url, n=9)
        assert code == ExitCode.BACKEND_UNAVAILABLE
        assert len(server.calls) == 1, "a wrong key would be refused every time"
        assert "Ended early" in said


def test_a_price_that_is_none_is_named(order):
    code, said = order("http://127.0.0.1:9/v1", "--price", "cheap")
    assert code == ExitCode.BAD_INPUT
    assert "'cheap' is no price" in said


def test_a_researchers_choice_is_checked(tmp_path, order):
    choice = {"choices": [{"number": 1, "signal": "nonsense"}]}
    with unruly(answers(json.dumps(choice))) as server:
        _, said = order(server.url, role="researcher", n=2)
    assert "0 passed every check, 2 not" in said
    assert "there is no signal nonsense 2" in said
    traces, waiting = kept(tmp_path)
    assert ["no signal nonsense" in faults(trace) for trace in traces] == [True, True]
    assert not waiting


@pytest.mark.slow
def test_a_real_model_as_teacher(tmp_path, order, embedded_backend):
    (tmp_path / "space.yaml").write_text("gold: [gold]\ntraps: [thin]\nlengths: [{min_words: 10, max_words: 30}]\n")
    real = ("openvino:smollm2-135m-instruct", "--space", "space.yaml", "--price", "0/0")
    code, said = order(*real, "--budget-usd", "1", n=2)
    assert code == ExitCode.OK, said
    traces, waiting = kept(tmp_path)
    assert len(traces) == 2
    assert all(trace.bill.usage.output_tokens for trace in traces)
    assert {one.item.trace for one in waiting} == {trace.id for trace in traces if not faults(trace)}
    _, said = order(*real, n=2)
    assert "0 situations to ask (2 answered before)" in said
    assert kept(tmp_path) == (traces, waiting)
