"""A prompt as it is sent: the text, and the template version and variables that would make it again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from miniatures.datamodel.capabilities import Variant


class ChatMessage(BaseModel):
    """One turn of a chat, provider-neutral."""

    model_config = ConfigDict(frozen=True)

    role: Literal["system", "user", "assistant"]
    content: str


class RenderedPrompt(BaseModel):
    """The messages of one model call and where they came from."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(description="Template name, such as writer.")
    variant: Variant
    version: str = Field(
        description="Hash of the template's source, overrides and the taxonomy that it renders included."
    )
    variables: dict[str, Any]
    messages: tuple[ChatMessage, ...]
