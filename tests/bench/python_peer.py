#!/usr/bin/env python3
"""The notebook's networks in Python, as a whole process: the notebook as it stands, or tuned.

Tuned: the normalised images lie in memory and batches are cut out of them by index, without a DataLoader; losses and
counts are summed as tensors and read once an epoch; gradients are dropped, not cleared. The same networks, batches and steps.
With --channels-last images and weights lie in NHWC, too, which saves oneDNN its reorders: the best two more lines make.
"""
import argparse
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "parity"))
import torch
import torch.nn.functional as F

import mnist
import notebook
import parity


def one_pass(model, images, labels, batch_size, optimizer=None):
    """The mean loss and the number correct."""
    loss_sum = torch.zeros((), dtype=torch.float64)
    correct = torch.zeros((), dtype=torch.int64)
    for batch in torch.randperm(len(labels)).split(batch_size):
        target = labels[batch]
        output = model(images[batch])
        loss = F.nll_loss(output, target, reduction="sum")
        if optimizer is not None:
            optimizer.zero_grad(set_to_none=True)
            (loss / len(target)).backward()
            optimizer.step()
        loss_sum += loss.detach()
        correct += (output.detach().argmax(dim=1) == target).sum()
    return loss_sum.item() / len(labels), correct.item()


def train_tuned(model, epochs, train_set, test_set):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.5)
    for _ in range(epochs):
        model.train()
        one_pass(model, *train_set, 64, optimizer)
        model.eval()
        with torch.inference_mode():
            one_pass(model, *test_set, 1000)


def channels_last(model, *sets):
    """Model and images in NHWC.

    With one channel NCHW and NHWC are the same memory, and only strides say which is meant: to() sets them, and taking a
    batch by index keeps them; contiguous(memory_format=...) would find nothing to do and leave NCHW's.
    """
    torch.Tensor.view = torch.Tensor.reshape  # the notebook's x.view(-1, 800) refuses what the second pool then gives
    sets = [(images.to(memory_format=torch.channels_last), labels) for images, labels in sets]
    strides = sets[0][0][torch.arange(2)].stride()
    if strides != (784, 1, 28, 1):
        sys.exit(f"a batch has strides {strides}: not channels_last in torch {torch.__version__}")
    return model.to(memory_format=torch.channels_last), *sets


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, default=mnist.default_data())
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--train-limit", type=int, default=60000)
    parser.add_argument("--test-limit", type=int, default=10000)
    parser.add_argument("--tuned", action="store_true")
    parser.add_argument("--channels-last", action="store_true", help="with --tuned")
    parser.add_argument("--models", nargs="*", choices=parity.MODELS, default=["net"])
    options = parser.parse_args()
    if options.channels_last and not options.tuned:
        parser.error("--channels-last is of --tuned; the notebook stays as it stands")
    os.environ["CUDA_VISIBLE_DEVICES"] = ""
    torch.set_num_threads(options.threads)
    train_set, test_set = mnist.datasets(options.data, options.train_limit, options.test_limit)
    if options.tuned:
        train_set, test_set = train_set.resident(), test_set.resident()
    for name in options.models:
        torch.manual_seed(1)
        model = parity.MODELS[name]()
        if options.channels_last:
            model, train_set, test_set = channels_last(model, train_set, test_set)
        if options.tuned:
            train_tuned(model, options.epochs, train_set, test_set)
        else:
            notebook.train_eval(model, 64, 1000, options.epochs, 0.01, 0.5, train_set, test_set)


if __name__ == "__main__":
    main()
