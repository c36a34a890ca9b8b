#!/usr/bin/env python3
"""Trains in Python what a run of labhost trained, from the settings in its run.json, and compares them bit for bit.

    trainer.py RUN_FOLDER... [--data DIR]

The loops are as people write them with PyTorch: DataLoader, torch.optim, lr_scheduler, clip_grad_norm_, AveragedModel.
"""
import argparse
import dataclasses
import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch.nn.utils import clip_grad_norm_, clip_grad_value_
from torch.utils.data import DataLoader, Subset

import augmentation
from datasets import mean_and_deviation, read, taken, two_parts
from differences import differences
from mnist import default_data, scaled, standardized
from networks import network
from optimization import Schedule, lower_is_better, make_average, make_optimizer


class Images:
    """A Dataset as torchvision's: image (or vector) and label, transformed when they are taken."""

    def __init__(self, examples, normalize, augment):
        self.normalize = normalize
        inputs, self.labels = examples
        self.scaled = scaled(inputs) if inputs.dtype == torch.uint8 else inputs
        self.augment = augment
        self.normalized = None if augment else standardized(self.scaled, *self.normalize)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        if not self.augment:
            return self.normalized[index], self.labels[index]
        return augmentation.apply(self.scaled[index], self.augment, *self.normalize), self.labels[index]


@dataclasses.dataclass
class Parts:
    """The data of a run, as Datasets."""
    train: object
    validation: object  # or None
    test: object


def parts_of(data, folder, classes=True):
    """`data`: the run's settings; `folder`: the one that has mnist/; `classes`: what the targets are."""
    name = data["dataset"]
    train, validation, test = read(pathlib.Path(name) if "/" in name else pathlib.Path(folder) / name, classes, data.get("target"),
                                   data.get("resize"))
    if test is None:
        indices, held_out = two_parts(train[1], data["test"])
        test = taken(train, held_out)
        train = taken(train, indices)
    train = taken(train, slice(data.get("train_limit")))
    test = taken(test, slice(data.get("test_limit")))
    held_out = None
    trained_on = train
    if data.get("validation"):
        indices, held_out = two_parts(train[1], data["validation"])
        trained_on = taken(train, indices)
    normalize = data.get("normalize", {})
    if normalize == "auto" or normalize.get("auto"):
        normalize = mean_and_deviation(trained_on[0])
    else:
        normalize = normalize.get("mean", 0.0), normalize.get("std", 1.0)
    images = Images(train, normalize, data.get("augment"))
    unchanged = Images(train, normalize, None)
    test = Images(test, normalize, None)
    if held_out is not None:
        return Parts(Subset(images, indices), Subset(unchanged, held_out), test)
    return Parts(images, None if validation is None else Images(validation, normalize, None), test)


def loss_of(trainer, output, target, reduction="mean", smoothing=0.0, weight=None, pos_weight=None):
    name = trainer.get("loss", "nll")
    if name == "cross_entropy":
        return F.cross_entropy(output, target, weight=weight, reduction=reduction, label_smoothing=smoothing)
    if weight is not None:
        return F.nll_loss(output, target, weight=weight, reduction=reduction)
    if pos_weight is not None:
        return F.binary_cross_entropy_with_logits(output, target, pos_weight=pos_weight, reduction=reduction)
    functions = {"nll": F.nll_loss, "mse": F.mse_loss, "l1": F.l1_loss, "huber": F.huber_loss,
                 "bce_with_logits": F.binary_cross_entropy_with_logits}
    return functions[name](output, target, reduction=reduction)


def balanced(examples):
    """As scikit-learn's compute_class_weight("balanced")."""
    counts = torch.bincount(torch.tensor([label for _, label in examples])).double()
    return (counts.sum() / (len(counts) * counts)).tolist()


def has_classes(settings):
    """Whether the run's model tells classes apart."""
    loss = settings["trainer"].get("loss", "nll")
    return loss in ("nll", "cross_entropy") or (loss == "model" and settings["model"].startswith("focal"))


