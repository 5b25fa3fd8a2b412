"""How a family marks the turns of a chat, for base models, whose files carry no chat template of their own.

The marks are in the base's vocabulary and untrained there: an adapter learns what follows them.
"""

from __future__ import annotations

_GEMMA = (
    "{{ bos_token }}{% for message in messages %}"
    "<start_of_turn>{{ 'model' if message['role'] == 'assistant' else 'user' }}\n"
    "{{ message['content'] | trim }}<end_of_turn>\n{% endfor %}"
    "{% if add_generation_prompt %}<start_of_turn>model\n{% endif %}"
)

TURN_FORMATS = {"gemma3": _GEMMA}
"""A Jinja template by the GGUF's architecture."""
