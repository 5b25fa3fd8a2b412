"""The fused layer is PEFT's layer: same output, same gradients, same saved adapter."""

from __future__ import annotations

import pytest

from miniatures.finetune.train import fused_lora
from tests.finetune.tiny_models import PROJECTIONS, TARGETS, tiny

pytestmark = pytest.mark.slow


def with_adapter(kind="llama", dropout=0.0):
    import peft
    import torch

    targets = TARGETS.get(kind, PROJECTIONS)
    config = peft.LoraConfig(r=4, lora_alpha=8, lora_dropout=dropout, target_modules=targets, task_type="CAUSAL_LM")
    model = peft.get_peft_model(tiny(kind, "eager"), config)
    torch.manual_seed(9)
    for name, weight in model.named_parameters():
        if "lora_" in name:
            torch.nn.init.normal_(weight, std=0.05)
    return model


def answer(model):
    import torch

    tokens = torch.arange(3, 43).view(2, 20)
    model.zero_grad()
    logits = model(input_ids=tokens).logits
    logits.square().mean().backward()
    gradients = {name: weight.grad.clone() for name, weight in model.named_parameters() if weight.grad is not None}
    return logits.detach(), gradients


@pytest.mark.parametrize("kind", ["llama", "phi3", "gemma3_text"])
def test_output_and_gradients_are_pefts(kind):
    import torch

    expected, gradients = answer(with_adapter(kind))
    model = with_adapter(kind)
    assert fused_lora.fuse(model) == 2 * len(TARGETS.get(kind, PROJECTIONS))
    logits, ours = answer(model)
    torch.testing.assert_close(logits, expected, rtol=1e-4, atol=1e-5)
    assert set(ours) == set(gradients)
    for name, gradient in gradients.items():
        torch.testing.assert_close(ours[name], gradient, rtol=1e-3, atol=1e-6)


def test_dropout_keeps_its_rate_and_scale_and_is_off_in_evaluation():
    import torch

    masks = fused_lora.DropoutMasks()
    states = torch.ones(400, 500)
    dropped, mask = masks.apply(states, 0.05)
    share = float((dropped == 0).float().mean())
    assert 0.045 < share < 0.056
    assert float(dropped.mean()) == pytest.approx(1.0, abs=0.01)
    assert masks.apply(states, 0.05)[1] is mask, "modules that read the same input share the mask"
    assert not torch.equal(masks.apply(torch.ones(400, 500), 0.05)[1], mask)
    model = with_adapter(dropout=0.5)
    fused_lora.fuse(model)
    model.eval()
    torch.testing.assert_close(answer(model)[0], answer(with_adapter())[0], rtol=1e-4, atol=1e-5)


def test_a_seed_repeats_the_masks():
    import torch

    def drawn():
        torch.manual_seed(4)
        return fused_lora.DropoutMasks().apply(torch.ones(20, 30), 0.3)[1]

    assert torch.equal(drawn(), drawn())


def test_what_peft_saves_is_the_same(tmp_path):
    import torch
    from safetensors.torch import load_file

    plain, fused = with_adapter(), with_adapter()
    fused_lora.fuse(fused)
    plain.save_pretrained(tmp_path / "plain")
    fused.save_pretrained(tmp_path / "fused")
    one, other = (load_file(tmp_path / side / "adapter_model.safetensors") for side in ("plain", "fused"))
    assert set(one) == set(other)
    assert all(torch.equal(one[name], other[name].to(one[name].dtype)) for name in one)
