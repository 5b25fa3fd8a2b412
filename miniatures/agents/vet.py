"""Has a verifier of statements read what a writer told: opening, thought and subject, each beside its page."""

from __future__ import annotations

from collections.abc import Sequence

from miniatures.agents.context import CampaignContext
from miniatures.agents.ledgered import ledgered
from miniatures.agents.roles.telling import POOR, Telling, ToldEmail, told
from miniatures.agents.roles.verifier import VERIFIER, Part, StatementVariables, Truth, Vetting
from miniatures.agents.roles.writer import WriterVariables
from miniatures.agents.shadowed import ask_seat
from miniatures.agents.together import together
from miniatures.backends.ask import Answer
from miniatures.datamodel.backend import Bill
from miniatures.datamodel.capabilities import Questions
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Quote
from miniatures.datamodel.frozen import Frozen
from miniatures.datamodel.prospect import Recipient
from miniatures.datamodel.vetted import VettedStatement


class Vetted(Frozen):
    """What a verifier says of each statement of an email, null where it could read none, and what that took."""

    statements: tuple[VettedStatement, ...] | None = ()
    bill: Bill = Bill()


def reads_statements(context: CampaignContext) -> bool:
    """Whether the verifier reads statements, so that its word decides."""
    trust = context.capabilities(VERIFIER.name)
    return trust is not None and trust.questions is Questions.PASSAGE


async def vet(
    context: CampaignContext, recipient: Recipient, email: EmailText | None, evidence: Sequence[Quote]
) -> Vetted:
    """The verifier's word on what the email tells of the first quote; null for an email that was not told or is no
    longer, as after an edit of what the brief owns, and nothing where nobody reads statements.

    Raises:
        BackendError: the verifier could not be asked.
    """
    if email is None or not evidence or not reads_statements(context):
        return Vetted()
    today = context.now().date()
    variables = WriterVariables.of(context.brief, recipient, evidence[:1], today=today.isoformat())
    telling = told(ToldEmail(**email.model_dump()), *variables.owned)
    if telling is None or telling == POOR:
        return Vetted(statements=None)
    asked = [
        StatementVariables.of(text, part, context.brief, variables.prospect, variables.quotes[0], today)
        for part, text in statements_of(telling)
    ]
    return await ledgered(
        context,
        "vet",
        recipient,
        Vetted,
        lambda: _asked(context, asked),
        asked=asked,
        seat=context.policy.seat(VERIFIER.name),
    )


def statements_of(telling: Telling) -> list[tuple[Part, str]]:
    """What of an email the writer itself has said."""
    parts = ((Part.OPENING, telling.opening), (Part.THOUGHT, telling.thought), (Part.SUBJECT, telling.subject))
    return [(part, text) for part, text in parts if text]


async def _asked(context: CampaignContext, asked: Sequence[StatementVariables]) -> Vetted:
    answers = await together([_ask(context, one) for one in asked])
    said = tuple(_statement(one, answer) for one, answer in zip(asked, answers, strict=True))
    return Vetted(statements=said, bill=Bill.total(answer.bill for answer in answers))


async def _ask(context: CampaignContext, asked: StatementVariables) -> Answer[Vetting]:
    return await ask_seat(
        context,
        VERIFIER.name,
        lambda model, seat: VERIFIER.ask(model, context.prompts, asked, node="vet", seat=seat),
    )


def _statement(asked: StatementVariables, answer: Answer[Vetting]) -> VettedStatement:
    """The verifier's word, taken at it where it tells no probabilities; what it gave no answer on is not supported."""
    if answer.value is None:
        return VettedStatement(part=asked.part, text=asked.statement, kind="unread", sure=0.0)
    shares = answer.shares.get("truth") or {answer.value.truth: 1.0}
    kind = max((one for one in Truth if one is not Truth.SUPPORTED), key=lambda one: shares.get(one, 0.0))
    sure = shares.get(Truth.SUPPORTED, 0.0)
    return VettedStatement(part=asked.part, text=asked.statement, kind=kind, sure=round(sure, 4))
