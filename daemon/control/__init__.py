"""llasactl: the terminal face. Each module brings some commands, and operations do their work."""

from __future__ import annotations

import difflib
import importlib
from typing import Any, Final, NoReturn

import click

from daemon.control.session import TerminalSession, home_option
from daemon.errors import DaemonError
from daemon.terminal import safe
from engine.cli.run import EXIT_ENVIRONMENT, UserMessage, run_command
from launchd.errors import ServiceError
from state.errors import NoSuchJob, StateError

EXIT_USAGE: Final = 2

# Which module brings which commands, in its `COMMANDS`; the order is that of the help. A module is
# imported when one of its commands is called: `status` must not wait for what `doctor` needs.
_MODULES: Final = {
    "status": ("status",),
    "jobs": ("jobs", "show", "retry"),
    "search": ("search", "quote"),
    "mcp": ("mcp",),
    "results": ("open", "diff"),
    "change": ("redo", "cancel", "prioritize", "forget"),
    "speakers": ("speakers",),
    "review": ("review",),
    "render": ("render",),
    "export": ("export",),
    "add": ("add",),
    "pause": ("pause", "resume"),
    "config": ("config",),
    "watch": ("watch",),
    "glossary": ("glossary",),
    "hooks": ("hooks",),
    "model": ("model",),
    "doctor": ("doctor",),
    "logs": ("logs",),
    "backup": ("backup",),
    "service": ("install", "uninstall", "start", "stop", "restart"),
    "completion": ("completion",),
    "demo": ("demo",),
}


class _InOrder(click.Group):
    """A group whose help lists the commands in the order of `_MODULES`, not of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in _MODULES.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for module, names in _MODULES.items():
            if cmd_name in names:
                commands: tuple[click.Command, ...]
                commands = importlib.import_module(f"daemon.control.{module}").COMMANDS
                return {command.name: command for command in commands}[cmd_name]
        return None

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (DaemonError, ServiceError, StateError) as error:
            text = f"llasactl: {safe(error)}\n{safe(error.hint)}"
            raise UserMessage(text, exit_code=exit_code_of(error)) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1)
            guess = f" Did you mean `{near[0]}`?" if near else ""
            raise click.UsageError(safe(error.format_message()) + guess, ctx) from None


@click.group(
    cls=_InOrder,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: llasactl status --watch",
)
@home_option
@click.version_option(package_name="llasa", prog_name="llasactl")
@click.pass_context
def llasactl(context: click.Context) -> None:
    """Show what the llasa daemon and its jobs are doing, and control them.

    The home is found by --home, LLASA_HOME, what `install` recorded, the nearest folder upward
    with a llasa.toml, or ~/llasa, in this order.
    """
    context.ensure_object(TerminalSession)


def main() -> NoReturn:
    """Run `llasactl`: every error is a message with the next step, never a traceback."""
    run_command(llasactl, "llasactl")


def exit_code_of(error: DaemonError | ServiceError | StateError) -> int:
    """Return the exit code of a command that ends with an error."""
    if isinstance(error, DaemonError):
        return error.exit_code
    return EXIT_USAGE if isinstance(error, NoSuchJob) else EXIT_ENVIRONMENT
