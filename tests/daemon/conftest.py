"""A home in a temporary folder, a clock that the test moves, and a log that is kept."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from daemon import control
from daemon.config import Config
from daemon.home import Home, make_folders
from daemon.intake.inbox import Inbox
from daemon.intake.intake import Intake
from daemon.log import Log
from daemon.service import Service
from daemon.waker import Waker
from daemon.work.child import ModelKeeper
from daemon.work.context import WorkerContext
from daemon.work.describing import Describer
from daemon.work.index import Indexer
from daemon.work.lending import Lender
from daemon.work.progress import Progress
from daemon.work.worker import Worker
from engine.child.client import ModelClient
from engine.records import ModelInfo, Profile
from state.database import Database, open_database
from state.job import Job, Status
from state.lending import LendingRows
from state.queue import Queue
from tests.daemon.making import diarized, dropped, offered, talk

NO_WEIGHTS = (2).to_bytes(8, "little") + b"{}"  # a whole file without one tensor
LIGHT_CHILD = Path(__file__).parents[1] / "acceptance" / "light_child.py"


class Clock:
    """Time that passes only when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> float:
        self.now += seconds
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home((tmp_path / "home").resolve(), "--home")
    make_folders(home)
    return home


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """Return a folder that describes a model of small parts; the light child loads no weights."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(NO_WEIGHTS)
    card = {
        "template": "punct",
        "languages": ["en"],
        "part": {"words": 10, "tail_words": 3, "lookahead_words": 2},
    }
    (folder / "llasa.json").write_text(json.dumps(card))
    return folder


@pytest.fixture
def config(home: Home, model_folder: Path) -> Config:
    return Config(home=home, watch=(home.transcripts,), default=Profile(model=str(model_folder)))


@pytest.fixture
def captured() -> LogCapture:
    return LogCapture()


@pytest.fixture
def log(captured: LogCapture) -> Log:
    logger: Log = structlog.wrap_logger(
        None, processors=[captured], wrapper_class=structlog.BoundLogger
    )
    return logger.bind()


@pytest.fixture
def database(home: Home) -> Iterator[Database]:
    with open_database(home.database) as database:
        yield database


@pytest.fixture
def queue(database: Database) -> Queue:
    return Queue(database)


class LightChild:
    """How the model child of a test behaves; see tests/acceptance/light_child.py."""

    def __init__(self, script: Path) -> None:
        self.script = script
        self.plan: dict[str, Any] = {"delay_s": 0.0, "faults": []}
        self._write()

    def misbehave(self, word: str, what: str, *, times: int | None) -> None:
        self.plan["faults"].append({"word": word, "do": what, "times": times, "fired": 0})
        self._write()

    def fired(self) -> int:
        return sum(fault["fired"] for fault in json.loads(self.script.read_text())["faults"])

    def client(self, info: ModelInfo) -> ModelClient:
        command = [sys.executable, str(LIGHT_CHILD), str(self.script)]
        return ModelClient(info, silence_s=5.0, command=command)

    def _write(self) -> None:
        self.script.write_text(json.dumps(self.plan))


@pytest.fixture
def child(tmp_path: Path) -> LightChild:
    return LightChild(tmp_path / "script.json")


@pytest.fixture
def keeper(config: Config, log: Log, child: LightChild) -> Iterator[ModelKeeper]:
    keeper = ModelKeeper(config, log, make=child.client)
    yield keeper
    keeper.close("stopped")


class WorkerRig:
    """A worker whose surroundings the test controls: time, the stop, the model child."""

    def __init__(
        self, config: Config, queue: Queue, keeper: ModelKeeper, log: Log, clock: Clock
    ) -> None:
        self.config = config
        self.queue = queue
        self.keeper = keeper
        self.log = log
        self.clock = clock
        self.stop = False
        self.model_asked_for = False
        self.nudged: list[str] = []
        self.steps: list[str] = []
        self.root_is_there = True

    def worker(self) -> Worker:
        return Worker(self.config, self.queue, self.keeper, self.log, self.context())

    def describer(self) -> Describer:
        return Describer(self.config, self.queue, self.keeper, self.log, self.context())

    def context(self) -> WorkerContext:
        def step(name: str) -> None:
            self.steps.append(name)
            self.at_step(name)

        return WorkerContext(
            boot_id="boot-1",
            stopping=lambda: self.stop,
            pause=self.clock.wait,
            progress=Progress(silence_s=self.config.silence_s, clock=self.clock),
            clock=self.clock,
            nudge=self.nudged.append,
            model_asked_for=lambda: self.model_asked_for,
            root_is_there=lambda path: self.root_is_there,
            step=step,
        )

    def at_step(self, name: str) -> None:
        """Do nothing; a test puts its fault here."""


@pytest.fixture
def rig(config: Config, queue: Queue, keeper: ModelKeeper, log: Log, clock: Clock) -> WorkerRig:
    return WorkerRig(config, queue, keeper, log, clock)


@pytest.fixture
def chat_folder(tmp_path: Path) -> Path:
    """Return a folder that describes a chat model; the light child loads no weights."""
    folder = tmp_path / "chat-model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tokenizer_config.json").write_text('{"chat_template": "x"}')
    (folder / "model.safetensors").write_bytes(NO_WEIGHTS)
    return folder


@pytest.fixture
def writing_rig(rig: WorkerRig, chat_folder: Path) -> WorkerRig:
    """Return a rig whose home names a model that writes."""
    rig.config = replace(rig.config, chat_model=str(chat_folder))
    return rig


@pytest.fixture
def indexer(config: Config, queue: Queue, log: Log, clock: Clock) -> Iterator[Indexer]:
    indexer = Indexer(config, queue, log, clock=clock)
    yield indexer
    indexer.close()


@pytest.fixture
def library(rig: WorkerRig, indexer: Indexer) -> Path:
    """Return the folder of two indexed transcripts, of which one has a name and a recording."""
    folder = rig.config.watch[0]
    (folder / "calls").mkdir()
    (folder / "calls" / "talk.mp3").touch()
    (folder / "calls" / "talk.speakers.toml").write_text('SPEAKER_00 = "Ada Lovelace"')
    said = (
        ("SPEAKER_00", "we talked about the delivery for the whole of the morning"),
        ("SPEAKER_01", "and they balked at the cost because it was fifteen thousand pounds"),
        ("SPEAKER_00", "i promised that we would deliver the first version of it in may"),
    )
    dropped(rig, "calls/talk.json", diarized(*said))
    other = folder / "other.json"
    other.write_bytes(diarized(("SPEAKER_00", "the river was cold in the morning")))
    os.utime(other, (0, 0))
    offered(rig.queue, other)
    while rig.worker().run_one() or indexer.step():
        pass
    return folder


class Answer:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Ask = Callable[..., Answer]


@pytest.fixture
def ask(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Return a way to call llasactl on the test's home."""

    def call(*words: str, at: Path | None = home.path) -> Answer:
        place = [] if at is None else ["--home", str(at)]
        monkeypatch.setattr(sys, "argv", ["llasactl", *words, *place])
        monkeypatch.setattr(sys, "excepthook", sys.excepthook)
        with pytest.raises(SystemExit) as ended:
            control.main()
        captured = capsys.readouterr()
        return Answer(int(ended.value.code or 0), captured.out, captured.err)

    return call


