#!/usr/bin/env python3
"""Holds labhost's images against Pillow's: every mode of PNG and JPEG, decoded and resized, equal in every byte.

The bytes are read from the file in which labhost keeps what it has decoded. Exits with 77 (skipped) where there is no
Pillow or numpy; with 1 where a byte differs.
"""
import argparse
import os
import pathlib
import sys
import tempfile

try:
    import numpy as np
    from PIL import Image, __version__
except ImportError as missing:
    print(f"skipped: {missing}; install it for the Python at hand, {sys.executable}")
    sys.exit(1 if os.environ.get("CI") else 77)  # CI has it

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))
from labhost import Labhost

SIZES = [(28, 28), (41, 67), (300, 17), (1, 1), (20, 333)]  # width, height


def picture(width, height, random):
    """RGB, smooth and noisy in parts."""
    y, x = np.mgrid[0:height, 0:width]
    smooth = np.stack([x * 255 // max(width - 1, 1), y * 255 // max(height - 1, 1), (x * y) % 256], axis=2)
    noise = random.integers(0, 256, (height, width, 3))
    return Image.fromarray(np.where((x > y)[..., None], smooth, noise).astype(np.uint8))


def write_pngs(folder, picture, name):
    alpha = picture.convert("L").rotate(90, expand=False)
    transparent = picture.convert("RGBA")
    transparent.putalpha(alpha)
    grey = picture.convert("L")
    grey_and_alpha = grey.convert("LA")
    grey_and_alpha.putalpha(alpha)
    palette = picture.quantize(200)
    for mode, image, more in [
            ("rgb", picture, {}), ("rgba", transparent, {}), ("l", grey, {}), ("la", grey_and_alpha, {}),
            ("1", picture.convert("1"), {}), ("p", palette, {}), ("p16", picture.quantize(16), {"bits": 4}),
            ("p4", picture.quantize(4), {"bits": 2}), ("p-transparent", palette, {"transparency": 3}),
            ("p-alphas", palette, {"transparency": bytes(range(200))}), ("l-transparent", grey, {"transparency": 7}),
            ("rgb-transparent", picture, {"transparency": (1, 2, 3)}), ("gamma", picture, {"pnginfo": gamma()})]:
        image.save(folder / f"{name}-{mode}.png", **more)


def gamma():
    from PIL.PngImagePlugin import PngInfo
    info = PngInfo()
    info.add(b"gAMA", (100000).to_bytes(4, "big"))
    return info


def write_jpegs(folder, picture, name):
    for mode, image, more in [
            ("444", picture, {"subsampling": 0, "quality": 95}), ("422", picture, {"subsampling": 1}),
            ("420", picture, {"subsampling": 2, "quality": 40}), ("l", picture.convert("L"), {}),
            ("cmyk", picture.convert("CMYK"), {}), ("progressive", picture, {"progressive": True}),
            ("optimized", picture, {"optimize": True, "quality": 5})]:
        image.save(folder / f"{name}-{mode}.jpg", **more)
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn, which Pillow's open leaves to the caller
    picture.save(folder / f"{name}-turned.jpeg", exif=exif)


def decoded(labhost, folder, cache, side=28):
    """For greys and for RGB: the channels, and [N, channels, side, side] in the order of the paths."""
    for channels, model in ((1, "net"), (3, "colour28")):
        experiment = folder.parent / "e.toml"
        experiment.write_text(f'data = {{ dataset = "{folder}/", test.count = 1 }}\n[[run]]\nmodel = "{model}"\n')
        before = set(cache.glob("labhost/images/*"))
        labhost("plan", experiment, "--plugins", labhost.path.parent / "plugins", "--plugins",
                labhost.path.parent / "test_plugins")
        file, = set(cache.glob("labhost/images/*")) - before
        count = len(list(folder.glob("*/*")))
        yield channels, np.frombuffer(file.read_bytes()[:count * channels * side * side], np.uint8).reshape(
            count, channels, side, side)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as root:
        folder, cache = pathlib.Path(root) / "data", pathlib.Path(root) / "cache"
        (folder / "one").mkdir(parents=True)
        random = np.random.default_rng(1)
        for size in SIZES:
            image = picture(*size, random)
            write_pngs(folder / "one", image, f"{size[0]}x{size[1]}")
            write_jpegs(folder / "one", image, f"{size[0]}x{size[1]}")
        paths = sorted(folder.glob("*/*"))
        if int(__version__.split(".")[0]) >= 13:
            print("skipped: Pillow 13 resizes tall images in another order; the bits are those of 9 to 12")
            return 1 if os.environ.get("CI") else 77
        labhost = Labhost(options.labhost, environment={**os.environ, "XDG_CACHE_HOME": str(cache)})
        wrong = 0
        for channels, found in decoded(labhost, folder, cache):
            for path, bytes_of_ours in zip(paths, found, strict=True):
                with Image.open(path) as image:
                    theirs = np.asarray(image.convert("RGB" if channels == 3 else "L").resize((28, 28), Image.BILINEAR))
                theirs = theirs[None] if channels == 1 else theirs.transpose(2, 0, 1)
                differing = int((theirs != bytes_of_ours).sum())
                if differing:
                    print(f"{path.name}, {channels} channels: {differing} of {theirs.size} bytes differ, "
                          f"by up to {np.abs(theirs.astype(int) - bytes_of_ours).max()}")
                    wrong += 1
    print(f"{2 * len(paths) - wrong} of {2 * len(paths)} equal (Pillow {__version__})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
