"""Attention: queries, keys, values and heads, which no module answers with by itself."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

import torch
from torch import nn
from torch.nn.functional import linear, scaled_dot_product_attention
from torch.utils.hooks import RemovableHandle

Note = Callable[[torch.Tensor | None], None]

_OF_TIMM = ("timm.layers.attention", "timm.models.vision_transformer")
_PROJECTIONS = ("q", "k", "v")
_ARGUMENTS = signature(nn.MultiheadAttention.forward)


def parts_of(module: nn.Module) -> tuple[str, ...]:
    """The parts that can be read of a module: q, k, v, head0, head1 ...; none where it is no known attention.

    Known are torch's MultiheadAttention and timm's Attention, and what is derived from them.
    """
    if not isinstance(module, nn.MultiheadAttention) and not _is_of_timm(module):
        return ()
    return (*_PROJECTIONS, *(f"head{i}" for i in range(int(module.num_heads))))  # type: ignore[arg-type]


def listen(module: nn.Module, part: str, note: Note) -> RemovableHandle:
    """Tell `note` a part of an attention, each time that it is called: (stimuli, tokens, features).

    q, k and v are what the three linear maps answer, before any norm. A head is what it adds to the input of
    the output map: its attention times its values. The same whether the network computes it fused or not.
    None where heads are not told apart: where keys are padded, or a bias or zeros are added to them.
    """
    if isinstance(module, nn.MultiheadAttention):
        return _listen_to_torch(module, part, note)
    mapped_in, mapped_out = module.get_submodule("qkv"), module.get_submodule("proj")
    if part in _PROJECTIONS:
        at = _PROJECTIONS.index(part)
        return mapped_in.register_forward_hook(lambda _, __, answer: note(answer.chunk(3, -1)[at]))
    heads, head = len(parts_of(module)) - len(_PROJECTIONS), _number(part)
    return mapped_out.register_forward_pre_hook(lambda _, args: note(args[0].chunk(heads, -1)[head]))


def _is_of_timm(module: nn.Module) -> bool:
    return any(kind.__name__ == "Attention" and kind.__module__ in _OF_TIMM for kind in type(module).__mro__)


def _number(head: str) -> int:
    return int(head.removeprefix("head"))


def _listen_to_torch(module: nn.MultiheadAttention, part: str, note: Note) -> RemovableHandle:
    def hook(_: nn.Module, args: tuple[Any, ...], named: dict[str, Any], __: object) -> None:
        given = _ARGUMENTS.bind(module, *args, **named).arguments
        if part in _PROJECTIONS:
            note(_mapped(module, given, part))
        else:
            note(_head(module, given, _number(part)))

    return module.register_forward_hook(hook, with_kwargs=True)


def _mapped(
    module: nn.MultiheadAttention, given: dict[str, Any], which: str, columns: slice = slice(None)
) -> torch.Tensor:
    """Queries, keys or values (stimuli, tokens, features), or some of their features."""
    at = _PROJECTIONS.index(which)
    apart = (module.q_proj_weight, module.k_proj_weight, module.v_proj_weight)
    joint = module.in_proj_weight
    weight = apart[at] if joint is None else joint.chunk(3)[at]
    bias = None if module.in_proj_bias is None else module.in_proj_bias.chunk(3)[at][columns]
    answer = linear(given[("query", "key", "value")[at]], weight[columns], bias)
    return answer if module.batch_first or answer.ndim < 3 else answer.transpose(0, 1)


def _head(module: nn.MultiheadAttention, given: dict[str, Any], head: int) -> torch.Tensor | None:
    """What one head attends to (stimuli, tokens, features of the head)."""
    padded = given.get("key_padding_mask") is not None
    if padded or module.bias_k is not None or module.add_zero_attn:
        return None
    features = slice(head * module.head_dim, (head + 1) * module.head_dim)
    query, key, value = (_mapped(module, given, which, features) for which in _PROJECTIONS)
    return scaled_dot_product_attention(query, key, value, _mask(given.get("attn_mask"), module, head))


def _mask(mask: torch.Tensor | None, module: nn.MultiheadAttention, head: int) -> torch.Tensor | None:
    """The mask of one head; where it is boolean, True attends, unlike in MultiheadAttention."""
    if mask is None:
        return None
    own = mask if mask.ndim == 2 else mask[head :: module.num_heads]
    return ~own if own.dtype == torch.bool else own
