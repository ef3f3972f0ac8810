"""What the model child can do: one function per operation, and the table of them.

A request is a JSON object with the name of its operation as `op`. An operation may send `progress`
and `text` messages, and sends one `ready` or `done` last; what it raises becomes the answer.
"""

from __future__ import annotations

import base64
import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn
from urllib.parse import urlsplit

from engine.child import protocol
from engine.errors import (
    ChildError,
    ChildFailed,
    EngineError,
    GpuTimeout,
    ModelRefused,
    NoMemory,
)
from engine.models.device import Device
from engine.models.embedders import EmbedderInfo
from engine.records import EnhancedPart, ModelInfo, Server

if TYPE_CHECKING:
    from engine.embedding.embedder import Embedder
    from engine.guided.generate import Writer

PROGRESS_EVERY_S: Final = 0.2
# What MLX says, in exceptions that have no type of their own.
_NO_MEMORY: Final = (
    "out of memory",
    "outofmemory",
    "insufficient memory",
    "metal::malloc",
    "bad_alloc",
)
_TIMEOUT: Final = ("gpu timeout", "callbackerrortimeout", "impacting interactivity")

Request = dict[str, Any]


@dataclass(frozen=True)
class LoadedModel:
    """A model of either kind, as the operations use it."""

    enhance: Callable[..., EnhancedPart]  # part, tail, on_progress
    make_writer: Callable[[], Writer]  # raises `ModelRefused` where the model does not converse
    device_path: str  # what computes, in words
    load_s: float

    @cached_property
    def writer(self) -> Writer:
        """Return what answers conversations; made when it is first asked for."""
        return self.make_writer()


class Host:
    """The loaded model, and the way to send messages to the parent."""

    def __init__(self, send: Callable[..., None]) -> None:
        self.send = send
        self.cancelled = 0  # number of the answer that the parent no longer wants
        self.embedder: Embedder | None = None
        self._model: LoadedModel | None = None

    @property
    def model(self) -> LoadedModel:
        """Return the loaded model; `load` comes first."""
        assert self._model is not None, "no model is loaded"
        return self._model

    @model.setter
    def model(self, model: LoadedModel) -> None:
        self._model = model


def load(host: Host, request: Request) -> None:
    """Load a model and say what it runs on."""
    host.model = load_model(
        protocol.info_from_wire(request["info"]),
        device=request.get("device", "auto"),
        prefill_tokens=int(request["prefill_tokens"]),
    )
    host.send(
        event="ready",
        device_path=host.model.device_path,
        load_s=host.model.load_s,
        memory_bytes=memory_bytes(),
    )


def load_model(
    info: ModelInfo, *, device: Device = "auto", prefill_tokens: int | None = None
) -> LoadedModel:
    """Load a model of the kind that its folder says. Raises `ModelRefused`.

    `prefill_tokens` are read in one pass, None: as many as is usual; a tagger always reads a
    window.
    """
    if info.kind == "tagger":
        from engine.tagger.tag import Tagger

        tagger = Tagger.load(info, device=device)
        return LoadedModel(
            tagger.enhance, partial(_refuse, info), tagger.device_path, tagger.load_s
        )
    if info.server is not None:
        return _load_server(info, info.server, device=device)
    from engine.child.deciding import Deciders
    from engine.guided import model
    from engine.guided.decode import decode
    from engine.guided.generate import Writer

    size = prefill_tokens or model.PREFILL_TOKENS
    loaded = model.load(info, device=device, prefill_tokens=size)
    if info.opinion is None:
        enhance: Callable[..., EnhancedPart] = partial(decode, loaded)
        load_s = loaded.load_s
    else:
        deciders = Deciders.of(loaded, info.opinion, device=device)
        enhance, load_s = deciders.enhance, deciders.load_s
    return LoadedModel(enhance, partial(Writer, loaded), loaded.device_path, load_s)


def _load_server(info: ModelInfo, server: Server, *, device: Device) -> LoadedModel:
    """Find a model on a server, and load the tagger that decides without it."""
    from engine.child.serving import ServingDecider
    from engine.served.ask import Asker
    from engine.served.http import Endpoint
    from engine.tagger.tag import Tagger

    started = time.monotonic()
    asker = Asker(server, Endpoint(server))
    asker.begin()
    decider = info.decider
    tagger = None if decider is None else Tagger.load(decider, device=device)
    deciding = ServingDecider(info, asker, tagger)
    host = urlsplit(server.url).netloc
    how = "asked plainly" if asker.mode == "plain" else f"bound by {asker.mode}"
    load_s = time.monotonic() - started
    return LoadedModel(deciding.enhance, partial(_refuse, info), f"{host}, {how}", load_s)


