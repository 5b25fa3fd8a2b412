"""A developer's plain mistake is told in one sentence with its cure, as early as it can be known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from miniatures import SearchOutcome, Seats, build_prospect_graph, build_write_graph
from miniatures.datamodel.dossier import DossierStatus
from miniatures.datamodel.errors import InputError
from miniatures.datamodel.prospect import Prospect
from tests.agents.scene import FixedSearch, context, found, page, scripted
from tests.checks.cases import PROSPECT


def search_with(**changes: Any) -> Any:
    return SimpleNamespace(**{"name": "notes", "identity": "notes:1", "search": lambda query, limit: None, **changes})


class Bare(BaseChatModel):
    """The least that LangChain takes for a chat model."""

    @property
    def _llm_type(self) -> str:
        return "bare"

    def _generate(self, messages: Any, stop: Any = None, run_manager: Any = None, **options: Any) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage(content="{}"))])


class Tooled(Bare):
    """Calls tools, on which LangChain builds the rest."""

    def bind_tools(self, tools: Any, **options: Any) -> Any:
        return self


def test_a_chat_model_that_calls_tools_may_sit_in_a_role() -> None:
    assert context(models={"writer": Tooled()}).model("writer")


@pytest.mark.parametrize(
    ("given", "told", "cure"),
    [
        (
            {"models": {"writer": "miniature:outreach@live"}},
            "'writer' is given 'miniature:",
            "open_backend('miniature:",
        ),
        ({"models": {"writer": 7}}, "'writer' is given a value of the type int", "open_backend"),
        ({"models": {"writer": Seats("local:x")}}, "'writer' is given 'local:x'", "open_backend"),  # type: ignore[arg-type]
        ({"models": {"writer": Seats(scripted(), fallback="x:y")}}, "given 'x:y'", "open_backend"),  # type: ignore[arg-type]
        ({"models": {"writer": Bare()}}, "'writer' is given a Bare, which gives no structured output", "bind_tools"),
        ({"models": {"writer": Seats(scripted(), shadow=Bare())}}, "given a Bare", "with_structured_output"),
        ({"models": scripted()}, "models is a value of the type ScriptedBackend", "models={"),
        ({"brief": "brief.md"}, "brief is a str", "load_brief"),
        ({"search": [1]}, "search is a list", "async def search"),
        ({"search": search_with(identity={"notes": 1})}, "the identity of the search SimpleNamespace", "identity"),
        ({"search": search_with(name=None)}, "the name of the search", "name"),
        ({"fetcher": "http"}, "fetcher is a str", "async def fetch"),
        ({"fetcher": SimpleNamespace(fetch=print, identity="x")}, "identity of the fetcher", "identity"),
    ],
)
def test_what_is_not_of_its_kind_is_refused_when_the_context_is_made(given: Any, told: str, cure: str) -> None:
    with pytest.raises(InputError) as refused:
        context(**given)
    assert told in refused.value.message
    assert cure in refused.value.hint


async def gave_a_list(query: Any, limit: int) -> Any:
    return []


@pytest.mark.parametrize(
    ("search", "told"),
    [
        (gave_a_list, "SimpleNamespace.search gave a list, no SearchOutcome"),
        (lambda query, limit: SearchOutcome.of(), "SimpleNamespace.search is not asynchronous"),
    ],
)
async def test_a_search_is_held_to_its_protocol(search: Any, told: str) -> None:
    with pytest.raises(InputError, match=told):
        await (
            build_prospect_graph()
            .compile()
            .ainvoke({"prospect": PROSPECT}, context=context(search=search_with(search=search)))
        )


async def test_a_fetcher_is_held_to_its_protocol() -> None:
    async def fetch(url: str) -> Any:
        return "text"

    hit = found(page()).hits[0].model_copy(update={"page": None})
    given = context(search=FixedSearch(SearchOutcome.of(hit)), fetcher=SimpleNamespace(identity={}, fetch=fetch))
    with pytest.raises(InputError, match="fetch gave a str, no FetchOutcome"):
        await build_prospect_graph().compile().ainvoke({"prospect": PROSPECT}, context=given)


def raising(error: Exception) -> Any:
    async def raises(*asked: Any) -> Any:
        raise error

    return raises


async def dossier_of(**given: Any) -> Any:
    state = await build_prospect_graph().compile().ainvoke({"prospect": PROSPECT}, context=context(**given))
    return state["dossier"]


@pytest.mark.parametrize("error", [RuntimeError("key=abc"), OSError("no route"), TimeoutError()])
async def test_a_search_that_raises_has_failed_and_is_named(error: Exception) -> None:
    dossier = await dossier_of(search=search_with(search=raising(error)))
    assert dossier.status is DossierStatus.FAILED
    assert dossier.problems[0].detail == f"SimpleNamespace.search raised {type(error).__name__}"
    assert PROSPECT.company in dossier.problems[0].where


@pytest.mark.parametrize("error", [RuntimeError("key=abc"), TimeoutError()])
async def test_a_fetcher_that_raises_has_failed_at_that_page(error: Exception) -> None:
    hit = found(page()).hits[0].model_copy(update={"page": None})
    fetcher = SimpleNamespace(identity={}, fetch=raising(error), fetch_links=raising(error))
    dossier = await dossier_of(search=FixedSearch(SearchOutcome.of(hit)), fetcher=fetcher)
    told = {(problem.where, problem.kind, problem.detail) for problem in dossier.problems}
    assert (page().url, "failed", f"SimpleNamespace.fetch raised {type(error).__name__}") in told
    assert any(detail.startswith("SimpleNamespace.fetch_links raised") for _, _, detail in told)


async def test_a_held_site_that_raises_has_failed_at_that_site() -> None:
    dossier = await dossier_of(search=search_with(search=FixedSearch(found()).search, site=raising(OSError())))
    told = [(problem.where, problem.detail) for problem in dossier.problems]
    assert (PROSPECT.website, "SimpleNamespace.site raised OSError") in told


@pytest.mark.parametrize(("given", "told"), [(None, "no context"), ("brief.md", "a str as its context")])
async def test_a_graph_without_its_context_says_so(given: Any, told: str) -> None:
    with pytest.raises(InputError, match=told) as refused:
        await build_prospect_graph().compile().ainvoke({"prospect": PROSPECT}, context=given)
    assert "context=CampaignContext(" in refused.value.hint


async def test_a_state_takes_json() -> None:
    graph = build_prospect_graph().compile()
    state = await graph.ainvoke({"prospect": PROSPECT.model_dump(mode="json")}, context=context())
    assert state["prospect"] == PROSPECT
    given = {name: state[name].model_dump(mode="json") for name in ("prospect", "dossier")}
    again = await build_write_graph().compile().ainvoke(given, context=context())
    assert again["draft"].text == state["draft"].text


async def test_a_prospect_that_is_none_is_told_in_one_sentence() -> None:
    with pytest.raises(
        InputError, match="the state's 'prospect' is no Prospect: company: Field required; email: "
    ) as told:
        await build_prospect_graph().compile().ainvoke({"prospect": {"first_name": "Ada"}}, context=context())
    assert "\n" not in told.value.message
    assert Prospect.__name__ in told.value.hint
