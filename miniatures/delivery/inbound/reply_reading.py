"""Has a model say what people's answers mean, each call traced in the campaign's store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from miniatures.agents.campaign_backends import CampaignBackends
from miniatures.agents.roles.reply_reader import REPLY_READER, ReplyMeaning, ReplyVariables, meaning
from miniatures.backends.errors import BackendError
from miniatures.datamodel.campaign import BackendSettings, Roles
from miniatures.datamodel.errors import BudgetReached
from miniatures.datamodel.inbound import Inbound
from miniatures.datamodel.message import OutboxRow
from miniatures.datamodel.trace import new_id
from miniatures.delivery.inbound.hear import Reading
from miniatures.prompts.library import PromptLibrary
from miniatures.store.store import Store
from miniatures.store.tracing import Scope, enter_scope

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from miniatures.backends.ask import Answer
    from miniatures.inputs.campaign import LoadedCampaign

SHIPPED = "miniature:replies"
"""Reads replies where the campaign file names no `reply_reader`."""


class ModelReader:
    """A `ReplyReader` that asks a chat model."""

    def __init__(self, model: BaseChatModel, offer: str, store: Store, prompts: PromptLibrary) -> None:
        self._model, self._offer, self._store, self._prompts = model, offer, store, prompts
        self._run_id = new_id()

    async def read(self, inbound: Inbound, answered: OutboxRow) -> Reading | None:
        """What the answer means; None for one without words, and if the model cannot be asked or answers otherwise."""
        if not inbound.text.strip():
            return None
        message = answered.message
        with enter_scope(Scope(self._store.recorder, self._run_id, message.campaign, message.prospect)):
            answer = await self._asked(ReplyVariables.of(self._offer, inbound.text))
        if answer is None:
            return None
        found = meaning(answer)
        return None if found is None else Reading(found, str(answer.identity), answer.trace)

    async def _asked(self, variables: ReplyVariables) -> Answer[ReplyMeaning] | None:
        try:
            return await REPLY_READER.ask(self._model, self._prompts, variables, node="inbox")
        except (BackendError, BudgetReached):
            return None


def open_reader(loaded: LoadedCampaign, store: Store) -> ModelReader:
    """The reader that the campaign file names, under its budgets; else the shipped one.

    Raises:
        BackendError, WeightsError: it cannot be opened.
    """
    named = loaded.campaign.roles.seats.get(REPLY_READER.name)
    if named is None:
        model = _shipped()
    else:
        roles = Roles.model_validate({"writer": "none", REPLY_READER.name: {"first": next(iter(named.values()))}})
        model = CampaignBackends(loaded, store, new_id()).seats(roles)[REPLY_READER.name].first
    return ModelReader(model, loaded.brief.offer, store, PromptLibrary(loaded.prompts_folder))


def _shipped() -> BaseChatModel:
    from miniatures.backends.spec import open_backend
    from miniatures.backends.wrappers.wrap import dress

    settings = BackendSettings(use=SHIPPED)
    return dress(open_backend(SHIPPED, settings), settings=settings)
