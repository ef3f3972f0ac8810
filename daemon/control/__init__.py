"""llasactl: what a person asks of the daemon and tells it. Each module brings some commands."""

from __future__ import annotations

import os
import sys
import traceback
from types import TracebackType
from typing import Final, NoReturn

import click

from daemon.control import add, demo, jobs, status
from daemon.control.session import Session, home_option
from daemon.errors import DaemonError
from daemon.terminal import safe
from state.errors import NoSuchJob, StateError

EXIT_USAGE: Final = 2
EXIT_ENVIRONMENT: Final = 3

# A module that brings commands has them in `COMMANDS`; the order is that of the help.
_MODULES: Final = (status, jobs, add, demo)


class _InOrder(click.Group):
    """A group whose help lists the commands as they were brought, not by the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


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


for _module in _MODULES:
    for _command in _module.COMMANDS:
        llasactl.add_command(_command)


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
    except (DaemonError, StateError) as error:
        click.echo(f"llasactl: {safe(error)}\n{safe(error.hint)}", err=True)
        sys.exit(exit_code_of(error))
    sys.exit(code or 0)


def exit_code_of(error: DaemonError | StateError) -> int:
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
