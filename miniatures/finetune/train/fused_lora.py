"""A LoRA layer's forward and backward with as few passes as the arithmetic needs.

PEFT's layer casts, drops out and adds for each of seven projections; on a processor those passes cost as much as the
products. Here the factors are kept in float32, so that small steps are not rounded away, and cast once; modules that
read the same input share one dropout mask. PEFT still makes, holds and saves the factors.
"""

from __future__ import annotations

from functools import cache
from types import MethodType
from typing import Any


def fuse(model: Any) -> int:
    """Give every plain LoRA linear layer of a PEFT model the fused forward; returns how many there are."""
    import torch
    from peft.tuners.lora import Linear

    masks = DropoutMasks()
    fused = 0
    for module in model.modules():
        if isinstance(module, Linear) and _is_plain(module):
            name = module.active_adapters[0]
            dropout = module.lora_dropout[name]
            module._fused = (name, float(getattr(dropout, "p", 0.0)), masks)
            module.forward = MethodType(_forward, module)
            for factor in (module.lora_A[name], module.lora_B[name]):
                factor.weight.data = factor.weight.data.to(torch.float32)
            fused += 1
    return fused


def _is_plain(module: Any) -> bool:
    if len(module.active_adapters) != 1 or module.base_layer.weight.requires_grad:
        return False
    name = module.active_adapters[0]
    return not getattr(module, "use_dora", {}).get(name) and not getattr(module, "lora_bias", {}).get(name)


class DropoutMasks:
    """The mask of the last input that was asked for, made from torch's generator so that a resumed run repeats it."""

    def __init__(self) -> None:
        self._input: Any = None
        self._mask: Any = None

    def apply(self, states: Any, rate: float) -> tuple[Any, Any]:
        """The states with a share of `rate` set to zero and the rest scaled up, and the mask."""
        if self._input is not states:
            self._input, self._mask = states, _scaled_mask(states, rate)
        return states * self._mask, self._mask


def _scaled_mask(states: Any, rate: float) -> Any:
    """0 or 1/(1 - rate), from random bytes: the rate is kept to 1/256."""
    import torch

    if states.device.type != "cpu":
        return torch.nn.functional.dropout(torch.ones_like(states), rate)
    import numpy as np

    seed = int(torch.randint(2**62, (1,)))
    drawn = np.random.Generator(np.random.SFC64(seed)).bytes(states.numel())
    kept = torch.frombuffer(bytearray(drawn), dtype=torch.uint8).view(states.shape) >= round(256 * rate)
    return kept.to(states.dtype).mul_(1 / (1 - round(256 * rate) / 256))


def _forward(module: Any, states: Any, *_: Any, **__: Any) -> Any:
    name, rate, masks = module._fused
    base = module.base_layer
    if module.disable_adapters:
        return base(states)
    mask = None
    dropped = states
    if module.training and rate > 0:
        dropped, mask = masks.apply(states, rate)
    down, up = module.lora_A[name].weight, module.lora_B[name].weight
    result = _lora_linear().apply(states, dropped, mask, base.weight, down, up, module.scaling[name])
    return result if base.bias is None else result + base.bias


@cache
def _lora_linear() -> Any:
    """The function's class, made when torch is first needed."""
    import torch

    class LoraLinear(torch.autograd.Function):  # type: ignore[misc]
        """x W' + s (d A') B', where d is x after dropout, and W is frozen."""

        @staticmethod
        def forward(
            context: Any, states: Any, dropped: Any, mask: Any, weight: Any, down: Any, up: Any, scale: float
        ) -> Any:
            flat, flat_dropped = states.flatten(0, -2), dropped.flatten(0, -2)
            down16, up16 = down.to(states.dtype), up.to(states.dtype) * scale
            narrow = flat_dropped @ down16.t()
            result = flat @ weight.t()
            result.addmm_(narrow, up16.t())
            context.save_for_backward(flat_dropped, narrow, mask, weight, down16, up16)
            context.scale = scale
            return result.view(*states.shape[:-1], weight.shape[0])

        @staticmethod
        def backward(context: Any, outward: Any) -> Any:
            dropped, narrow, mask, weight, down16, up16 = context.saved_tensors
            flat = outward.flatten(0, -2)
            wide = flat @ up16
            up_gradient = (flat.t() @ narrow).float().mul_(context.scale)
            down_gradient = (wide.t() @ dropped).float()
            inward = None
            if context.needs_input_grad[0]:
                inward = flat @ weight
                if mask is None:
                    inward.addmm_(wide, down16)
                else:
                    inward.addcmul_(wide @ down16, mask.flatten(0, -2))
                inward = inward.view(*outward.shape[:-1], weight.shape[1])
            return inward, None, None, None, down_gradient, up_gradient, None

    return LoraLinear
