"""The model: Llama's architecture, small, with parameter names as Hugging Face writes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812 - its usual name
from torch import Tensor, nn

from engine.training.lags import LAGS, MARKS, SILENT, WIDTH


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Sizes of the model."""

    vocabulary: int = 6144
    hidden: int = 256
    layers: int = 7
    read_layers: int = 3  # what is asked while reading must be known after so many
    heads: int = 4
    intermediate: int = 704
    rope_theta: float = 100_000.0
    max_positions: int = 1024
    norm_eps: float = 1e-5

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for checkpoints."""
        return asdict(self)

    def as_llama(self, *, end: int, pad: int) -> dict[str, Any]:
        """The config.json of the exported model."""
        return {
            "architectures": ["LlamaForCausalLM"],
            "model_type": "llama",
            "vocab_size": self.vocabulary,
            "hidden_size": self.hidden,
            "num_hidden_layers": self.layers,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.heads,
            "head_dim": self.hidden // self.heads,
            "intermediate_size": self.intermediate,
            "rope_theta": self.rope_theta,
            "rms_norm_eps": self.norm_eps,
            "max_position_embeddings": self.max_positions,
            "hidden_act": "silu",
            "attention_bias": False,
            "mlp_bias": False,
            "tie_word_embeddings": True,
            "eos_token_id": end,
            "pad_token_id": pad,
            "torch_dtype": "float16",
        }


class RmsNorm(nn.Module):
    """Root-mean-square norm whose weight follows the type of its input."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.eps = config.norm_eps
        self.weight = nn.Parameter(torch.ones(config.hidden))

    def forward(self, x: Tensor) -> Tensor:
        """x is [..., hidden]."""
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps)


