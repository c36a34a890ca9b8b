#!/usr/bin/python3
"""Reference values of the statistics in host/analysis/statistics.hpp, from scipy.

    statistics.py > statistics.json      makes them anew
    statistics.py --check FILE           whether FILE holds what scipy gives here, to 1e-9; 77 without scipy

t tests, TOST, intervals and the resolvable difference are scipy.stats' (ttest_1samp, t, nct); permutations are scipy.stats.permutation_test,
exact; Holm's adjusted p is worked out from the closure principle: the largest Bonferroni p of all sets of hypotheses that a hypothesis is in.
"""

import itertools
import json
import os
import sys

try:
    import numpy
    from scipy import optimize, stats
except ImportError as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(1 if os.environ.get("CI") else 77)  # CI has it

SAMPLES = [
    [0.31, -0.12, 0.55, 0.18, 0.42],
    [0.5, 0.7],
    [-0.4, 0.1, -0.3],
    [10.08, 9.31, 11.35, 10.28, 9.74, 12.9, 8.92, 10.1],
    [0.02, -0.05, 0.11, 0.04, -0.01, 0.07, 0.03, -0.08, 0.06, 0.09],
    [98.31, 98.02, 98.6, 98.44, 98.12, 98.3, 98.29, 98.55, 98.17, 98.4, 98.38, 98.26],
]
MARGINS = [0.0, 0.1, 0.3]
P_VALUES = [[0.01, 0.04, 0.03, 0.005], [0.9, 0.8], [0.2], [0.001, 0.001, 0.0499, 0.3, 0.02, 0.7, 0.0251]]
SPREADS = [(0.1, 2), (0.08, 3), (0.12, 5), (0.095, 10), (3.2, 30)]


def permutation(d, margin):
    shifted = numpy.asarray(d) - margin
    return stats.permutation_test(
        (shifted, numpy.zeros(len(d))), lambda x, y: numpy.sum(x - y), permutation_type="samples",
        n_resamples=numpy.inf, alternative="greater").pvalue


def of_sample(d):
    n = len(d)
    low, high = stats.t.interval(0.95, n - 1, loc=numpy.mean(d), scale=stats.sem(d))
    tests = []
    for margin in MARGINS:
        greater = stats.ttest_1samp(d, margin, alternative="greater").pvalue
        above = stats.ttest_1samp(d, -margin, alternative="greater").pvalue
        below = stats.ttest_1samp(d, margin, alternative="less").pvalue
        tests.append({"margin": margin, "greater": greater, "less": below, "equivalent": max(above, below),
                      "permutation": permutation(d, margin)})
    return {"d": d, "mean": numpy.mean(d), "deviation": numpy.std(d, ddof=1), "low": low, "high": high,
            "different": stats.ttest_1samp(d, 0.0).pvalue, "tests": tests}


def holm(p):
    def adjusted(i):
        others = [j for j in range(len(p)) if j != i]
        sets = (s + (i,) for r in range(len(p)) for s in itertools.combinations(others, r))
        return max(min(1.0, len(s) * min(p[j] for j in s)) for s in sets)
    return {"p": p, "adjusted": [adjusted(i) for i in range(len(p))]}


def resolvable(deviation, seeds):
    df = seeds - 1
    critical = stats.t.isf(0.05, df)
    shift = optimize.brentq(lambda s: stats.nct.sf(critical, df, s) - 0.8, 0.1, critical + 30.0, xtol=1e-14, rtol=1e-14)
    return {"deviation": deviation, "seeds": seeds, "difference": shift * deviation * (2.0 / seeds) ** 0.5}


def near(a, b):
    """To 1e-9: scipy up to 1.10 searches its quantiles to 1e-10, later ones have them from Boost."""
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(near(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(near(x, y) for x, y in zip(a, b))
    return abs(a - b) <= 1e-9 * max(1.0, abs(a))


values = {"samples": [of_sample(d) for d in SAMPLES], "holm": [holm(p) for p in P_VALUES],
          "resolvable": [resolvable(*spread) for spread in SPREADS]}
if len(sys.argv) == 3 and sys.argv[1] == "--check":
    same = near(json.load(open(sys.argv[2], encoding="utf-8")), values)
    print("equal" if same else "scipy gives other values here; see the file's head")
    sys.exit(0 if same else 1)
json.dump(values, sys.stdout, indent=1)
print()
