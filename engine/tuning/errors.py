"""What can go wrong in tuning.

EngineError
└── TuningError
    ├── NothingToLearn         no recording was taken, or too few
    ├── NoSuchRun              there is no run of this name, or it is not so far
    ├── RunMismatch            a run goes on with other data or another model than it began with
    └── NotBetter              the model is not offered: it is no better
"""

from __future__ import annotations

from engine.errors import EngineError


class TuningError(EngineError):
    """A model could not be tuned."""

    reason = "tuning_error"
    hint = "See `llasa-cli tune --help`."


class NothingToLearn(TuningError):
    """There is too little to learn from."""

    reason = "nothing_to_learn"
    hint = (
        "Correct the marks of some finished texts (their .enhanced.txt, or the review page), or "
        "give folders of clean text with --text."
    )


class NoSuchRun(TuningError):
    """There is no such run."""

    reason = "no_such_run"
    hint = "Begin with `llasa-cli tune prepare`."


class RunMismatch(TuningError):
    """What a run began with has changed."""

    reason = "run_mismatch"
    hint = "Begin again with --restart, or give the run another name."


class NotBetter(TuningError):
    """A tuned model that is no better is not offered."""

    reason = "not_better"
    hint = (
        "Where the gain may be chance, more corrected recordings help; where other text loses, a "
        "lower --rate or fewer --epochs may."
    )