class Attention(nn.Module):
    """Causal attention with rotary positions."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.q_proj = nn.Linear(config.hidden, config.hidden, bias=False)
        self.k_proj = nn.Linear(config.hidden, config.hidden, bias=False)
        self.v_proj = nn.Linear(config.hidden, config.hidden, bias=False)
        self.o_proj = nn.Linear(config.hidden, config.hidden, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x is [batch, length, hidden]; cos and sin are [length, head size]."""
        batch, length, hidden = x.shape
        shape = (batch, length, self.heads, hidden // self.heads)
        q, k, v = (
            projection(x).view(shape).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = _rotate(q, cos, sin), _rotate(k, cos, sin)
        out = attend(q, k, v)
        return self.o_proj(out.transpose(1, 2).reshape(batch, length, hidden))


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention of [batch, heads, length, size].

    On a CPU it is written out: with its gradients the fused operator takes twice as long there.
    """
    if q.device.type != "cpu":
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)
    length, size = q.shape[-2:]
    scores = (q * size**-0.5) @ k.transpose(-1, -2)
    ahead = torch.ones(length, length, dtype=torch.bool).triu(1)
    return scores.float().masked_fill(ahead, -torch.inf).softmax(-1).to(v.dtype) @ v


def _rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    left, right = x.chunk(2, dim=-1)
    return x * cos + torch.cat((-right, left), dim=-1) * sin


class Mlp(nn.Module):
    """Gated feed-forward layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden, config.intermediate, bias=False)
        self.up_proj = nn.Linear(config.hidden, config.intermediate, bias=False)
        self.down_proj = nn.Linear(config.intermediate, config.hidden, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """x is [batch, length, hidden]."""
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    """One layer, normalised before each half."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config)
        self.mlp = Mlp(config)
        self.input_layernorm = RmsNorm(config)
        self.post_attention_layernorm = RmsNorm(config)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """x is [batch, length, hidden]."""
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Punctuator(nn.Module):
    """The whole network; embeddings are tied to the output."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.embed_tokens = nn.Embedding(config.vocabulary, config.hidden)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RmsNorm(config)
        self.lags_norm = RmsNorm(config)
        self.lags_head = nn.Linear(config.hidden, len(LAGS) * WIDTH, bias=False)
        size = config.hidden // config.heads
        steps = torch.arange(0, size, 2).float() / size
        angles = torch.outer(
            torch.arange(config.max_positions).float(), config.rope_theta**-steps
        ).repeat(1, 2)
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.apply(self._initialise)

    def _initialise(self, module: nn.Module) -> None:
        if isinstance(module, nn.Linear | nn.Embedding):
            nn.init.normal_(module.weight, std=0.02)

    def hidden_states(self, ids: Tensor) -> Tensor:
        """Normalised last hidden states of ids [batch, length]."""
        return self._answered(self.read(ids))

    def read(self, ids: Tensor) -> Tensor:
        """Hidden states after the first `read_layers` layers."""
        x = self.embed_tokens(ids)
        if torch.is_autocast_enabled(ids.device.type):
            x = x.bfloat16()
        return self._through(self.layers[: self.config.read_layers], x)

    def _answered(self, x: Tensor) -> Tensor:
        return self.norm(self._through(self.layers[self.config.read_layers :], x))

    def _through(self, layers: nn.ModuleList, x: Tensor) -> Tensor:
        length = x.shape[1]
        cos, sin = self.cos[:length].to(x.dtype), self.sin[:length].to(x.dtype)
        for layer in layers:
            x = layer(x, cos, sin)
        return x

    def logits(self, hidden: Tensor) -> Tensor:
        """Token scores of hidden states [..., hidden]."""
        return F.linear(hidden, self.embed_tokens.weight)

    def lag_logits(self, read: Tensor) -> Tensor:
        """What was asked while reading: [..., lags, marks and case] of `read` states."""
        return self.lags_head(self.lags_norm(read)).unflatten(-1, (len(LAGS), WIDTH))

    def read_loss(self, read: Tensor, lags: Tensor) -> Tensor:
        """Sum of the losses of what is asked while reading; lags is [batch, length, lags, 2]."""
        asked = (lags != SILENT).flatten(2).any(-1).reshape(-1).nonzero().squeeze(1)
        scores = self.lag_logits(read.flatten(0, 1)[asked]).float()
        right = lags.flatten(0, 1)[asked].long()
        parts = (scores[..., :MARKS], right[..., 0]), (scores[..., MARKS:], right[..., 1])
        losses = [
            F.cross_entropy(s.flatten(0, 1), r.flatten(), ignore_index=SILENT, reduction="sum")
            for s, r in parts
        ]
        return losses[0] + losses[1]

    def loss(
        self, ids: Tensor, weights: Tensor, lags: Tensor, choices: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Sums of the answer's weighted losses and of what is asked while reading.

        Scores are made only where one counts: over the whole vocabulary or, where `choices`
        [batch, length, rivals] holds any (the right one first, -1 for none), among those alone.
        """
        read = self.read(ids)
        asked = self.read_loss(read, lags)
        hidden = self._answered(read)[:, :-1].flatten(0, 1)
        weight, right = weights[:, 1:].flatten(), ids[:, 1:].flatten()
        whole = weight > 0
        answered = hidden.new_zeros(()).float()
        if choices is not None:
            rivals = choices[:, 1:].flatten(0, 1)
            chosen = (rivals[:, 0] >= 0).nonzero().squeeze(1)
            whole &= rivals[:, 0] < 0
            answered = (weight[chosen] * self._among(hidden[chosen], rivals[chosen].long())).sum()
        copied = whole.nonzero().squeeze(1)
        scores = self.logits(hidden[copied]).float()
        losses = F.cross_entropy(scores, right[copied], reduction="none")
        return answered + (weight[copied] * losses).sum(), asked

    def _among(self, hidden: Tensor, rivals: Tensor) -> Tensor:
        """Loss [n] of the first of `rivals` [n, rivals] at `hidden` [n, hidden]."""
        rows = F.embedding(rivals.clamp(min=0), self.embed_tokens.weight).to(hidden.dtype)
        scores = torch.einsum("nd,ncd->nc", hidden, rows).float()
        scores = scores.masked_fill(rivals < 0, -torch.inf)
        return -scores.log_softmax(-1)[:, 0]

    def loss_of_reading(self, ids: Tensor, lags: Tensor) -> Tensor:
        """As `loss` for windows without an answer: the later layers are not needed."""
        return self.read_loss(self.read(ids), lags)
