"""The last wash of any text that comes from outside, before a model or a person may see it.

Characters that no reader sees are dropped, because they carry hidden messages and break verbatim quotes. The control
tokens of chat templates are spelled out with parentheses, because a tokenizer would otherwise take a page's
`<|im_start|>` for the start of a turn. This is done here, at extraction, so that the text that is hashed, quoted,
shown and prompted is one and the same.
"""

from __future__ import annotations

import re

from miniatures.datamodel.characters import INVISIBLE, JOINERS, nfc

_UNSEEN = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x9f{INVISIBLE}{JOINERS}]+")  # tab and line breaks are white space
_SURROGATE = re.compile("[\ud800-\udfff]")
_SPACES = re.compile(r"[^\S\n]+")
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")

# <|im_start|>, <|eot_id|>, and the full-width spellings of DeepSeek.
_BAR_TOKEN = re.compile(r"[<\uff1c]\s?[|\uff5c]([^<>\uff1c\uff1e|\uff5c\n]{0,80})[|\uff5c]\s?[>\uff1e]")
# Tokens in plain angle or square brackets, by name: Gemma, Llama 2, Mistral, T5, tool calls.
_ANGLE_TOKEN = re.compile(
    r"[<\uff1c](/?(?:s|bos|eos|pad|unk|mask|cls|sep|start_of_turn|end_of_turn|start_of_image|end_of_utterance|system|user"
    r"|assistant|human|think|thinking|tool_calls?|tool_response|tool_results?|tools|function_calls?|function_results?"
    r"|function|invoke|instructions?|system_prompt|unused\d+|extra_id_\d+))\s?/?[>\uff1e]",
    re.IGNORECASE,
)
_SQUARE_TOKEN = re.compile(
    r"\[(/?(?:INST|SYS|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|PREFIX|MIDDLE|SUFFIX|IMG"
    r"|THINK|CLS|SEP|MASK|PAD|UNK|BOS|EOS))\]"
)
_DOUBLE_ANGLE_TOKEN = re.compile(r"<<\s?(/?SYS)\s?>>")
_TOKENS = (_BAR_TOKEN, _DOUBLE_ANGLE_TOKEN, _ANGLE_TOKEN, _SQUARE_TOKEN)
_MAX_PASSES = 4


def clean_text(text: str) -> str:
    """Visible text in NFC, one paragraph a line: no invisible character, no chat-template token, no empty line."""
    text = _SURROGATE.sub("\ufffd", _BREAKS.sub("\n", text))
    text = nfc(_UNSEEN.sub("", text))
    lines = (_SPACES.sub(" ", line).strip() for line in neutralize_tokens(text).split("\n"))
    return "\n".join(line for line in lines if line)


def clean_line(text: str) -> str:
    """As `clean_text`, on one line: for titles and snippets."""
    return " ".join(clean_text(text).split())


def neutralize_tokens(text: str) -> str:
    """The text with each chat-template token in parentheses; tokens nested in others are undone from the inside."""
    for _ in range(_MAX_PASSES):
        before = text
        for token in _TOKENS:
            text = token.sub(r"(\1)", text)
        if text == before:
            return text
    return text.replace("<|", "(").replace("|>", ")").replace("<<", "(").replace(">>", ")")
