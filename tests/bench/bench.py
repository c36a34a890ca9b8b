#!/usr/bin/env python3
"""Times q4 on two cores: labhost in both numerics against its peers, as ratios of one go.

Whole processes, in turn, so that a shared machine's moods hit all alike; single times do not hold, ratios do. All of q4:
the notebook as it stands, with two threads; tuned Python twice side by side, with one thread each, and that again with
channels_last (python_peer.py). Net alone, on one thread: LibTorch's own loop in C++ (libtorch_loop.cpp). The Python peers run
in --peer-python, whose torch need not be labhost's. Prints medians, ratios (the best peer's marked), images a second and peak
memory of the largest process, and the share of the SGEMM peak that the arithmetic reaches; with --out also into a dated file.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from measure import machine, measure

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "parity"))
import mnist

MODELS = ["net", "net1", "net2-p0.25", "net2-p0.5", "net2-p0.75", "net2-p1", "net3", "net4", "net5"]
# FLOP of one image in Net, from its layers' sizes; backward each layer counts twice, but no gradient of an image is wanted.
CONV1, OTHERS = 2 * 24 * 24 * 20 * 25, 2 * (8 * 8 * 50 * 500 + 800 * 500 + 500 * 10)
FORWARD, STEP = CONV1 + OTHERS, 2 * CONV1 + 3 * OTHERS


def peer_torch(options):
    """What sgemm.py says of the peers' Python: torch, blas, gflops."""
    done = subprocess.run([options.peer_python, HERE / "sgemm.py"], stdout=subprocess.PIPE)
    if done.returncode != 0:
        sys.exit(f"{options.peer_python} cannot import torch; name a Python that can with --peer-python")
    return json.loads(done.stdout)


def labhost(options, numerics, *more):
    with tempfile.TemporaryDirectory() as runs:
        return measure([options.labhost, options.experiment, "--runs", runs, "--device", "cpu", "--jobs", 2, "--set",
                        f"trainer.epochs={options.epochs}", "--set", f'trainer.numerics="{numerics}"', "--set",
                        f"data.train_limit={options.train_limit}", "--set", f"data.test_limit={options.test_limit}",
                        "--data", options.data, *more])


def python(options, *arguments):
    return [options.peer_python, HERE / "python_peer.py", "--data", options.data, "--epochs", options.epochs,
            "--train-limit", options.train_limit, "--test-limit", options.test_limit, *arguments]


def notebook(options):
    return measure(python(options, "--threads", 2, "--models", *MODELS))


def tuned_twice(options, *more):
    """The nine networks shared by two processes, the even ones and the odd ones."""
    start = time.monotonic()
    half = subprocess.Popen(list(map(str, python(options, "--tuned", *more, "--models", *MODELS[1::2]))),
                            stdout=subprocess.DEVNULL)
    _, memory = measure(python(options, "--tuned", *more, "--models", *MODELS[0::2]))
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
    median = {peer: statistics.median(time for time, _ in times) for peer, times in found.items()}
    lines = [name, f"{'':<34}{'seconds':>9}{'images/s':>10}{'MiB':>6}{'share of SGEMM':>16}"]
    for peer, times in found.items():
        passes = networks * options.epochs / median[peer]  # over the data, a second
        share = (STEP * options.train_limit + FORWARD * options.test_limit) * passes / (cores * peak * 1e9)
        lines.append(f"{peer:<34}{median[peer]:>9.1f}{passes * options.train_limit:>10.0f}"
                     f"{max(memory for _, memory in times):>6.0f}{100 * share:>15.0f}%")
    ours, theirs = list(peers)[:2], list(peers)[2:]
    best = min(theirs, key=median.get, default=None)
    for us in ours:
        for them in theirs:
            ratios = [b[0] / a[0] for a, b in zip(found[us], found[them])]
            lines.append(f"{us} is {statistics.median(ratios):.2f} times as fast as {them} ({min(ratios):.2f} to "
                         f"{max(ratios):.2f}){' <- the best peer' if them == best else ''}")
    print("\n".join(lines), flush=True)
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--experiment", type=pathlib.Path, required=True, help="q4.toml")
    parser.add_argument("--libtorch-loop", type=pathlib.Path, help="build/libtorch_loop; without it, Net alone has no peer")
    parser.add_argument("--peer-python", default=sys.executable, help="runs the Python peers; default: the one that runs this")
    parser.add_argument("--data", type=pathlib.Path, default=mnist.default_data())
    parser.add_argument("--train-limit", type=int, default=60000)
    parser.add_argument("--test-limit", type=int, default=10000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--out", type=pathlib.Path, help="a folder for a dated file")
    options = parser.parse_args()
    if options.libtorch_loop and (options.train_limit, options.test_limit) != (60000, 10000):
        parser.error("--libtorch-loop trains on all of MNIST; leave it out with --train-limit or --test-limit")

    torch = peer_torch(options)
    peak = torch["gflops"]
    version = subprocess.run([options.labhost, "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    lines = [machine(), version, f"the Python peers: torch {torch['torch']}; SGEMM on one core, by that torch ({torch['blas']}): "
             f"{peak:.0f} GFLOP/s", f"{options.epochs} epochs of {options.train_limit:,}/{options.test_limit:,} images, "
             f"{options.rounds} rounds"]
    print("\n".join(lines), flush=True)
    lines += measured("q4, nine networks, two cores", {
        "labhost, pytorch": lambda: labhost(options, "pytorch"),
        "labhost, fast": lambda: labhost(options, "fast"),
        "the notebook, 2 threads": lambda: notebook(options),
        "tuned Python, twice": lambda: tuned_twice(options),
        "tuned Python, channels_last, twice": lambda: tuned_twice(options, "--channels-last"),
    }, 9, 2, peak, options)
    lines += measured("net alone, one thread", {
        "labhost, pytorch": lambda: labhost(options, "pytorch", "--only", "net-s1"),
        "labhost, fast": lambda: labhost(options, "fast", "--only", "net-s1"),
        **({"LibTorch's loop in C++": lambda: libtorch_loop(options)} if options.libtorch_loop else {}),
    }, 1, 1, peak, options)
    if options.out:
        file = options.out / f"{datetime.date.today()}-bench.txt"
        file.write_text("\n".join(["$ " + " ".join(sys.argv), *lines]) + "\n")
        print(f"written to {file}")


if __name__ == "__main__":
    main()