class OutputsPass:
    """The same as Pass, of a regression or of several labels."""

    confusion = None

    def __init__(self, labels):
        self.labels = labels
        self.loss = 0
        self.outputs, self.targets = [], []

    def add(self, loss, output, target):
        self.loss += loss.item()
        self.outputs.append(output.detach().double())
        self.targets.append(target.double())

    def metrics(self, name):
        output, target = torch.cat(self.outputs), torch.cat(self.targets)
        metrics = {f"{name}.loss": self.loss / target.numel()}
        if self.labels:
            predicted = output > 0
            hits = (predicted & (target > 0)).sum(0).tolist()
            both = (predicted.long() + (target > 0).long()).sum(0).tolist()
            f1 = lambda hit, all_of: 2 * hit / all_of if all_of else 0.0
            if name == "test":
                metrics["test.f1"] = sum(map(f1, hits, both)) / len(hits)
                metrics["test.f1_micro"] = f1(sum(hits), sum(both))
            return metrics
        residual = (output - target).square().sum(0)
        variation = (target - target.mean(0)).square().sum(0)
        return {**metrics, f"{name}.mae": (output - target).abs().mean().item(),
                f"{name}.rmse": (output - target).square().mean().sqrt().item(),
                f"{name}.r2": (1 - residual / variation).mean().item()}


class LossPass:
    """The same of a model's own loss, whatever its outputs are."""

    confusion = None

    def __init__(self):
        self.loss = 0
        self.count = 0

    def add(self, loss, output, target):
        self.loss += loss.item()
        self.count += len(target)

    def metrics(self, name):
        return {f"{name}.loss": self.loss / self.count}


class Pass:
    """Loss, correct predictions and confusion over one pass."""

    def __init__(self):
        self.loss = 0
        self.correct = 0
        self.count = 0
        self.confusion = None

    def add(self, loss, output, target):
        classes = output.shape[1]
        predicted = output.argmax(dim=1)
        self.loss += loss.item()
        self.correct += predicted.eq(target).sum().item()
        self.count += len(target)
        counts = torch.bincount(target * classes + predicted, minlength=classes * classes).view(classes, classes)
        self.confusion = counts if self.confusion is None else self.confusion + counts

    def metrics(self, name):
        return {f"{name}.loss": self.loss / self.count, f"{name}.accuracy": 100.0 * self.correct / self.count,
                f"{name}.correct": self.correct}

    def f1(self):
        """Macro, of all classes; a class that is neither there nor predicted has 0."""
        hits = self.confusion.diagonal().tolist()
        sums = (self.confusion.sum(0) + self.confusion.sum(1)).tolist()
        return sum(2 * hit / both if both else 0.0 for hit, both in zip(hits, sums)) / len(hits)


class Best:
    """The best epoch so far, by a metric; the earliest of equals. NaN is never better, not even than none yet."""

    def __init__(self, metric, min_delta=0.0):
        self.metric = metric
        self.min_delta = min_delta
        self.value = self.epoch = None

    def take(self, metrics):
        """Whether this epoch is better by more than min_delta."""
        value = metrics[self.metric]
        if math.isnan(value):
            return False
        if self.value is not None:
            gain = self.value - value if lower_is_better(self.metric) else value - self.value
            if not gain > self.min_delta:
                return False
        self.value, self.epoch = value, metrics["epoch"]
        return True


@dataclasses.dataclass
class Trained:
    epochs: list  # of each its metrics, under the names of metrics.jsonl
    state: dict  # what model.pt holds
    kept_epoch: int  # whose state that is
    confusion: list  # of its test: a row of counts for each label
    best_epoch: int = None  # that M@best means; None without a split


