#!/usr/bin/env python3
"""Times the whole of q4 on two cores: labhost in both numerics against Python, as ratios of one go.

Whole processes, in turn, so that a shared machine's moods hit all alike; single times do not hold, ratios do. The peers:
the notebook as it stands, with two threads; and tuned Python twice side by side, with one thread each (python_peer.py).
Prints medians, ratios, images a second and peak memory of the largest process, and the share of the SGEMM peak that the
arithmetic of q4 reaches; with --out also into a dated file.
"""
import argparse
import datetime
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from measure import machine, measure

HERE = pathlib.Path(__file__).resolve().parent
MODELS = ["net", "net1", "net2-p0.25", "net2-p0.5", "net2-p0.75", "net2-p1", "net3", "net4", "net5"]
FLOP_PER_EPOCH = 15.1e12 / 18  # of one network, training and test; from the layers' sizes


def sgemm_peak():
    """GFLOP/s of LibTorch's SGEMM on one core."""
    import torch
    torch.set_num_threads(1)
    a = torch.randn(1024, 1024)
    best = 1e9
    for _ in range(20):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return 2 * 1024**3 / best / 1e9


def labhost(options, numerics):
    with tempfile.TemporaryDirectory() as runs:
        return measure([options.labhost, options.experiment, "--runs", runs, "--device", "cpu", "--jobs", 2, "--set",
                        f"trainer.epochs={options.epochs}", "--set", f'trainer.numerics="{numerics}"'])


def python(options, *arguments):
    return [sys.executable, HERE / "python_peer.py", "--epochs", options.epochs, *arguments]


def notebook(options):
    return measure(python(options, "--threads", 2, "--models", *MODELS))


def tuned_twice(options):
    """The nine networks shared by two processes, the even ones and the odd ones."""
    start = time.monotonic()
    half = subprocess.Popen(list(map(str, python(options, "--tuned", "--models", *MODELS[1::2]))),
                            stdout=subprocess.DEVNULL)
    _, memory = measure(python(options, "--tuned", "--models", *MODELS[0::2]))
    if half.wait() != 0:
        sys.exit("a peer failed")
    return time.monotonic() - start, memory


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--experiment", type=pathlib.Path, required=True, help="q4.toml")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, help="a folder for a dated file")
    options = parser.parse_args()

    peers = {
        "labhost, pytorch": lambda: labhost(options, "pytorch"),
        "labhost, fast": lambda: labhost(options, "fast"),
        "the notebook, 2 threads": lambda: notebook(options),
        "tuned Python, twice": lambda: tuned_twice(options),
    }
    peak = sgemm_peak()
    lines = [f"{machine()}; SGEMM on one core {peak:.0f} GFLOP/s",
             f"q4 (nine networks, {options.epochs} epochs of 60,000/10,000 images), {options.rounds} rounds"]
    print("\n".join(lines), flush=True)
    found = {name: [] for name in peers}
    for round_ in range(options.rounds):
        for name, run in peers.items():
            found[name].append(run())
            print(f"round {round_ + 1}: {name}: {found[name][-1][0]:.1f} s, {found[name][-1][1]:.0f} MiB", flush=True)

    medians = {name: statistics.median(seconds for seconds, _ in times) for name, times in found.items()}
    rows = [f"{'':<26}{'seconds':>9}{'images/s':>10}{'MiB':>6}{'share of SGEMM':>16}"]
    for name, seconds in medians.items():
        share = FLOP_PER_EPOCH * 9 * options.epochs / seconds / (2 * peak * 1e9)
        rows.append(f"{name:<26}{seconds:>9.1f}{9 * 60000 * options.epochs / seconds:>10.0f}"
                    f"{max(memory for _, memory in found[name]):>6.0f}{100 * share:>15.0f}%")
    for ours in ("labhost, pytorch", "labhost, fast"):
        for theirs in ("the notebook, 2 threads", "tuned Python, twice"):
            ratios = [b[0] / a[0] for a, b in zip(found[ours], found[theirs])]
            rows.append(f"{ours} is {statistics.median(ratios):.2f} times as fast as {theirs} "
                        f"({min(ratios):.2f} to {max(ratios):.2f})")
    print("\n".join(rows))
    if options.out:
        file = options.out / f"{datetime.date.today()}-bench.txt"
        file.write_text("\n".join(["$ " + " ".join(sys.argv), *lines, *rows]) + "\n")
        print(f"written to {file}")


if __name__ == "__main__":
    main()
