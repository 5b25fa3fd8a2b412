"""Runs a stage once: what the ledger remembers under the same inputs is not done again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from pydantic import BaseModel

from miniatures.agents.context import CampaignContext
from miniatures.datamodel.prospect import Recipient
from miniatures.store.ledger import StageKey
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
        known = await context.ledger.recall(key)
        attributes["inputs"], attributes["recalled"] = key.inputs[:16], known is not None
        if known is not None:
            return kind.model_validate(known)
        result = await run()
        if is_final(result):
            await context.ledger.finish(key, result.model_dump(mode="json"))
        return result
