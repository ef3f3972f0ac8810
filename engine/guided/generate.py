"""Free generation for `llasa-cli prompt` and `chat`: mlx-lm's own, no guide. Lives in the child."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.errors import ModelRefused
from engine.guided import prompts
from engine.guided.model import Model


def write(model: Model, messages: Sequence[dict[str, str]], max_tokens: int) -> Iterator[str]:
    """Yield the pieces of an answer; what the messages say never becomes a control token."""
    from mlx_lm import stream_generate
    from transformers import AutoTokenizer

    if model.info.template == "punct":
        raise ModelRefused(f"{model.info.name} punctuates and does nothing else.")
    tokenizer: Any = AutoTokenizer.from_pretrained(model.info.path, trust_remote_code=False)

    def render(rendered: list[dict[str, str]]) -> str:
        text = tokenizer.apply_chat_template(
            rendered, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return str(text)

    prompt = prompts.conversation(messages, render=render, vocabulary=model.vocabulary)
    for response in stream_generate(model.network, tokenizer, prompt, max_tokens=max_tokens):
        if response.text:
            yield response.text
