"""The tokenizer of a chat model as mlx-lm loads it: its template, what ends an answer, its marks.

This is the one place that loads it. Everything else reads `tokenizer.json` by itself, see
`vocabulary.py`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from engine.errors import ModelRefused

#: Marks around a call, for models that have none of their own.
CALL_MARKS: Final = ("<tool_call>", "</tool_call>")
# mlx-lm's name for templates that show tools and want a call as JSON with `name` and `arguments`.
_JSON_CALLS: Final = "json_tools"


class ChatTokenizer:
    """The tokenizer of a model folder; code that the folder brings is never run."""

    def __init__(self, folder: Path) -> None:
        from mlx_lm.tokenizer_utils import load

        self._end_ids = _end_ids(folder)
        self.loaded: Any = load(
            folder, {"trust_remote_code": False}, eos_token_ids=list(self._end_ids)
        )
        self._special = re.compile(
            "|".join(re.escape(mark) for mark in sorted(self._controls(), key=len, reverse=True))
        )

    def render(
        self,
        messages: list[dict[str, str]],
        *,
        tools: Sequence[Mapping[str, Any]] = (),
        think: bool = False,
    ) -> str:
        """Return messages as the text of the model's template, up to where its answer begins."""
        shown = {}
        if tools and self.shows_tools:
            shown["tools"] = [_harmless(tool, self._special) for tool in tools]
        text = self.loaded.apply_chat_template(
            messages, tokenize=False, add_generation_prompt=True, enable_thinking=think, **shown
        )
        return str(text)

    def _controls(self) -> set[str]:
        """Return what the text of a tool may not spell: the template encodes it with its own."""
        added = self.loaded.added_tokens_decoder.values()
        special = {str(token.content) for token in added if token.special}
        return {*special, *self.call_marks, *(self.thinking or ())}

    def end_id(self) -> int:
        """Return the token that ends an answer; raises `ModelRefused` if there is none."""
        own = self.loaded.eos_token_id
        if own is not None:
            return int(own)
        if not self._end_ids:
            raise ModelRefused("The model has no token that ends a text.")
        return self._end_ids[0]

    @property
    def end_ids(self) -> frozenset[int]:
        """Return every token that ends an answer."""
        return frozenset(int(token) for token in self.loaded.eos_token_ids)

    @property
    def thinking(self) -> tuple[str, str] | None:
        """Return the marks around what the model thinks, if it can."""
        if not self.loaded.has_thinking:
            return None
        return str(self.loaded.think_start), str(self.loaded.think_end)

    @property
    def shows_tools(self) -> bool:
        """Return whether the template shows tools and wants calls as JSON.

        A template that wants another form is given none: what it asks for could not be written.
        """
        return bool(self.loaded.init_kwargs.get("tool_parser_type") == _JSON_CALLS)

    @property
    def call_marks(self) -> tuple[str, str]:
        """Return the marks around a call: the template's own where it wants JSON."""
        if not self.shows_tools:
            return CALL_MARKS
        return str(self.loaded.tool_call_start), str(self.loaded.tool_call_end)


def _harmless(value: Any, special: re.Pattern[str]) -> Any:
    """Return a tool's description with a space in every word that would be a control token."""
    if isinstance(value, str):
        return special.sub(lambda found: f"{found[0][0]} {found[0][1:]}", value)
    if isinstance(value, Mapping):
        return {_harmless(key, special): _harmless(one, special) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_harmless(one, special) for one in value]
    return value


def _end_ids(folder: Path) -> tuple[int, ...]:
    """Return the end tokens of a folder's configuration, those for generation first."""
    found: list[int] = []
    for name in ("generation_config.json", "config.json"):
        try:
            value = json.loads((folder / name).read_text(encoding="utf-8")).get("eos_token_id")
        except (OSError, ValueError, AttributeError):
            continue
        values = value if isinstance(value, list) else [value]
        found += [token for token in values if isinstance(token, int)]
    return tuple(dict.fromkeys(found))