class Training:
    """One run, epoch by epoch."""

    def __init__(self, model, parts, settings):
        trainer, data = settings["trainer"], settings.get("data", {})
        self.trainer = trainer
        self.has_classes = has_classes(settings)
        self.model = model
        self.accumulate = trainer.get("accumulate", 1)
        self.weights = {"smoothing": trainer.get("label_smoothing", 0.0)}
        for option, key in (("weight", "class_weights"), ("pos_weight", "pos_weight")):
            if data.get(key) is not None:
                weights = balanced(parts.train) if data.get(key) == "balanced" else data[key]
                self.weights[option] = torch.tensor(weights, dtype=torch.float32)
        self.optimizer = make_optimizer(model, trainer)
        batch_size, test_batch_size = trainer.get("batch_size", 64), trainer.get("test_batch_size", 1000)
        self.train_loader = DataLoader(parts.train, batch_size=batch_size, shuffle=data.get("shuffle", True),
                                       drop_last=data.get("drop_last", False))
        self.test_loaders = {"test": DataLoader(parts.test, batch_size=test_batch_size, shuffle=True)}
        if parts.validation is not None:
            validation = DataLoader(parts.validation, batch_size=test_batch_size, shuffle=True)
            self.test_loaders = {"validation": validation, **self.test_loaders}
        steps = math.ceil(len(self.train_loader) / self.accumulate) * trainer["epochs"]
        self.schedule = Schedule(self.optimizer, trainer, steps, parts.validation is not None)
        self.average = make_average(model, trainer)

    def tested_model(self):
        return self.average.module if self.average else self.model

    def new_pass(self):
        if self.has_classes:
            return Pass()
        return LossPass() if self.trainer["loss"] == "model" else OutputsPass(self.trainer["loss"] == "bce_with_logits")

    def losses(self, model, output, target, images, **weights):
        """(the mean, the sum): of a model's own loss, which is called once, its mean times the examples."""
        if self.trainer.get("loss") == "model":
            loss = model.loss(output, target, images)
            return loss, loss.detach() * len(images)
        return (loss_of(self.trainer, output, target, **weights),
                loss_of(self.trainer, output, target, "sum", **weights))

    def step(self):
        parameters = list(self.model.parameters())
        if self.trainer.get("clip_grad_value") is not None:
            clip_grad_value_(parameters, self.trainer["clip_grad_value"])
        if self.trainer.get("clip_grad_norm") is not None:
            clip_grad_norm_(parameters, self.trainer["clip_grad_norm"])
        self.optimizer.step()
        if self.average:
            self.average.update_parameters(self.model)
        self.schedule.after_step()

    def train(self):
        self.model.train()
        seen = self.new_pass()
        for batch, (images, target) in enumerate(self.train_loader, 1):
            if batch % self.accumulate == 1 or self.accumulate == 1:
                self.optimizer.zero_grad()
            output = self.model(images)
            loss, summed = self.losses(self.model, output, target, images, **self.weights)
            seen.add(summed, output, target)
            (loss / self.accumulate).backward()
            if batch % self.accumulate == 0 or batch == len(self.train_loader):
                self.step()
        return seen

    @torch.no_grad()
    def test(self, loader):
        model = self.tested_model()
        model.eval()
        seen = self.new_pass()
        for images, target in loader:
            output = model(images)
            seen.add(self.losses(model, output, target, images)[1], output, target)
        return seen

    def epoch(self, number):
        """(its metrics, the confusion of its test)"""
        metrics = {"epoch": number, "lr": self.optimizer.param_groups[0]["lr"], **self.train().metrics("train")}
        for name, loader in self.test_loaders.items():
            seen = self.test(loader)
            metrics.update(seen.metrics(name))
            if seen.confusion is not None:
                metrics[f"{name}.f1"] = seen.f1()
        self.schedule.after_epoch(metrics)
        return metrics, None if seen.confusion is None else seen.confusion.tolist()


def train(settings, folder):
    """What the run of these settings (those of run.json: model, params, trainer, data, seed) gives: a Trained."""
    trainer, data, seed = settings["trainer"], settings["data"], settings["seed"]
    assert trainer.get("numerics", "pytorch") == "pytorch", "only numerics = \"pytorch\" has Python's bits"
    torch.set_num_threads(trainer.get("threads", 1))
    parts = parts_of(data, folder, has_classes(settings))
    torch.manual_seed(seed)
    model = network(settings["model"], settings.get("params", {}))
    if trainer.get("init_from"):
        model.load_state_dict(torch.load(trainer["init_from"]))
    torch.manual_seed(seed)
    training = Training(model, parts, settings)

    stop = trainer.get("stop")
    progress = Best(stop["metric"], stop.get("min_delta", 0.0)) if stop else None
    best = Best(trainer.get("keep_metric", stop["metric"] if stop else "validation.loss"))
    chooses = parts.validation is not None or trainer.get("keep", "last") == "best"
    epochs, waited, trained = [], 0, None
    for number in range(1, trainer["epochs"] + 1):
        metrics, confusion = training.epoch(number)
        epochs.append(metrics)
        is_best = chooses and best.take(metrics)
        if trainer.get("keep", "last") == "last" or is_best or trained is None:
            state = {name: tensor.clone() for name, tensor in training.tested_model().state_dict().items()}
            trained = Trained(epochs, state, number, confusion)
        if progress is not None:
            waited = 0 if progress.take(metrics) else waited + 1
            if waited == stop["patience"]:
                break
    return dataclasses.replace(trained, best_epoch=best.epoch if parts.validation is not None else None)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", type=pathlib.Path, nargs="+", metavar="RUN_FOLDER")
    parser.add_argument("--data", type=pathlib.Path, default=default_data(), help="the folder that has mnist/")
    options = parser.parse_args()
    wrong = 0
    for folder in options.folders:
        trained = train(json.loads((folder / "run.json").read_text()), options.data)
        found = list(differences(folder, trained))
        wrong += bool(found)
        print(f"{folder.name}: {found[0] if found else 'equal to the last bit'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
