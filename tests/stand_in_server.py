"""A stand-in for a server with the interface of OpenAI: `python stand_in_server.py BEHAVIOUR`.

Good and hostile ones; a real server is in tests/acceptance/test_served.py. It prints its port.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

BEHAVIOUR = sys.argv[1] if len(sys.argv) > 1 else "good"
MODEL = "stand-in"


@contextmanager
def stand_in(behaviour: str) -> Iterator[str]:
    """Run one in a process of its own; yield the address of its model."""
    command = [sys.executable, __file__, behaviour]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1#{MODEL}"
        finally:
            process.kill()


def good(said: str) -> str:
    """Write a capital first and an exclamation mark after every seventh word."""
    words = said.split()
    for n in range(6, len(words), 7):
        words[n] += "!"
        if n + 1 < len(words):
            words[n + 1] = words[n + 1].capitalize()
    return " ".join(words)


def following(pattern: str) -> str:
    """Return a text that follows a pattern of literals and groups: the last way of each group."""
    pieces = re.split(r"(\(\?:.*?(?<!\\)\))", pattern)
    chosen = [
        re.split(r"(?<!\\)\|", piece[3:-1])[-1] if piece.startswith("(?:") else piece
        for piece in pieces
    ]
    return re.sub(r"\\(.)", r"\1", "".join(chosen).replace(r"\n", "\n"))


def text_for(body: dict[str, Any]) -> str:
    said = body["messages"][-1]["content"]
    match BEHAVIOUR:
        case "adds":
            return "Sure! Here is the transcript:\n\n" + good(said) + "\n\nAnything else?"
        case "drops":
            return " ".join(word for n, word in enumerate(good(said).split()) if n % 5)
        case "nonsense":
            return "I am a language model and I cannot help you with that kind of request today."
        case "bound" if "structured_outputs" in body:
            return following(body["structured_outputs"]["regex"])
    return good(said)


class Handler(BaseHTTPRequestHandler):
    asked = 0

    def log_message(self, *args: object) -> None: ...

    def do_GET(self) -> None:
        if BEHAVIOUR == "no_list":  # as mlx_lm.server without a cache of downloads
            self.reply(200, None, raw=b" ")
            return
        names = ["another"] if BEHAVIOUR == "other_model" else [MODEL]
        self.reply(200, {"object": "list", "data": [{"id": name} for name in names]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        probe = body["messages"][-1]["content"] == "Say hello."
        Handler.asked += not probe
        match BEHAVIOUR:
            case "refuses_patterns" if set(body) & {"structured_outputs", "guided_regex", "regex"}:
                self.reply(400, {"error": "unknown"})
                return
            case _ if probe and BEHAVIOUR != "bound":
                self.reply(200, self.answer("Hello!"))
                return
            case "fails":
                self.reply(500, {"error": "out of memory"})
                return
            case "fails_once" if Handler.asked == 1:
                self.reply(503, {"error": "busy"})
                return
            case "redirects":
                self.send_response(307)
                self.send_header("Location", "http://192.0.2.1/v1/chat/completions")
                self.end_headers()
                return
            case "hangs":
                time.sleep(3600)
            case "no_json":
                self.reply(200, None, raw=b'{"choices": [')
                return
            case "other_form":
                self.reply(200, {"choices": []})
                return
            case "breaks_off":
                self.reply(200, None, raw=b"{}", length=4_000)
                return
            case "endless":
                self.reply(200, None, raw=b'"' + b"a" * (5 << 20))
                return
        cut = BEHAVIOUR == "cut"
        self.reply(200, self.answer(text_for(body), "length" if cut else "stop"))

    def answer(self, text: str, finish: str = "stop") -> dict[str, Any]:
        message = {"role": "assistant", "content": text}
        return {"choices": [{"index": 0, "message": message, "finish_reason": finish}]}

    def reply(self, status: int, value: Any, *, raw: bytes = b"", length: int = 0) -> None:
        data = raw or json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(length or len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
