#!/usr/bin/env python3
"""Holds labhost's trainer against Python's torch, bit for bit, over settings of all kinds.

labhost trains a generated experiment of many runs; trainer.py trains the same in Python. Every loss, count, learning
rate and weight must be equal to the last bit, and the epoch that is kept the same.
    --only GLOB     some of the runs; --list lists them
    --random N      N more at random, by --seed
    --write FILE    the verdicts into a table in Markdown (docs/equal-bits.md), a column for each version of PyTorch
Exits with 77 (skipped) where the Python at hand has no torch, or another than labhost is built with; with 1 where a bit
differs.
"""
import argparse
import fnmatch
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

try:
    import torch
except ImportError as missing:
    print(f"skipped: {missing}; install torch for the Python at hand, {sys.executable}")
    sys.exit(1 if os.environ.get("CI") else 77)  # CI has it

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))
import cases
import draws
from differences import differences
from labhost import Labhost
from mnist import default_data
from parity import refuse_another_torch
from trainer import train


def toml(value):
    """In one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def experiment(runs):
    """runs: by name."""
    lines = ["[data]", *(f"{key} = {toml(value)}" for key, value in cases.DATA.items()),
             "[trainer]", *(f"{key} = {toml(value)}" for key, value in cases.TRAINER.items())]
    for name, run in runs.items():
        lines += ["[[run]]", f"name = {toml(name)}", *(f"{key} = {toml(value)}" for key, value in run.items())]
    return "\n".join(lines) + "\n"


def python_runs(runs, data):
    """By name: a Trained, or what torch says against it."""
    trained = {}
    for name, run in runs.items():
        try:
            trained[name] = train(cases.resolved(name, run), data)
        except (TypeError, ValueError, RuntimeError) as refused:
            trained[name] = refused
    return trained


def verdict(folder, status, trained):
    """(metrics, weights, first difference): what the table shows of a run."""
    if isinstance(trained, Exception):
        return "-", "-", f"Python's torch refuses: {trained}"
    if status != "finished":
        return "-", "-", f"labhost: {status}"
    found = list(differences(folder, trained))
    of_metrics = [line for line in found if "epoch" in line.split(":")[0]]
    of_weights = [line for line in found if line.startswith(("model.pt", "state_dict"))]
    equal = lambda lines: "differ" if lines else "equal"
    return equal(of_metrics), equal(of_weights), found[0] if found else ""


INTRODUCTION = """# What is equal to the bit

Each row is a run of `tests/parity/cases.py` on a CPU: three epochs of 640 images, with settings that are not torch's
defaults. "equal": every loss, count, learning rate and weight is that of Python's torch of this version, to the last
bit. `tests/parity/settings.py --write docs/equal-bits.md` fills a column; without `--write` it is a test.

"""


def write_table(file, verdicts):
    """verdicts: by run. Other versions' columns stay."""
    columns = {}
    if file.exists():
        rows = [[cell.strip() for cell in line.strip("|").split("|")]
                for line in file.read_text().splitlines() if line.startswith("|") and not line.startswith("|--")]
        for version, *cells in zip(*rows):
            columns[version] = dict(zip((row[0] for row in rows[1:]), cells))
        columns.pop(rows[0][0])
    columns[torch.__version__] = verdicts
    numbers = lambda version: [int(part) for part in version.split("+")[0].split("a")[0].split(".")]
    versions = sorted(columns, key=numbers)
    names = list(dict.fromkeys(name for version in versions for name in columns[version]))
    lines = ["| run | " + " | ".join(versions) + " |", "|-----|" + "------|" * len(versions)]
    for name in names:
        lines.append(f"| {name} | " + " | ".join(columns[version].get(name, "") for version in versions) + " |")
    file.write_text(INTRODUCTION + "\n".join(lines) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, default=default_data(), help="the folder that has mnist/")
    parser.add_argument("--plugins", type=pathlib.Path, help="has vit.so and mnist_example.so, else left out")
    parser.add_argument("--only", action="append", help="runs whose name matches this glob (repeatable)")
    parser.add_argument("--random", type=int, default=0, metavar="N", help="more runs with settings at random")
    parser.add_argument("--seed", type=int, default=1, help="of these")
    parser.add_argument("--write", type=pathlib.Path, metavar="FILE", help="the table of docs/equal-bits.md")
    parser.add_argument("--list", action="store_true", help="names and settings, and no more")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", module="torch")  # of schedules that step before the optimizer, at their making
    runs = {**dict(cases.singles()), **dict(cases.combinations()), **dict(draws.drawn(options.seed, options.random))}
    if options.plugins:
        runs.update(cases.examples())
    if options.only:
        wanted = lambda name: any(fnmatch.fnmatchcase(name, glob) for glob in options.only)
        runs = {name: run for name, run in runs.items() if wanted(name)}
    if options.list:
        print("\n".join(f"{name}: {toml(run)}" for name, run in runs.items()))
        return 0
    refuse_another_torch(options.labhost)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "settings.toml").write_text(experiment(runs))
        asked = [folder / "settings.toml", "--runs", folder / "runs", "--data", options.data, "--json",
                 *(["--plugins", options.plugins] if options.plugins else [])]
        labhost = Labhost(options.labhost)
        plan = labhost.run("plan", *asked)
        if plan.returncode != 0:
            sys.exit(f"labhost refuses the experiment: {plan.stderr}")
        # Both at once: neither is timed. What labhost says goes to a file, which does not fill up.
        with open(folder / "out.json", "w") as output, \
                subprocess.Popen(labhost.command(["run", *asked, "--quiet"]), stdout=output) as running:
            trained = python_runs(runs, options.data)
            running.wait()
        if running.returncode not in (0, 1):  # 1: a run failed, which the table says
            sys.exit(f"labhost ended with {running.returncode}")
        said = {run["id"].removesuffix("-s1"): run for run in json.loads((folder / "out.json").read_text())["runs"]}
        if set(said) != set(runs):
            sys.exit(f"labhost ran {sorted(said)}, not {sorted(runs)}")
        width = max(map(len, runs))
        print(f"{'run':{width}}  metrics  weights  first difference")
        wrong = 0
        verdicts = {}
        for name, run in said.items():
            metrics, weights, difference = verdict(pathlib.Path(run["folder"]), run["status"], trained[name])
            wrong += bool(difference)
            verdicts[name] = "differs" if difference else "equal"
            print(f"{name:{width}}  {metrics:7}  {weights:7}  {difference}")
    if options.write:
        write_table(options.write, {name: word for name, word in verdicts.items() if not name.startswith("random-")})
    print(f"{len(runs) - wrong} of {len(runs)} equal to the last bit (PyTorch {torch.__version__})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
