"""llasactl model: the models on this machine; `pull` is the only command that downloads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from daemon.control.session import TerminalSession, home_option, json_option, print_json
from daemon.control.text import count, size
from daemon.operations import models
from daemon.terminal import safe

if TYPE_CHECKING:
    from rich.table import Table

    from daemon.operations.models import ModelReport
    from engine.models.download import Plan


@click.group(
    short_help="Show, download and remove language models.",
    epilog="Example: llasactl model list",
)
def model() -> None:
    """Show, download and remove language models.

    `pull` is the only command of llasa that opens a connection; the others work offline.
    """


def _complete(context: click.Context, _: click.Parameter, begun: str) -> list[str]:
    from engine.models import local

    session = context.find_object(TerminalSession) or TerminalSession()
    names = (found.name for found in local.models(models.base_of(session)))
    return [name for name in names if name.startswith(begun) and safe(name) == name]


@model.command(
    "list", short_help="List the models on this machine.", epilog="Example: llasactl model list"
)
@home_option
@json_option
@click.pass_obj
def list_(session: TerminalSession, *, as_json: bool) -> None:
    """List the models on this machine and what each can do.

    They lie in llasa itself, in the home (var/models, mlx-models), in llasa's own cache, and in the
    cache that all programs share for downloads from Hugging Face.
    """
    found = models.reports(session)
    if as_json:
        print_json([report.to_json() for report in found])
        return
    session.console.print(_table(found))
    for report in found:
        if not report.usable:
            click.echo(f"{safe(report.name)}: {safe(report.problem)}")


@model.command(
    short_help="Show what a model can do and needs.",
    epilog="Example: llasactl model show punct",
)
@home_option
@json_option
@click.argument("name", shell_complete=_complete)
@click.pass_obj
def show(session: TerminalSession, *, name: str, as_json: bool) -> None:
    """Show what a model can do, what it needs, and where it lies. NAME may be a folder."""
    report = models.report_of(session, name)
    if as_json:
        print_json(report.to_json())
        return
    for label, text in _lines(report):
        click.echo(f"{label:10} {safe(text)}")


@model.command(
    short_help="Download a model, or convert a GGUF file.",
    epilog="Example: llasactl model pull mlx-community/Qwen3-4B-Instruct-2507-4bit",
)
@home_option
@click.option("--revision", metavar="REV", help="This branch, tag or commit, not the newest.")
@click.argument("name", metavar="NAME|FILE.gguf")
@click.pass_obj
def pull(session: TerminalSession, *, name: str, revision: str | None) -> None:
    """Download a model from Hugging Face, or make a model of a GGUF file.

    A download opens a connection and says so before. It fetches weights, JSON, tokenizer files
    and templates, never code; a model that needs code of its own is refused. Interrupted, it
    continues where it stopped. The revision is recorded: a newer one is used only after another
    `pull`. A GGUF file on this machine is converted without a connection.
    """
    if name.lower().endswith(".gguf"):
        file = Path(name)
        if not file.is_file():
            raise click.UsageError(f"There is no file {safe(name)}.")
        click.echo(f"converting {safe(file.name)} on this machine; no connection is opened")
        report = models.convert(session, file)
    else:
        plan = _plan(name, revision)
        report = _fetch(session, plan)
    click.echo(f"ready: {safe(report.name)}, {size(report.disk_bytes)} in {safe(report.path)}")
    if not report.usable:
        click.echo(f"It cannot be used: {safe(report.problem)}")
        return
    click.echo(f"measure it here:  llasa-cli calibrate {safe(report.name)}")


@model.command(
    short_help="Remove a model from this machine.",
    epilog="Example: llasactl model remove mlx-community/Qwen3-4B-Instruct-2507-4bit",
)
@home_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.argument("name", shell_complete=_complete)
@click.pass_obj
def remove(session: TerminalSession, *, name: str, yes: bool) -> None:
    """Remove a model from this machine: its folder, and what was measured of it. Asks first."""
    what = models.removal(session, name)
    for path in what.paths:
        click.echo(f"removes {safe(path)}")
    for warning in what.warnings:
        click.echo(safe(warning))
    if not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("There is nobody to ask: give --yes.")
        click.confirm(f"Remove {size(what.report.disk_bytes)}?", abort=True)
    models.remove(what)
    click.echo(f"removed: {safe(name)}")


def _plan(name: str, revision: str | None) -> Plan:
    """Say that a connection follows, and ask what the download consists of."""
    from engine.models import download

    token = " Your access token is sent." if download.sends_token() else ""
    click.echo(
        f"opening a connection to {safe(download.host())}: it learns the name of the model and the "
        f"address of this machine.{token}"
    )
    plan = models.pull_plan(name, revision=revision)
    rest = "" if plan.missing_bytes == plan.total_bytes else f", {size(plan.missing_bytes)} to go"
    click.echo(
        f"{safe(plan.name)} at {plan.revision[:12]}, licence {safe(plan.licence or 'not named')}: "
        f"{count(len(plan.files), 'file')}, {size(plan.total_bytes)}{rest}"
    )
    return plan


def _fetch(session: TerminalSession, plan: Plan) -> ModelReport:
    """Download with a bar on a terminal; Ctrl-C keeps what arrived."""
    with click.progressbar(
        length=max(1, plan.missing_bytes),
        label="downloading",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as bar:
        try:
            return models.pull(session, plan, on_progress=bar.update)
        except KeyboardInterrupt:
            click.echo("\nstopped; the same command continues where it stopped", err=True)
            raise


def _table(found: list[ModelReport]) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for title in ("MODEL", "SIZE", "DISK", "MEMORY", "CAN", "LANGUAGES", "FROM"):
        right = title in ("SIZE", "DISK", "MEMORY")
        fits = title not in ("CAN", "FROM")  # these may go on in a second line
        table.add_column(title, justify="right" if right else "left", no_wrap=fits)
    for report in found:
        name = Text(safe(report.name), style="" if report.usable else "red")
        if report.set_in:
            name.append(" *", style="bold")
        table.add_row(
            name,
            _parameters(report),
            size(report.disk_bytes),
            size(report.memory_bytes) if report.memory_bytes else "",
            Text(_abilities(report)),
            Text(_few_languages(report)),
            Text(safe(report.origin)),
        )
    return table


def _few_languages(report: ModelReport) -> str:
    """Return the languages of a model as a column has room for them."""
    count = len(report.languages)
    return safe(_languages(report)) if count <= 3 else f"{count} languages"


def _lines(report: ModelReport) -> list[tuple[str, str]]:
    lines = [("model", report.name), ("can", _abilities(report))]
    if report.problem:
        lines.append(("note" if report.usable else "problem", report.problem))
    if report.set_in:
        lines.append(("set in", ", ".join(report.set_in)))
    if report.memory_bytes:
        lines += [
            ("size", f"{_parameters(report)} parameters, {report.quantization or 'float weights'}"),
            ("context", f"{report.context_tokens:,} tokens" if report.context_tokens else "?"),
            ("memory", f"about {size(report.memory_bytes)}"),
            ("languages", _languages(report)),
            ("licence", report.licence or "its card does not say"),
            ("revision", report.revision or "unknown"),
        ]
    if report.chats and report.usable and report.memory_bytes:
        never = f"never measured; run: llasa-cli calibrate {report.name}"
        lines.append(("fitness", report.calibration or never))
    lines += [("disk", size(report.disk_bytes)), ("from", report.origin), ("path", report.path)]
    return lines + [("odd", oddity) for oddity in report.oddities]


def _parameters(report: ModelReport) -> str:
    if report.parameters is None:
        return ""
    millions = report.parameters / 1e6
    return f"{millions / 1000:.1f} B" if millions >= 1000 else f"{millions:.0f} M"


def _abilities(report: ModelReport) -> str:
    if not report.usable:
        return "nothing: it cannot be used"
    if not report.chats:
        return "punctuate"
    can = ["chat"] + ["tools"] * report.tools + ["thinking"] * report.thinks
    return ", ".join(can)


def _languages(report: ModelReport) -> str:
    shown = report.languages[:9]
    more = len(report.languages) - len(shown)
    return " ".join(shown) + (f" and {more} more" if more else "") or "not named"


COMMANDS: Final = (model,)
