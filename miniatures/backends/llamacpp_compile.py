"""Tries JSON schemas as llama.cpp's server would read them, in a process of its own (see `grammar_compiler`).

The server hands a schema to llguidance, and ignores one that llguidance refuses without a word; one that makes
llguidance take the memory takes the server with it.
"""

from __future__ import annotations

from miniatures.backends.grammar_process import Check, answer


def main() -> None:
    """Answer until the input ends."""
    answer(_checker)


def _checker() -> Check:
    from llguidance import LLMatcher, LLTokenizer

    tokenizer = LLTokenizer("byte")

    def check(text: str, is_grammar: bool) -> str | None:
        matcher = LLMatcher(tokenizer, f"%llguidance {{}}\nstart: %json {text}")
        if not matcher.is_error():
            matcher.compute_bitmask()  # much is only made when it is needed
        said = matcher.get_error()
        return _reason(said) if said else None

    return check


def _reason(said: str) -> str:
    """The sentence in llguidance's report, which quotes the whole schema after it."""
    report = said.partition("failed to compile JSON schema: ")[2] or said
    regex_error = report.partition("\nerror: ")[2]
    return (regex_error or report).strip().partition("\n")[0]


if __name__ == "__main__":
    main()
