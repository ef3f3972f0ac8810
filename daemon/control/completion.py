"""llasactl completion: the script that makes a shell complete our commands."""

from __future__ import annotations

import os
from typing import Final

import click
from click.shell_completion import get_completion_class

SHELLS: Final = ("bash", "zsh", "fish")
VARIABLE: Final = "_LLASACTL_COMPLETE"  # the script sets it to ask us; click expects this name


@click.command(
    short_help="Print the script that makes a shell complete commands.",
    epilog='Example: llasactl completion zsh   (use: eval "$(llasactl completion zsh)")',
)
@click.argument("shell", type=click.Choice(SHELLS), required=False)
@click.pass_context
def completion(context: click.Context, shell: str | None) -> None:
    """Print the script that makes a shell complete commands, options and files.

    Without an argument it is for the shell in $SHELL. Put `eval "$(llasactl completion bash)"`
    into ~/.bashrc, the same with zsh into ~/.zshrc, or `llasactl completion fish | source` into
    ~/.config/fish/config.fish.
    """
    name = shell or os.path.basename(os.environ.get("SHELL", ""))
    found = get_completion_class(name) if name in SHELLS else None
    if found is None:
        raise click.UsageError(f"Name your shell: {', '.join(SHELLS)}.")
    group = context.find_root().command
    click.echo(found(group, {}, "llasactl", VARIABLE).source())


COMMANDS: Final = (completion,)
