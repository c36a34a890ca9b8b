#!/usr/bin/env python3
"""Whether "fast" numerics end where "pytorch" ends: every configuration of q4 over seeds, in both.

Runs are paired by seed. Equivalent means: the 90 % confidence interval of the mean difference in the last test accuracy lies
within the margin, which is two one-sided paired t tests at 5 % (Schuirmann 1987). Exits with 1 if a configuration is not.
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys

T_95 = {4: 2.132, 9: 1.833, 19: 1.729}  # 95 % quantile of Student's t by degrees of freedom


def accuracies(options, numerics):
    """Last test accuracy, percent, by model and parameters and by seed."""
    document = subprocess.run([options.labhost, options.experiment, "--device", "cpu", "--seeds",
                               ",".join(map(str, range(1, options.seeds + 1))), "--runs", options.runs / numerics,
                               "--set", f'trainer.numerics="{numerics}"', "--json"], check=True, stdout=subprocess.PIPE)
    found = {}
    for run in json.loads(document.stdout)["runs"]:
        found.setdefault(run["id"].rsplit("-s", 1)[0], {})[run["seed"]] = run["final"]["test.accuracy"]
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--experiment", type=pathlib.Path, required=True, help="q4.toml")
    parser.add_argument("--runs", type=pathlib.Path, required=True, help="a folder for the runs; finished ones stay")
    parser.add_argument("--seeds", type=int, choices=[df + 1 for df in T_95], default=5)
    parser.add_argument("--margin", type=float, default=0.3, help="points of test accuracy")
    options = parser.parse_args()
    pytorch, fast = (accuracies(options, numerics) for numerics in ("pytorch", "fast"))
    print(f"{'':<12}{'pytorch':>9}{'+-':>7}{'fast':>9}{'+-':>7}{'fast - pytorch, 90 %':>24}")
    worst = False
    for name, by_seed in pytorch.items():
        differences = [fast[name][seed] - accuracy for seed, accuracy in by_seed.items()]
        mean = statistics.mean(differences)
        half = T_95[len(differences) - 1] * statistics.stdev(differences) / math.sqrt(len(differences))
        equivalent = abs(mean) + half < options.margin
        worst |= not equivalent
        print(f"{name:<12}{statistics.mean(by_seed.values()):>9.2f}{statistics.stdev(by_seed.values()):>7.2f}"
              f"{statistics.mean(fast[name].values()):>9.2f}{statistics.stdev(fast[name].values()):>7.2f}"
              f"{mean - half:>+12.3f} to {mean + half:+.3f}  {'equivalent' if equivalent else 'NOT SHOWN'}")
    sys.exit(1 if worst else 0)


if __name__ == "__main__":
    main()
