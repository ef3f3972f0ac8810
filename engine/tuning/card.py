"""A run that was judged -> its model among the models of the home, with its card."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from engine.errors import OutputError
from engine.models import catalog, places
from engine.recipe import ENGINE_VERSION
from engine.tuning.errors import NoSuchRun, NotBetter
from engine.tuning.store import Run

CARD: Final = "MODEL_CARD.md"
_FOLDER: Final = ("/", "~", ".")


def fuse(run: Run, base: Path, *, name: str) -> Path:
    """Copy the model of a run to the models of the home, with its card; returns the folder.

    Raises `NoSuchRun` where it was not judged, `RunMismatch` where the run has other recordings
    since, and `NotBetter` where it is no better.
    """
    if not (run.model / "llasa.json").is_file() and not (run.model / "config.json").is_file():
        if not run.recordings.is_file():
            raise run.missing()
        raise NoSuchRun(
            f"The run {run.name} has no model.",
            hint=f"Train it with `llasa-cli tune train {run.name}`.",
        )
    evaluation, training = run.read_json("evaluation.json"), run.read_json("training.json")
    if evaluation.get("revision") != revision_of(run.model):
        raise NoSuchRun(
            f"The model of {run.name} was trained again after it was measured.",
            hint=f"Measure it with `llasa-cli tune evaluate {run.name}`.",
        )
    run.check(evaluation)
    if not evaluation.get("better"):
        raise NotBetter(str(evaluation.get("sentence", "The model is no better.")))
    target = base / places.HOME_MODELS / name
    temporary = target.with_name(f".{name}.{os.getpid()}.tmp")
    old = target.with_name(f".{name}.{os.getpid()}.old")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.copytree(run.model, temporary)
        report = run.read_json("report.json")
        (temporary / CARD).write_text(text(name, report, training, evaluation), encoding="utf-8")
        _mark(temporary / "llasa.json", name, evaluation, training)
        temporary.chmod(0o700)
        if target.exists():
            os.replace(target, old)
        os.replace(temporary, target)
    except OSError as error:
        raise OutputError(f"cannot write {target}: {error.strerror}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
    return target


def revision_of(folder: Path) -> str:
    """Return the revision that a model folder names."""
    try:
        data = json.loads((folder / "llasa.json").read_text(encoding="utf-8"))
        return str(data["revision"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def text(
    name: str,
    report: Mapping[str, Any],
    training: Mapping[str, Any],
    evaluation: Mapping[str, Any],
) -> str:
    """Return the card of a tuned model."""
    base = _base(training)
    options = {**training["options"], "base": base["name"]}
    options.pop("home", None)
    parts = report["parts"]
    origins = ", ".join(
        f"{count} {_ORIGINS[origin]}" for origin, count in report["origins"].items()
    )
    lines = [
        f"# {name}",
        "",
        f"{base['name']} ({base['revision']}), tuned on this machine to how its user writes. "
        f"Made {datetime.now(UTC):%Y-%m-%d} by llasa {ENGINE_VERSION}.",
        "",
        "**It was made of private recordings. Share it only where they may be shared.**",
        "",
        "## Data",
        "",
        f"{sum(part['recordings'] for part in parts.values())} recordings: {origins}; "
        f"{report['corrections']} corrections of marks, case and paragraphs. "
        f"Languages: {', '.join(report['languages'])}.",
        "",
        "| | recordings | words |",
        "|---|---|---|",
        *(
            f"| {_PARTS[part]} | {own['recordings']} | {own['words']:,} |"
            for part, own in parts.items()
        ),
        "",
        "No recording is on two lines. Beside the recordings, text that ships with llasa was shown "
        "without its labels, so that the model reads it as before.",
        "",
        "## Training",
        "",
        f"{training['step']} steps of {training['steps']}, the best was step "
        f"{training['best_step']}; loss on what was kept apart {training['first_valid']:.4f} "
        f"before and {training['best_valid']:.4f} after; {training['seconds']:.0f} s.",
        f"Options: {json.dumps(options)}",
        *([f"Biases searched: {json.dumps(training['biases'])}"] if "biases" in training else []),
        "",
        "## Figures",
        "",
        evaluation["sentence"],
        "",
        *table(evaluation),
        "",
        "## Licence",
        "",
        f"That of {base['name']}, whose card names it. The recordings are their user's.",
        "",
    ]
    return "\n".join(lines)


def table(evaluation: Mapping[str, Any]) -> Sequence[str]:
    """Return the figures as lines of a table in Markdown."""
    rows = [
        "| F1 in percent | home before | after | gain, 90 % | elsewhere before | after | gain |",
        "|---|---|---|---|---|---|---|",
    ]
    before, after = evaluation["before"], evaluation["after"]
    for kind in ("marks", "case", "paragraphs"):
        gain, other = (evaluation["gain"][kind][where] for where in ("home", "elsewhere"))
        rows.append(
            f"| {kind} | {before['home'][kind]:.1f} | {after['home'][kind]:.1f} "
            f"| {gain['low']:+.1f} to {gain['high']:+.1f} "
            f"| {before['elsewhere'][kind]:.1f} | {after['elsewhere'][kind]:.1f} "
            f"| {other['low']:+.1f} to {other['high']:+.1f} |"
        )
    for key, label in (
        ("words_kept", "words kept, %"),
        ("right_marks_kept", "right marks kept, %"),
        ("refused_parts", "parts that failed or are implausible"),
        ("words_per_s", "words/s"),
    ):
        rows.append(
            f"| {label} | {_figure(before['home'][key])} | {_figure(after['home'][key])} | "
            f"| {_figure(before['elsewhere'][key])} | {_figure(after['elsewhere'][key])} | |"
        )
    return rows


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _base(training: Mapping[str, Any]) -> dict[str, str]:
    """Return what a model was tuned from; of a folder its name, not where it lies here."""
    name, revision = str(training["base"]["name"]), str(training["base"]["revision"])
    return {"name": Path(name).name if name.startswith(_FOLDER) else name, "revision": revision}


def _mark(
    path: Path, name: str, evaluation: Mapping[str, Any], training: Mapping[str, Any]
) -> None:
    """Say in `llasa.json` what the model was tuned from, and how well."""
    card = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    if training["base"]["name"] == catalog.EMBEDDED:
        card["licence"] = catalog.EMBEDDED_LICENCE
    card |= {
        "name": name,
        "tuned": {
            "base": _base(training),
            "better": evaluation["better"],
            "gain": evaluation["gain"]["home"],
            "elsewhere": evaluation["gain"]["elsewhere"],
        },
    }
    path.write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


_PARTS: Final = {
    "train": "learnt from",
    "valid": "ended the training",
    "test": "judged by",
}
_ORIGINS: Final = {
    "edited": "outputs edited by hand",
    "review": "corrected on the review page",
    "text": "texts without a transcript",
}
