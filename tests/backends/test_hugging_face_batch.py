"""Each row of a batch draws as its own options say: distribution, nucleus, penalty and seed."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from miniatures.backends.completion import Sampling  # noqa: E402
from miniatures.backends.hugging_face_batch import Shaping  # noqa: E402

LOGITS = torch.tensor([2.0, 1.0, 0.0, -1.0, float("-inf")])
DEVICE = torch.device("cpu")


def draws(sampling: Sampling, count: int) -> list[float]:
    """Share of each token among `count` draws from one seeded row."""
    shaping = Shaping(sampling, [], DEVICE)
    taken = [0] * len(LOGITS)
    for _ in range(count):
        scores = LOGITS.clone()
        shaping.apply(scores)
        taken[int(scores.argmax())] += 1
    return [share / count for share in taken]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_softmax_of_the_heated_logits(temperature: float) -> None:
    shares = draws(Sampling(temperature=temperature, seed=1), 6000)
    expected = (LOGITS / temperature).softmax(-1).tolist()
    assert shares == pytest.approx(expected, abs=0.03)
    assert shares[4] == 0


def test_the_nucleus_leaves_the_unlikely_out() -> None:
    shares = draws(Sampling(temperature=1.0, top_p=0.7, seed=1), 2000)
    assert shares[0] + shares[1] == 1  # 0.64 is not yet 0.7; with the second token it is
    assert 0 < shares[1] < shares[0]


def test_without_temperature_the_logits_stay_and_the_likeliest_wins() -> None:
    scores = LOGITS.clone()
    Shaping(Sampling(top_p=0.1, seed=5), [], DEVICE).apply(scores)
    assert torch.equal(scores, LOGITS)


def test_seeds_repeat_and_differ() -> None:
    def sequence(seed: int) -> list[float]:
        return draws(Sampling(temperature=1.0, seed=seed), 50)

    assert sequence(1) == sequence(1)
    assert len({tuple(sequence(seed)) for seed in range(5)}) > 1


def test_what_was_said_is_penalized_whether_in_the_prompt_or_the_answer() -> None:
    shaping = Shaping(Sampling(repetition_penalty=2.0), [0], DEVICE)
    shaping.remember(3)
    scores = LOGITS.clone()
    shaping.apply(scores)
    assert scores.tolist() == [1.0, 1.0, 0.0, -2.0, float("-inf")]


def test_each_use_of_a_token_in_the_answer_costs_the_frequency_penalty() -> None:
    shaping = Shaping(Sampling(frequency_penalty=0.5), [1], DEVICE)
    for token in (3, 0, 0):
        shaping.remember(token)
    scores = LOGITS.clone()
    shaping.apply(scores)
    assert scores.tolist() == [1.0, 1.0, 0.0, -1.5, float("-inf")]
