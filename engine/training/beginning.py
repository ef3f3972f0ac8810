"""The first weights: what every such model finds by itself, put there by hand.

A model that copies must know, at each token, which tokens came just before it, and find the place
where the token it writes was read. Gradient descent finds both, but only after millions of tokens
(Olsson et al., arXiv 2209.11895, call the pair an induction circuit). Here the first layer starts
with heads that look a fixed number of tokens back, the second with heads that look further, and a
later layer with heads that find where the last tokens were read, and what was read a few tokens
after them. Training is free to change all of it.

Rotary positions make a head that looks back by a fixed distance simple: of a constant input, the
query is turned against the key, so that they agree at that distance and at no other.
"""

from __future__ import annotations

import torch
from torch import Tensor

from engine.training.model import Attention, Punctuator
from engine.training.tokens import Codec

#: Tokens back that the heads of the first two layers look at.
NEAR, FAR = (1, 2, 3, 4), (2, 5)
#: Half of the hidden state holds the token itself, the other half what the near heads saw.
SLOT = 32
#: Size of the embeddings, and of the constant that they all share in dimension 0.
SIZE, CONSTANT = 0.35, 1.5
#: A capitalised token starts near its lower-case form: so much of it is its own.
OWN = 0.25
#: How sharply a head looks back, and how sharply it finds a match.
BACK, MATCH = 1.4, 1.6
#: Radians per token; slower pairs hardly tell a token from the next.
SLOWEST = 0.03


@torch.no_grad()
def begin(model: Punctuator, codec: Codec) -> None:
    """Set the first weights of `model`; random numbers come from torch's generator."""
    config = model.config
    hidden, size = config.hidden, config.hidden // config.heads
    own = hidden - SLOT * len(NEAR)
    _embeddings(model, codec, own)
    first, second = model.layers[0].self_attn, model.layers[1].self_attn
    speeds = config.rope_theta ** -(torch.arange(0, size, 2) / size)
    seen = torch.linalg.qr(torch.randn(own, SLOT)).Q.T  # [slot, own]
    for head, back in enumerate(NEAR):
        _look_back(first, head, back, speeds)
        rows, slot = slice(head * size, head * size + SLOT), _slot(own, head)
        first.v_proj.weight[rows] = 0
        first.v_proj.weight[rows, :own] = seen
        first.o_proj.weight[:, rows] = 0
        first.o_proj.weight[slot, rows] = SIZE * torch.eye(SLOT)
    for head, back in enumerate(FAR):
        _look_back(second, head, back, speeds)
    finder = model.layers[config.read_layers].self_attn
    turned = torch.linalg.qr(torch.randn(SLOT, SLOT)).Q
    for head in range(len(NEAR)):
        _find(finder, head, seen, turned)
    copied = torch.linalg.qr(torch.randn(own, size)).Q
    finder.v_proj.weight[:size] = 0
    finder.v_proj.weight[:size, :own] = copied.T
    finder.o_proj.weight[:, :size] = 0
    finder.o_proj.weight[:own, :size] = SIZE * copied


def _slot(own: int, head: int) -> slice:
    """Where the hidden state holds what near head `head` saw."""
    return slice(own + head * SLOT, own + (head + 1) * SLOT)


def _embeddings(model: Punctuator, codec: Codec, own: int) -> None:
    weight = model.embed_tokens.weight
    weight.normal_(std=SIZE)
    vocabulary = codec.tokenizer.get_vocab()
    cased = torch.randn(weight.shape[1]) * SIZE * OWN
    for token, number in vocabulary.items():
        lower = vocabulary.get(token.lower())
        if lower is not None and lower != number:
            weight[number] = (1 - OWN) * weight[lower] + OWN * weight[number] + cased
    weight[:, own:] = 0
    weight *= SIZE * own**0.5 / weight.norm(dim=1, keepdim=True)
    weight[:, 0] = CONSTANT
    model.norm.weight.fill_(0.04 / SIZE)  # the scores of tokens start small all the same


def _look_back(attention: Attention, head: int, back: int, speeds: Tensor) -> None:
    """Let `head` attend to the token `back` places before."""
    size = 2 * len(speeds)
    half, rows = size // 2, slice(head * size, (head + 1) * size)
    q = torch.zeros_like(attention.q_proj.weight[rows])
    k = torch.zeros_like(q)
    fast = BACK * (speeds > SLOWEST)
    k[:half, 0] = fast
    q[:half, 0] = fast * (speeds * back).cos()
    q[half:, 0] = -fast * (speeds * back).sin()
    attention.q_proj.weight[rows] = q
    attention.k_proj.weight[rows] = k


def _find(attention: Attention, head: int, seen: Tensor, turned: Tensor) -> None:
    """Let `head` attend to where this token and the one before were read, NEAR[head] later.

    They are compared in the slower half of the rotary pairs, which far places leave alike.
    """
    hidden, own = attention.q_proj.weight.shape[1], seen.shape[1]
    size = hidden // attention.heads
    q = torch.zeros(SLOT, hidden)
    k = torch.zeros(SLOT, hidden)
    q[:, :own] = MATCH * seen
    k[:, _slot(own, head)] = MATCH * torch.eye(SLOT)
    if head + 1 < len(NEAR):
        q[:, _slot(own, 0)] = MATCH * turned
        k[:, _slot(own, head + 1)] = MATCH * turned
    slow = torch.arange(size).view(2, 2, size // 4)[:, 1].flatten() + head * size
    for weight, made in ((attention.q_proj.weight, q), (attention.k_proj.weight, k)):
        weight[head * size : (head + 1) * size] = 0
        weight[slow] = made
