#!/usr/bin/env python3
"""Times q4 on two cores: labhost in both numerics against its peers, as ratios of one go.

Whole processes, in turn, so that a shared machine's moods hit all alike; single times do not hold, ratios do. All of q4:
the notebook as it stands, with two threads; and tuned Python twice side by side, with one thread each (python_peer.py).
Net alone, on one thread: LibTorch's own loop in C++ (libtorch_loop.cpp). Prints medians, ratios, images a second and peak
memory of the largest process, and the share of the SGEMM peak that the arithmetic reaches; with --out also into a dated file.
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
sys.path.insert(0, str(HERE.parent / "parity"))
import parity

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


def labhost(options, numerics, *more):
    with tempfile.TemporaryDirectory() as runs:
        return measure([options.labhost, options.experiment, "--runs", runs, "--device", "cpu", "--jobs", 2, "--set",
                        f"trainer.epochs={options.epochs}", "--set", f'trainer.numerics="{numerics}"', *more])


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


def libtorch_loop(options):
    return measure([options.libtorch_loop, options.data / "mnist", options.epochs])


def measured(name, peers, networks, cores, peak, options):
    """Times the peers in turn; lines of a table and the ratios of ours (the first two) to theirs."""
    found = {peer: [] for peer in peers}
    for round_ in range(options.rounds):
        for peer, run in peers.items():
            found[peer].append(run())
            print(f"round {round_ + 1}: {name}: {peer}: {found[peer][-1][0]:.1f} s, {found[peer][-1][1]:.0f} MiB",
                  flush=True)
    lines = [name, f"{'':<26}{'seconds':>9}{'images/s':>10}{'MiB':>6}{'share of SGEMM':>16}"]
    for peer, times in found.items():
        seconds = statistics.median(time for time, _ in times)
        share = FLOP_PER_EPOCH * networks * options.epochs / seconds / (cores * peak * 1e9)
        lines.append(f"{peer:<26}{seconds:>9.1f}{networks * 60000 * options.epochs / seconds:>10.0f}"
                     f"{max(memory for _, memory in times):>6.0f}{100 * share:>15.0f}%")
    ours = list(peers)[:2]
    for us in ours:
        for them in list(peers)[2:]:
            ratios = [theirs[0] / time[0] for time, theirs in zip(found[us], found[them])]
            lines.append(f"{us} is {statistics.median(ratios):.2f} times as fast as {them} ({min(ratios):.2f} to "
                         f"{max(ratios):.2f})")
    print("\n".join(lines), flush=True)
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--experiment", type=pathlib.Path, required=True, help="q4.toml")
    parser.add_argument("--libtorch-loop", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, default=parity.default_data())
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, help="a folder for a dated file")
    options = parser.parse_args()

    peak = sgemm_peak()
    lines = [f"{machine()}; SGEMM on one core {peak:.0f} GFLOP/s",
             f"{options.epochs} epochs of 60,000/10,000 images, {options.rounds} rounds"]
    print("\n".join(lines), flush=True)
    lines += measured("q4, nine networks, two cores", {
        "labhost, pytorch": lambda: labhost(options, "pytorch"),
        "labhost, fast": lambda: labhost(options, "fast"),
        "the notebook, 2 threads": lambda: notebook(options),
        "tuned Python, twice": lambda: tuned_twice(options),
    }, 9, 2, peak, options)
    lines += measured("net alone, one thread", {
        "labhost, pytorch": lambda: labhost(options, "pytorch", "--only", "net-s1"),
        "labhost, fast": lambda: labhost(options, "fast", "--only", "net-s1"),
        "LibTorch's loop in C++": lambda: libtorch_loop(options),
    }, 1, 1, peak, options)
    if options.out:
        file = options.out / f"{datetime.date.today()}-bench.txt"
        file.write_text("\n".join(["$ " + " ".join(sys.argv), *lines]) + "\n")
        print(f"written to {file}")


if __name__ == "__main__":
    main()
