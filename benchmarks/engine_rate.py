"""What the backend keeps of the engine's rate: 1, 8 and 32 requests in flight against the same as one raw batch.

Run:  python benchmarks/engine_rate.py

Both sides get the same prompts (a shared first part, a different end) and the same number of tokens in the same
process, in turn; the median of the rounds is printed. Prefix reuse is on; its effect is the last line.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from langchain_core.messages import HumanMessage

from miniatures.backends.completion import Sampling
from miniatures.backends.openvino import OpenVINOBackend
from miniatures.backends.openvino_engine import generation_config
from miniatures.backends.spec import open_backend

IN_FLIGHT = (1, 8, 32)
NEW_TOKENS = 96
ROUNDS = 3
RULES = "You write short, honest emails. " + " ".join(f"Rule {n}: say what is so about point {n}." for n in range(12))


def prompts(count: int, round_name: str) -> list[str]:
    """Prompts whose ends no other round has had."""
    return [f"{RULES} Write to reader {number} of {round_name} about cold storage." for number in range(count)]


async def through_backend(backend: OpenVINOBackend, texts: list[str]) -> int:
    """Tokens that the backend made with all requests in flight at once."""
    answers = await asyncio.gather(*(backend.ainvoke(text, max_tokens=NEW_TOKENS) for text in texts))
    return sum(answer.usage_metadata["output_tokens"] for answer in answers if answer.usage_metadata)


async def raw_batch(backend: OpenVINOBackend, texts: list[str]) -> int:
    """The same, straight on the pipeline (idle meanwhile) as one batch."""
    model: Any = backend._engine._model
    config = generation_config(Sampling(), NEW_TOKENS, model.tokenizer.get_eos_token_id())
    rendered = [backend._engine.template.render([HumanMessage(text)]) for text in texts]
    results = model.pipeline.generate([model.encode(prompt) for prompt in rendered], [config] * len(rendered))
    return sum(len(result.m_generation_ids[0]) for result in results)


async def rate(make: Callable[[list[str]], Awaitable[int]], texts: list[str]) -> float:
    """Tokens per second."""
    started = time.perf_counter()
    return await make(texts) / (time.perf_counter() - started)


async def compare(backend: OpenVINOBackend, count: int) -> None:
    ours, raw = [], []
    for number in range(ROUNDS):
        raw.append(await rate(lambda texts: raw_batch(backend, texts), prompts(count, f"raw {number}")))
        ours.append(await rate(lambda texts: through_backend(backend, texts), prompts(count, f"our {number}")))
    mine, theirs = statistics.median(ours), statistics.median(raw)
    print(f"{count:3} in flight: {mine:6.0f} tokens/s; raw batch {theirs:6.0f}; kept {mine / theirs:.0%}")


async def prefix_effect(backend: OpenVINOBackend) -> None:
    """First-token time of a long prompt, before and after a sibling with the same beginning."""
    beginning = "An unusual beginning. " * 150
    first, second = [
        (await backend.ainvoke(f"{beginning} Question {n}?", max_tokens=2)).response_metadata["first_token_ms"]
        for n in range(2)
    ]
    print(f"first token of a ~750-token prompt: {first:.0f} ms fresh, {second:.0f} ms with its beginning cached")


async def main() -> None:
    backend = open_backend("openvino:smollm2-135m-instruct")
    assert isinstance(backend, OpenVINOBackend)
    await backend.ainvoke("Hello", max_tokens=4)
    for count in IN_FLIGHT:
        await compare(backend, count)
    await prefix_effect(backend)


if __name__ == "__main__":
    asyncio.run(main())
