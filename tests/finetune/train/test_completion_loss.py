"""The loss on chosen positions equals the plain one, its gradient too."""

from __future__ import annotations

import pytest

from miniatures.finetune.train.completion_loss import SLICE, summed_loss

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("positions", [1, 7, SLICE, SLICE + 3])
@pytest.mark.parametrize("trained", [False, True])
def test_equals_cross_entropy_and_its_gradient(positions, trained):
    import torch

    torch.manual_seed(positions)
    head = torch.nn.Linear(16, 50, bias=False).requires_grad_(trained)
    labels = torch.randint(0, 50, (positions,))
    hidden = torch.randn(positions, 16, requires_grad=True)
    loss = summed_loss(hidden, head, labels) / positions
    loss.backward()
    ours = (hidden.grad.clone(), None if head.weight.grad is None else head.weight.grad.clone())
    hidden.grad = None
    head.zero_grad()
    expected = torch.nn.functional.cross_entropy(head(hidden), labels)
    expected.backward()
    assert float(loss.detach()) == pytest.approx(float(expected.detach()), rel=1e-5)
    torch.testing.assert_close(ours[0], hidden.grad, rtol=1e-4, atol=1e-6)
    if trained:
        torch.testing.assert_close(ours[1], head.weight.grad, rtol=1e-4, atol=1e-6)


def test_a_softcap_is_applied():
    import torch

    head = torch.nn.Linear(8, 20, bias=False)
    hidden, labels = 40 * torch.randn(5, 8), torch.arange(5)
    capped = 3.0 * torch.tanh(head(hidden) / 3.0)
    expected = torch.nn.functional.cross_entropy(capped, labels, reduction="sum")
    assert float(summed_loss(hidden, head, labels, softcap=3.0).detach()) == pytest.approx(
        float(expected.detach()), rel=1e-5
    )


def test_no_gradient_is_made_where_none_is_wanted():
    import torch

    head = torch.nn.Linear(8, 20, bias=False).requires_grad_(False)
    with torch.no_grad():
        loss = summed_loss(torch.randn(3, 8), head, torch.tensor([1, 2, 3]))
    assert loss.grad_fn is None
