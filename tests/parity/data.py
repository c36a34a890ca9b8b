#!/usr/bin/env python3
"""Holds labhost's data against Python's: the same files, normalised, split and trained on, equal to the last bit.

Real data that scikit-learn ships (digits, wine, breast cancer), MNIST as Keras and MedMNIST save theirs, and files made
here. Exits with 77 (skipped) where there is no torch, numpy or scikit-learn; with 1 where a bit differs.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import sys
import tempfile

try:
    import numpy as np
    import torch
except ImportError as missing:
    print(f"skipped: {missing}; install it for the Python at hand, {sys.executable}")
    sys.exit(1 if os.environ.get("CI") else 77)  # CI has it

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))
from differences import differences
from labhost import Labhost
from mnist import default_data, idx
from parity import refuse_another_torch
from settings import toml
from trainer import train


class ScikitLearn:
    """Its data, read from its files: the package itself need not be loadable."""

    def __init__(self, package):
        found = importlib.util.find_spec("sklearn")
        self.folder = (pathlib.Path(found.origin).parent if found else pathlib.Path(package)) / "datasets" / "data"

    def is_there(self):
        return (self.folder / "digits.csv.gz").exists()

    def __call__(self, name):
        """(float64 [N, columns], int64 [N]), as load_digits and the others give them."""
        if name == "diabetes":
            values, targets = (np.loadtxt(self.folder / f"diabetes_{part}.csv.gz") for part in ("data_raw", "target"))
            return values, targets
        file, header = {"digits": ("digits.csv.gz", 0), "wine": ("wine_data.csv", 1),
                        "breast_cancer": ("breast_cancer.csv", 1)}[name]
        table = np.loadtxt(self.folder / file, delimiter=",", skiprows=header)
        return table[:, :-1], table[:, -1].astype(np.int64)


def arrays(folder, data, scikit_learn):
    """Writes the files."""
    random = np.random.default_rng(1)
    values, classes = scikit_learn("digits")
    np.savez_compressed(folder / "digits.npz", data=values, target=classes)
    np.savez(folder / "digits-bytes.npz", X=values.astype(np.uint8), y=classes.astype(np.int32))
    for name in ("wine", "breast_cancer"):
        values, classes = scikit_learn(name)
        np.savez(folder / f"{name}.npz", data=values, target=classes[:, None])
    values, classes = scikit_learn("digits")
    labels = np.stack([classes % 2 == 1, classes > 4, np.isin(classes, (0, 6, 8, 9))], axis=1)
    np.savez(folder / "labels.npz", data=values, target=labels)
    values, targets = scikit_learn("diabetes")
    np.savez(folder / "diabetes.npz", data=values, target=targets)
    values, classes = scikit_learn("wine")
    np.savez(folder / "three.npz", data=values, target=values[:, [0, 4, 12]] * [1, 0.01, 0.001])
    names = [f"c{i}" for i in range(13)]
    np.savetxt(folder / "wine.csv", np.insert(values, 4, classes, axis=1), delimiter=",", comments="",
               header=",".join([*names[:4], "kind", *names[4:]]))
    (folder / "wine").mkdir()
    np.save(folder / "wine" / "data.npy", np.asfortranarray(values))
    np.save(folder / "wine" / "target.npy", classes.astype(np.float64))

    images = {name: idx(data / "mnist" / f"{name}-images-idx3-ubyte").numpy()[:500] for name in ("train", "t10k")}
    labels = {name: idx(data / "mnist" / f"{name}-labels-idx1-ubyte").numpy()[:500] for name in ("train", "t10k")}
    np.savez(folder / "keras.npz", x_train=images["train"], y_train=labels["train"],
             x_test=images["t10k"], y_test=labels["t10k"])
    np.savez(folder / "medmnist.npz", train_images=images["train"][:400], train_labels=labels["train"][:400, None],
             val_images=images["train"][400:], val_labels=labels["train"][400:, None],
             test_images=images["t10k"], test_labels=labels["t10k"][:, None])
    np.savez(folder / "floats.npz", x_train=images["train"].astype(np.float64)[..., None] / 7, y_train=labels["train"],
             x_test=images["t10k"].astype(np.float64)[..., None] / 7, y_test=labels["t10k"])
    colours = {name: random.integers(0, 256, (200, 28, 28, 3), dtype=np.uint8) for name in ("train", "val", "test")}
    classes = {name: random.integers(0, 10, 200) for name in ("train", "val", "test")}
    np.savez(folder / "colour.npz", **{f"{name}_images": colours[name] for name in colours},
             **{f"{name}_labels": classes[name][:, None] for name in classes})
    (folder / "cifar").mkdir()
    for name in [f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]:
        records = random.integers(0, 256, (60, 3073), dtype=np.uint8)
        records[:, 0] %= 10
        (folder / "cifar" / f"{name}.bin").write_bytes(records.tobytes())


    image_folder(folder / "pictures", random)


def image_folder(folder, random):
    """Three classes that differ in hue, PNG and JPEG of several sizes, in three parts."""
    from PIL import Image
    for part, count in (("train", 60), ("val", 20), ("test", 30)):
        for label, name in enumerate(("ant", "bee", "Cat")):
            (folder / part / name / "more").mkdir(parents=True)
            for i in range(count // 3):
                height, width = random.integers(20, 90, 2)
                pixels = random.integers(0, 200, (height, width, 3), dtype=np.uint8)
                pixels[..., label] += 55
                where = folder / part / name / ("more" if i % 4 == 0 else "")
                Image.fromarray(pixels).save(where / f"{i}.{'png' if i % 2 else 'jpg'}")


def runs_of(folder):
    """By name: model, data and trainer settings."""
    at = lambda name: str(folder / name)
    adam = {"optimizer": {"name": "adam", "lr": 0.01}, "batch_size": 32}
    test = {"fraction": 0.2, "seed": 4}
    return {
        "digits": ("vector64", {"dataset": at("digits.npz"), "test": test, "normalize": "auto"}, adam),
        "digits-validation": ("vector64", {"dataset": at("digits.npz"), "test": test, "validation": {"count": 100}}, adam),
        "digits-bytes": ("vector64", {"dataset": at("digits-bytes.npz"), "test": {"count": 300},
                                      "normalize": "auto", "train_limit": 500}, adam),
        "wine": ("vector13", {"dataset": at("wine.npz"), "test": test, "validation": {"fraction": 0.2, "seed": 3},
                              "normalize": "auto"}, {"optimizer": {"name": "adamw", "lr": 0.02}, "batch_size": 16}),
        "wine-folder": ("vector13", {"dataset": at("wine/"), "test": test, "normalize": {
            "mean": [13.0, 2.3, 2.4, 19.5, 99.7, 2.3, 2.0, 0.4, 1.6, 5.1, 1.0, 2.6, 746.9],
            "std": [0.8, 1.1, 0.3, 3.3, 14.3, 0.6, 1.0, 0.1, 0.6, 2.3, 0.2, 0.7, 314.9]}}, {"batch_size": 16}),
        "wine-table": ("vector13", {"dataset": at("wine.csv"), "target": "kind", "test": test, "normalize": "auto"}, adam),
        "breast_cancer": ("vector30", {"dataset": at("breast_cancer.npz"), "test": test, "normalize": "auto",
                                       "drop_last": True},
                          {"optimizer": {"name": "rmsprop"}, "batch_size": 16}),
        "diabetes": ("reals10", {"dataset": at("diabetes.npz"), "test": test, "validation": {"count": 50},
                                 "normalize": "auto"},
                     {"loss": "mse", "optimizer": {"name": "adam", "lr": 0.1}, "batch_size": 16, "keep": "best",
                      "keep_metric": "validation.rmse"}),
        "diabetes-drop_last": ("reals10", {"dataset": at("diabetes.npz"), "test": test, "normalize": "auto", "drop_last": True},
                               {"loss": "mse", "optimizer": {"name": "adam"}, "batch_size": 100}),
        "diabetes-l1": ("reals10", {"dataset": at("diabetes.npz"), "test": test, "normalize": "auto"},
                        {"loss": "l1", "optimizer": {"name": "adam", "lr": 0.1}, "accumulate": 3}),
        "three-huber": ("reals13", {"dataset": at("three.npz"), "test": test, "normalize": "auto"},
                        {"loss": "huber", "optimizer": {"name": "sgd", "lr": 0.1, "momentum": 0.9}, "batch_size": 10}),
        "labels": ("labels64", {"dataset": at("labels.npz"), "test": test, "validation": {"fraction": 0.1},
                                "normalize": "auto"}, {"loss": "bce_with_logits", **adam}),
        "autoencoder": ("autoencoder64", {"dataset": at("digits.npz"), "test": test, "validation": {"fraction": 0.1},
                                          "normalize": "auto"}, {"loss": "model", "keep": "best", **adam}),
        "autoencoder-averaged": ("autoencoder64", {"dataset": at("digits-bytes.npz"), "test": test},
                                 {"loss": "model", "accumulate": 3, "ema": {"decay": 0.9}, **adam}),
        "quantiles": ("quantiles10", {"dataset": at("diabetes.npz"), "test": test, "normalize": "auto"},
                      {"loss": "model", **adam}),
        "focal": ("focal64", {"dataset": at("digits.npz"), "test": test, "normalize": "auto"}, {"loss": "model", **adam}),
        "keras": ("net", {"dataset": at("keras.npz"), "normalize": {"mean": 0.1307, "std": 0.3081}}, {}),
        "medmnist": ("net", {"dataset": at("medmnist.npz"), "normalize": "auto"},
                     {"keep": "best", "optimizer": {"name": "adam"}}),
        "floats": ("net", {"dataset": at("floats.npz"), "normalize": "auto", "test_limit": 100}, {}),
        "colour": ("colour28", {"dataset": at("colour.npz"), "normalize": "auto"}, adam),
        "colour-augmented": ("colour28", {"dataset": at("colour.npz"),
                                          "normalize": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.3, 0.4]},
                                          "augment": {"random_crop": {"padding": 2}, "random_horizontal_flip": 0.5,
                                                      "random_rotation": 10, "random_erasing": 0.5}}, adam),
        "pictures": ("colour28", {"dataset": at("pictures/"), "normalize": "auto", "resize": [28, 28]},
                     {"keep": "best", **adam}),
        "cifar": ("colour32", {"dataset": at("cifar/"), "normalize": {"mean": [0.49, 0.48, 0.45],
                                                                      "std": [0.25, 0.24, 0.26]}}, adam),
        "wine-balanced": ("vector13", {"dataset": at("wine.npz"), "test": {**test, "stratify": True}, "normalize": "auto",
                                       "validation": {"count": 21, "stratify": True}, "class_weights": "balanced"},
                          {"batch_size": 16, "optimizer": {"name": "adam"}}),
        "digits-weighted": ("vector64", {"dataset": at("digits.npz"), "test": test,
                                         "class_weights": [0.5, 1, 2, 3, 0, 1, 0.1, 1, 1, 7]}, adam),
        "labels-weighted": ("labels64", {"dataset": at("labels.npz"), "test": test, "normalize": "auto",
                                         "pos_weight": [0.5, 2, 3.7]}, {"loss": "bce_with_logits", **adam}),
        "labels-one-weight": ("labels64", {"dataset": at("labels.npz"), "test": test, "normalize": "auto",
                                           "pos_weight": 0.3}, {"loss": "bce_with_logits", **adam}),
        "cifar-one-mean": ("colour32", {"dataset": at("cifar/"), "normalize": {"mean": 0.5, "std": [0.2, 0.3, 0.4]},
                                        "validation": {"count": 50}}, adam),
    }


def experiment(runs):
    lines = ["trainer.epochs = 2"]
    for name, (model, data, trainer) in runs.items():
        lines += ["[[run]]", f"name = {toml(name)}", f"model = {toml(model)}", f"data = {toml(data)}"]
        if trainer:
            lines.append(f"trainer = {toml(trainer)}")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--plugins", type=pathlib.Path, required=True, help="has the plugins of tests/plugins")
    parser.add_argument("--data", type=pathlib.Path, default=default_data(), help="the folder that has mnist/")
    parser.add_argument("--sklearn", default="", help="scikit-learn's folder, for where it cannot be imported")
    options = parser.parse_args()
    scikit_learn = ScikitLearn(options.sklearn)
    if not scikit_learn.is_there():
        print(f"skipped: scikit-learn is not there, whose data are read; install it for {sys.executable}")
        return 1 if os.environ.get("CI") else 77  # CI has it
    refuse_another_torch(options.labhost)
    os.environ["CUDA_VISIBLE_DEVICES"] = ""

    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        arrays(folder, options.data, scikit_learn)
        runs = runs_of(folder)
        (folder / "data.toml").write_text(experiment(runs))
        Labhost(options.labhost).run(folder / "data.toml", "--runs", folder / "runs", "--plugins", options.plugins)
        wrong = 0
        for name in runs:
            found = list(folder.glob(f"runs/data/{name}-s1-*"))
            settings = json.loads((found[0] / "run.json").read_text())
            lines = list(differences(found[0], train(settings, options.data)))
            wrong += bool(lines)
            print(f"{name:20} {lines[0] if lines else 'equal to the last bit'}")
    print(f"{len(runs) - wrong} of {len(runs)} equal (PyTorch {torch.__version__})")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
