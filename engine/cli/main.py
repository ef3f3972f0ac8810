"""`llasa-cli`: the group of its commands, and the entry point without a home."""

from __future__ import annotations

import sys
from typing import NoReturn

import click

from engine.cli import (
    ask,
    bench,
    calibrate,
    chat,
    describe,
    enhance,
    measure,
    menu,
    prompt,
    tune,
    whisper,
)
from engine.cli.context import CliContext
from engine.cli.forms import form_options, translated
from engine.cli.run import run_command
from engine.recipe import ENGINE_VERSION


class _Forms(click.Group):
    """A group whose commands are options too, in the order in which they were added."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not ctx.resilient_parsing:
            own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
            known = {
                name
                for command in self.commands.values()
                for parameter in command.params
                for name in parameter.opts
            }
            args = translated(args, known=sorted(known), own=sorted(own))
        return super().parse_args(ctx, args)


@click.group(
    cls=_Forms,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: llasa-cli --enhance-transcript talk.json --output talk.txt",
)
@form_options
@click.version_option(ENGINE_VERSION, prog_name="llasa-cli")
@click.pass_context
def llasa_cli(context: click.Context) -> None:
    """Enhance Whisper transcripts, and talk to a local language model; nothing leaves the machine.

    Every command is an option too, and the options of the command may stand beside it. Without
    arguments, a menu on a terminal.
    """
    context.ensure_object(CliContext)
    if context.invoked_subcommand is not None:
        return
    if sys.stdin.isatty() and sys.stdout.isatty():
        menu.run(context)
        return
    click.echo(context.get_help())


for _command in (
    prompt.prompt,
    chat.chat,
    ask.ask,
    enhance.enhance,
    describe.describe,
    enhance.batch,
    whisper.whisper,
    measure.measure,
    bench.bench,
    calibrate.calibrate,
    tune.tune,
):
    llasa_cli.add_command(_command)


def main(context: CliContext | None = None) -> NoReturn:
    """Run `llasa-cli`: every error is a message with the next step, never a traceback."""
    run_command(llasa_cli, "llasa-cli", obj=context)


if __name__ == "__main__":
    main()
