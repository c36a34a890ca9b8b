#!/usr/bin/env python3
"""A state_dict saved by Python starts a run, and model.pt goes back into Python's model.

With a learning rate of 0 the weights stay what they were, so model.pt must hold what Python saved.
"""
import argparse
import os
import pathlib
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

EXPERIMENT = """
[data]
dataset = "mnist"
train_limit = 64
test_limit = 64
[trainer]
epochs = 1
device = "cpu"
init_from = "python.pt"
optimizer = {{ lr = 0.0, momentum = 0.0 }}
[[run]]
model = "{model}"
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    labhost = Labhost(parser.parse_args().labhost.resolve())
    for name, make_model in (("net", notebook.Net), ("net5", notebook.Net5)):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            torch.manual_seed(99)
            model = make_model()
            torch.save(model.state_dict(), folder / "python.pt")
            (folder / "e.toml").write_text(EXPERIMENT.format(model=name))
            labhost(folder / "e.toml", "--runs", folder / "runs", "--quiet")
            [path] = folder.glob("runs/e/*/model.pt")
            state = torch.load(path)
            model.load_state_dict(state)  # strict: every name and shape
            for key, tensor in torch.load(folder / "python.pt").items():
                trained = "running" in key or "tracked" in key
                if not trained and not torch.equal(tensor, state[key]):
                    sys.exit(f"{name}: {key} is not what Python saved")
            if type(state).__name__ != "OrderedDict":
                sys.exit(f"{name}: model.pt holds a {type(state).__name__}, not an OrderedDict")
    print("net and net5: Python's state_dict in, Python's state_dict out")
    return 0


if __name__ == "__main__":
    sys.exit(main())