class IntakeRig:
    """An intake with its folder and a clock."""

    def __init__(self, config: Config, queue: Queue, log: Log, clock: Clock) -> None:
        self.folder = config.watch[0]
        self.config = config
        self.queue = queue
        self.log = log
        self.clock = clock
        self.inbox = Inbox()
        self.intake = self.fresh()

    def fresh(self, *, adopt: bool = False) -> Intake:
        return Intake(self.config, self.queue, self.inbox, self.log, clock=self.clock, adopt=adopt)

    def write(self, name: str, data: bytes | None = None) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(talk() if data is None else data)
        return path

    def run(self, seconds: float = 5.0, *, step_s: float = 1.0) -> None:
        """Step the intake while time passes."""
        until = self.clock.now + seconds
        while self.clock.now < until:
            self.intake.step(self.clock.now)
            self.clock.pass_by(step_s)
        self.intake.step(self.clock.now)

    def rows(self) -> list[tuple[str, Status]]:
        return sorted(
            (os.path.relpath(job.path, self.folder), job.status) for job in self.queue.jobs()
        )

    def job(self, name: str) -> Job:
        job = self.queue.job_by_path(str(self.folder / name))
        assert job is not None
        return job


@pytest.fixture
def intake_rig(config: Config, queue: Queue, log: Log, clock: Clock) -> IntakeRig:
    return IntakeRig(config, queue, log, clock)


class ServiceRig:
    """A service and its worker; the test calls both, no thread runs."""

    def __init__(
        self, config: Config, database: Database, log: Log, clock: Clock, child: LightChild
    ) -> None:
        self.config = config
        self.database = database
        self.log = log
        self.clock = clock
        self.child = child
        self.wall_offset = 1_800_000_000.0
        self.waker = Waker()
        self.service = self.make()

    def make(self, *, drain: bool = False, adopt: bool = False) -> Service:
        return Service(
            self.config,
            self.database,
            self.log,
            waker=self.waker,
            drain=drain,
            adopt=adopt,
            clock=self.clock,
            wall=lambda: self.clock.now + self.wall_offset,
            make_client=self.child.client,
        )

    def start(self, *, drain: bool = False, adopt: bool = False) -> Worker:
        self.service = self.make(drain=drain, adopt=adopt)
        self.service.start(self.clock.now)
        return self.service.loop.make_worker(self.database)

    def run(self, worker: Worker, seconds: float) -> None:
        """Let time pass: a tick and a job at a time."""
        until = self.clock.now + seconds
        while self.clock.now < until and self.service.outcome is None:
            self.service.tick(self.clock.now)
            worker.run_one()
            self.clock.pass_by(1)

    def write(self, name: str, data: bytes | None = None) -> Path:
        path = self.config.watch[0] / name
        path.write_bytes(talk() if data is None else data)
        return path

    def close(self) -> None:
        self.service.watch.close()
        self.service.loop.keeper.close("stopped")
        self.waker.close()


@pytest.fixture
def service_rig(
    config: Config, database: Database, log: Log, clock: Clock, child: LightChild
) -> Iterator[ServiceRig]:
    service_rig = ServiceRig(config, database, log, clock, child)
    yield service_rig
    service_rig.close()


@pytest.fixture
def rows(database: Database) -> LendingRows:
    return LendingRows(database)


@pytest.fixture
def lender(rig: WorkerRig, rows: LendingRows, home: Home) -> Lender:
    return Lender(rows, rig.keeper, rig.log, rig.context(), lock=home.model_lock)
