"""A real model that is bound to a pattern, as vLLM binds one: `python bound_server.py FOLDER`.

It knows `structured_outputs.regex` and `/v1/models`, one question at a time, and prints its port.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


@contextmanager
def bound_server(folder: Path) -> Iterator[str]:
    """Run one in a process of its own; yield the address of its model."""
    command = [sys.executable, __file__, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{int(process.stdout.readline())}/v1#bound"
        finally:
            process.kill()


class Bound:
    """SmolLM2, greedy, under a pattern or free."""

    def __init__(self, folder: str) -> None:
        from llguidance import hf
        from mlx_lm import load

        self.model, self.tokenizer = load(folder)[:2]
        self.grammars = hf.from_tokenizer(self.tokenizer._tokenizer)

    def write(self, body: dict[str, Any]) -> str:
        import mlx.core as mx
        import numpy as np
        from llguidance import LLMatcher, grammar_from
        from mlx_lm.models.cache import make_prompt_cache

        pattern = body.get("structured_outputs", {}).get("regex")
        matcher = None
        if pattern is not None:
            matcher = LLMatcher(self.grammars, grammar_from("regex", pattern))
            assert not matcher.is_error(), matcher.get_error()
        feed = self.tokenizer.apply_chat_template(body["messages"], add_generation_prompt=True)
        cache = make_prompt_cache(self.model)
        out: list[int] = []
        while len(out) < body["max_tokens"]:
            logits = self.model(mx.array([feed]), cache=cache)[0, -1]
            scores = np.array(logits.astype(mx.float32))
            if matcher is not None:
                bits = np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8)
                allowed = np.unpackbits(bits, bitorder="little")[: len(scores)].astype(bool)
                scores = np.where(allowed, scores, -np.inf)
            token = int(scores.argmax())
            if token in self.tokenizer.eos_token_ids:
                break
            out.append(token)
            if matcher is not None:
                matcher.consume_tokens([token])
                if matcher.is_stopped():
                    break
            feed = [token]
        return str(self.tokenizer.decode(out))


class Handler(BaseHTTPRequestHandler):
    bound: Bound

    def log_message(self, *args: object) -> None: ...

    def do_GET(self) -> None:
        self.reply({"object": "list", "data": [{"id": "bound"}]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message = {"role": "assistant", "content": self.bound.write(body)}
        self.reply({"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]})

    def reply(self, value: Any) -> None:
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    Handler.bound = Bound(sys.argv[1])
    server = HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
