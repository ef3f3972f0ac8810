"""Run a click command line: whatever happens ends as a message and an exit code."""

from __future__ import annotations

import contextlib
import errno
import functools
import io
import os
import sys
import traceback
from types import TracebackType
from typing import Final, NoReturn

import click
from click.exceptions import Exit, NoArgsIsHelpError

from engine.terminal import safe, safe_block

EXIT_ENVIRONMENT: Final = 3
EXIT_INTERRUPTED: Final = 130  # what a shell reports for a command that Ctrl-C ended

# Errors of our output on a full disk. Files that we name raise errors with a file name.
_CANNOT_WRITE: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EIO))


class UserMessage(Exception):
    """An error for the user; its text is shown as it is and must already be safe."""

    def __init__(self, text: str, *, exit_code: int) -> None:
        super().__init__(text)
        self.exit_code = exit_code


def run_command(command: click.Command, name: str, *, obj: object = None) -> NoReturn:
    """Run a command line and end the process: no error is a traceback.

    `obj` becomes the object of click's context. This replaces click's own `main`, which exits with
    1 when the reader of our output closes it.
    """
    sys.excepthook = functools.partial(_report_bug, name)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a locale cannot spell is shown as its code
            stream.reconfigure(errors="backslashreplace")
    try:
        code = _invoke(command, name, obj)
        if sys.stdout is not None:  # None where nobody has opened one
            sys.stdout.flush()
    except click.ClickException as error:
        code = _show_click_error(error)
    except UserMessage as message:
        code = _show(message)
    except (click.Abort, KeyboardInterrupt):
        click.echo(err=True)
        code = EXIT_INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        code = 0
    except SystemExit as ended:
        if not isinstance(ended.__context__, BrokenPipeError):  # rich raises it for a closed pipe
            raise
        _drop_output()
        code = 0
    except OSError as error:
        found = _environment_error(error, name)
        if found is None:
            raise
        code = _show(found)
    sys.exit(code)


def _invoke(command: click.Command, name: str, obj: object) -> int:
    variable = f"_{name.replace('-', '_')}_COMPLETE".upper()
    if instruction := os.environ.get(variable):
        from click.shell_completion import shell_complete

        return shell_complete(command, {}, name, variable, instruction)
    try:
        with command.make_context(name, sys.argv[1:], obj=obj) as context:
            command.invoke(context)
    except Exit as done:
        return done.exit_code
    return 0


def _show_click_error(error: click.ClickException) -> int:
    shown = error
    if isinstance(error, click.UsageError) and not isinstance(error, NoArgsIsHelpError):
        # click quotes on one line what was typed, or what a shell made of `*`. Only its lists of
        # choices have several lines, and they quote nothing.
        text = error.format_message()
        several = isinstance(error, click.MissingParameter)
        shown = click.UsageError(
            safe_block(text.expandtabs(4)) if several else safe(text), error.ctx
        )
    with contextlib.suppress(OSError):
        shown.show()
    return error.exit_code


def _show(message: UserMessage) -> int:
    with contextlib.suppress(OSError):
        click.echo(str(message), err=True)
    return message.exit_code


def _environment_error(error: OSError, name: str) -> UserMessage | None:
    """Return the message if the environment failed, None if it may be a bug."""
    if error.filename is None and error.errno in _CANNOT_WRITE:
        _drop_output()
        text = f"{name}: the output cannot be written: {error.strerror}\nWrite it elsewhere."
        return UserMessage(text, exit_code=EXIT_ENVIRONMENT)
    try:
        os.getcwd()
    except OSError:
        text = f"{name}: the current folder does not exist any more.\nChange to another one first."
        return UserMessage(text, exit_code=EXIT_ENVIRONMENT)
    return None


def _drop_output() -> None:
    """Send stdout to /dev/null, so that Python's flush at exit does not fail."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_bug(
    name: str, kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    frames = traceback.extract_tb(trace)[-3:]
    place = " < ".join(f"{os.path.basename(f.filename)}:{f.name}" for f in reversed(frames))
    with contextlib.suppress(OSError):
        sys.stderr.write(
            f"{name}: a bug, please report it: {kind.__name__} in {place}: {safe(error)}\n"
        )
        sys.stderr.flush()
    os._exit(EXIT_ENVIRONMENT)
