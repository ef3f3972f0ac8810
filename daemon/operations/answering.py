"""An answer by the chat model of the settings, for a program that waits for it.

The model is borrowed from the home for this one answer, and ended with it. Whoever asked may give
up from another thread: while it waits for the model, loads, reads or writes.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from daemon.errors import DaemonError
from daemon.operations import asking, lending
from daemon.operations.errors import ModelBusy
from daemon.operations.lending import Waiting
from daemon.operations.meaning import by_meaning
from daemon.operations.search import Limits
from daemon.operations.session import Session
from engine.ask.answer import Answer, extractive
from engine.ask.evidence import Found, weigh
from engine.chat import quoting
from engine.child.client import ModelClient
from engine.errors import EngineError
from engine.models import local
from engine.records import ModelInfo
from state.errors import StateError

LIMIT_S: Final = 120.0  # of waiting for the model, loading it and writing


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, and why the model has no part in it."""

    answer: Answer
    problem: str = ""  # "": it has one, or no passage answers and it was not asked


class Answering:
    """One answer by the model. `answer` belongs to one thread, `give_up` to any."""

    def __init__(
        self,
        session: Session,
        *,
        who: str,
        make: Callable[..., ModelClient] = ModelClient,
    ) -> None:
        """Prepare; nothing is read or loaded yet.

        Args:
            session: The home; its settings name a `chat_model`.
            who: The command, as `llasactl status` shows it.
            make: Makes the client of a model, given its `lock_path`.
        """
        self._session = session
        self._who = who
        self._make = make
        self._client: ModelClient | None = None
        self._given_up = threading.Event()

    def give_up(self) -> None:
        """End the model at once; the quotations that were found are the answer then."""
        self._given_up.set()
        if self._client is not None:
            self._client.close()

    def answer(self, question: str, *, limits: Limits) -> Answered:
        """Return the answer; where the model fails, the quotations alone and what happened.

        Raises what `asking.find` raises, and nothing because of the model.
        """
        with by_meaning(self._session) as nearest:
            found = asking.find(self._session, question, limits=limits, nearest=nearest)
        plain = extractive(found, weigh(found.asked, found.passages))
        if plain.status != "answered":
            return Answered(plain)
        try:
            return Answered(self._written(plain, found))
        except (EngineError, DaemonError, StateError) as error:
            if self._given_up.is_set():
                return Answered(plain, "The model was not done in time: quotations alone.")
            return Answered(plain, f"Quotations alone: {error} {error.hint}".strip())

    def _written(self, plain: Answer, found: Found) -> Answer:
        info = self._model()
        home = self._session.home
        with lending.model(home, who=self._who, on_wait=self._look, limit_s=LIMIT_S) as lease:
            self._client = client = self._make(info, lock_path=lease.lock_path)
            lease.attach(client.close)
            self._check()
            answer = quoting.answer(plain, found, client, cancelled=self._given_up.is_set)
        self._check()  # half an answer is none
        return answer

    def _model(self) -> ModelInfo:
        name = self._session.config.chat_model
        if name is None:
            raise DaemonError("No chat_model is set.", hint="llasa.toml names one.")
        return local.resolve(name, base=self._session.home.path)

    def _look(self, waiting: Waiting) -> None:
        self._check(waiting.reason)

    def _check(self, reason: str = "") -> None:
        if self._given_up.is_set():
            raise ModelBusy(f"Nobody waits for the answer any longer. {reason}".strip())
