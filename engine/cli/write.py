"""`llasa-cli prompt` and `chat`: ask a local model something, without the guide.

The model may write anything here; the promise about transcripts does not apply.
"""

from __future__ import annotations

from collections.abc import Sequence

import click

from engine.child.client import ModelClient
from engine.cli.failure import failure
from engine.errors import EngineError, ModelRefused
from engine.models import catalog
from engine.records import ModelInfo
from engine.terminal import safe, safe_block

_model = click.option("--model", required=True, help="A chat model: a folder or a cached name.")
_tokens = click.option(
    "--max-tokens", type=click.IntRange(1, 100_000), default=1_000, show_default=True
)


@click.command(
    epilog='Example: llasa-cli prompt --model mlx-models/my-model "Why is the sky blue?"'
)
@click.argument("text")
@_model
@_tokens
def prompt(text: str, model: str, max_tokens: int) -> None:
    """Send one prompt to a local chat model and print its answer."""
    try:
        client = ModelClient(_writer(model))
        try:
            _answer(client, [{"role": "user", "content": text}], max_tokens)
        finally:
            client.close()
    except EngineError as error:
        raise failure(error) from error


@click.command(epilog="Example: llasa-cli chat --model mlx-models/my-model")
@_model
@_tokens
def chat(model: str, max_tokens: int) -> None:
    """Talk to a local chat model; an empty line or Ctrl-D ends it."""
    try:
        client = ModelClient(_writer(model))
        messages: list[dict[str, str]] = []
        try:
            loaded = client.start()
            click.echo(safe(f"{client.info.name} on {loaded.device_path}"), err=True)
            while text := _ask():
                messages.append({"role": "user", "content": text})
                answer = _answer(client, messages, max_tokens)
                messages.append({"role": "assistant", "content": answer})
        finally:
            client.close()
    except EngineError as error:
        raise failure(error) from error


def _writer(model: str) -> ModelInfo:
    info = catalog.describe(model)
    if not info.converses:
        raise ModelRefused(
            f"{info.name} punctuates and does nothing else.",
            hint="Give a chat model with --model: a folder, or a name in the local cache.",
        )
    return info


def _ask() -> str:
    try:
        return str(click.prompt("you", prompt_suffix="> ", default="", show_default=False)).strip()
    except click.Abort as ended:
        if isinstance(ended.__context__, KeyboardInterrupt):
            raise
        return ""  # Ctrl-D


def _answer(client: ModelClient, messages: Sequence[dict[str, str]], max_tokens: int) -> str:
    """Print an answer while it is written, and return it."""
    pieces: list[str] = []

    def show(piece: str) -> None:
        pieces.append(piece)
        click.echo(safe_block(piece.expandtabs(4)), nl=False)

    client.write(messages, options={"max_tokens": max_tokens}, on_text=show)
    click.echo()
    return "".join(pieces)
