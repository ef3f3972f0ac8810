"""`python -m tests.engine.reading.fuzz --cases 10000 --seed 1`: what came of each kind of fault."""

from __future__ import annotations

import argparse
from collections import Counter

from tests.engine.reading.fuzz.run import KINDS, results, table


def main() -> int:
    """Run cases and print the broken promises, then a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000)
    parser.add_argument("--first", type=int, default=0, help="the number of the first case")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", choices=sorted(KINDS), help="cases of this kind alone")
    parser.add_argument("--all", action="store_true", help="print every case, not the broken ones")
    args = parser.parse_args()
    found: Counter[tuple[str, str]] = Counter()
    numbers = range(args.first, args.first + args.cases)
    if args.kind:
        step = len(KINDS)
        first = args.first - args.first % step + KINDS.index(args.kind)
        numbers = range(first, first + args.cases * step, step)
    for result in results(args.seed, numbers):
        ended = "BROKEN" if result.broken else result.ended
        found[result.kind, ended] += 1
        if result.broken or args.all:
            print(
                f"{args.seed}:{result.number} {result.kind} {result.shape} ({result.faults}) "
                f"{result.talk!a}: {result.ended!a}",
                flush=True,
            )
        if result.number % 1000 == 999:
            print(f"-- {result.number + 1} cases, {sum(found.values())} here", flush=True)
    print(table(found))
    return int(any(ended == "BROKEN" for _, ended in found))


if __name__ == "__main__":
    raise SystemExit(main())
