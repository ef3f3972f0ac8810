"""Which model writes, and its child for as long as a command needs it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from types import TracebackType
from typing import Any, Final

import click

from engine.chat.local import LocalBackend
from engine.chat.records import WritingOptions
from engine.child.client import ModelClient
from engine.cli.context import CliContext
from engine.cli.progress import spinner
from engine.errors import ModelNotFound, ModelRefused
from engine.models import local
from engine.records import ModelInfo

# What is recommended where nothing that can write is on the machine; docs/models.md has others.
_RECOMMENDED: Final = "mlx-community/Qwen3-4B-Instruct-2507-4bit"


class NoWriter(ModelNotFound):
    """No model on this machine can write."""


def _set_home(context: click.Context, _: click.Parameter, value: str | None) -> None:
    own = context.ensure_object(CliContext)
    own.home = value or own.home


home_option = click.option(
    "--home",
    metavar="DIR",
    callback=_set_home,
    expose_value=False,
    help="The home whose settings hold; found as llasactl finds it.",
)
model_option = click.option(
    "--model",
    metavar="NAME",
    help="Model to use: a name or a folder. Default: `chat_model` of llasa.toml, else the best "
    "on this machine.",
)
_SAMPLING: Final[Sequence[Callable[[Any], Any]]] = (
    click.option(
        "--temperature",
        type=click.FloatRange(0, 5),
        default=0.0,
        show_default=True,
        help="Chance in the choice of words; 0: always the likeliest.",
    ),
    click.option(
        "--top-p",
        type=click.FloatRange(0, 1, min_open=True),
        default=1.0,
        show_default=True,
        help="Choose among the likeliest words that have this share of all chances.",
    ),
    click.option("--seed", type=int, help="The same seed gives the same answer."),
)
_ANSWERING: Final[Sequence[Callable[[Any], Any]]] = (
    click.option("--system", metavar="TEXT", help="Instructions that the model always sees."),
    *_SAMPLING,
    click.option(
        "--max-tokens",
        type=click.IntRange(1, 100_000),
        default=1_000,
        show_default=True,
        help="Longest answer.",
    ),
    click.option(
        "--thinking",
        type=click.Choice(["off", "hidden", "dim"]),
        default="off",
        show_default=True,
        help="Let a model that can think do so, and show it or not.",
    ),
    click.option("--stats", is_flag=True, help="Say how fast it was and how much memory it took."),
)


def writing_options(function: Any) -> Any:
    """Give a command everything that decides how a model answers."""
    for option in reversed((model_option, *_ANSWERING, home_option)):
        function = option(function)
    return function


def describing_options(function: Any) -> Any:
    """Give a command what decides how a model writes a few words."""
    own = click.option(
        "--model",
        metavar="NAME",
        help="Let this model write too. Default: `chat_model` of llasa.toml, if it is set.",
    )
    for option in reversed((own, *_SAMPLING, home_option)):
        function = option(function)
    return function


def options(
    *, temperature: float, top_p: float, seed: int | None, max_tokens: int, thinking: str
) -> WritingOptions:
    """Return the options of a command as the backend takes them."""
    return WritingOptions(
        max_tokens=max_tokens,
        temperature=temperature,
        top_p=top_p,
        seed=seed,
        think=thinking != "off",
    )


def choose(context: CliContext, model: str | None) -> ModelInfo:
    """Return the model that writes; raises `ModelError` if it cannot."""
    name = model or context.chat_model
    if name is None:
        found = local.chat_models(context.base)
        if not found:
            raise NoWriter(
                hint=f"Download one with `llasactl model pull {_RECOMMENDED}`, then "
                f"`llasa-cli chat --model {_RECOMMENDED}` uses it."
            )
        name = found[0].name
    with spinner(f"{name} is made ready") if name == local.PACKAGED else nullcontext():
        if model is None:
            info = local.resolve(name, base=context.base)
        else:
            info = local.named(name, context.base)
    if not info.converses:
        raise ModelRefused(
            f"{info.name} punctuates and does nothing else.",
            hint="Give a chat model with --model: a folder, or a name in the local cache.",
        )
    return info


class Writer:
    """A model that writes: its child, and the lease of the home's model. A context manager."""

    def __init__(self, context: CliContext, info: ModelInfo) -> None:
        self._lease = context.lease()
        self._use(info)

    def __enter__(self) -> Writer:
        self._lease.__enter__()
        self._lease.attach(lambda: self.client.close())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.close()
        self._lease.__exit__(kind, error, trace)

    @contextmanager
    def turn(self) -> Iterator[LocalBackend]:
        """Have the model loaded while the block runs; raises `EngineError`.

        Between two turns it stays loaded, unless the daemon of the home wants its memory.
        """
        with self._lease.turn():
            if not self.client.alive:
                with spinner(f"{self.info.name} is loaded"):
                    self.client.start()
            yield self.backend

    def rest(self) -> None:
        """Give the home its model back, unless a turn holds it; the next turn loads it again."""
        self._lease.rest()

    def change(self, info: ModelInfo) -> None:
        """Load another model instead; raises `EngineError` and keeps the one before."""
        before = self.info
        self.client.close()
        self._use(info)
        try:
            with self.turn() as backend:
                _ = backend.facts
        except BaseException:  # Ctrl-C while it loads, too
            self.client.close()
            self._use(before)
            raise

    def _use(self, info: ModelInfo) -> None:
        self.info = info
        self._lease.needs(info)
        self.client = ModelClient(info, lock_path=self._lease.lock_path)
        self.backend = LocalBackend(self.client)
