"""Data sets as labhost reads them, in Python: (inputs, labels) of training, validation and test data.

Inputs are bytes, which stand for 0 to 1, or float32; images have their channels first.
"""
import os
import pathlib

import numpy as np
import torch
from torch.utils.data import random_split

from mnist import PARTS, idx

NAMES = [("train_images", "train_labels"), ("x_train", "y_train"), ("X_train", "y_train"), ("data", "target"), ("X", "y")]


def inputs_of(array):
    """An array of [N, ...]."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if tensor.ndim == 4 and tensor.shape[3] in (1, 3, 4) and tensor.shape[1] not in (1, 3, 4):
        tensor = tensor.permute(0, 3, 1, 2).contiguous()
    if tensor.ndim == 3:
        tensor = tensor[:, None]
    return tensor if tensor.dtype == torch.uint8 else tensor.to(torch.float32)


def targets_of(array, classes):
    """Of classes a list of ints, else float32 [N, outputs]."""
    if classes:
        return array.reshape(-1).astype(np.int64).tolist()
    return torch.from_numpy(np.ascontiguousarray(array)).to(torch.float32).view(len(array), -1)


def of_arrays(arrays, classes):
    """arrays: by name."""
    inputs, targets = next(pair for pair in NAMES if pair[0] in arrays)

    def part(name):
        x, y = inputs.replace("train", name), targets.replace("train", name)
        if x not in arrays or (name != "train" and x == inputs):
            return None
        return inputs_of(arrays[x]), targets_of(arrays[y], classes)

    return part("train"), part("val"), part("test")


def of_idx(folder):
    def part(name):
        return inputs_of(idx(folder / f"{name}-images-idx3-ubyte").numpy()), idx(folder / f"{name}-labels-idx1-ubyte").tolist()

    return part(PARTS[True]), None, part(PARTS[False])


def of_cifar(folder):
    def part(files):
        records = np.concatenate([np.fromfile(folder / name, dtype=np.uint8).reshape(-1, 3073) for name in files])
        return inputs_of(records[:, 1:].reshape(-1, 3, 32, 32)), records[:, 0].astype(np.int64).tolist()

    return part([f"data_batch_{i}.bin" for i in range(1, 6)]), None, part(["test_batch.bin"])


def of_csv(path, target, classes):
    names = path.read_text().splitlines()[0].split(",")
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    column = names.index(target)
    return (inputs_of(np.delete(table, column, axis=1)), targets_of(table[:, column], classes)), None, None


def of_image_folder(folder, resize):
    """As torchvision's ImageFolder orders it, as Pillow decodes it: RGB."""
    from PIL import Image

    def part(name):
        if not (folder / name).exists():
            return None
        classes = sorted(entry.name for entry in os.scandir(folder / name) if entry.is_dir())
        images, labels = [], []
        for label, one in enumerate(classes):
            for root, _, files in sorted(os.walk(folder / name / one)):
                for file in sorted(files):
                    image = Image.open(pathlib.Path(root) / file).convert("RGB").resize(resize[::-1], Image.BILINEAR)
                    images.append(np.asarray(image))
                    labels.append(label)
        return inputs_of(np.stack(images)), labels

    return part("train"), part("val"), part("test")


def read(path, classes=True, target=None, resize=None):
    """(training, validation or None, test or None) of a .npz or .csv file, or of a folder with .npy, CIFAR's or IDX
    files, or with images, which are made resize ([height, width])."""
    path = pathlib.Path(path)
    if resize is not None:
        return of_image_folder(path, resize)
    if path.suffix == ".csv":
        return of_csv(path, target, classes)
    if path.suffix == ".npz":
        return of_arrays(dict(np.load(path)), classes)
    if (path / "data_batch_1.bin").exists():
        return of_cifar(path)
    if list(path.glob("*.npy")):
        return of_arrays({file.stem: np.load(file) for file in path.glob("*.npy")}, classes)
    return of_idx(path)


def two_parts(labels, part):
    """Which examples random_split leaves, and which it puts into the part ({"count" or "fraction", "seed"}); with
    "stratify" of each class its share, in the order of its random permutation."""
    count = len(labels)
    lengths = [count - part["count"], part["count"]] if "count" in part else [1 - part["fraction"], part["fraction"]]
    generator = torch.Generator().manual_seed(part.get("seed", 0))
    rest, held_out = random_split(range(count), lengths, generator=generator)
    if not part.get("stratify"):
        return list(rest.indices), list(held_out.indices)
    order, size = list(rest.indices) + list(held_out.indices), len(held_out)
    counts = np.bincount(labels)
    shares = counts * size // count
    for label in sorted(range(len(counts)), key=lambda c: (-(counts[c] * size % count), c))[:size - shares.sum()]:
        shares[label] += 1
    rest, held_out, seen = [], [], np.zeros_like(counts)
    for example in order:
        label = labels[example]
        (rest if seen[label] < counts[label] - shares[label] else held_out).append(example)
        seen[label] += 1
    return rest, held_out


def taken(examples, which):
    """which: a slice, or a list of indices."""
    inputs, targets = examples
    whole = isinstance(which, slice) or isinstance(targets, torch.Tensor)
    return inputs[which], targets[which] if whole else [targets[i] for i in which]


def mean_and_deviation(inputs):
    """Of each channel, or column: the mean and the population's standard deviation, in double; one of 0 is 1."""
    axes = [axis for axis in range(inputs.ndim) if axis != 1]
    values = inputs.double() / 255 if inputs.dtype == torch.uint8 else inputs.double()
    deviation = values.std(dim=axes, unbiased=False)
    return values.mean(dim=axes).tolist(), torch.where(deviation == 0, torch.ones_like(deviation), deviation).tolist()
