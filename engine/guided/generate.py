"""Let a chat model answer freely, for `llasa-cli prompt` and `chat`: mlx-lm generates, no guide."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from engine.errors import ModelRefused
from engine.guided import prompts
from engine.guided.chat_tokenizer import ChatTokenizer
from engine.guided.model import Model


def generate(model: Model, messages: Sequence[dict[str, str]], max_tokens: int) -> Iterator[str]:
    """Yield the pieces of an answer; what the messages say never becomes a control token."""
    from mlx_lm import stream_generate

    if not model.info.converses:
        raise ModelRefused(f"{model.info.name} punctuates and does nothing else.")
    tokenizer = ChatTokenizer(Path(model.info.path))
    prompt = prompts.conversation(messages, render=tokenizer.render, vocabulary=model.vocabulary)
    for response in stream_generate(model.network, tokenizer.loaded, prompt, max_tokens=max_tokens):
        if response.text:
            yield response.text
