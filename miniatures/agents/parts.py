"""Asks the researcher which of a brief's thoughts and claims go with a sentence that is told."""

from __future__ import annotations

from typing import Any

from miniatures.agents.context import CampaignContext
from miniatures.agents.passages import Passage
from miniatures.agents.reason import Parts, choose_parts
from miniatures.agents.roles.researcher import RESEARCHER
from miniatures.agents.shadowed import ask_seat
from miniatures.datamodel.brief import Brief


async def ask_parts(
    context: CampaignContext, brief: Brief, company: str, passage: Passage, signal: str, **options: Any
) -> Parts:
    """What of the brief goes with the sentence as news of this signal; `options` are those of `choose_parts`.

    Raises:
        BackendError: the researcher could not be asked.
    """
    today = context.now().date()
    return await ask_seat(
        context,
        RESEARCHER.name,
        lambda model, seat: choose_parts(
            model, context.prompts, brief, company, today, passage, signal, seat=seat, **options
        ),
    )
