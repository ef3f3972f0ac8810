"""llasactl mcp: the library for programs that speak the Model Context Protocol."""

from __future__ import annotations

from typing import Final

import click

from daemon.control.session import TerminalSession, home_option
from daemon.operations.errors import NotInstalled

_PACKAGES: Final = ("mcp", "mcp_types", "pydantic")


@click.command(
    short_help="Let other programs read the transcripts.",
    epilog="Example: llasactl mcp --home ~/llasa",
)
@home_option
@click.option(
    "--allow-write", is_flag=True, help="Let the program redo transcripts and name speakers."
)
@click.pass_obj
def mcp(session: TerminalSession, *, allow_write: bool) -> None:
    """Serve the library on standard input and output, by the Model Context Protocol.

    A program such as an assistant starts this command. It can search, ask, list, read and check
    quotations; without --allow-write it changes nothing. Folders whose profile says `private =
    true` are left out.
    """
    try:
        from daemon.mcp.server import make_server  # late: it is installed on demand
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] not in _PACKAGES:
            raise
        raise NotInstalled(
            "The Model Context Protocol is not installed.",
            hint="Install it with: uv tool install 'llasa[mcp]'",
        ) from error
    _ = session.config  # a mistake in the settings is said here, not at the first call
    make_server(session, allow_write=allow_write).run("stdio")


COMMANDS: Final = (mcp,)
