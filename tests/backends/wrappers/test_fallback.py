"""The second choice: asked when the first cannot answer, and the answer says who gave it and at what cost."""

from __future__ import annotations

import pytest

from miniatures.backends.errors import ServerFailed
from miniatures.backends.wrappers.fallback import FallbackBackend
from miniatures.datamodel.backend import BackendIdentity, Price
from miniatures.datamodel.errors import BudgetReached
from tests.backends.wrappers.scripted import ScriptedBackend, StreamingBackend

SECOND = BackendIdentity(provider="scripted", model="second")
PRICE = Price(input_per_million=1_000_000, output_per_million=1_000_000)


def pair(error: BaseException | None, kind: type[ScriptedBackend] = ScriptedBackend) -> FallbackBackend:
    first = kind(script=lambda _: "one two" if error is None else error)
    return FallbackBackend(first, kind(identity=SECOND, price=PRICE, script=lambda _: "second answer"))


async def test_the_first_answers_when_it_can() -> None:
    message = await pair(None).ainvoke("hi")
    assert (message.text, message.response_metadata["answered_by"]) == ("one two", "scripted:m")
    assert message.response_metadata["cost_usd"] is None


@pytest.mark.parametrize("kind", ["sync", "async"])
async def test_the_second_answers_with_its_own_name_and_price(kind: str) -> None:
    backend = pair(ServerFailed("down"))
    message = backend.invoke("hi") if kind == "sync" else await backend.ainvoke("hi")
    assert (message.text, message.response_metadata["answered_by"]) == ("second answer", "scripted:second")
    assert message.response_metadata["cost_usd"] == 12.0


@pytest.mark.parametrize("error", [BudgetReached("spent"), ValueError("a bug")])
async def test_only_backend_errors_fall_back(error: Exception) -> None:
    with pytest.raises(type(error)):
        await pair(error).ainvoke("hi")


async def test_streams_fall_back_before_their_first_chunk_only() -> None:
    whole = None
    async for chunk in pair(ServerFailed("down"), StreamingBackend).astream("hi"):
        whole = chunk if whole is None else whole + chunk
    assert whole is not None
    assert (whole.text, whole.response_metadata["answered_by"]) == ("second answer", "scripted:second")
    assert whole.response_metadata["cost_usd"] == 12.0
    broken = StreamingBackend(breaks_after=1, failure=ServerFailed("cut"))
    with pytest.raises(ServerFailed):
        for _ in FallbackBackend(broken, StreamingBackend(identity=SECOND)).stream("hi"):
            pass


async def test_both_failing_says_the_second_error() -> None:
    both = FallbackBackend(
        ScriptedBackend(script=lambda _: ServerFailed("first")),
        ScriptedBackend(script=lambda _: ServerFailed("second")),
    )
    with pytest.raises(ServerFailed, match="second"):
        await both.ainvoke("hi")
