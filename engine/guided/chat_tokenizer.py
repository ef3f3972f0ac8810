"""The tokenizer of a chat model as transformers loads it: its template, and what ends an answer.

This is the one place that loads it. Everything else reads `tokenizer.json` by itself, see
`vocabulary.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.errors import ModelRefused


class ChatTokenizer:
    """The tokenizer of a model folder; code that the folder brings is never run."""

    def __init__(self, folder: Path) -> None:
        from transformers import AutoTokenizer

        self.loaded: Any = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
        self._folder = folder

    def render(self, messages: list[dict[str, str]]) -> str:
        """Return messages as the text of the model's template, up to where its answer begins."""
        text = self.loaded.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return str(text)

    def end_id(self) -> int:
        """Return the token that ends an answer; raises `ModelRefused` if there is none."""
        end_id = self.loaded.eos_token_id
        if end_id is None:
            end_id = json.loads((self._folder / "config.json").read_text()).get("eos_token_id")
        if isinstance(end_id, list):
            end_id = end_id[0] if end_id else None
        if end_id is None:
            raise ModelRefused("The model has no token that ends a text.")
        return int(end_id)
