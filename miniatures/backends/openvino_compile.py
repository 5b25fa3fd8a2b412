"""Tries grammars with OpenVINO's own compiler in a process of its own (see `grammar_compiler`), on a model that
computes nothing.

OpenVINO GenAI compiles a grammar only while it answers. So this process has it answer one token, with the real
tokenizer and a model whose every score is zero: a second to start, and 140 MB.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

from miniatures.backends.grammar_process import Check, answer


def main(tokenizer: Path) -> None:
    """Answer until the input ends."""
    answer(partial(_checker, tokenizer))


def _checker(tokenizer: Path) -> Check:
    return partial(_error, _generator(tokenizer))


def _error(generate: Any, text: str, is_grammar: bool) -> str | None:
    """What the compiler says against it; None if it compiles."""
    from openvino_genai import StructuredOutputConfig

    try:
        generate(StructuredOutputConfig(grammar=text) if is_grammar else StructuredOutputConfig(json_schema=text))
    except Exception as error:  # The engine's own exceptions are bare RuntimeErrors.
        last = (str(error).strip().splitlines() or [type(error).__name__])[-1]
        return last.rpartition(".cc:")[2].partition(": ")[2] or last
    return None


def _generator(tokenizer: Path) -> Any:
    import numpy as np
    import openvino as ov
    from openvino_genai import GenerationConfig, LLMPipeline, Tokenizer

    loaded = Tokenizer(tokenizer)
    model, weights = _empty_model(max(loaded.get_vocab().values()) + 1)
    pipeline = LLMPipeline(model, weights, loaded, "CPU", GenerationConfig(), ATTENTION_BACKEND="SDPA")

    def generate(structure: Any) -> None:
        config = GenerationConfig()
        config.apply_chat_template, config.max_new_tokens = False, 1
        config.structured_output_config = structure
        pipeline.generate(ov.Tensor(np.zeros((1, 1), dtype=np.int64)), config)

    return generate


def _empty_model(vocabulary: int) -> tuple[str, Any]:
    """A language model's inputs and outputs with nothing between them: its description and its weights."""
    import tempfile

    import numpy as np
    import openvino as ov
    from openvino import opset13 as op

    names = {"input_ids": (2, np.int64), "attention_mask": (2, np.int64), "position_ids": (2, np.int64)}
    inputs = {name: op.parameter([-1] * rank, kind, name=name) for name, (rank, kind) in names.items()}
    inputs["beam_idx"] = op.parameter([-1], np.int32, name="beam_idx")
    for name, node in inputs.items():
        node.output(0).set_names({name})
    numbers = op.unsqueeze(op.convert(inputs["input_ids"], "f32"), op.constant([2], dtype=np.int64))
    scores = op.multiply(numbers, op.constant(np.zeros((1, 1, vocabulary), dtype=np.float32)))
    scores.output(0).set_names({"logits"})
    model = ov.Model([op.result(scores)], list(inputs.values()), "nothing")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        ov.save_model(model, path, compress_to_fp16=False)
        weights = np.fromfile(path.with_suffix(".bin"), dtype=np.uint8)
        return path.read_text(encoding="utf-8"), ov.Tensor(weights)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
