#!/usr/bin/env python3
"""Times q4 on a GPU: labhost, its runs packed and one at a time, against Python's ways there (gpu_peer.py).

In turn, as ratios of one go. Seconds of training and testing, start-up apart: labhost's own of each epoch, its first one with
warm-up and capture; the peers' without their first epoch. JAX trains Net only, so it is compared with Net alone.
With --json, what each way gave in each round, for who goes on with it (tests/gpu/check.py): nothing else goes to stdout.
"""
import argparse
import datetime
import json
import pathlib
import subprocess
import sys
import tempfile

from measure import machine

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "gpu"))
import verdicts

# torch.compile last: compiling nine networks takes minutes.
PEERS = ["eager", "graph", "jax", "notebook", "compile"]
OURS = ["labhost, pytorch, packed", "labhost, fast, packed", "labhost, pytorch, one at a time", "labhost, net alone"]


def labhost(options, way):
    """(seconds, None) or (None, why it was not run)."""
    on_gpu = options.device.startswith("cuda")
    numerics = "fast" if "fast" in way else "pytorch"
    if numerics == "fast" and not on_gpu:
        return None, "on a GPU only"
    alone = ["--per-gpu", "1"] if on_gpu else ["--jobs", "1"]
    packed = [] if on_gpu else ["--jobs", "9", "--per-process", "9"]
    how = packed if "packed" in way else alone
    only = ["--only", "net-s1"] if "net alone" in way else []
    with tempfile.TemporaryDirectory() as runs:
        done = subprocess.run([options.labhost, options.experiment, "--runs", runs, "--device", options.device, "--quiet",
                               "--set", f'trainer.numerics="{numerics}"', *options.limits, *how, *only],
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"{way}: labhost ended with {done.returncode}:\n{done.stderr.strip()}")
        seconds = [sum(json.loads(line)["seconds"] for line in file.read_text().splitlines())
                   for file in pathlib.Path(runs).glob("*/*/metrics.jsonl")]
    return (max(seconds) if "packed" in way else sum(seconds)), None  # packed, a run's time has that of the others in it


def peer(options, kind):
    """As labhost(); a peer that cannot be run, as JAX where it is not installed, is no failure."""
    done = subprocess.run([options.peer_python, HERE / "gpu_peer.py", kind, "--device", options.device, *options.peer_limits],
                          capture_output=True, text=True)
    if done.returncode != 0:
        return None, (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    return float(done.stdout.splitlines()[-1].split(": ")[1].split()[0]), None


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
    parser.add_argument("--peer-python", default=sys.executable, help="runs the peers; default: the one that runs this")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--train-limit", type=int, default=60000)
    parser.add_argument("--test-limit", type=int, default=10000)
    parser.add_argument("--ways", nargs="*", choices=OURS + PEERS, default=OURS + PEERS)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", type=pathlib.Path, help="a folder for a dated file")
    options = parser.parse_args()
    options.limits = ["--set", f"data.train_limit={options.train_limit}", "--set", f"data.test_limit={options.test_limit}"]
    options.peer_limits = ["--train-limit", str(options.train_limit), "--test-limit", str(options.test_limit)]

    measured = {way: {"seconds": {}, "reason": None} for way in options.ways}
    for round_ in range(1, options.rounds + 1):
        for way, found in measured.items():
            seconds, reason = (labhost if way in OURS else peer)(options, way)
            if seconds is None:
                found["reason"] = reason
            else:
                found["seconds"][round_] = seconds
            print(f"round {round_}: {way}: {f'not run: {reason}' if reason else f'{seconds:.3f} s'}", file=sys.stderr, flush=True)
    if options.json:
        print(json.dumps(measured))
        return
    lines = [f"{gpu_name()}; {machine()}", f"q4: nine networks, two epochs each, {options.rounds} rounds; medians",
             *verdicts.times(measured)]
    print("\n".join(lines))
    if options.out:
        file = options.out / f"{datetime.date.today()}-gpu.txt"
        file.write_text("\n".join(["$ " + " ".join(sys.argv), *lines]) + "\n")
        print(f"written to {file}")


if __name__ == "__main__":
    main()
