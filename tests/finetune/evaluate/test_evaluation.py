"""Measures models of a real chat server on a real dataset: scores, resuming, comparisons, judge, gates and cards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from miniatures.agents.roles.writer import WriterVariables
from miniatures.backends.errors import AuthenticationFailed
from miniatures.cli.main import main
from miniatures.datamodel.dataset import Split
from miniatures.datamodel.errors import ExitCode, InputError
from miniatures.datamodel.evaluation import Evaluation, Phase, Verdict
from miniatures.datamodel.review import Review
from miniatures.finetune.dataset.folder import Dataset
from miniatures.finetune.dataset.trained_companies import company_hash
from miniatures.finetune.evaluate.calibration import calibration, reviewed_pairs
from miniatures.finetune.evaluate.cards import keep_on_cards
from miniatures.finetune.evaluate.evaluate import STORE, evaluate
from miniatures.finetune.evaluate.judged import open_judge, with_judge
from miniatures.finetune.evaluate.judging import first_shown
from miniatures.finetune.evaluate.questions import EvaluationSettings, read_questions
from miniatures.measure.evaluation_page import write_evaluation_page
from miniatures.store.open import open_store
from miniatures.weights.registry import Registry
from tests.finetune.measured_cases import PLACES, ChatServer, chat_server, dataset_at, email_for, invented
from tests.weights.miniatures_made import card_of, tiny_adapter

pytestmark = pytest.mark.slow
SETTINGS = EvaluationSettings(best_of=3, rewrites=1)


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    with chat_server() as chat:
        yield chat


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch, server: ChatServer) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    server.asked.clear()
    server.fails_after = None


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return dataset_at(tmp_path_factory.mktemp("dataset"))


def shares(evaluation: Evaluation, place: int = 0) -> dict[str, Any]:
    return {name: (score.passed, score.total) for name, score in evaluation.backends[place].scores.items()}


def test_scores_tell_the_right_from_the_wrong(server: ChatServer, dataset: Dataset, tmp_path: Path) -> None:
    specs = [server.spec(model) for model in ("right", "late", "wrong")]
    found = evaluate(specs, dataset, tmp_path, SETTINGS)
    right, late, wrong = (shares(found, place) for place in range(3))
    best = "all_checks_best_of_3_rewrites_1"
    assert (right["all_checks"], right[best], right["unsupported_claims"]) == ((4, 4), (4, 4), (0, 4))
    assert (late["all_checks"], late[best], late["unsupported_claims"]) == ((0, 4), (4, 4), (4, 4))
    assert (wrong["all_checks"], wrong[best], wrong["check_unsupported"]) == ((0, 4), (0, 4), (0, 4))
    assert right["check_swap"] == (4, 4)
    assert (right["researcher_precision"], right["researcher_none_right"]) == ((2, 2), (2, 2))
    assert (wrong["researcher_precision"], wrong["researcher_none_right"]) == ((2, 4), (0, 2))
    assert shares(found, 3)["researcher_must_found"] == (2, 2), "BM25 alone finds the only news"
    assert [outcome.samples for outcome in found.backends[0].writer] == [1] * 4
    assert [outcome.samples for outcome in found.backends[1].writer] == [3] * 4
    assert [outcome.samples for outcome in found.backends[2].writer] == [6] * 4


def test_a_rewrite_is_told_why_and_only_the_first_answer_is_greedy(
    server: ChatServer, dataset: Dataset, tmp_path: Path
) -> None:
    settings = EvaluationSettings(roles=("writer",), limit=1, best_of=3)
    evaluate([server.spec("wrong")], dataset, tmp_path, settings)
    told = ["unsupported: " in request["messages"][-1]["content"] for request in server.asked]
    assert sorted(told) == [False] * 3 + [True] * 3
    first = [request for request in server.asked if "temperature" not in request]
    further = [request for request in server.asked if "temperature" in request]
    assert len(first) == 1 and not told[server.asked.index(first[0])]
    assert {request["temperature"] for request in further} == {0.7}
    assert not any({"seed", "draw"} & request.keys() for request in server.asked), "a provider draws as it likes"


def test_answers_survive_and_are_not_asked_again(server: ChatServer, dataset: Dataset, tmp_path: Path) -> None:
    server.fails_after = 5
    with pytest.raises(AuthenticationFailed):
        evaluate([server.spec("wrong")], dataset, tmp_path, EvaluationSettings(best_of=2, concurrency=1))
    with open_store(str(tmp_path / STORE), create=False) as store:
        assert sum(trace.error is None for trace in store.traces(server.spec("wrong"))) == 5
    server.fails_after = None
    resumed = evaluate([server.spec("wrong")], dataset, tmp_path, EvaluationSettings(best_of=2))
    asked = len(server.asked)
    whole = evaluate([server.spec("wrong")], dataset, tmp_path / "anew", EvaluationSettings(best_of=2))
    assert asked == len(server.asked) - asked, "the five answers were reused, and every other was asked for once"
    assert shares(resumed) == shares(whole)
    again = len(server.asked)
    assert evaluate([server.spec("wrong")], dataset, tmp_path, EvaluationSettings(best_of=2)) == resumed
    assert len(server.asked) == again


def test_costs_are_known_or_null(server: ChatServer, dataset: Dataset, tmp_path: Path) -> None:
    settings = EvaluationSettings(roles=("writer",), best_of=1, rewrites=0)
    unknown = evaluate([server.spec("right")], dataset, tmp_path, settings).backends[0]
    assert unknown.costs[Phase.FIRST].usd is None
    assert unknown.usd_per_accepted == {Phase.FIRST: None, Phase.FURTHER: None}
    priced = EvaluationSettings(roles=("writer",), best_of=1, rewrites=0, machine_usd_per_hour=36.0)
    right, wrong = evaluate([server.spec("right"), server.spec("wrong")], dataset, tmp_path, priced).backends[:2]
    costs = right.costs[Phase.FIRST]
    assert (costs.usage.input_tokens, costs.usage.output_tokens, costs.answers) == (400, 80, 4)
    assert costs.usd == pytest.approx(0.01 * costs.seconds)
    assert right.usd_per_accepted[Phase.FIRST] == pytest.approx(costs.usd / 4)
    assert wrong.usd_per_accepted[Phase.FIRST] is None, "nothing was accepted"


def test_backends_are_compared_pair_by_pair(server: ChatServer, dataset: Dataset, tmp_path: Path) -> None:
    found = evaluate([server.spec("right"), server.spec("wrong")], dataset, tmp_path, SETTINGS)
    by_measure = {one.measure: one for one in found.backends[0].comparisons if one.against == server.spec("wrong")}
    checks = by_measure["all_checks"]
    assert (checks.cases, checks.difference, checks.low, checks.dataset) == (4, 1.0, 1.0, dataset.manifest.hash)
    assert checks.p_value == pytest.approx(0.125)
    assert by_measure["researcher_none_right"].difference == 1.0
    mirrored = next(one for one in found.backends[1].comparisons if one.measure == "all_checks")
    assert mirrored.difference == -1.0


def test_a_judge_sees_hidden_order_and_its_bias_shows(server: ChatServer, dataset: Dataset, tmp_path: Path) -> None:
    cases = [question.id for question in read_questions(dataset, EvaluationSettings(roles=("writer",))).writer]
    seed = next(seed for seed in range(100) if len({first_shown(seed, case) for case in cases}) == 2)
    settings = EvaluationSettings(roles=("writer",), best_of=1, rewrites=0, seed=seed)
    found = evaluate([server.spec("right"), server.spec("wrong")], dataset, tmp_path, settings)
    fair = with_judge(found, open_judge(server.spec("fair")), dataset, tmp_path, settings).judged[0]
    assert (fair.preferred.passed, fair.preferred.total, fair.win_rate) == (4, 4, 1.0)
    assert {one.first_shown for one in fair.judgements} == {"ours", "theirs"}
    shown = [request["messages"][-1]["content"] for request in server.asked if request["model"].endswith("fair")]
    ours_first = [text for text in shown if text.index("9,999") > text.index("Second email")]
    assert len(shown) == 4
    assert len(ours_first) == sum(one.first_shown == "ours" for one in fair.judgements)
    biased = with_judge(found, open_judge(server.spec("first")), dataset, tmp_path, settings).judged[0]
    assert biased.first_place.share == 1.0
    assert biased.win_rate == sum(one.first_shown == "ours" for one in biased.judgements) / 4


def test_a_judge_is_measured_against_people(server: ChatServer, dataset: Dataset, tmp_path: Path) -> None:
    settings = EvaluationSettings(roles=("writer",), best_of=1, rewrites=0)
    questions = read_questions(dataset, settings).writer
    prompts = {question.id: question.variables.model_dump(mode="json") for question in questions}
    reviews = [_compared(question.id, question.variables, place) for place, question in enumerate(questions)]
    again = [reviews[0].model_copy(update={"id": f"again {number}"}) for number in range(2)]
    human = reviewed_pairs([*reviews, *again, _compared("gone", questions[0].variables, 0)], prompts)
    found = evaluate([server.spec("right")], dataset, tmp_path, settings)
    calibrated = with_judge(
        found, open_judge(server.spec("fair")), dataset, tmp_path, settings, human=human
    ).calibration
    assert calibrated is not None
    assert (calibrated.agreed.passed, calibrated.agreed.total) == (3, 4), "one person preferred the untrue email"
    assert calibrated.kappa is not None
    assert calibration("judge", [], {}) is None


def _compared(trace: str, variables: WriterVariables, place: int) -> Review:
    city = next(city for city in PLACES if city in str(variables.quotes))
    true, untrue = email_for(city), invented(city)
    first = place % 2 == 0
    return Review.model_validate(
        {
            "reviewer": "ada",
            "trace": trace,
            "action": "compare",
            "answer": true if first else untrue,
            "other_answer": untrue if first else true,
            "preference": "second" if place == 0 else ("first" if first else "second"),
        }
    )


def test_the_page_shows_drafts_side_by_side_and_escapes(server: ChatServer, dataset: Dataset, tmp_path: Path) -> None:
    found = evaluate([server.spec("right"), server.spec("late")], dataset, tmp_path, SETTINGS)
    hostile = found.writer_cases[0].model_copy(update={"prospect": "<script>alert(1)</script>"})
    page = write_evaluation_page(
        found.model_copy(update={"writer_cases": (hostile, *found.writer_cases[1:])}), tmp_path / "page.html"
    ).read_text(encoding="utf-8")
    assert "<script>alert(1)" not in page
    assert page.count("<article") == 8
    assert page.count("Best of 3 answers, which passes") == 4
    assert "9,999" in page
    assert "src=" not in page and "<link" not in page, "the page is whole by itself"


def test_the_command_writes_all_and_its_exit_code_gates(
    server: ChatServer, dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["evaluate", server.spec("right"), server.spec("wrong"), "--dataset", str(dataset.folder)]
    command += ["--out", str(tmp_path / "out"), "--best-of", "2", "--judge", server.spec("fair")]
    kept = ["--require", "all_checks>=95%", "--require", "unsupported_claims<=0.01"]
    assert main([*command, *kept]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "kept all_checks>=95%" in shown
    whole = Evaluation.model_validate_json((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))
    assert len(whole.backends[0].writer) == 4
    assert (tmp_path / "out" / "evaluation.html").is_file()
    asked = len(server.asked)
    (mine := tmp_path / "mine.json").write_text("mine")
    (tmp_path / "out" / "evaluation.json").unlink()
    (tmp_path / "out" / "evaluation.json").symlink_to(mine)
    assert main([*command, "--json", "--require", "researcher_precision>1%", "--require", "all_checks<0.5"]) == 8
    told = capsys.readouterr()
    assert "all_checks<0.5 (1.000)" in told.err
    assert json.loads(told.out)["backends"][0]["scores"]["all_checks"]["passed"] == 4
    assert len(server.asked) == asked, "everything was answered before"
    assert mine.read_text() == "mine", "a link is replaced, never written through"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--require", "all_checks"], "is no requirement"),
        (["--require", "charm>=0.5"], "not measured here"),
        (["--require", "all_checks>=95"], "more than everything"),
        (["--split", "exam"], "'exam' is not one of"),
        (["--best-of", "100"], "'--best-of'"),
        (["--rewrites", "9"], "'--rewrites'"),
        (["--seed", "-1"], "'--seed'"),
        (["--concurrency", "99999999999"], "'--concurrency'"),
        (["--machine-usd-per-hour", "inf"], "'--machine-usd-per-hour'"),
        (["--split", "train"], "has no case"),
        (["--roles", "poet"], "names no role"),
        (["--reviews", "store.sqlite"], "none is named"),
        (["--judge", "nothing"], "nothing"),
        (["miniature:nobody"], "no miniature is named 'nobody'"),
        (["--judge", "miniature:nobody"], "no miniature is named 'nobody'"),
    ],
)
def test_what_is_written_wrong_is_said_before_anything_is_asked(
    options: list[str], says: str, server: ChatServer, dataset: Dataset, tmp_path: Path, capsys: Any
) -> None:
    command = ["evaluate", server.spec("right"), "--dataset", str(dataset.folder), "--out", str(tmp_path), *options]
    assert main(command) == ExitCode.BAD_INPUT
    assert says in capsys.readouterr().err
    assert not server.asked


def test_a_place_that_cannot_be_written_is_said_before_anything_is_asked(
    server: ChatServer, dataset: Dataset, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "file").touch()
    command = ["evaluate", server.spec("right"), "--dataset", str(dataset.folder), "--out", str(tmp_path / "file")]
    assert main(command) == ExitCode.BAD_INPUT
    assert "cannot be written" in capsys.readouterr().err
    assert not server.asked


def test_a_miniatures_card_keeps_its_scores(server: ChatServer, dataset: Dataset, tmp_path: Path) -> None:
    registry = Registry(tmp_path / "registry", shipped=tmp_path / "none")
    adapter = tiny_adapter(tmp_path / "adapter", 1)
    version = registry.register(card_of(adapter), adapter)
    found = evaluate([server.spec("right"), server.spec("wrong")], dataset, tmp_path, SETTINGS)
    named = found.backends[0].model_copy(update={"name": f"miniature:outreach@{version}"})
    measured = found.model_copy(update={"backends": (named, *found.backends[1:])})
    assert keep_on_cards(measured, registry) == {named.name: ""}
    card = registry.card("outreach", version)
    assert card.scores["all_checks"].passed == 4
    assert card.evaluated_on == dataset.manifest.hash
    assert {one.against for one in card.comparisons} == {server.spec("wrong"), "bm25", "bm25:1"}


@pytest.mark.parametrize(
    ("evaluated", "trained", "reason"),
    [
        ({"limit": 2}, {}, "only a whole test split"),
        ({"split": Split.TRAIN}, {}, "only a whole test split"),
        ({"roles": ("writer",)}, {}, "as researcher too"),
        ({}, {"companies": (company_hash("Nobody Ltd"),)}, ""),
        ({}, {"companies": (company_hash("Nobody Ltd"), "every company")}, "trained on 1 of the"),
    ],
)
def test_what_says_too_little_or_too_much_is_kept_on_no_card(
    evaluated: dict[str, Any],
    trained: dict[str, Any],
    reason: str,
    server: ChatServer,
    dataset: Dataset,
    tmp_path: Path,
) -> None:
    registry = Registry(tmp_path / "registry", shipped=tmp_path / "none")
    adapter = tiny_adapter(tmp_path / "adapter", 1)
    found = evaluate([server.spec("right")], dataset, tmp_path, SETTINGS)
    company = company_hash(found.writer_cases[0].company)
    trained = {
        key: tuple(company if one == "every company" else one for one in value) for key, value in trained.items()
    }
    version = registry.register(card_of(adapter, **trained), adapter)
    named = found.backends[0].model_copy(update={"name": f"miniature:outreach@{version}"})
    (told,) = keep_on_cards(found.model_copy(update={"backends": (named,), **evaluated}), registry).values()
    assert reason in told and bool(reason) == bool(told)
    assert (registry.card("outreach", version).evaluated_on != dataset.manifest.hash) == bool(reason)


def test_naming_a_backend_twice_is_refused(server: ChatServer, dataset: Dataset, tmp_path: Path) -> None:
    for twice in ([server.spec("right")] * 2, ["miniature:outreach", "miniature:outreach@live"]):
        with pytest.raises(InputError, match="named twice"):
            evaluate(twice, dataset, tmp_path, SETTINGS)


def test_a_version_that_there_is_not_is_told_before_anything_is_asked(
    server: ChatServer, dataset: Dataset, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match="no miniature is named"):
        evaluate([server.spec("right"), "miniature:nobody"], dataset, tmp_path, SETTINGS)
    assert not server.asked

    assert {verdict.value for verdict in Verdict} == {"ours", "theirs", "tie", "unreadable"}
