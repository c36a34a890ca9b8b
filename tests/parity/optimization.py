"""What a run's settings choose of torch.optim: optimizer and groups, schedule, average. Keys are torch's keywords."""
import copy
import fnmatch

import torch
from torch.optim import lr_scheduler, swa_utils

OPTIMIZERS = {
    "sgd": torch.optim.SGD,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "nadam": torch.optim.NAdam,
    "radam": torch.optim.RAdam,
    "adamax": torch.optim.Adamax,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": torch.optim.RMSprop,
    "asgd": torch.optim.ASGD,
    "rprop": torch.optim.Rprop,
}
SCHEDULES = {
    "constant": lr_scheduler.ConstantLR,
    "linear": lr_scheduler.LinearLR,
    "step": lr_scheduler.StepLR,
    "multi_step": lr_scheduler.MultiStepLR,
    "exponential": lr_scheduler.ExponentialLR,
    "cosine_annealing": lr_scheduler.CosineAnnealingLR,
    "cosine_annealing_warm_restarts": lr_scheduler.CosineAnnealingWarmRestarts,
    "polynomial": lr_scheduler.PolynomialLR,
    "one_cycle": lr_scheduler.OneCycleLR,
    "cyclic": lr_scheduler.CyclicLR,
    "reduce_on_plateau": lr_scheduler.ReduceLROnPlateau,
}
NOTEBOOKS = {"name": "sgd", "lr": 0.01, "momentum": 0.5}
PAIRS = ("betas", "etas", "step_sizes")  # arrays here, tuples there


def without(table, *names):
    return {key: value for key, value in table.items() if key not in names}


def arguments(table):
    return {key: tuple(value) if key in PAIRS else value for key, value in table.items()}


def make_optimizer(model, trainer):
    """Of model.parameters(): those that no group matches, then each group's; the first match counts."""
    table = trainer.get("optimizer", {})
    if "name" not in table:
        table = {**NOTEBOOKS, **table}
    groups = trainer.get("groups", [])
    members = [[] for _ in range(len(groups) + 1)]
    for name, parameter in model.named_parameters():
        matches = (i for i, group in enumerate(groups, 1) if fnmatch.fnmatchcase(name, group["match"]))
        members[next(matches, 0)].append(parameter)
    parameters = [{"params": found, **arguments(without(group, "match"))}
                  for found, group in zip(members, [{}, *groups])]
    # Without groups as people write it: a list of parameters.
    return OPTIMIZERS[table["name"]](parameters if groups else members[0], **arguments(without(table, "name")))


def lower_is_better(metric):
    return metric.endswith((".loss", ".mae", ".rmse"))


class Schedule:
    """What `trainer.schedule` says. `after_step` and `after_epoch` are called where a schedule may step; one does."""

    def __init__(self, optimizer, trainer, steps, has_validation):
        """steps: of the optimizer, in the whole run as it is planned."""
        table = trainer.get("schedule")
        self.scheduler = self.every = None
        if not table:
            return
        by_step = table["name"] in ("one_cycle", "cyclic")
        self.every = table.get("every", "step" if by_step else "epoch")
        self.metric = None
        if table["name"] == "reduce_on_plateau":
            assert self.every == "epoch", "a metric is known after an epoch"
            self.metric = table.get("metric", "validation.loss" if has_validation else "train.loss")
        self.scheduler = self.make(optimizer, without(table, "every", "metric"), steps)

    def make(self, optimizer, table, steps):
        options = without(table, "name")
        if table["name"] == "sequential":
            schedules = [self.make(optimizer, inner, None) for inner in table["schedules"]]
            return lr_scheduler.SequentialLR(optimizer, schedules, milestones=table["milestones"])
        if table["name"] == "one_cycle" and "total_steps" not in options:
            options["total_steps"] = steps
        if table["name"] == "reduce_on_plateau":
            options["mode"] = "min" if lower_is_better(self.metric) else "max"
        return SCHEDULES[table["name"]](optimizer, **options)

    def after_step(self):
        if self.every == "step":
            self.scheduler.step()

    def after_epoch(self, metrics):
        if self.every == "epoch":
            self.scheduler.step(*([metrics[self.metric]] if self.metric else []))


class Average1:
    """torch 2.x's AveragedModel with get_ema_multi_avg_fn, for a torch 1 that lacks the latter.

    There _foreach_lerp_ on a CPU is lerp_ of each tensor, with `1 - decay` as a number; buffers are copied. 1.13 has no
    _foreach_lerp_, and its AveragedModel leaves the buffers as they were at first.
    """

    def __init__(self, model, decay):
        self.module = copy.deepcopy(model)
        self.decay = decay
        self.updated = False

    @torch.no_grad()
    def update_parameters(self, model):
        for average, now in zip(self.module.parameters(), model.parameters()):
            average.lerp_(now, 1 - self.decay) if self.updated else average.copy_(now)
        for average, now in zip(self.module.buffers(), model.buffers()):
            average.copy_(now)
        self.updated = True


def make_average(model, trainer):
    """An object with `module` and `update_parameters`, or None."""
    if not trainer.get("ema"):
        return None
    decay = trainer["ema"]["decay"]
    if not hasattr(swa_utils, "get_ema_multi_avg_fn"):
        return Average1(model, decay)
    return swa_utils.AveragedModel(model, multi_avg_fn=swa_utils.get_ema_multi_avg_fn(decay))
