"""llasactl: what a person asks of the daemon and tells it. Each module brings some commands."""

from __future__ import annotations

import difflib
import importlib
import os
import sys
import traceback
from types import TracebackType
from typing import Final, NoReturn

import click

from daemon.control.session import Session, home_option
from daemon.errors import DaemonError
from daemon.terminal import safe
from launchd.errors import ServiceError
from state.errors import NoSuchJob, StateError

EXIT_USAGE: Final = 2
EXIT_ENVIRONMENT: Final = 3

# Which module brings which commands, in its `COMMANDS`; the order is that of the help. A module is
# imported when one of its commands is asked for: `status` must not wait for what `doctor` needs.
_MODULES: Final = {
    "status": ("status",),
    "jobs": ("jobs", "show", "retry"),
    "look": ("open", "diff"),
    "change": ("redo", "cancel", "prioritize", "forget"),
    "speakers": ("speakers",),
    "add": ("add",),
    "rest": ("pause", "resume"),
    "settings": ("config",),
    "doctor": ("doctor",),
    "logs": ("logs",),
    "service": ("install", "uninstall", "start", "stop", "restart"),
    "completion": ("completion",),
    "demo": ("demo",),
}


class _InOrder(click.Group):
    """A group whose help lists the commands as they were brought, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in _MODULES.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        for module, names in _MODULES.items():
            if cmd_name in names:
                brought: tuple[click.Command, ...]
                brought = importlib.import_module(f"daemon.control.{module}").COMMANDS
                return {command.name: command for command in brought}[cmd_name]
        return None

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
    """Look at the llasa daemon and its jobs, and tell it what to do.

    The home is found by --home, LLASA_HOME, what `install` recorded, the nearest folder upward
    with a llasa.toml, or ~/llasa, in this order.
    """
    context.ensure_object(Session)


def main() -> NoReturn:
    """Run `llasactl`: every error is a message with the next step, never a traceback."""
    sys.excepthook = _report_bug
    try:
        code = llasactl.main(prog_name="llasactl", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        sys.exit(EXIT_ENVIRONMENT)
    except BrokenPipeError:
        # Who read our output has seen enough; Python must not fail on flushing at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except (DaemonError, ServiceError, StateError) as error:
        click.echo(f"llasactl: {safe(error)}\n{safe(error.hint)}", err=True)
        sys.exit(exit_code_of(error))
    sys.exit(code or 0)


def exit_code_of(error: DaemonError | ServiceError | StateError) -> int:
    """Return the exit code of a command that ends with an error."""
    if isinstance(error, DaemonError):
        return error.exit_code
    return EXIT_USAGE if isinstance(error, NoSuchJob) else EXIT_ENVIRONMENT


def _report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    frames = traceback.extract_tb(trace)[-3:]
    place = " < ".join(f"{os.path.basename(f.filename)}:{f.name}" for f in reversed(frames))
    sys.stderr.write(
        f"llasactl: a bug, please report it: {kind.__name__} in {place}: {safe(error)}\n"
    )
    sys.stderr.flush()
    os._exit(EXIT_ENVIRONMENT)
