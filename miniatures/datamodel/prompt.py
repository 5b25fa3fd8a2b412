"""A prompt as it is sent: the text, and the template version and variables that would make it again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from miniatures.datamodel.capabilities import Variant
from miniatures.datamodel.frozen import Frozen


class ChatMessage(Frozen):
    """One turn of a chat, provider-neutral."""

    role: Literal["system", "user", "assistant"]
    content: str


class RenderedPrompt(Frozen):
    """The messages of one model call and where they came from."""

    name: str = Field(description="Template name, such as writer.")
    variant: Variant
    version: str = Field(
        description="Hash of the template's source, overrides and the taxonomy that it renders included."
    )
    variables: dict[str, Any]
    messages: tuple[ChatMessage, ...]
