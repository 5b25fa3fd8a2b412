"""One batch of samples of an email from one backend, remembered by the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from langchain_core.language_models import BaseChatModel

from miniatures.agents.context import CampaignContext
from miniatures.agents.ledgered import ledgered
from miniatures.agents.roles.telling import POOR, ToldEmail
from miniatures.agents.roles.writer import WRITER, WriterVariables
from miniatures.agents.shadowed import ask_seat
from miniatures.agents.state import Written
from miniatures.agents.together import together
from miniatures.backends.ask import Answer, capabilities_of, identity_of
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.capabilities import Phrases
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
    return await ledgered(
        context,
        "write",
        recipient,
        Written,
        lambda: _sample(context, variables, evidence, turn, refused),
        quotes=variables.quotes,
        reasons=reasons,
        previous=previous,
        attempt=turn.attempt,
        samples=turn.samples,
        at=turn.seat,
        seat=context.policy.seat(WRITER.name, turn.seat),
    )


@dataclass(frozen=True)
class _Drawn:
    """One sample: the answer, what it took, and the quote that it tells if it tells one alone."""

    answer: Answer[EmailText]
    bill: Bill
    quote: str | None = None

    @property
    def reluctance(self) -> int:
        """The better the reason to write, the less. What could not be read may still be one."""
        match self.answer.value:
            case ToldEmail(reason="good"):
                return 0
            case ToldEmail(reason="fair"):
                return 1
            case ToldEmail():
                return 3
            case _:
                return 2

    @property
    def declines(self) -> bool:
        return isinstance(self.answer.value, ToldEmail) and self.answer.value.reason == POOR.reason


async def _sample(
    context: CampaignContext, variables: WriterVariables, evidence: Sequence[Quote], turn: Try, refused: str | None
) -> Written:
    writer = context.model(WRITER.name, turn.seat)
    tells = capabilities_of(writer).phrases is Phrases.OPENING
    draw = _tell if tells else _write
    drawn = await together([draw(context, variables, evidence, turn, sample, refused) for sample in turn.samples])
    return Written(
        seat=turn.seat,
        attempt=turn.attempt,
        backend=str(identity_of(writer)),
        emails=tuple(None if one.declines else one.answer.value for one in drawn),
        errors=tuple(one.answer.error or "" for one in drawn),
        traces=tuple(one.answer.trace for one in drawn),
        told=tuple(None if one.declines else one.quote for one in drawn) if tells else (),
        bill=Bill.total(one.bill for one in drawn),
    )


async def _write(
    context: CampaignContext,
    variables: WriterVariables,
    evidence: Sequence[Quote],
    turn: Try,
    sample: int,
    refused: str | None,
) -> _Drawn:
    """One email that rests on all quotes."""
    chosen_by = [fact.trace for fact in evidence if isinstance(fact, Evidence)]
    sources = tuple(dict.fromkeys(trace for trace in (*chosen_by, refused) if trace is not None))
    asked: Options = {"attempt": turn.attempt, "sources": sources, **sampling(turn.attempt, sample)}

    async def ask(model: BaseChatModel, seat: Seat) -> Answer[EmailText]:
        return await WRITER.ask(model, context.prompts, variables, node="write", seat=seat, **asked)

    answer = await ask_seat(context, WRITER.name, ask, turn.seat)
    return _Drawn(answer, answer.bill)


async def _tell(
    context: CampaignContext,
    variables: WriterVariables,
    evidence: Sequence[Quote],
    turn: Try,
    sample: int,
    refused: str | None,
) -> _Drawn:
    """The email about the first quote that is a good reason to write, else the next best."""
    drawn: list[_Drawn] = []
    for line, fact in zip(variables.quotes, evidence, strict=True):
        alone = variables.model_copy(update={"quotes": (line,)})
        one = await _write(context, alone, [fact], turn, sample, refused)
        drawn.append(replace(one, quote=fact.quote))
        if not one.reluctance:
            break
    best = min(drawn, key=lambda one: one.reluctance)
    return replace(best, bill=Bill.total(one.bill for one in drawn))


def sampling(attempt: int, sample: int) -> Options:
    """The first sample of the first attempt is the backend's own choice of words; all others are drawn, each seeded."""
    if attempt == 1 and sample == 0:
        return {}
    return {"temperature": _SAMPLING_TEMPERATURE, "seed": 1_000 * attempt + sample}
