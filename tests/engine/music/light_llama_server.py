"""A stand-in for llama-server that speaks its documented interface: `light_llama_server.py FILE`.

It writes its port to FILE. Its answer says how long the sound was that it got, and which question;
with max_tokens it stops after as many words. A question may ask for a failure.
"""

from __future__ import annotations

import base64
import io
import json
import os
import sys
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Handler(BaseHTTPRequestHandler):
    """Answers as llama-server does."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        if self.path == "/health":
            self._send({"status": "ok"})
        elif self.path == "/props":
            audio = "--deaf" not in sys.argv
            self._send(
                {
                    "default_generation_settings": {"n_ctx": 8192},
                    "model_path": "/models/music-flamingo.Q8_0.gguf",
                    "modalities": {"vision": False, "audio": audio},
                }
            )
        else:
            self._send({"error": {"message": "File Not Found"}}, 404)

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        content = asked["messages"][-1]["content"]
        heard, text = "", content
        if isinstance(content, list):
            text = "".join(part["text"] for part in content if part["type"] == "text")
            for part in content:
                if part["type"] == "input_audio":
                    heard = length_of(part["input_audio"])
        if "memory" in text:
            self._send({"error": {"code": 500, "message": "failed to allocate buffer"}}, 500)
            return
        words = f"heard {heard or 'nothing'} asked {text or 'nothing'} at 72 BPM".split()
        kept = words[: asked["max_tokens"]]
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()
        for number, word in enumerate(kept):
            delta = {"content": word if not number else f" {word}"}
            self._event({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})
        finish = "length" if len(kept) < len(words) else "stop"
        self._event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        usage = {"completion_tokens": len(kept), "prompt_tokens": 9}
        self._event({"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def _event(self, made: dict[str, Any]) -> None:
        self.wfile.write(b"data: " + json.dumps(made).encode() + b"\n\n")

    def _send(self, made: dict[str, Any], status: int = 200) -> None:
        data = json.dumps(made).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


def length_of(sound: dict[str, str]) -> str:
    """Return the seconds of a sound as llama-server takes it."""
    assert sound["format"] in ("wav", "mp3")
    with wave.open(io.BytesIO(base64.b64decode(sound["data"], validate=True))) as file:
        assert (file.getframerate(), file.getnchannels()) == (16_000, 1)
        return f"{file.getnframes() / 16_000:g}s"


def main(place: str) -> None:
    """Serve until the process is ended."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(f"{place}.part", "w") as target:
        target.write(str(server.server_port))
    os.replace(f"{place}.part", place)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
