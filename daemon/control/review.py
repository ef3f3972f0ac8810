"""llasactl review: listen to a transcript and correct it, on a page that this command serves."""

from __future__ import annotations

import contextlib
import webbrowser
from typing import Final

import click

from daemon.control.session import TerminalSession, complete_job, home_option, usage_errors
from daemon.operations.errors import NotPossible
from daemon.terminal import safe


@click.command(
    short_help="Listen to a transcript and correct it, in a browser.",
    epilog="Example: llasactl review talk.json",
)
@home_option
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port on 127.0.0.1.  [default: any]"
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
@click.argument("job", shell_complete=complete_job)
@click.pass_obj
def review(session: TerminalSession, job: str, *, port: int, no_browser: bool) -> None:
    """Open a finished transcript in the browser, with its recording, and correct it there.

    JOB is an id or a file. Corrections go into a small file beside the transcript
    (talk.corrections.json) and from there into every output; the transcript itself is never
    changed. The page is on this machine alone, and ends with this command (Ctrl-C).
    """
    from daemon.operations.review import Review  # late: they need the engine and a server
    from daemon.review.server import ReviewServer

    with usage_errors():
        opened = Review(session, job)
    try:
        server = ReviewServer(opened, port=port)
    except OSError as error:
        raise NotPossible(f"Port {port} cannot be used: {error.strerror}.") from error
    click.echo(session.home_line())
    click.echo(f"file  {session.shown_path(opened.path)}")
    if opened.recording() is None:
        click.echo("There is no recording beside it: text only, or choose one on the page.")
    click.echo(f"page  {server.address}")
    click.echo("Ctrl-C ends it; every correction is saved at once.")
    if not no_browser:
        with contextlib.suppress(webbrowser.Error):
            webbrowser.open(server.first_address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        click.echo("")
    finally:
        server.close()
    opened.write_outputs()
    if opened.waits_for is not None:
        click.echo(f"Job {opened.waits_for} is not done yet: it uses the corrections when it is.")
    if opened.problem:
        click.echo(f"Saved, but not written again: {safe(opened.problem)}", err=True)


COMMANDS: Final = (review,)
