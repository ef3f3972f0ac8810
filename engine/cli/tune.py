"""`llasa-cli tune`: a model learns from what its user corrected."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

import click

from engine import sidecars
from engine.cli.context import CliContext, Lease
from engine.cli.failure import failure
from engine.cli.options import language_code
from engine.cli.tune_show import Bar, Interrupts, report_lines
from engine.cli.writer import home_option
from engine.errors import EngineError, ModelNotFound, ModelRefused, OutputError
from engine.models import catalog
from engine.records import ModelInfo
from engine.terminal import safe
from engine.tuning import card, judge, prepare, presets, settings, texts
from engine.tuning.client import Trainer
from engine.tuning.errors import NoSuchRun, TuningError
from engine.tuning.store import Run, runs

_NAME = "house"
_name = click.argument("name", default=_NAME)


@click.group(
    short_help="Teach a model how you write, from what you corrected.",
    epilog="Example: llasa-cli tune prepare && llasa-cli tune train && llasa-cli tune evaluate",
)
def tune() -> None:
    """Teach a model how you write, from what you corrected.

    In this order: `prepare` gathers corrections, `train` learns, `evaluate` measures, `fuse` makes
    a model of it, `use` takes it. NAME is the name of the run and of its model; without one it is
    "house". Everything stays in the home, in var/tuning and var/models.
    """


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except EngineError as error:
        raise failure(error) from error


def _base(context: click.Context) -> Path:
    """Return the home; raises `TuningError` where there is none."""
    own: CliContext | None = context.obj
    base = own.base if own is not None else None
    if base is None:
        why = own.why_not_kept if own is not None else "there is no llasa home here"
        raise TuningError(f"What is learnt is kept in a home: {why}.", hint="Name one with --home.")
    return base


def _lease(context: click.Context) -> Lease:
    own: CliContext | None = context.obj
    return own.lease() if own is not None else Lease()


@tune.command("prepare", short_help="Gather what a model may learn from.")
@_name
@click.option(
    "--text",
    "folders",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    multiple=True,
    help="A folder of clean text (.txt, .md), a recording a file; may be given several times.",
)
@click.option("--language", callback=language_code,
              help="The language of the folders (ISO 639-1); else it is found.")  # fmt: skip
@click.option("--corrections/--no-corrections", default=True, show_default=True,
              help="Whether what you corrected in this home is learnt.")  # fmt: skip
@click.option(
    "--most-words",
    type=click.IntRange(1_000),
    default=200_000,
    show_default=True,
    help="Words that are taken at most; corrections go first.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@home_option
@click.pass_context
def prepare_command(
    context: click.Context,
    *,
    name: str,
    folders: tuple[Path, ...],
    language: str | None,
    corrections: bool,
    most_words: int,
    as_json: bool,
) -> None:
    """Gather what a model may learn from.

    Outputs that you edited, and what you corrected on the review page, are laid onto their
    transcripts word by word. Marks, case and paragraphs are learnt. Words that you changed become
    proposals for the glossary, in proposals.toml, and nothing else. Text in folders is shown to the
    model as Whisper might write it.
    """
    with _told():
        base = _base(context)
        run = Run.of(base, name)
        own = context.obj.corrected() if corrections else ()
        given = (texts.taken(folder, language=language) for folder in folders)
        found = prepare.prepare(chain(own, *given), most_words=most_words)
        run.make()
        run.write_recordings(found.parted)
        run.write("proposals.toml", prepare.proposals_toml(found.proposals))
        run.write_json("report.json", found.report)
    if as_json:
        click.echo(json.dumps({"name": name, "folder": os.fsdecode(run.folder), **found.report}))
        return
    for line in report_lines(found.report):
        click.echo(safe(line))
    click.echo(safe(f"written: {run.folder}"))
    again = " --restart" if _is_outdated(run) else ""
    click.echo(f"Next: llasa-cli tune train {name}{again}")


@tune.command("train", short_help="Learn from what was gathered.")
@_name
@click.option("--model", default=catalog.EMBEDDED, show_default=True,
              help="The model that learns: the embedded one, or a chat model.")  # fmt: skip
@click.option(
    "--preset",
    type=click.Choice(list(presets.presets())),
    default=presets.GENERAL,
    show_default=True,
    help="What the recordings are like; each is a mixture of ways to show text.",
)
@click.option("--epochs", type=click.IntRange(1, 100), help="Times that all text is read, at most.")
@click.option("--layers", type=click.IntRange(1, 64), help="Upper layers that learn.")
@click.option("--rate", type=click.FloatRange(1e-6, 1e-1), help="How fast it learns.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of all that is drawn.")
@click.option("--restart", is_flag=True, help="Begin again, whatever was trained before.")
@home_option
@click.pass_context
def train_command(
    context: click.Context,
    *,
    name: str,
    model: str,
    preset: str,
    epochs: int | None,
    layers: int | None,
    rate: float | None,
    seed: int,
    restart: bool,
) -> None:
    """Learn from what was gathered; the model itself is not changed.

    It ends when the loss on recordings that are kept apart stops falling. Ctrl-C saves what there
    is and keeps the best; the same command goes on and ends as if it had not been interrupted. The
    daemon lends the model meanwhile: it queues and does not enhance until the training is over.
    """
    with _told():
        base = _base(context)
        run = Run.of(base, name)
        run.read_recordings()
        if restart:
            _forget(run)
        info = catalog.describe(model, base=base)
        kind = "tagger" if info.kind == "tagger" else "chat"
        given = {"epochs": epochs, "rate": rate, "upper": layers}
        options = {
            "base": model,
            "home": os.fsdecode(base),
            "preset": preset,
            "seed": seed,
            **{key: value for key, value in given.items() if value is not None},
        }
        lease = _lease(context)
        with lease, lease.turn(), Interrupts() as interrupts:
            trainer = Trainer(lock_path=lease.lock_path)
            lease.attach(trainer.close)
            try:
                with Bar(name, wanted=lease.wanted) as bar:
                    facts = trainer.train(
                        kind, run, options, on_progress=bar.show, stopping=interrupts.asked
                    )
            finally:
                trainer.close()
    click.echo(safe(_trained(name, facts)))


def _trained(name: str, facts: dict[str, object]) -> str:
    step, steps, ended = facts["step"], facts["steps"], facts["ended"]
    best = (
        f"the loss on what is kept apart was {facts['first_valid']:.4f} and is "
        f"{facts['best_valid']:.4f} (step {facts['best_step']})"
    )
    if not facts["best_step"]:
        best = "nothing was gained on what is kept apart so far"
    if not step:
        return f"Stopped before the first step. `llasa-cli tune train {name}` goes on."
    if not ended:
        return (
            f"Stopped at step {step} of {steps}: {best}. `llasa-cli tune train {name}` goes on; "
            f"the best is kept."
        )
    why = "it stopped gaining" if ended == "early" else "all steps are done"
    following = f" Next: llasa-cli tune evaluate {name}" if facts["best_step"] else ""
    return f"Step {step} of {steps}, {why}: {best}.{following}"


def _forget(run: Run) -> None:
    for folder in (run.training, run.model):
        if folder.is_dir():
            for path in folder.iterdir():
                path.unlink()
    for name in ("training.json", "evaluation.json"):
        (run.folder / name).unlink(missing_ok=True)


@tune.command("evaluate", short_help="Measure what was learnt, before and after.")
@_name
@click.option("--words", type=click.IntRange(50, 1_000), default=1_000, show_default=True,
              help="Words of each language of the text that ships with llasa.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@home_option
@click.pass_context
def evaluate_command(context: click.Context, *, name: str, words: int, as_json: bool) -> None:
    """Measure what was learnt, before and after, on recordings that were not learnt from.

    Text that ships with llasa shows whether a gain at home is a loss elsewhere. A model is offered
    if the gain is no chance in nineteen of twenty draws, and text from elsewhere loses half a point
    of F1 at most.
    """
    with _told():
        base = _base(context)
        run = Run.of(base, name)
        training = run.read_json("training.json")
        run.check(training)
        if not card.revision_of(run.model):
            raise _no_model(name, training)
        before = catalog.describe(training["base"]["name"], base=base, use_measured=False)
        after = catalog.describe(os.fsdecode(run.model), base=base, use_measured=False)
        wanted = judge.trials_of(run.of_part("test"), languages=_languages(before), words=words)
        lease = _lease(context)
        bar = click.progressbar(
            length=2 * wanted.words,
            label=safe(name),
            file=sys.stderr,
            hidden=not sys.stderr.isatty(),
        )
        with lease, lease.turn(), bar:
            results = [
                judge.measure(info, wanted, lock_path=lease.lock_path, on_words=bar.update)
                for info in (before, after)
            ]
        found = judge.judge(*results)
        data = {
            "revision": card.revision_of(run.model),
            "recordings": training["recordings"],
            **found.data,
        }
        run.write_json("evaluation.json", data)
    if as_json:
        click.echo(json.dumps(data, indent=2))
        return
    for line in card.table(data):
        click.echo(line)
    click.echo(safe(found.sentence))
    if found.better:
        click.echo(f"Next: llasa-cli tune fuse {name}")


def _no_model(name: str, training: Mapping[str, object]) -> NoSuchRun:
    if not training.get("ended"):
        return NoSuchRun(
            f"The training of {name} was stopped before anything was gained.",
            hint=f"`llasa-cli tune train {name}` goes on.",
        )
    return NoSuchRun(
        f"The run {name} has no model: nothing was gained.",
        hint="Correct more recordings, or train with another --rate.",
    )


@tune.command("fuse", short_help="Make a model of what was learnt.")
@_name
@click.option("--as", "model", help="The name of the model; by default that of the run.")
@home_option
@click.pass_context
def fuse_command(context: click.Context, *, name: str, model: str | None) -> None:
    """Make a model of what was learnt: a folder in var/models of the home, with its card.

    Only a model that `evaluate` found to be better is made.
    """
    with _told():
        base = _base(context)
        run = Run.of(base, name)
        folder = card.fuse(run, base, name=Run.of(base, model or name).name)
    click.echo(safe(f"written: {folder}"))
    click.echo(safe(f"Next: llasa-cli tune use {folder.name}"))


@tune.command("use", short_help="Use a model that was made, or the one before.")
@_name
@click.option("--undo", is_flag=True, help="Use the model that was used before.")
@click.option("--chat", is_flag=True, help="For llasa-cli's answers: the line `chat_model`.")
@home_option
@click.pass_context
def use_command(context: click.Context, *, name: str, undo: bool, chat: bool) -> None:
    """Use a model that was made: one line of llasa.toml names it.

    The line before stays above it as a comment, and --undo takes it back. llasad reads the file
    when it starts.
    """
    with _told():
        base = _base(context)
        path, key = base / "llasa.toml", "chat_model" if chat else "model"
        try:
            text = path.read_text(encoding="utf-8") if path.exists() else ""
        except (OSError, UnicodeDecodeError) as error:
            raise OutputError(f"{path} cannot be read: {error}") from error
        if undo:
            new, model = settings.undone(text, key)
            said = f"llasa.toml has the line before: {model or 'none, so the default holds'}."
        else:
            info = _made(name, base)
            if chat and not info.converses:
                raise ModelRefused(
                    f"{name} punctuates and does nothing else, so it cannot answer.",
                    hint=f"`llasa-cli tune use {name}` has it enhance transcripts.",
                )
            new = settings.used(text, key, name)
            undoing = f"llasa-cli tune use --undo{' --chat' if chat else ''}"
            said = f'llasa.toml says: {key} = "{info.name}". Undo: {undoing}'
        sidecars.write_file(path, new)
    click.echo(safe(said))
    click.echo("A daemon reads it when it starts: `llasactl restart`, if one is installed.")


def _made(name: str, base: Path) -> ModelInfo:
    """Return a model of the home; raises `ModelNotFound` with what makes one."""
    try:
        return catalog.describe(name, base=base)
    except ModelNotFound as error:
        hint = f"`llasa-cli tune fuse {name}` makes one of a run that was measured and is better."
        raise ModelNotFound(f"There is no model {name}.", hint=hint) from error


@tune.command("list", short_help="List the runs of this home.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@home_option
@click.pass_context
def list_command(context: click.Context, *, as_json: bool) -> None:
    """List the runs of this home and how far each is."""
    with _told():
        found = [(run, _stage(run)) for run in runs(_base(context))]
    if as_json:
        click.echo(json.dumps([{"name": run.name, "stage": stage} for run, stage in found]))
        return
    for run, stage in found:
        click.echo(safe(f"{run.name:20} {stage}"))
    if not found:
        click.echo("Nothing was prepared yet: llasa-cli tune prepare")


def _languages(info: ModelInfo) -> tuple[str, ...]:
    """Return the languages in which a model decides, or the tagger that it advises."""
    return (info.decider or info).languages


def _is_outdated(run: Run) -> bool:
    """Return whether a run was trained, and prepared with other recordings since."""
    with contextlib.suppress(NoSuchRun):
        return not run.fits(run.read_json("training.json"))
    return False


def _stage(run: Run) -> str:
    if _is_outdated(run):
        return "prepared again, not trained since"
    for name in ("evaluation.json", "training.json"):
        with contextlib.suppress(NoSuchRun):
            data = run.read_json(name)
            if name == "evaluation.json":
                return str(data.get("sentence", ""))
            done = "trained" if data.get("ended") else "stopped"
            return f"{done}, step {data.get('step')} of {data.get('steps')}"
    return "prepared"
