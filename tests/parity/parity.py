#!/usr/bin/env python3
"""Holds labhost against the notebook's Python, bit for bit.

For each seed, the notebook's code and labhost train all nine configurations of q4 on the same data with equally many threads.
Every loss must be equal to the last bit of the double, every count equal, the final weights torch.equal.
On a GPU (--device cuda) both sides take its deterministic algorithms, which labhost takes unasked, and all else as Python has it.
Exits with 77 (skipped) where the Python at hand has no torch, or another than labhost is built with: bits need the same one; so
it does where there is no GPU for --device cuda.
"""
import argparse
import contextlib
import io
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

try:
    import torch
except ImportError as missing:
    print(f"skipped: {missing}; install torch for the Python at hand, {sys.executable}")
    sys.exit(1 if os.environ.get("CI") else 77)  # CI has it

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))
import notebook
from labhost import Labhost
from mnist import datasets, default_data, differs_from_torchvision

# The configurations of experiments/q4.toml, by the id of their runs without the seed.
MODELS = {
    "net": notebook.Net,
    "net1": notebook.Net1,
    "net2-p0.25": lambda: notebook.Net2(0.25),
    "net2-p0.5": lambda: notebook.Net2(0.5),
    "net2-p0.75": lambda: notebook.Net2(0.75),
    "net2-p1": lambda: notebook.Net2(1),
    "net3": lambda: notebook.Net3(0.5),
    "net4": notebook.Net4,
    "net5": notebook.Net5,
}


def refuse_another_torch(labhost):
    """Skips if this Python's torch is not labhost's LibTorch."""
    said = Labhost(labhost)("--version")
    theirs = re.search(r"LibTorch ([0-9.]+)", said)[1]
    if theirs != re.match(r"[0-9.]+", torch.__version__)[0]:
        print(f"skipped: labhost is built with LibTorch {theirs}, {sys.executable} has torch {torch.__version__}")
        sys.exit(1 if os.environ.get("CI") else 77)


def deterministic_gpu():
    """As labhost has it on a GPU; skips where there is none."""
    if not torch.cuda.is_available():
        print(f"skipped: torch {torch.__version__} has no GPU to use here")
        sys.exit(77)
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.deterministic = True
    torch.utils.deterministic.fill_uninitialized_memory = False


def python_run(make_model, seed, epochs, device, train_set, test_set):
    torch.manual_seed(seed)
    model = make_model()
    with contextlib.redirect_stdout(io.StringIO()) as log:
        results = notebook.train_eval(model, 64, 1000, epochs, 0.01, 0.5, train_set, test_set, seed, no_cuda=device == "cpu")
    return {name: tensor.cpu() for name, tensor in model.state_dict().items()}, results, log.getvalue()


def compare(run_id, folder, state, results, log):
    """The differences between a run's folder and what Python gave, one line each."""
    wrong = []
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    if len(lines) != len(results):
        wrong.append(f"{len(lines)} epochs, Python has {len(results)}")
    for line, (train, test) in zip(lines, results):
        ours = (line["train.loss"], line["train.correct"], line["test.loss"], line["test.correct"])
        if ours != train + test:
            wrong.append(f"epoch {line['epoch']}: {ours}, Python has {train + test}")
    ours = torch.load(folder / "model.pt")
    if list(ours) != list(state):
        wrong.append(f"state_dict names {list(ours)}, Python has {list(state)}")
    else:
        wrong += [f"{name} differs" for name in state
                  if ours[name].dtype != state[name].dtype or not torch.equal(ours[name], state[name])]
    if (folder / "log.txt").read_text() != log:
        wrong.append("log.txt is not what the notebook prints")
    return [f"{run_id}: {what}" for what in wrong]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--experiment", type=pathlib.Path, required=True, help="q4.toml")
    parser.add_argument("--data", type=pathlib.Path, default=default_data(), help="the folder that has mnist/")
    parser.add_argument("--train-limit", type=int, default=6400)
    parser.add_argument("--test-limit", type=int, default=2000)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", default="1")
    parser.add_argument("--threads", type=int, default=1, help="of both sides")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--only", action="append", choices=MODELS, help="a configuration; default: all nine")
    options = parser.parse_args()
    refuse_another_torch(options.labhost)
    if options.device == "cuda":
        os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
        deterministic_gpu()
    else:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # of both sides; here, not on import: the benchmark on a GPU imports this file
    torch.set_num_threads(options.threads)
    models = options.only or list(MODELS)
    train_set, test_set = datasets(options.data, options.train_limit, options.test_limit)
    torchvision, wrong = differs_from_torchvision(options.data, train_set, test_set)

    with tempfile.TemporaryDirectory() as runs:
        command = [options.labhost, "run", options.experiment, "--runs", runs, "--data", options.data, "--json",
                   "--quiet", "--device", options.device, "--seeds", options.seeds,
                   "--set", f"data.train_limit={options.train_limit}", "--set", f"data.test_limit={options.test_limit}",
                   "--set", f"trainer.epochs={options.epochs}", "--set", f"trainer.threads={options.threads}"]
        for model in models:
            command += ["--only", f"{model}-s*"]
        # Both at once: neither is timed.
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as labhost:
            python = {f"{model}-s{seed}": python_run(MODELS[model], int(seed), options.epochs, options.device, train_set, test_set)
                      for model in models for seed in options.seeds.split(",")}
            output, _ = labhost.communicate()
        if labhost.returncode != 0:
            sys.exit(f"labhost ended with {labhost.returncode}")
        folders = {run["id"]: pathlib.Path(run["folder"]) for run in json.loads(output)["runs"]}
        if set(folders) != set(python):
            sys.exit(f"labhost ran {sorted(folders)}, Python {sorted(python)}")
        for run_id, reference in python.items():
            wrong += compare(run_id, folders[run_id], *reference)
    print("\n".join(wrong) if wrong else
          f"{len(python)} runs of {options.epochs} epochs on {len(train_set)}/{len(test_set)} images: equal to the last bit "
          f"(PyTorch {torch.__version__}; images compared with those of {f'torchvision {torchvision}' if torchvision else 'no torchvision'})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
