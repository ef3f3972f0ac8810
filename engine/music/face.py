"""The music service by HTTP, on this machine alone: `/api/v1/...`, with a token.

A program that sends no token gets nothing, and neither does a page in a browser: its requests
name another host, or cannot carry the token.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import threading
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, FastAPI, File, Header, HTTPException, Path, Request, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.middleware.trustedhost import TrustedHostMiddleware

from engine.errors import SoundError
from engine.music import licence, prompts
from engine.music.answers import Answer, Question
from engine.music.errors import BadQuestion, MusicError
from engine.music.records import Parameters, Turn
from engine.music.service import MusicFlamingoService
from engine.music.settings import MusicSettings
from engine.music.uploads import Uploads
from engine.recipe import ENGINE_VERSION

MOST_TEXT: Final = 20_000  # characters
MOST_TOGETHER: Final = 32  # questions of a batch
_ID = Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]


class GenerationIn(BaseModel):
    """How an answer is written."""

    model_config = ConfigDict(extra="forbid")
    max_new_tokens: int = Field(1024, ge=1, le=8192)
    temperature: float = Field(0.0, ge=0, le=2)
    top_p: float = Field(1.0, gt=0, le=1)
    top_k: int = Field(50, ge=0, le=1000)
    repetition_penalty: float = Field(1.0, ge=0.5, le=2)
    seed: int | None = Field(None, ge=0, le=2**31 - 1)


class TurnIn(BaseModel):
    """One earlier message."""

    model_config = ConfigDict(extra="forbid")
    role: Literal["system", "user", "assistant"]
    text: str = Field(max_length=MOST_TEXT)


class QuestionIn(BaseModel):
    """What is asked."""

    model_config = ConfigDict(extra="forbid")
    text: str = Field("", max_length=MOST_TEXT, description="Empty: the recording alone.")
    audio_file_id: _ID | None = Field(None, description="Of an upload; null: the text alone.")
    reference_file_id: _ID | None = Field(None, description="What it is compared with.")
    prompt: str | None = Field(None, max_length=40, description="A name of /api/v1/prompts.")
    history: list[TurnIn] = Field(default_factory=list, max_length=50)
    policy: Literal["truncate", "window", "refuse"] | None = None
    measure: bool = False
    merge: bool = False
    parameters: GenerationIn = Field(default_factory=GenerationIn)


class InferIn(QuestionIn):
    """A question, and how the answer comes."""

    stream: bool = Field(False, description="The answer comes as server-sent events.")
    request_id: str | None = Field(None, pattern=r"^[\w-]{1,64}$", description="To cancel it by.")


class BatchIn(BaseModel):
    """Several questions."""

    model_config = ConfigDict(extra="forbid")
    questions: list[QuestionIn] = Field(min_length=1, max_length=MOST_TOGETHER)


def app_of(
    service: MusicFlamingoService, uploads: Uploads, settings: MusicSettings, *, token: str
) -> FastAPI:
    """Return the application."""

    def admitted(authorization: Annotated[str, Header()] = "") -> None:
        given = authorization.removeprefix("Bearer ").encode("utf-8", "replace")
        if not secrets.compare_digest(given, token.encode()):
            raise HTTPException(
                401, "The token is missing or wrong.", {"WWW-Authenticate": "Bearer"}
            )

    running = Running()
    errors: dict[int | str, dict[str, Any]] = {
        code: {"description": text}
        for code, text in {
            400: "bad request",
            401: "token",
            403: "licence_not_accepted",
            404: "file_missing",
            409: "cancelled",
            413: "too_long",
            415: "not_audio",
            500: "model_failed",
            503: "model_missing, service_missing",
            507: "out_of_memory",
        }.items()
    }

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield
        running.cancel_all()

    # The pages with documentation would load their scripts from elsewhere.
    app = FastAPI(
        title="llasa-music",
        version=ENGINE_VERSION,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        dependencies=[Depends(admitted)],
        responses=errors,
    )
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])

    @app.exception_handler(SoundError)
    async def _told(_: Request, error: SoundError) -> JSONResponse:
        status = error.status if isinstance(error, MusicError) else 500
        return JSONResponse({"error": _error(error)}, status)

    @app.get("/api/v1/health")
    def health() -> dict[str, Any]:
        """Say whether it runs, and with what."""
        named = settings.model or settings.backend
        facts = service.facts
        return {
            "status": "ok",
            "version": ENGINE_VERSION,
            "backend": settings.backend,
            "model": named,
            "loaded": facts is not None,
            "licence_accepted": licence.accepted(named, service.folder),
            "policy": settings.policy,
            "most_audio_s": settings.most_audio_s,
            "facts": None if facts is None else facts.to_json(),
            "uploads": len(uploads),
        }

    @app.post("/api/v1/initialize")
    def initialize() -> dict[str, Any]:
        """Load the model."""
        return service.initialize().to_json()

    @app.get("/api/v1/prompts")
    def named_prompts() -> dict[str, str]:
        """Return the named prompts."""
        return prompts.PROMPTS

    @app.post("/api/v1/upload", status_code=201)
    def upload(file: Annotated[UploadFile, File()]) -> dict[str, Any]:
        """Keep a recording, ready to be asked about."""
        name = (file.filename or "recording")[:200]
        return uploads.add(name, file.file.read).to_json()

    @app.delete("/api/v1/upload/{audio_file_id}", status_code=204)
    def forget(audio_file_id: Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]) -> None:
        """Forget a recording."""
        uploads.remove(audio_file_id)

    @app.post("/api/v1/infer", response_model=None)
    async def infer(asked: InferIn, request: Request) -> dict[str, Any] | StreamingResponse:
        """Answer a question."""
        question = _question(asked, uploads)
        number, stop = running.begin(asked.request_id)

        def work(on_text: Callable[[str], None]) -> Answer:
            try:
                return service.infer(question, on_text=on_text, cancelled=stop.is_set)
            finally:
                running.end(number)

        if asked.stream:
            events = _events(work, number, stop)
            return StreamingResponse(events, media_type="text/event-stream")
        answer = await _until_gone(request, stop, lambda: work(lambda text: None))
        return {"request_id": number, **answer.to_json()}

    @app.post("/api/v1/infer/batch")
    async def batch(asked: BatchIn, request: Request) -> dict[str, Any]:
        """Answer several questions; one that fails has its own error."""
        questions = [_question(one, uploads) for one in asked.questions]
        number, stop = running.begin(None)
        try:
            answers = await _until_gone(
                request, stop, lambda: service.infer_batch(questions, cancelled=stop.is_set)
            )
        finally:
            running.end(number)
        return {
            "answers": [
                {"error": _error(one)} if isinstance(one, SoundError) else one.to_json()
                for one in answers
            ]
        }

    @app.delete("/api/v1/infer/{request_id}", status_code=204)
    def cancel(request_id: Annotated[str, Path(pattern=r"^[\w-]{1,64}$")]) -> None:
        """Cancel an answer that is being written or waits."""
        if not running.cancel(request_id):
            raise HTTPException(404, "No such answer is being written.")

    return app


class Running:
    """The answers that are being written, by their ids."""

    def __init__(self) -> None:
        self._stops: dict[str, threading.Event] = {}
        self._lock = threading.Lock()

    def begin(self, number: str | None) -> tuple[str, threading.Event]:
        """Note an answer; raises `BadQuestion` for an id that is in use."""
        number = number or secrets.token_hex(8)
        with self._lock:
            if number in self._stops:
                raise BadQuestion(f"An answer with the id {number} is being written.")
            self._stops[number] = threading.Event()
            return number, self._stops[number]

    def end(self, number: str) -> None:
        """Forget an answer."""
        with self._lock:
            self._stops.pop(number, None)

    def cancel(self, number: str) -> bool:
        """Ask that an answer ends; return whether there is such a one."""
        with self._lock:
            stop = self._stops.get(number)
        if stop is not None:
            stop.set()
        return stop is not None

    def cancel_all(self) -> None:
        """Ask that everything ends: the service does."""
        with self._lock:
            for stop in self._stops.values():
                stop.set()


def _question(asked: QuestionIn, uploads: Uploads) -> Question:
    def sound(number: str | None) -> Any:
        return None if number is None else uploads.get(number).sound

    return Question(
        text=asked.text,
        sound=sound(asked.audio_file_id),
        prompt=asked.prompt,
        reference=sound(asked.reference_file_id),
        history=tuple(Turn(turn.role, turn.text) for turn in asked.history),
        parameters=Parameters(**asked.parameters.model_dump()),
        policy=asked.policy,
        measure=asked.measure,
        merge=asked.merge,
    )


async def _until_gone(request: Request, stop: threading.Event, work: Callable[[], Any]) -> Any:
    """Run work in a thread; where whoever asked goes away, have it stop."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    while not task.done():
        await asyncio.wait([task], timeout=0.5)
        if not task.done() and await request.is_disconnected():
            stop.set()
    return await task


async def _events(
    work: Callable[[Callable[[str], None]], Answer], number: str, stop: threading.Event
) -> AsyncIterator[str]:
    """Return an answer as server-sent events: `text`, then `done` or `error`."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def put(event: dict[str, Any] | None) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, event)

    def run() -> None:
        try:
            answer = work(lambda text: put({"text": text}))
            put({"done": {"request_id": number, **answer.to_json()}})
        except SoundError as error:
            put({"error": _error(error)})
        finally:
            put(None)

    task = asyncio.ensure_future(asyncio.to_thread(run))
    try:
        yield _line({"request_id": number})
        while (event := await queue.get()) is not None:
            yield _line(event)
        await task
    finally:
        stop.set()  # whoever listened may be gone


def _line(event: dict[str, Any]) -> str:
    return f"data: {json.dumps(event)}\n\n"


def _error(error: SoundError) -> dict[str, str]:
    return {"name": error.reason, "message": str(error), "hint": error.hint}
