"""One batch of samples of an email from one backend, remembered by the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.language_models import BaseChatModel

from miniatures.agents.context import CampaignContext
from miniatures.agents.ledgered import ledgered
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.agents.shadowed import ask_seat
from miniatures.agents.state import Written
from miniatures.agents.together import together
from miniatures.backends.ask import Answer, identity_of
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Evidence, Quote
from miniatures.datamodel.json_types import Options
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.seat import Seat

_SAMPLING_TEMPERATURE = 0.7


@dataclass(frozen=True)
class Try:
    """Who writes next: the seat, the attempt from 1, and the numbers of its samples from 0."""

    seat: Seat
    attempt: int
    samples: tuple[int, ...]


async def write_samples(
    context: CampaignContext,
    recipient: Recipient,
    evidence: Sequence[Quote],
    turn: Try,
    *,
    reasons: tuple[str, ...] = (),
    previous: EmailText | None = None,
    refused: str | None = None,
) -> Written:
    """Ask for the batch's emails at once. `refused` is the trace of the refused draft, in a rewrite.

    Raises:
        BackendError: the backend could not be asked. A malformed answer is no exception: it is an email that is null.
    """
    variables = WriterVariables.of(
        context.brief,
        recipient,
        evidence,
        today=context.now().date().isoformat(),
        reasons=reasons,
        previous=previous,
    )
    chosen_by = [fact.trace for fact in evidence if isinstance(fact, Evidence)]
    sources = tuple(dict.fromkeys(trace for trace in (*chosen_by, refused) if trace is not None))
    return await ledgered(
        context,
        "write",
        recipient,
        Written,
        lambda: _sample(context, variables, turn, sources),
        quotes=variables.quotes,
        reasons=reasons,
        previous=previous,
        attempt=turn.attempt,
        samples=turn.samples,
        at=turn.seat,
        seat=context.policy.seat(WRITER.name, turn.seat),
    )


async def _sample(context: CampaignContext, variables: WriterVariables, turn: Try, sources: tuple[str, ...]) -> Written:
    def asking(sample: int) -> Any:
        async def ask(model: BaseChatModel, seat: Seat) -> Answer[EmailText]:
            drawn = sampling(turn.attempt, sample)
            asked: Options = {"attempt": turn.attempt, "seat": seat, "sources": sources, **drawn}
            return await WRITER.ask(model, context.prompts, variables, node="write", **asked)

        return ask_seat(context, WRITER.name, ask, turn.seat)

    answers = await together(map(asking, turn.samples))
    return Written(
        seat=turn.seat,
        attempt=turn.attempt,
        backend=str(identity_of(context.model(WRITER.name, turn.seat))),
        emails=tuple(answer.value for answer in answers),
        errors=tuple(answer.error or "" for answer in answers),
        traces=tuple(answer.trace for answer in answers),
        bill=Bill.total(answer.bill for answer in answers),
    )


def sampling(attempt: int, sample: int) -> Options:
    """The first sample of the first attempt is the backend's own choice of words; all others are drawn, each seeded."""
    if attempt == 1 and sample == 0:
        return {}
    return {"temperature": _SAMPLING_TEMPERATURE, "seed": 1_000 * attempt + sample}
