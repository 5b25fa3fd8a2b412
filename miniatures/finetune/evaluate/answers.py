"""Every answer on disk as it arrives, found again by what was asked: an evaluation that was killed goes on.

An answer is named by the hash of everything that led to it (the backend's identity, the messages, the schema, the
sampling), so another prompt or other weights are asked anew, and the same question is never paid for twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from pydantic import BaseModel, ConfigDict, ValidationError

from miniatures.backends.ask import ask, identity_of, profile_of
from miniatures.backends.errors import ContextOverflow
from miniatures.datamodel.backend import Profile, Usage
from miniatures.datamodel.errors import writing
from miniatures.datamodel.hashing import content_hash
from miniatures.datamodel.prompt import RenderedPrompt
from miniatures.prompts.library import PromptLibrary


class KeptAnswer(BaseModel):
    """One answer. Times are seconds since 1970, from asking to the whole answer."""

    model_config = ConfigDict(frozen=True)

    key: str
    value: dict[str, Any] | None
    probability: float | None = None
    text: str = ""
    error: str = ""
    usage: Usage = Usage()
    cost_usd: float | None = None
    started: float
    finished: float


class AnswerLog:
    """A JSONL file of answers. A line that a kill tore is left out, and its question asked again."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._kept: dict[str, KeptAnswer] = {}
        with writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            torn = self._read() if path.is_file() else False
            self._file = path.open("a", encoding="utf-8", newline="\n")
        if torn:
            self._file.write("\n")

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: str) -> KeptAnswer | None:
        """The answer of this name, if it was given before."""
        return self._kept.get(key)

    def add(self, answer: KeptAnswer) -> None:
        """Keep an answer; it survives the process from here on."""
        self._kept[answer.key] = answer
        self._file.write(answer.model_dump_json() + "\n")
        self._file.flush()

    def close(self) -> None:
        self._file.close()

    def _read(self) -> bool:
        """Read what is there; returns whether the last line has no end."""
        content = self._path.read_bytes()
        for line in content.splitlines():
            try:
                answer = KeptAnswer.model_validate_json(line)
            except ValidationError:
                continue
            self._kept[answer.key] = answer
        return bool(content) and not content.endswith(b"\n")


class Asker:
    """Asks one backend through the graphs' own prompt path, at most `concurrency` questions at a time."""

    def __init__(
        self,
        model: BaseChatModel,
        log: AnswerLog,
        prompts: PromptLibrary,
        *,
        concurrency: int,
        on_answer: Callable[[], None] = lambda: None,
    ) -> None:
        self.model = model
        self.identity = identity_of(model)
        self.profile: Profile = profile_of(model)
        self._log, self._prompts, self._on_answer = log, prompts, on_answer
        self._gate = asyncio.Semaphore(concurrency)

    def version(self, prompt: str) -> str:
        """Version of the template that this backend is asked with."""
        return self._prompts.version(prompt, self.profile)

    async def ask(
        self,
        name: str,
        variables: dict[str, Any],
        schema: type[BaseModel],
        *,
        attempt: int = 1,
        profile: Profile | None = None,
        **options: Any,
    ) -> KeptAnswer:
        """The answer to a prompt, from the log if it is there. One too long for the context is an unread answer.

        Raises:
            BackendError: the backend could not be asked.
        """
        prompt = self._prompts.render(name, profile or self.profile, variables)
        key = content_hash([self.identity, prompt.messages, schema.__name__, options])
        async with self._gate:
            answer = self._log.get(key) or await self._asked(key, prompt, schema, attempt, options)
        self._on_answer()
        return answer

    async def _asked(
        self, key: str, prompt: RenderedPrompt, schema: type[BaseModel], attempt: int, options: dict[str, Any]
    ) -> KeptAnswer:
        started = time.time()
        try:
            given = await ask(self.model, prompt, schema, role=prompt.name, node="evaluate", attempt=attempt, **options)
        except ContextOverflow as error:
            kept = KeptAnswer(key=key, value=None, error=error.message, started=started, finished=time.time())
        else:
            kept = KeptAnswer(
                key=key,
                value=None if given.value is None else given.value.model_dump(mode="json"),
                probability=given.probability,
                text=given.text,
                error=given.error or "",
                usage=given.usage,
                cost_usd=given.cost_usd,
                started=started,
                finished=time.time(),
            )
        self._log.add(kept)
        return kept
