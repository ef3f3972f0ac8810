"""How a language model is heard: what was measured here, kept beside the home's models."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, get_args

from engine.errors import ModelRefused
from engine.models import places
from engine.records import Opinion, Rule

_ENDING = ".llasa.json"
_KEY = "opinion"


def path_of(home: Path, model: str) -> Path:
    """Return the file of a home in which the figures of a model are kept."""
    return home / places.HOME_MODELS / f"{places.file_name(model)}{_ENDING}"


def load(path: Path) -> Opinion:
    """Return the opinion in a file, the cautious one where there is no file.

    Raises `ModelRefused` for a file that cannot be used.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return _read(data[_KEY])
    except FileNotFoundError:
        return Opinion()
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise ModelRefused(
            f"{path} cannot be used ({type(error).__name__}).",
            hint="Delete it, or measure the model again with `llasa-cli calibrate`.",
        ) from None


def dump(opinion: Opinion) -> dict[str, Any]:
    """Return an opinion as the value of `opinion` in its file."""
    return {
        "margin": opinion.margin,
        "weight": opinion.weight,
        "lookahead": opinion.lookahead,
        "rule": opinion.rule,
    }


def _read(data: dict[str, Any]) -> Opinion:
    margin, weight = float(data["margin"]), float(data["weight"])
    lookahead, rule = int(data["lookahead"]), data["rule"]
    if rule not in get_args(Rule) or not 1 <= lookahead <= 8:
        raise ValueError("the rule or the lookahead is not known")
    if not (0 <= weight <= 10 and margin >= 0 and math.isfinite(margin)):
        raise ValueError("the margin or the weight is not a sensible figure")
    return Opinion(margin, weight, lookahead, rule, calibrated=True)
