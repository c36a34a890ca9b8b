#!/usr/bin/env python3
"""Times labhost's run net-s1 of q4 against the notebook's Python for the same run, one thread each.

Whole processes, alternating, each at least three times; prints the medians, the ratio of each pair, and peak memory.
Ratios of one go hold on a shared machine; single times do not.
"""
import argparse
import pathlib
import statistics
import sys
import tempfile

from measure import machine, measure

HERE = pathlib.Path(__file__).resolve().parent


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--experiment", type=pathlib.Path, required=True, help="q4.toml")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()

    print(f"{machine()}; run net-s1, "
          f"{options.epochs} epochs of 60,000/10,000 images, one thread, {options.pairs} pairs")
    ours, theirs = [], []
    for pair in range(options.pairs):
        with tempfile.TemporaryDirectory() as runs:
            ours.append(measure([options.labhost, "run", options.experiment, "--only", "net-s1", "--runs", runs, "--device",
                                 "cpu", "--set", f"trainer.epochs={options.epochs}"]))
        theirs.append(measure([sys.executable, HERE / "python_peer.py", "--epochs", str(options.epochs)]))
        print(f"pair {pair + 1}: labhost {ours[-1][0]:.1f} s, {ours[-1][1]:.0f} MiB; "
              f"Python {theirs[-1][0]:.1f} s, {theirs[-1][1]:.0f} MiB; "
              f"ratio {ours[-1][0] / theirs[-1][0]:.3f}", flush=True)
    ratios = [a[0] / b[0] for a, b in zip(ours, theirs)]
    print(f"median: labhost {statistics.median(a[0] for a in ours):.1f} s, "
          f"Python {statistics.median(b[0] for b in theirs):.1f} s; "
          f"time ratio {statistics.median(ratios):.3f} (labhost/Python, {min(ratios):.3f} to {max(ratios):.3f}); "
          f"peak memory ratio {max(a[1] for a in ours) / max(b[1] for b in theirs):.3f}")


if __name__ == "__main__":
    main()
