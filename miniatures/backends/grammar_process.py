"""The process behind `grammar_compiler`, whichever engine's compiler it tries: one line of JSON in, one out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import BinaryIO

from miniatures.datamodel.child_process import (
    address_space_bytes,
    become_child,
    limit_memory,
    limit_processor,
    step_back,
)
from miniatures.datamodel.json_types import WireObject

Check = Callable[[str, bool], str | None]
"""What is wrong with a text, which is a grammar (True) or a JSON schema; None if it compiles."""

_SPARE_BYTES = 1 << 30
"""What compiling may take beyond what the process has when it is ready: more fails here instead of in the server."""


def answer(prepare: Callable[[], Check]) -> None:
    """Answer until the input ends."""
    questions, answers = become_child()
    check = prepare()
    if (present := address_space_bytes()) is not None:
        limit_memory(present + _SPARE_BYTES)
    step_back()
    _say(answers, {"ready": True})
    for line in questions:
        question = json.loads(line)
        limit_processor(question["seconds"])
        started = time.process_time()
        error = check(question["text"], question["is_grammar"])
        _say(answers, {"error": error, "seconds": time.process_time() - started})


def _say(answers: BinaryIO, said: WireObject) -> None:
    answers.write(json.dumps(said).encode() + b"\n")
    answers.flush()
