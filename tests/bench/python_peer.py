#!/usr/bin/env python3
"""The notebook's Python as a whole process: trains Net on MNIST with one thread, as labhost's run net-s1 does."""
import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import torch

import notebook
import parity


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=pathlib.Path, default=parity.default_data())
    parser.add_argument("--epochs", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(1)
    train_set, test_set = parity.datasets(options.data, 60000, 10000)
    torch.manual_seed(1)
    notebook.train_eval(notebook.Net(), 64, 1000, options.epochs, 0.01, 0.5, train_set, test_set)


if __name__ == "__main__":
    main()