def _refuse(info: ModelInfo) -> NoReturn:
    if info.server is not None:
        raise ModelRefused(
            f"{info.name} is on a server, which is asked for transcripts alone.",
            hint="Give a chat model with --model: a folder, or a name in the local cache.",
        )
    raise ModelRefused(
        f"{info.name} labels the words of a transcript and writes no text of its own.",
        hint="Give a chat model with --model: a folder, or a name in the local cache.",
    )


def enhance(host: Host, request: Request) -> None:
    """Enhance a part and report progress."""
    reported = time.monotonic()

    def report(tokens: int) -> None:
        nonlocal reported
        if time.monotonic() - reported >= PROGRESS_EVERY_S:
            reported = time.monotonic()
            host.send(event="progress", tokens=tokens)

    result = host.model.enhance(
        protocol.part_from_wire(request["part"]),
        protocol.tail_from_wire(request["tail"]),
        on_progress=report,
    )
    host.send(event="done", memory_bytes=memory_bytes(), **protocol.result_to_wire(result))


def facts(host: Host, request: Request) -> None:
    """Say what the model can do in a conversation."""
    host.send(event="done", memory_bytes=memory_bytes(), **asdict(host.model.writer.facts))


def count(host: Host, request: Request) -> None:
    """Count the tokens of a conversation."""
    prompt = host.model.writer.prompt(request["messages"], request["tools"])
    host.send(event="done", tokens=len(prompt), memory_bytes=memory_bytes())


def write(host: Host, request: Request) -> None:
    """Answer a conversation, piece by piece, until it ends or the parent cancels it."""
    from engine.guided.generate import Options, Quotable

    quotable = request.get("quotable")
    number = int(request["number"])
    answer = host.model.writer.write(
        request["messages"],
        tools=request["tools"],
        options=Options(**request["options"]),
        on_text=lambda piece: host.send(event="text", text=piece),
        on_read=lambda tokens: host.send(event="progress", tokens=tokens),
        cancelled=lambda: host.cancelled == number,
        quotable=None if quotable is None else Quotable(**quotable),
    )
    peak = max(memory_bytes(), answer.memory_bytes)
    host.send(event="done", **{**asdict(answer), "memory_bytes": peak})


def load_embedder(host: Host, request: Request) -> None:
    """Load an embedding model."""
    from engine.embedding.embedder import Embedder

    host.embedder = Embedder.load(EmbedderInfo(**request["info"]))
    host.send(event="done", load_s=host.embedder.load_s, memory_bytes=memory_bytes())


def embed(host: Host, request: Request) -> None:
    """Return the vectors of some passages, with a sign of progress after each."""
    assert host.embedder is not None, "no embedding model is loaded"
    vectors = host.embedder.embed(
        request["texts"], on_done=lambda texts: host.send(event="progress", texts=texts)
    )
    data = base64.b64encode(vectors.tobytes()).decode("ascii")
    host.send(event="done", vectors=data, memory_bytes=memory_bytes())


def nearest(host: Host, request: Request) -> None:
    """Return which vectors of a file are nearest to a question."""
    assert host.embedder is not None, "no embedding model is loaded"
    found = host.embedder.nearest(
        request["text"], Path(request["file"]), limit=int(request["limit"])
    )
    host.send(event="done", nearest=found, memory_bytes=memory_bytes())


Operation = Callable[[Host, Request], None]
OPERATIONS: Final[dict[str, Operation]] = {
    "load": load,
    "enhance": enhance,
    "facts": facts,
    "count": count,
    "write": write,
    "load_embedder": load_embedder,
    "embed": embed,
    "nearest": nearest,
}


def serve(host: Host, request: Request, operations: Mapping[str, Operation] = OPERATIONS) -> None:
    """Answer one request; a failure is an answer too."""
    try:
        operations[request["op"]](host, request)
    except EngineError as error:
        host.send(**protocol.failure_to_wire(error))
    except Exception as error:  # MLX raises what it likes: out of memory, a lost GPU
        host.send(**protocol.failure_to_wire(named(error)))


def named(error: Exception) -> ChildError:
    """Return what an exception of MLX or Python means, without its text: it may quote words."""
    text = str(error).lower()
    if isinstance(error, MemoryError) or any(phrase in text for phrase in _NO_MEMORY):
        return NoMemory()
    if any(phrase in text for phrase in _TIMEOUT):
        return GpuTimeout()
    return ChildFailed(f"The model child failed with {type(error).__name__}.")


def memory_bytes() -> int:
    """Return the peak of resident memory so far."""
    if sys.platform == "linux":  # `getrusage` would count the parent that forked this process, too
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
