#!/usr/bin/env python3
"""Holds labhost's augmentation against torchvision's, bit for bit: images, and the state that the generator is left in.

Settings, sizes, images and seeds are random. Where the Python at hand has a torchvision that fits its torch, labhost and
augmentation.py are compared with that, else labhost with augmentation.py. Exits with 77 (skipped) as parity.py does.
"""
import argparse
import os
import pathlib
import random
import re
import subprocess
import sys

try:
    import torch
except ImportError as missing:
    print(f"skipped: {missing}; install torch for the Python at hand, {sys.executable}")
    sys.exit(1 if os.environ.get("CI") else 77)  # CI has it

import augmentation

IMAGES = 3  # of a case, one after the other from one seed


def torchvision_transforms():
    """(torchvision's version, its transforms), or two None: one built for another torch fails in its own ways."""
    try:
        import torchvision
        from torchvision import transforms
    except Exception:
        return None, None
    return torchvision.__version__, transforms


def composed(transforms, size, settings, mean, std):
    makers = {
        "random_crop": lambda crop: transforms.RandomCrop(size, padding=crop["padding"]),
        "random_horizontal_flip": transforms.RandomHorizontalFlip,
        "random_rotation": transforms.RandomRotation,
        "normalize": lambda _: transforms.Normalize((mean,), (std,)),
        "random_erasing": transforms.RandomErasing,
    }
    chosen = {**settings, "normalize": None}
    return transforms.Compose([make(chosen[name]) for name, make in makers.items() if name in chosen])


def random_case(draw):
    """((channels, height, width), settings, mean, std): often small, often at an edge of what may be set."""
    side = lambda: draw.choice([28, 28, draw.randint(1, 6), draw.randint(7, 40), draw.randint(41, 100)])
    height, width = side(), side()
    probability = lambda: draw.choice([0, 1, 0.5, draw.random()])
    values = {
        "random_crop": lambda: {"padding": draw.choice([0, 1, 4, draw.randint(0, 50)])},
        "random_horizontal_flip": probability,
        "random_rotation": lambda: draw.choice([0, 10, 180, draw.uniform(0, 1e-3), draw.uniform(0, 360)]),
        "random_erasing": probability,
    }
    settings = {name: value() for name, value in values.items() if draw.random() < 0.6}
    mean, std = draw.choice([(0.1307, 0.3081), (0.0, 1.0), (draw.random(), draw.uniform(0.01, 2))])
    return (draw.choice([1, 1, 3]), height, width), settings, mean, std


def of_labhost(program, seed, images, settings, mean, std):
    """What the program makes of uint8 [n, C, H, W]: float32 like it, and the generator's state."""
    shown = [settings.get("random_crop", {}).get("padding", "-")]
    shown += [settings.get(name, "-") for name in ("random_horizontal_flip", "random_rotation", "random_erasing")]
    line = " ".join(map(str, [seed, *images.shape, mean, std, *shown]))
    program.stdin.write(line.encode() + b"\n" + bytes(images.flatten().tolist()))
    program.stdin.flush()
    augmented = torch.frombuffer(bytearray(program.stdout.read(4 * images.numel())), dtype=torch.float32)
    state = program.stdout.read(torch.get_rng_state().numel())
    return augmented.view(images.shape), torch.frombuffer(bytearray(state), dtype=torch.uint8)


def of_python(transform, seed, images):
    torch.manual_seed(seed)
    return torch.stack([transform(image.to(torch.float32).div(255)) for image in images]), torch.get_rng_state()


def bits(tensor):
    return tensor.contiguous().view(torch.int32)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--program", type=pathlib.Path, required=True, help="augment_images")
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the cases")
    options = parser.parse_args()
    theirs = subprocess.run([options.program, "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    if theirs != re.match(r"[0-9.]+", torch.__version__)[0]:
        print(f"skipped: labhost is built with LibTorch {theirs}, {sys.executable} has torch {torch.__version__}")
        return 1 if os.environ.get("CI") else 77
    torch.set_num_threads(1)
    version, transforms = torchvision_transforms()
    draw = random.Random(options.seed)
    wrong = []
    with subprocess.Popen([options.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
        for seed in range(options.cases):
            size, settings, mean, std = random_case(draw)
            torch.manual_seed(seed)
            images = torch.randint(0, 256, (IMAGES, *size), dtype=torch.uint8)
            by_hand = of_python(lambda image: augmentation.apply(image, settings, mean, std), seed, images)
            compared = {"labhost": of_labhost(program, seed, images, settings, mean, std)}
            reference = by_hand
            if transforms:
                compared["augmentation.py"] = by_hand
                reference = of_python(composed(transforms, size[1:], settings, mean, std), seed, images)
            for name, (augmented, state) in compared.items():
                what = [what for what, same in (("images", torch.equal(bits(augmented), bits(reference[0]))),
                                                ("generator", torch.equal(state, reference[1]))) if not same]
                if what:
                    wrong.append(f"{name}: {' and '.join(what)} differ at seed {seed}: {size} {settings} {mean} {std}")
        program.stdin.close()
    against = f"torchvision {version}" if transforms else "augmentation.py, for want of a torchvision"
    print("\n".join(wrong[:20]) if wrong else
          f"{options.cases} settings of {IMAGES} images each: equal to the last bit, generator too "
          f"(PyTorch {torch.__version__}, {against})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
