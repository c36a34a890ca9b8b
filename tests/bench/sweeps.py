#!/usr/bin/env python3
"""What a sweep costs around its training: two runs side by side against one after the other, plans, finished runs.

- q4 with --jobs 2 against --jobs 1, alternating: the ratio of their times, and whether their weights are the same bytes.
- q4 again, once it is finished.
- a plan of 100,000 runs: seconds and peak memory.
- 2,000 finished runs: from the command to the table.
"""
import argparse
import filecmp
import json
import pathlib
import shutil
import statistics
import subprocess
import tempfile

from measure import machine, measure

DATA = '[data]\ndataset = "mnist"\nnormalize = { mean = 0.1307, std = 0.3081 }\ntrain_limit = 4\ntest_limit = 4\n'


def same_weights(a, b):
    models = sorted(path.relative_to(a) for path in a.glob("*/*/model.pt"))
    return len(models) == 9 and all(filecmp.cmp(a / model, b / model, shallow=False) for model in models)


def side_by_side(options, folder):
    """q4 on two workers against one; leaves the finished runs of the last round in folder/two."""
    ratios = []
    for round_ in range(options.rounds):
        seconds = {}
        for jobs, runs in ((1, folder / f"one{round_}"), (2, folder / f"two{round_}")):
            seconds[jobs], _ = measure([options.labhost, options.experiment, "--device", "cpu", "--jobs", jobs, "--runs",
                                        runs, "--set", f"trainer.epochs={options.epochs}"])
        same = same_weights(folder / f"one{round_}", folder / f"two{round_}")
        ratios.append(seconds[1] / seconds[2])
        print(f"q4, {options.epochs} epochs: --jobs 1 {seconds[1]:.1f} s, --jobs 2 {seconds[2]:.1f} s, ratio "
              f"{ratios[-1]:.2f}, weights {'the same' if same else 'DIFFER'}", flush=True)
    print(f"throughput of --jobs 2 over --jobs 1: {statistics.median(ratios):.2f} (median of {options.rounds}, "
          f"{min(ratios):.2f} to {max(ratios):.2f})")
    again = [measure([options.labhost, options.experiment, "--device", "cpu", "--runs", folder / "two0", "--set",
                      f"trainer.epochs={options.epochs}"])[0] for _ in range(5)]
    print(f"q4 again, finished before: {statistics.median(again):.2f} s (median of 5, at most {max(again):.2f})")


def finish_all(command):
    """Trains the first run, and gives all others its files under their own names: training 2,000 would take minutes."""
    measure([*command, "--only", "net-s1"])
    plan = json.loads(subprocess.run(list(map(str, [*command, "--dry-run", "--json"])), capture_output=True, check=True).stdout)
    first, *others = plan["runs"]
    for run in others:
        shutil.copytree(first["folder"], run["folder"])
        for name in ("run.json", "result.json"):
            path = pathlib.Path(run["folder"]) / name
            record = json.loads(path.read_text()) | {"fingerprint": run["fingerprint"]}
            path.write_text(json.dumps(record | ({"id": run["id"], "seed": run["seed"]} if name == "run.json" else {})))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--experiment", type=pathlib.Path, required=True, help="q4.toml")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=1)
    options = parser.parse_args()
    options.labhost = options.labhost.resolve()

    print(machine())
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        many = folder / "many.toml"
        many.write_text(DATA + "[experiment]\nseeds = { count = 1000 }\n[[run]]\nmodel = \"net2\"\n"
                        "random = { samples = 100, \"params.p\" = { uniform = [0.0, 1.0] } }\n")
        plans = [measure([options.labhost, "plan", many, "--runs", folder / "none"]) for _ in range(3)]
        print(f"plan of 100,000 runs: {statistics.median(p[0] for p in plans):.2f} s, {max(p[1] for p in plans):.0f} MiB "
              "(median and largest of 3)", flush=True)

        small = folder / "small.toml"
        small.write_text(DATA + "[trainer]\nepochs = 1\n[experiment]\nseeds = { count = 2000 }\n[[run]]\nmodel = \"net\"\n")
        command = [options.labhost, small, "--device", "cpu", "--runs", folder / "small"]
        finish_all(command)
        again = [measure(command)[0] for _ in range(5)]
        print(f"2,000 finished runs: {statistics.median(again):.2f} s from the command to the table (median of 5, at most "
              f"{max(again):.2f})", flush=True)
        side_by_side(options, folder)


if __name__ == "__main__":
    main()
