"""One attempt at writing: a batch of samples from one backend, remembered by the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from langchain_core.language_models import BaseChatModel

from miniatures.agents.context import CampaignContext
from miniatures.agents.grounding import email_schema
from miniatures.agents.ledgered import ledgered
from miniatures.agents.prompting import brief_variables, prospect_variables, quote_variables
from miniatures.agents.state import Written
from miniatures.agents.together import together
from miniatures.backends.ask import Answer, ask, identity_of, profile_of
from miniatures.datamodel.backend import Profile, Usage, add_costs
from miniatures.datamodel.draft import EmailText
from miniatures.datamodel.evidence import Evidence
from miniatures.datamodel.prospect import Prospect

_SAMPLING_TEMPERATURE = 0.7
_TOKENS_PER_WORD = 3  # English takes 1.3; scripts that the tokenizer knows less well take more
_FREQUENCY_PENALTY = 0.3
_TOKENS_AROUND = 80  # the subject and the JSON around both


async def write_attempt(
    context: CampaignContext,
    prospect: Prospect,
    evidence: Sequence[Evidence],
    *,
    role: str,
    attempt: int,
    reasons: Sequence[str] = (),
    previous: EmailText | None = None,
) -> Written:
    """Ask the role's backend for the attempt's emails at once.

    Raises:
        BackendError: the backend could not be asked. A malformed answer is no exception: it is an email that is null.
    """
    model = context.model(role)
    refused = previous.model_dump() if previous else None
    variables = {
        "brief": brief_variables(context.brief),
        "prospect": prospect_variables(prospect),
        "quotes": quote_variables(evidence, context.brief, prospect),
        "reasons": list(reasons),
        "previous": refused,
    }
    return await ledgered(
        context,
        "write",
        prospect,
        Written,
        lambda: _sample(context, variables, role, attempt),
        quotes=variables["quotes"],
        reasons=variables["reasons"],
        previous=refused,
        role=role,
        attempt=attempt,
        samples=context.write.samples_of(attempt),
        prompt=context.prompts.version("writer", profile_of(model)),
        backend=identity_of(model),
    )


async def _sample(context: CampaignContext, variables: dict[str, Any], role: str, attempt: int) -> Written:
    model = context.model(role)
    prompt = context.prompts.render("writer", profile_of(model), variables)
    bound = answer_bound(variables, model)
    asks = [
        ask(model, prompt, EmailText, role=role, node="write", attempt=attempt, **bound, **sampling(attempt, sample))
        for sample in range(context.write.samples_of(attempt))
    ]
    return _written(role, str(identity_of(model)), await together(asks))


def answer_bound(variables: Mapping[str, Any], model: BaseChatModel) -> dict[str, Any]:
    """What holds a small model: a ceiling, as it may never end its answer; the names and numbers of its prompt; and a
    little weight against words that it has used, as it likes to say a thing twice.

    A teacher may think before it writes, and copies well.
    """
    match profile_of(model):
        case Profile.FULL:
            return {}
        case Profile.COMPACT:
            words = variables["brief"]["length"]["max_words"]
            ceiling = _TOKENS_PER_WORD * words + _TOKENS_AROUND
            schema = email_schema(variables)
            return {"max_tokens": ceiling, "response_schema": schema, "frequency_penalty": _FREQUENCY_PENALTY}


def sampling(attempt: int, sample: int) -> dict[str, Any]:
    """The first sample of the first attempt is the backend's own choice of words; all others are drawn, each seeded."""
    if attempt == 1 and sample == 0:
        return {}
    return {"temperature": _SAMPLING_TEMPERATURE, "seed": 1_000 * attempt + sample}


def _written(role: str, backend: str, answers: Sequence[Answer[EmailText]]) -> Written:
    usage = Usage()
    cost: float | None = 0.0
    for answer in answers:
        usage, cost = usage + answer.usage, add_costs(cost, answer.cost_usd)
    return Written(
        role=role,
        backend=backend,
        emails=tuple(answer.value for answer in answers),
        errors=tuple(answer.error or "" for answer in answers),
        usage=usage,
        cost_usd=cost,
    )
