"""A model child without a model: it speaks the real protocol and misbehaves on request.

`python light_child.py SCRIPT [LOCK]`. It waits for the lock, unless LLASA_TEST_STRICT_LOCK is set:
then it refuses to run while another child has it, as the real one does. SCRIPT is a JSON file:

    {"delay_s": 0.0, "faults": [{"word": "...", "do": "abort", "times": 2, "fired": 0}]}

A fault fires when a part contains its word and `fired` is below `times` (null: always). The count
is written back, so that a test can assert that its fault fired, and so are the `prefill_tokens`
that each of these children was loaded with. The faults: abort, segfault, exit137, hang, flood,
escape, nonsense, wrong_words, fail, no_memory, gpu_timeout, slow, repeat (writes without end),
babble (reports that it lives but makes no progress), pester (the same, without a pause), rattle
(short diagnostics without a pause or an end).
Without a fault it capitalizes the first letter of a part and ends it with a full stop.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import re
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

from engine.child import protocol
from engine.errors import ChildFailed, GpuTimeout, NoMemory

_PIECE = re.compile(r"\A(?:They|It|And)\b|\b(?:the|and|of|a|in|as)[.!?]\Z")
FAILURES = {"fail": ChildFailed, "no_memory": NoMemory, "gpu_timeout": GpuTimeout}
loaded_with: list[int] = []


def main() -> None:
    """Answer requests until standard input closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    script = Path(sys.argv[1])
    if len(sys.argv) > 2:
        lock = os.open(sys.argv[2], os.O_RDWR | os.O_CREAT, 0o600)
        strict = fcntl.LOCK_NB if os.environ.get("LLASA_TEST_STRICT_LOCK") else 0
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | strict)
        except BlockingIOError:
            _send(event="failed", kind="ModelRefused", reason="model_locked", message="", hint="")
            return
    requests: list[dict[str, Any]] = []
    arrived = threading.Condition()

    def read() -> None:
        while True:
            header = _exactly(protocol.HEADER.size)
            body = _exactly(protocol.HEADER.unpack(header)[0])
            with arrived:
                requests.append(protocol.unpack(body))
                arrived.notify()

    threading.Thread(target=read, daemon=True).start()
    while True:
        with arrived:
            arrived.wait_for(lambda: requests)
            request = requests.pop(0)
        if request["op"] == "load":
            loaded_with.append(request["prefill_tokens"])
            _fault(script, {"<load>"})
            _send(event="ready", device_path="light child", load_s=0.0, memory_bytes=1 << 20)
        elif request["op"] in ("facts", "count", "write"):
            _converse(script, request)
        else:
            _enhance(script, request)


def _enhance(script: Path, request: dict[str, Any]) -> None:
    words = [str(word[0]) for word in request["part"]["words"]]
    delay_s = json.loads(script.read_text()).get("delay_s", 0.0)
    until = time.monotonic() + delay_s
    for tokens in itertools.count(1):
        if (left_s := until - time.monotonic()) <= 0:
            break
        time.sleep(min(0.2, left_s))
        _send(event="progress", tokens=tokens)
    done = _fault(script, set(words))
    if done in FAILURES:
        error = FAILURES[done]
        _send(event="failed", kind=error.__name__, reason=error.reason, message="", hint="")
        return
    written = [[word, False] for word in words]
    if done == "wrong_words":
        written[0][0] = "something else"
    else:
        written[0][0] = written[0][0][:1].upper() + written[0][0][1:]
        if written[-1][0][-1:].isalnum():
            written[-1][0] += "."
    _send(event="done", words=written, tokens=len(words), passes=1, decode_s=delay_s, ties=0)


def _converse(script: Path, request: dict[str, Any]) -> None:
    """Answer as a chat model that quotes: each sentence is the first one of a paragraph shown."""
    if request["op"] == "facts":
        marks = ["<tool_call>", "</tool_call>"]
        _send(event="done", context=4096, thinking=None, tools=False, call_marks=marks)
        return
    said = "\n".join(message["content"] for message in request["messages"])
    if request["op"] == "count":
        _send(event="done", tokens=len(said) // 4)
        return
    _fault(script, {"<write>"})
    text = json.dumps(_quoted(request["options"]["schema"], said))
    _send(event="text", text=text)
    _send(
        event="done", prompt_tokens=len(said) // 4, cached_tokens=0, tokens=1, read_s=0.0,
        write_s=0.0, memory_bytes=1 << 20, finish="stop",
    )  # fmt: skip


def _quoted(schema: dict[str, Any], said: str) -> dict[str, Any]:
    """Return an answer that fits the schema, of words that were said."""
    if "sentences" not in schema["properties"]:
        chosen = schema["properties"].get("tags", {}).get("items", {}).get("enum", [])
        return {"tags": chosen[:1], "new": []} if chosen else {"new": []}
    entries = schema["properties"]["sentences"]
    shown = [
        (number, sentence)
        for number, text in re.findall(r"^\[(\d+)[^]]*\] (?:\S+: )?(.+)$", said, re.MULTILINE)
        for sentence in re.findall(r"[^\s.!?][^.!?]*[.!?]", text)
        if not _PIECE.search(sentence)  # a part ended there, and no sentence
    ]
    title = entries["items"]["properties"]["text"]["maxLength"] < 100
    found = [
        {"cites": [int(n)], "text": text.rstrip(".")[:60] if title else text} for n, text in shown
    ]
    return {"sentences": found[: entries["maxItems"]]}


def _fault(script: Path, words: set[str]) -> str | None:
    """Do what the script says for these words; return it if the process survives."""
    plan = json.loads(script.read_text())
    for fault in plan.get("faults", []):
        times = fault.get("times")
        if fault["word"] not in words or (times is not None and fault.get("fired", 0) >= times):
            continue
        fault["fired"] = fault.get("fired", 0) + 1
        fault.setdefault("prefill_tokens", []).extend(loaded_with)
        temporary = script.with_suffix(".new")
        temporary.write_text(json.dumps(plan))
        temporary.replace(script)
        return _misbehave(str(fault["do"]))
    return None


def _misbehave(what: str) -> str:
    if what == "abort":
        os.abort()
    if what == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "exit137":
        os._exit(137)
    if what == "hang":
        time.sleep(3600)
    if what == "slow":
        for tokens in range(1, 21):
            time.sleep(0.1)
            _send(event="progress", tokens=tokens)
    if what == "repeat":
        for tokens in itertools.count(1):
            _send(event="progress", tokens=tokens)
            time.sleep(0.0001)
    if what == "babble":
        while True:
            time.sleep(0.05)
            _send(event="progress", tokens=1)
    if what == "pester":
        while True:
            _send(event="progress", tokens=1)
    if what == "rattle":
        while True:
            os.write(2, b"still here\n")
    if what == "flood":
        with contextlib.suppress(OSError):
            for _ in range(2_000):
                os.write(2, b"x" * 1_000 + b"\n")
    if what == "escape":
        os.write(2, b"\x1b]52;c;ZXZpbA==\x07 \x9b31m \xe2\x80\xae \r FAKE\n")
    if what == "nonsense":
        os.write(1, b"\xff" * 64)
    return what


def _exactly(size: int) -> bytes:
    data = b""
    while len(data) < size:
        chunk = os.read(0, size - len(data))
        if not chunk:
            os._exit(0)
        data += chunk
    return data


def _send(**message: Any) -> None:
    os.write(1, protocol.pack(message))


if __name__ == "__main__":
    main()
