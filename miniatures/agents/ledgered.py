"""Runs a stage once: what the ledger remembers under the same inputs is not done again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from miniatures.agents.context import CampaignContext
from miniatures.datamodel.prospect import Recipient
from miniatures.store.ledger import Ledger, StageKey
from miniatures.store.tracing import span

Result = TypeVar("Result", bound=BaseModel)


async def ledgered(
    context: CampaignContext,
    stage: str,
    prospect: Recipient,
    kind: type[Result],
    run: Callable[[], Awaitable[Result]],
    *,
    is_final: Callable[[Result], bool] = lambda _: True,
    **inputs: Any,
) -> Result:
    """The stage's result, from the ledger if these inputs are in it; without a ledger the stage simply runs.

    A result that is not final, because something that may pass was in the way, is not remembered. `inputs` are JSON
    values or Pydantic models: what the result depends on besides the prospect and the brief, parts of the policy too.
    """
    with span("stage", stage) as attributes:
        if context.ledger is None:
            return await run()
        key = StageKey.of(stage, prospect.key, who=prospect, brief=context.policy.brief_version, **inputs)
        result, recalled = await once(context.ledger, key, kind, run, is_final)
        attributes["inputs"], attributes["recalled"] = key.inputs[:16], recalled
        return result


async def once(
    ledger: Ledger,
    key: StageKey,
    kind: type[Result],
    run: Callable[[], Awaitable[Result]],
    is_final: Callable[[Result], bool] = lambda _: True,
) -> tuple[Result, bool]:
    """The result under this key, and whether it was remembered."""
    known = await ledger.recall(key)
    if known is not None:
        return kind.model_validate(known), True
    result = await run()
    if is_final(result):
        await ledger.finish(key, result.model_dump(mode="json"))
    return result, False
