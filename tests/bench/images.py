#!/usr/bin/env python3
"""Times folders of images: decoded for the first time, and started again, against Python's readers, in one go.

50,000 PNGs of 32 x 32 against torchvision's ImageFolder under a DataLoader with two workers (without torchvision, the
same by Pillow alone); 5,000 JPEGs of 500 x 375 against Pillow's decoding in two processes, which is libjpeg-turbo's and
little more. labhost hashes the files, decodes, resizes and writes its cache; Python decodes and resizes only.
"""
import argparse
import json
import multiprocessing
import os
import pathlib
import statistics
import sys
import tempfile
import time

import numpy as np
import torch
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from measure import machine, measure

KINDS = {"png": (50000, (32, 32), (32, 32)), "jpg": (5000, (500, 375), (64, 64))}  # files, size, made (width, height)


def make(arguments):
    """One class's files: smooth pictures with some noise, as photographs are to a decoder."""
    folder, kind, count, (width, height), seed = arguments
    random = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    y, x = np.mgrid[0:height, 0:width]
    for i in range(count):
        phase, noise = random.uniform(0, 6.28, 3), random.normal(0, 12, (height, width, 3))
        pixels = 127 + 90 * np.sin(x[..., None] / 17 + y[..., None] / 23 + phase) + noise
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{i:05}.{kind}")


def decode(arguments):
    paths, size = arguments
    for path in paths:
        with Image.open(path) as image:
            image.convert("RGB").resize(size, Image.BILINEAR)


class Files(torch.utils.data.Dataset):
    """As ImageFolder, where there is no torchvision."""

    def __init__(self, folder, size):
        self.paths, self.size = sorted(folder.glob("*/*")), size

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        with Image.open(self.paths[index]) as image:
            pixels = np.asarray(image.convert("RGB").resize(self.size, Image.BILINEAR))
        return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float().div(255), 0


def loader(folder, size):
    try:
        from torchvision import datasets, transforms
        images = datasets.ImageFolder(folder, transforms.Compose([transforms.Resize(size[::-1]), transforms.ToTensor()]))
    except ImportError:
        images = Files(folder, size)
    return torch.utils.data.DataLoader(images, batch_size=64, num_workers=2)


def seconds_of(work):
    start = time.monotonic()
    work()
    return time.monotonic() - start


def python(kind, folder, size):
    if kind == "png":
        return seconds_of(lambda: [None for _ in loader(folder, size)])
    paths = sorted(folder.glob("*/*"))
    with multiprocessing.Pool(2) as pool:
        return seconds_of(lambda: pool.map(decode, [(paths[i::2], size) for i in range(2)], chunksize=1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="of the files, for a quick look")
    options = parser.parse_args()
    print(machine())
    with tempfile.TemporaryDirectory() as root:
        root = pathlib.Path(root)
        for kind, (count, size, made) in KINDS.items():
            folder, count = root / kind, int(count * options.share)
            with multiprocessing.Pool(2) as pool:
                pool.map(make, [(folder / f"class{c}", kind, count // 10, size, c) for c in range(10)])
            command = [options.labhost, "data", f"{folder}/", "--json", "--size", f"3x{made[1]}x{made[0]}"]
            ours, theirs, again = [], [], []
            for round_ in range(options.rounds):
                environment = os.environ | {"XDG_CACHE_HOME": str(root / f"cache{round_}")}
                theirs.append(python(kind, folder, made))
                ours.append(measure(command, environment=environment)[0])
                # The first start hashed young files, which are remembered from the second on.
                measure(command, environment=environment)
                again.append(measure(command, environment=environment)[0])
            first, peer, second = map(statistics.median, (ours, theirs, again))
            print(json.dumps({"files": count, "kind": kind, "size": size, "made": made,
                              "labhost images/s": round(count / first), "python images/s": round(count / peer),
                              "ratio": round(peer / first, 2), "second start s": round(second, 2)}))


if __name__ == "__main__":
    main()
