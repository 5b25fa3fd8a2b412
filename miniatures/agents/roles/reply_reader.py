"""The reader of replies: says what a person's answer to an email means for the campaign.

It sees the offer and what the person wrote, and nothing of who they are. A closed question, so an encoder can answer it
as well as a large model can.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field

from miniatures.agents.as_data import as_data
from miniatures.agents.roles.role import Role, Variables
from miniatures.backends.ask import Answer
from miniatures.datamodel.capabilities import Capabilities, Variant
from miniatures.datamodel.inbound import ReplyClass
from miniatures.datamodel.json_types import JsonSchema
from miniatures.prompts.library import PromptLibrary

_MOST = 2_000
"""Characters of a reply that are read: what it means is said in its first sentences, or not at all."""

_STOPS_FROM = 0.2
"""The probability from which an answer counts as an opt-out, whatever is likelier. On replies of a hand that it had not
learned from, a reader so heard 75 % of the opt-outs instead of 62 %, and was right about 80 % of what it took for one
instead of 91 %. It is low because a person puts a false one right by one key, and nobody sees one that was missed."""


class ReplyVariables(Variables):
    """What is asked about one reply."""

    offer: str = Field(description="What the email offered.")
    text: str = Field(description="What the person wrote, on one line.")

    @classmethod
    def of(cls, offer: str, text: str) -> ReplyVariables:
        """The question about this text, as `reply_text` gives it."""
        return cls(offer=as_data(offer), text=as_data(text[:_MOST]))

    @property
    def told_company(self) -> str:
        """Replies to one offer are on one side of a split: they share its words."""
        return self.offer


class ReplyMeaning(BaseModel):
    """The answer."""

    reply_class: ReplyClass


class ReplyReader(Role[ReplyVariables, ReplyMeaning]):
    """Says which of six things a reply means."""

    name = "reply_reader"
    variables = ReplyVariables
    answer = ReplyMeaning

    def variant(self, capabilities: Capabilities) -> Variant:
        return Variant.PASSAGE

    def schema(self, variables: Any, capabilities: Capabilities, prompts: PromptLibrary) -> JsonSchema:
        return {
            "title": ReplyMeaning.__name__,
            "type": "object",
            "properties": {"reply_class": {"type": "string", "enum": list(map(str, ReplyClass))}},
            "required": ["reply_class"],
            "additionalProperties": False,
        }


def meaning(answer: Answer[ReplyMeaning]) -> ReplyClass | None:
    """The class that an answer gives a reply; None if it could not be read.

    Where the backend tells probabilities, one that may well ask to be left alone is an opt-out, though another class
    is likelier.
    """
    if answer.value is None:
        return None
    stops = answer.shares.get("reply_class", {}).get(ReplyClass.OPT_OUT, 0.0)
    return ReplyClass.OPT_OUT if stops >= _STOPS_FROM else answer.value.reply_class


REPLY_READER = ReplyReader()
"""The one that everything uses."""
