#!/usr/bin/env python3
"""Times q4 on a GPU: labhost, its runs packed and one at a time, against Python's ways there (gpu_peer.py).

In turn, as ratios of one go. Seconds of training and testing, start-up apart: labhost's own of each epoch, its first one with
warm-up and capture; the peers' without their first epoch. JAX trains Net only, so it is compared with Net alone.
"""
import argparse
import datetime
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

from measure import machine

HERE = pathlib.Path(__file__).resolve().parent
KINDS = ["notebook", "eager", "graph", "compile", "jax"]


def labhost(options, numerics, *more, at_once):
    with tempfile.TemporaryDirectory() as runs:
        subprocess.run([options.labhost, options.experiment, "--runs", runs, "--device", options.device, "--quiet",
                        "--set", f'trainer.numerics="{numerics}"', *options.limits, *more], check=True, stdout=subprocess.DEVNULL)
        seconds = [sum(json.loads(line)["seconds"] for line in file.read_text().splitlines())
                   for file in pathlib.Path(runs).glob("*/*/metrics.jsonl")]
    return max(seconds) if at_once else sum(seconds)  # packed, a run's time has that of the others in it


def peer(options, kind):
    """Nothing where it cannot be run, as JAX where it is not installed."""
    done = subprocess.run([sys.executable, HERE / "gpu_peer.py", kind, "--device", options.device, *options.peer_limits],
                          capture_output=True, text=True)
    if done.returncode != 0:
        print(f"{kind}: {(done.stderr.strip().splitlines() or ['?'])[-1]}", flush=True)
        return None
    return float(done.stdout.splitlines()[-1].split(": ")[1].split()[0])


def gpu_name():
    try:
        return subprocess.run(["nvidia-smi", "--query-gpu=name", "--format=csv,noheader"], capture_output=True, text=True,
                              check=True).stdout.splitlines()[0]
    except (OSError, subprocess.CalledProcessError, IndexError):
        return "no GPU"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--experiment", type=pathlib.Path, required=True, help="q4.toml")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--train-limit", type=int, default=60000)
    parser.add_argument("--test-limit", type=int, default=10000)
    parser.add_argument("--kinds", nargs="*", choices=KINDS, default=KINDS)
    parser.add_argument("--out", type=pathlib.Path, help="a folder for a dated file")
    options = parser.parse_args()
    options.limits = ["--set", f"data.train_limit={options.train_limit}", "--set", f"data.test_limit={options.test_limit}"]
    options.peer_limits = ["--train-limit", str(options.train_limit), "--test-limit", str(options.test_limit)]

    alone = ["--per-gpu", "1"] if options.device.startswith("cuda") else ["--jobs", "1"]
    packed = [] if options.device.startswith("cuda") else ["--jobs", "9", "--per-process", "9"]
    ours = {"labhost, pytorch, packed": lambda: labhost(options, "pytorch", *packed, at_once=True),
            "labhost, pytorch, one at a time": lambda: labhost(options, "pytorch", *alone, at_once=False),
            "labhost, net alone": lambda: labhost(options, "pytorch", *alone, "--only", "net-s1", at_once=True)}
    if options.device.startswith("cuda"):
        ours["labhost, fast, packed"] = lambda: labhost(options, "fast", at_once=True)
    theirs = {kind: lambda kind=kind: peer(options, kind) for kind in options.kinds}
    found = {name: [] for name in [*ours, *theirs]}
    for round_ in range(options.rounds):
        for name, run in {**ours, **theirs}.items():
            seconds = run()
            if seconds is not None:
                found[name].append(seconds)
                print(f"round {round_ + 1}: {name}: {seconds:.3f} s", flush=True)

    lines = [f"{gpu_name()}; {machine()}", f"q4: nine networks, two epochs each, {options.rounds} rounds; medians"]
    lines += [f"{name:<34}{statistics.median(times):>9.3f} s" if times else f"{name:<34}{'not run':>11}"
              for name, times in found.items()]
    for us in ours:
        for them in theirs:
            if (us == "labhost, net alone") != (them == "jax") or not found[them]:
                continue
            ratios = [b / a for a, b in zip(found[us], found[them])]
            lines.append(f"{us} is {statistics.median(ratios):.2f} times as fast as {them} "
                         f"({min(ratios):.2f} to {max(ratios):.2f})")
    print("\n".join(lines))
    if options.out:
        file = options.out / f"{datetime.date.today()}-gpu.txt"
        file.write_text("\n".join(["$ " + " ".join(sys.argv), *lines]) + "\n")
        print(f"written to {file}")


if __name__ == "__main__":
    main()
