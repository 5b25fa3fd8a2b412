"""One batch of samples of an email from one backend, remembered by the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from langchain_core.language_models import BaseChatModel

from miniatures.agents.context import CampaignContext
from miniatures.agents.ledgered import ledgered
from miniatures.agents.roles.telling import POOR, ToldEmail
from miniatures.agents.roles.writer import FOLLOW_UP, WRITER, WriterVariables
from miniatures.agents.shadowed import ask_seat
from miniatures.agents.state import Written
from miniatures.agents.together import together
from miniatures.backends.ask import Answer, capabilities_of, identity_of
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.capabilities import Phrases, Variant
from miniatures.datamodel.draft import EarlierEmail, EmailText
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


@dataclass(frozen=True)
class Thread:
    """What an email comes after: nothing, if it is the first. `hint` is what the campaign wants a follow-up to say, and
    `is_last` whether it plans no other after it.
    """

    earlier: tuple[EarlierEmail, ...] = ()
    hint: str = ""
    is_last: bool = False

    @property
    def node(self) -> str:
        """What calls for such an email are known by."""
        return FOLLOW_UP if self.earlier else "write"

    def asked(self, context: CampaignContext) -> Options:
        """What the ledger has to know of a follow-up beside what it knows of every email."""
        if not self.earlier:
            return {}
        prompt = context.prompts.version(WRITER.name, Variant.FOLLOW_UP)
        return {"earlier": self.earlier, "hint": self.hint, "is_last": self.is_last, "prompt": prompt}


FIRST_EMAIL = Thread()


async def write_samples(
    context: CampaignContext,
    recipient: Recipient,
    evidence: Sequence[Quote],
    turn: Try,
    *,
    after: Thread = FIRST_EMAIL,
    reasons: tuple[str, ...] = (),
    previous: EmailText | None = None,
    refused: str | None = None,
) -> Written:
    """Ask for the batch's emails at once. `after` is what a follow-up comes after, and `refused` the trace of the
    refused draft, in a rewrite.

    Raises:
        BackendError: the backend could not be asked. A malformed answer is no exception: it is an email that is null.
    """
    variables = WriterVariables.of(
        context.brief,
        recipient,
        evidence,
        today=context.now().date().isoformat(),
        earlier=after.earlier,
        hint=after.hint,
        is_last=after.is_last,
        reasons=reasons,
        previous=previous,
    )
    return await ledgered(
        context,
        "write",
        recipient,
        Written,
        lambda: _Batch(context, variables, evidence, turn, refused, after.node).written(),
        quotes=variables.quotes,
        reasons=reasons,
        previous=previous,
        attempt=turn.attempt,
        samples=turn.samples,
        at=turn.seat,
        seat=context.policy.seat(WRITER.name, turn.seat),
        **after.asked(context),
    )


_DECLINED = "the writer finds no good reason to write in what was found"
NOTHING_NEW = "there is nothing new to say to them"
"""Why there is no follow-up, where it would only ask again."""


@dataclass(frozen=True)
class _Drawn:
    """One sample, and the quote that it tells if it tells one alone."""

    answer: Answer[EmailText]
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
    def said(self) -> _Drawn:
        """The same, as nothing but the word that there is no email where it found no reason to write."""
        if isinstance(self.answer.value, ToldEmail) and self.answer.value.reason == POOR.reason:
            return _Drawn(replace(self.answer, value=None, error=_DECLINED))
        return self

    @property
    def says_nothing(self) -> bool:
        """Whether it is an email without a text, which is how a writer says of a follow-up that nothing new is left."""
        return self.answer.value is not None and not self.answer.value.body.strip()


@dataclass(frozen=True)
class _Batch:
    """What one batch of samples asks. `refused` is the trace of the refused draft, in a rewrite."""

    context: CampaignContext
    variables: WriterVariables
    evidence: Sequence[Quote]
    turn: Try
    refused: str | None
    node: str

    async def written(self) -> Written:
        writer = self.context.model(WRITER.name, self.turn.seat)
        tells = capabilities_of(writer).phrases is Phrases.OPENING
        drawn = [one.said for one in await together(map(self._tell if tells else self._write, self.turn.samples))]
        answers = [one.answer for one in drawn]
        told = tuple(one.quote for one in drawn) if tells else ()
        if self.variables.earlier and all(one.says_nothing for one in drawn):
            told = (None,) * len(drawn)
        return Written(
            seat=self.turn.seat,
            attempt=self.turn.attempt,
            backend=str(identity_of(writer)),
            emails=tuple(answer.value for answer in answers),
            errors=tuple(answer.error or "" for answer in answers),
            traces=tuple(answer.trace for answer in answers),
            told=told,
            bill=Bill.total(answer.bill for answer in answers),
        )

    async def _write(self, sample: int) -> _Drawn:
        """One email that rests on all quotes."""
        chosen_by = [fact.trace for fact in self.evidence if isinstance(fact, Evidence)]
        sources = tuple(dict.fromkeys(trace for trace in (*chosen_by, self.refused) if trace is not None))
        asked: Options = {"attempt": self.turn.attempt, "sources": sources, **sampling(self.turn.attempt, sample)}

        async def ask(model: BaseChatModel, seat: Seat) -> Answer[EmailText]:
            return await WRITER.ask(model, self.context.prompts, self.variables, node=self.node, seat=seat, **asked)

        return _Drawn(await ask_seat(self.context, WRITER.name, ask, self.turn.seat))

    async def _tell(self, sample: int) -> _Drawn:
        """The email about the first quote that is a good reason to write, else the next best."""
        drawn: list[_Drawn] = []
        for line, fact in zip(self.variables.quotes, self.evidence, strict=True):
            alone = self.variables.model_copy(update={"quotes": (line,)})
            one = await replace(self, variables=alone, evidence=[fact])._write(sample)
            drawn.append(replace(one, quote=fact.quote))
            if not one.reluctance:
                break
        best = min(drawn, key=lambda one: one.reluctance)
        return replace(best, answer=replace(best.answer, bill=Bill.total(one.answer.bill for one in drawn)))


def sampling(attempt: int, sample: int) -> Options:
    """The first sample of the first attempt is the backend's own choice of words; all others are drawn, each seeded."""
    if attempt == 1 and sample == 0:
        return {}
    return {"temperature": _SAMPLING_TEMPERATURE, "seed": 1_000 * attempt + sample}
