"""A Flamingo in GGUF by a llama-server that the user runs: what fits a Mac of 16 GB.

The interface is that of OpenAI's chat completions: sound goes as `input_audio`, base64, WAV.
"""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from engine.music import errors
from engine.music.errors import MusicError, MusicFailed, MusicUnavailable
from engine.music.records import Facts, Finish, Item, Parameters, Wrote
from engine.music.settings import MusicSettings

# What llama.cpp converts is the older checkpoint, which hears ten minutes.
MOST_AUDIO_S: Final = 600.0
TIMEOUT_S: Final = 900.0  # without a byte: reading ten minutes of sound takes long on a CPU
_ASK_S: Final = 10.0
_HINT: Final = (
    "Start it: llama-server -m music-flamingo.gguf --mmproj mmproj.gguf --port 8080; name another "
    "address with `server` under [music] in llasa.toml, or LLASA_MUSIC_SERVER."
)


class LlamaServer:
    """A llama-server on this machine."""

    def __init__(self, settings: MusicSettings) -> None:
        self._settings = settings
        address = urlsplit(settings.server)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._facts: Facts | None = None

    def start(self) -> Facts:
        """Ask the server what it runs."""
        if self._facts is not None:
            return self._facts
        health = self._get("/health")
        if health.get("error"):
            raise MusicUnavailable(
                f"llama-server is not ready: {_message(health)}", hint="Wait until it has loaded."
            )
        props = self._get("/props")
        modalities = props.get("modalities") or {}
        if modalities.get("audio") is False:
            raise MusicUnavailable(
                "The model of llama-server does not hear: no projector for sound is loaded.",
                hint="Start it with --mmproj and the model's mmproj file.",
            )
        made = props.get("default_generation_settings") or {}
        name = self._settings.model or str(props.get("model_path") or "").rpartition("/")[2]
        context = made.get("n_ctx")
        self._facts = Facts(
            "llama-server",
            name or "unknown",
            "gguf",
            MOST_AUDIO_S,
            int(context) if context else None,
            "llama-server",
            "quantized",
        )
        return self._facts

    def write(
        self,
        items: Sequence[Item],
        parameters: Parameters,
        *,
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool],
    ) -> list[Wrote]:
        """Ask for one answer after the other."""
        self.start()
        alone = len(items) == 1
        return [
            self._one(item, parameters, on_text if alone else _nowhere, cancelled) for item in items
        ]

    def close(self) -> None:
        """Forget what the server said; it goes on."""
        self._facts = None

    def _one(
        self,
        item: Item,
        parameters: Parameters,
        on_text: Callable[[str], None],
        cancelled: Callable[[], bool],
    ) -> Wrote:
        """Return an answer as it streams; closing the connection ends it in the server, too."""
        if cancelled():
            return Wrote("", "cancelled", 0)
        request = {
            "messages": _messages(item),
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": parameters.max_new_tokens,
            "temperature": parameters.temperature,
            "top_p": parameters.top_p,
            "top_k": parameters.top_k,
            "repeat_penalty": parameters.repetition_penalty,
        }
        if parameters.seed is not None:
            request["seed"] = parameters.seed
        pieces: list[str] = []
        finish: Finish = "length"
        usage: dict[str, Any] = {}
        connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        try:
            connection.request(
                "POST",
                "/v1/chat/completions",
                json.dumps(request),
                {"Content-Type": "application/json"},
            )
            response = connection.getresponse()
            if response.status != 200:
                raise _error(response.status, response.read())
            for event in _events(response):
                if "error" in event:
                    raise _error(500, json.dumps(event).encode())
                usage = event.get("usage") or usage
                for choice in event.get("choices") or []:
                    text = (choice.get("delta") or {}).get("content") or ""
                    if text:
                        pieces.append(text)
                        on_text(text)
                    if choice.get("finish_reason"):
                        finish = "stop" if choice["finish_reason"] == "stop" else "length"
                if cancelled():
                    finish = "cancelled"
                    break
        except (OSError, http.client.HTTPException) as error:
            raise MusicUnavailable(
                f"llama-server at {self._settings.server} does not answer.", hint=_HINT
            ) from error
        finally:
            connection.close()
        return Wrote(
            "".join(pieces),
            finish,
            int(usage.get("completion_tokens", len(pieces))),
            usage.get("prompt_tokens"),
        )

    def _get(self, path: str) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_ASK_S)
        try:
            connection.request("GET", path)
            made = json.loads(connection.getresponse().read())
        except (TimeoutError, OSError, http.client.HTTPException, ValueError) as error:
            raise MusicUnavailable(
                f"There is no llama-server at {self._settings.server}.", hint=_HINT
            ) from error
        finally:
            connection.close()
        return made if isinstance(made, dict) else {}


def _nowhere(text: str) -> None:
    """Drop a piece of a text."""


def _messages(item: Item) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [
        {"role": turn.role, "content": turn.text} for turn in item.messages
    ]
    if item.sound is not None:
        data = base64.b64encode(item.sound.read_bytes()).decode("ascii")
        content: list[dict[str, Any]] = [
            {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}}
        ]
        if messages[-1]["content"]:
            content.append({"type": "text", "text": messages[-1]["content"]})
        messages[-1]["content"] = content
    return messages


def _events(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    for line in response:
        text = line.decode("utf-8", "replace").strip()
        if text.startswith("error:"):
            yield {"error": text}
        if not text.startswith("data:"):
            continue
        data = text.removeprefix("data:").strip()
        if data == "[DONE]":
            return
        made = json.loads(data)
        if isinstance(made, dict):
            yield made


def _message(made: dict[str, Any]) -> str:
    error = made.get("error")
    return str(error.get("message", error)) if isinstance(error, dict) else str(error)


def _error(status: int, body: bytes) -> MusicError:
    try:
        message = _message(json.loads(body))
    except (ValueError, AttributeError):
        message = f"HTTP {status}"
    low = message.lower()
    if "context size" in low or "exceed" in low:
        return errors.TooLong(f"llama-server: {message}")
    if "out of memory" in low or "failed to allocate" in low:
        return errors.MusicNoMemory(f"llama-server: {message}")
    return MusicFailed(f"llama-server: {message}")
