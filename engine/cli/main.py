"""`llasa-cli`: the group of its commands, and the entry point."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click
from click.core import ParameterSource

from engine.cli import bench, calibrate, enhance, write
from engine.cli.run import run_command
from engine.recipe import ENGINE_VERSION
from engine.records import Cleaning, Profile

_USAGE = "llasa-cli enhance FILE --model M"


@click.group(
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: llasa-cli --enhance-transcript talk.json",
)
@click.option(
    "--enhance-transcript",
    "transcript",
    type=enhance.FILE,
    metavar="FILE",
    help="Same as `enhance FILE`.",
)
@enhance.output_option
@enhance.model_option
@enhance.language_option
@enhance.cleaning_option
@click.version_option(ENGINE_VERSION, prog_name="llasa-cli")
@click.pass_context
def llasa_cli(
    context: click.Context,
    transcript: Path | None,
    output: Path | None,
    model: str,
    language: str | None,
    cleaning: Cleaning,
) -> None:
    """Turn Whisper transcripts into faithful, readable text, once and without a daemon."""
    given = [
        parameter.opts[0]
        for parameter in context.command.params
        if parameter.name
        and context.get_parameter_source(parameter.name) is ParameterSource.COMMANDLINE
    ]
    if context.invoked_subcommand is not None:
        if given:
            raise click.UsageError(f"Options go after the command: {_USAGE}")
        return
    if transcript is None and given:
        raise click.UsageError(f"A file is missing for {' and '.join(given)}: {_USAGE}")
    if transcript is None:
        click.echo(context.get_help())
        return
    profile = Profile(model=model, language=language, cleaning=cleaning)
    enhance.run_one(transcript, profile, output=output)


for _command in (
    enhance.enhance,
    enhance.batch,
    bench.bench,
    calibrate.calibrate,
    write.prompt,
    write.chat,
):
    llasa_cli.add_command(_command)


def main() -> NoReturn:
    """Run `llasa-cli`: every error is a message with the next step, never a traceback."""
    run_command(llasa_cli, "llasa-cli")


if __name__ == "__main__":
    main()
