"""One `generate` call for a batch of rows, each with its own temperature, seed, limit, stop strings and grammar.

The rows are padded on the left. `generate` runs greedily and each row shapes its own logits first: a sampled row
divides them by its temperature and adds Gumbel noise from its own generator, and the argmax of that is a draw from the
softmax (the Gumbel-max trick: Maddison et al., A* Sampling, 2014). So what a row draws does not depend on its company,
and a greedy answer in a batch equals the answer alone up to the rounding of padded bf16 arithmetic.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from typing import Any

import torch

from miniatures.backends.completion import FinishReason, Sampling, TextStream
from miniatures.backends.constrained import Matcher
from miniatures.backends.request import Request
from miniatures.backends.token_text import TokenDecoder


class Row:
    """One request on its way through a batch."""

    def __init__(
        self,
        request: Request,
        prompt: list[int],
        *,
        decode: Callable[[list[int]], str],
        max_tokens: int,
        device: torch.device,
        matcher: Matcher | None,
    ) -> None:
        self.request = request
        self.prompt = prompt
        self.max_tokens = max_tokens
        self._matcher = matcher
        self._shaping = Shaping(request.sampling, prompt, device)
        self._decoder = TokenDecoder(decode)
        self._stream = TextStream(request.sampling.stop)
        self._text = ""
        self._tokens = 0
        self._done = False
        self._tells_probability = request.sampling.probability
        self._log_shares: torch.Tensor | None = None
        self._log_probability = 0.0

    @property
    def done(self) -> bool:
        """Nothing more is wanted of this row, because it ended or because its reader has left."""
        return self._done or self.request.settled

    def shape(self, scores: torch.Tensor) -> None:
        """Apply grammar and sampling to this row's logits, in place."""
        if self._tells_probability:
            self._log_shares = scores.float().log_softmax(-1)
        if self._matcher is not None:
            self._matcher.mask(scores)
        self._shaping.apply(scores)

    def accept(self, token: int, end_tokens: frozenset[int]) -> None:
        """Take the token that was chosen, pass its text on and decide whether the row is done."""
        self._tokens += 1
        if self._log_shares is not None:
            self._log_probability += float(self._log_shares[token])
        if token in end_tokens:
            self._finish(FinishReason.STOP)
            return
        self._shaping.remember(token)
        self._write(self._decoder.push(token))
        if self._matcher is not None:
            self._matcher.accept(token)
        if self._has_stopped():
            self._finish(FinishReason.STOP)
        elif self._tokens >= self.max_tokens:
            self._finish(FinishReason.LENGTH)

    def _has_stopped(self) -> bool:
        complete = self._matcher is not None and self._matcher.complete
        return complete or self.request.sampling.truncate(self._text)[1]

    def _write(self, text: str) -> None:
        self._text += text
        self.request.write(self._stream.push(text.encode()))

    def _finish(self, reason: FinishReason) -> None:
        self._done = True
        text, stopped = self.request.sampling.truncate(self._text + self._decoder.flush())
        self.request.write(self._stream.finish(text))
        self.request.complete(
            FinishReason.STOP if stopped else reason,
            input_tokens=len(self.prompt),
            output_tokens=self._tokens,
            cached_tokens=0,
            probability=math.exp(self._log_probability) if self._tells_probability else None,
        )


class Shaping:
    """Turns a row's logits into scores whose argmax is the token to take."""

    def __init__(self, sampling: Sampling, prompt: list[int], device: torch.device) -> None:
        self._sampling = sampling
        self._generator = torch.Generator(device=device).manual_seed(sampling.seed)
        self._seen = set(prompt) if sampling.repetition_penalty != 1 else None
        self._uses: Counter[int] = Counter()

    def apply(self, scores: torch.Tensor) -> None:
        """In place: repetition and frequency penalty, temperature, top-p, and noise if the row is sampled."""
        if self._seen:
            self._penalize(scores, torch.tensor(sorted(self._seen), device=scores.device))
        if self._uses:
            tokens, uses = zip(*self._uses.items(), strict=True)
            taken = self._sampling.frequency_penalty * torch.tensor(uses, dtype=scores.dtype, device=scores.device)
            scores[torch.tensor(tokens, device=scores.device)] -= taken
        if self._sampling.temperature > 0:
            scores.div_(self._sampling.temperature)
            if self._sampling.top_p < 1:
                scores.masked_fill_(_outside_nucleus(scores, self._sampling.top_p), float("-inf"))
            scores.add_(-torch.empty_like(scores).exponential_(generator=self._generator).log())

    def remember(self, token: int) -> None:
        """The token counts as a repetition from now on."""
        if self._seen is not None:
            self._seen.add(token)
        if self._sampling.frequency_penalty:
            self._uses[token] += 1

    def _penalize(self, scores: torch.Tensor, seen: torch.Tensor) -> None:
        """As in CTRL (arXiv:1909.05858): positive logits divided, negative ones multiplied."""
        penalty = self._sampling.repetition_penalty
        logits = scores[seen]
        scores[seen] = torch.where(logits > 0, logits / penalty, logits * penalty)


def _outside_nucleus(scores: torch.Tensor, top_p: float) -> torch.Tensor:
    """The tokens beyond the smallest set whose probability reaches `top_p` (arXiv:1904.09751)."""
    ordered, order = scores.sort(descending=True)
    before = ordered.softmax(-1).cumsum(-1) - ordered.softmax(-1)
    return torch.zeros_like(scores, dtype=torch.bool).scatter(-1, order, before >= top_p)


def generate_rows(model: Any, rows: list[Row], *, pad_token: int, end_tokens: frozenset[int]) -> None:
    """Generate until every row is done; each row reports to its own reply."""
    prompts, mask = _pad_left([row.prompt for row in rows], pad_token, model.device)

    def shape(_: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
        for row, row_scores in zip(rows, scores, strict=True):
            if not row.done:
                row.shape(row_scores)
        return scores

    def observe(tokens: torch.Tensor, _: object, **__: object) -> torch.Tensor:
        for row, token in zip(rows, tokens[:, -1].tolist(), strict=True):
            if not row.done:
                row.accept(token, end_tokens)
        return torch.tensor([row.done for row in rows], device=tokens.device)

    with torch.inference_mode():
        model.generate(
            input_ids=prompts,
            attention_mask=mask,
            do_sample=False,
            max_new_tokens=max(row.max_tokens for row in rows),
            pad_token_id=pad_token,
            logits_processor=[shape],
            stopping_criteria=[observe],
        )


def _pad_left(prompts: list[list[int]], pad_token: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    width = max(map(len, prompts))
    tokens = [[pad_token] * (width - len(prompt)) + prompt for prompt in prompts]
    mask = [[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in prompts]
    return torch.tensor(tokens, device=device), torch.tensor(mask, device=device)
