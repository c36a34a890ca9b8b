"""Experiments at random: settings drawn from all keys' ranges, such as torch takes them."""
import inspect
import random

from cases import case
from optimization import OPTIMIZERS

# With which each learns; draws are around them.
LEARNING_RATES = {"sgd": 0.05, "adam": 0.002, "adamw": 0.002, "nadam": 0.002, "radam": 0.002, "adamax": 0.003,
                  "adagrad": 0.01, "adadelta": 1.0, "rmsprop": 0.0005, "asgd": 0.05, "rprop": 0.001}
HAS_MOMENTUM = ("sgd", "rmsprop")
HAS_BETAS = ("adam", "adamw", "nadam", "radam", "adamax")


def rounded(value):
    """Six digits, as people write them."""
    return float(f"{value:.6g}")


class Draw(random.Random):
    def within(self, low, high):
        return rounded(self.uniform(low, high))

    def between(self, low, high):
        """Evenly in the logarithm."""
        return rounded(low * (high / low) ** self.random())

    def maybe(self, table, key, value, chance=0.5):
        if self.random() < chance:
            table[key] = value()


def optimizer_arguments(draw, name):
    """All keys but lr, each with a chance of one half."""
    arguments = {}
    known = inspect.signature(OPTIMIZERS[name]).parameters
    ranges = {
        "momentum": lambda: draw.within(0.1, 0.95),
        "weight_decay": lambda: draw.between(1e-5, 0.1),
        "nesterov": lambda: True,
        "dampening": lambda: draw.within(0.1, 0.9),
        "betas": lambda: [draw.within(0.5, 0.95), draw.within(0.8, 0.999)],
        "eps": lambda: draw.between(1e-9, 1e-4),
        "amsgrad": lambda: True,
        "momentum_decay": lambda: draw.between(1e-3, 0.1),
        "decoupled_weight_decay": lambda: True,
        "lr_decay": lambda: draw.between(1e-3, 0.1),
        "initial_accumulator_value": lambda: draw.within(0.01, 1.0),
        "rho": lambda: draw.within(0.5, 0.99),
        "alpha": lambda: draw.within(0.5, 0.999),
        "centered": lambda: True,
        "lambd": lambda: draw.between(1e-5, 1e-2),
        "t0": lambda: float(draw.randint(1, 40)),
        "etas": lambda: [draw.within(0.3, 0.8), draw.within(1.05, 1.5)],
        "step_sizes": lambda: [draw.between(1e-7, 1e-5), draw.between(1e-2, 1.0)],
    }
    for key, value in ranges.items():
        if key in known and not (key == "decoupled_weight_decay" and name in ("adam", "adamw")):
            draw.maybe(arguments, key, value)
    if name == "sgd" and arguments.get("nesterov"):
        arguments.pop("dampening", None)
        arguments.setdefault("momentum", 0.9)
    return arguments


def optimizer(draw):
    name = draw.choice(list(OPTIMIZERS))
    lr = rounded(LEARNING_RATES[name] * draw.between(0.2, 2.0))
    return {"name": name, "lr": lr, **optimizer_arguments(draw, name)}


def groups(draw, chosen):
    """Changes of any keys of the optimizer."""
    found = []
    for match in draw.sample(["*.bias", "conv*", "fc1.*", "fc?.weight", "*2*", "conv1.weight"], draw.randint(1, 3)):
        group = {"match": match}
        changes = optimizer_arguments(draw, chosen["name"])
        # A group's nesterov must go with its momentum; they are tried at the top.
        for key in ("nesterov", "dampening"):
            changes.pop(key, None)
        if chosen.get("nesterov"):
            changes.pop("momentum", None)
        group.update(changes)
        draw.maybe(group, "lr", lambda: rounded(chosen["lr"] * draw.between(0.2, 2.0)))
        found.append(group)
    return found if len(found) < 3 else [*found, {"match": "*"}]


def simple_schedule(draw, lr):
    makers = {
        "constant": lambda: {"factor": draw.within(0.1, 1.0), "total_iters": draw.randint(1, 15)},
        "linear": lambda: {"start_factor": draw.within(0.01, 1.0), "end_factor": draw.within(0.1, 1.0),
                           "total_iters": draw.randint(1, 30)},
        "step": lambda: {"step_size": draw.randint(1, 10), "gamma": draw.within(0.3, 1.0)},
        "multi_step": lambda: {"milestones": sorted(draw.randint(1, 25) for _ in range(3)),
                               "gamma": draw.within(0.3, 1.0)},
        "exponential": lambda: {"gamma": draw.within(0.8, 1.0)},
        "cosine_annealing": lambda: {"T_max": draw.randint(2, 30), "eta_min": rounded(lr * draw.within(0.0, 0.2))},
        "cosine_annealing_warm_restarts": lambda: {"T_0": draw.randint(1, 9), "T_mult": draw.randint(1, 3),
                                                   "eta_min": rounded(lr * draw.within(0.0, 0.2))},
        "polynomial": lambda: {"total_iters": draw.randint(2, 30), "power": draw.within(0.5, 3.0)},
    }
    name = draw.choice(list(makers))
    return {"name": name, **makers[name]()}


def one_cycle(draw, chosen):
    table = {"name": "one_cycle", "max_lr": rounded(chosen["lr"] * draw.within(1.0, 3.0))}
    draw.maybe(table, "pct_start", lambda: draw.within(0.1, 0.6))
    draw.maybe(table, "anneal_strategy", lambda: draw.choice(["cos", "linear"]))
    draw.maybe(table, "three_phase", lambda: True)
    draw.maybe(table, "div_factor", lambda: draw.within(2.0, 50.0))
    draw.maybe(table, "final_div_factor", lambda: draw.between(10.0, 1e5))
    if table.get("three_phase") and table.get("pct_start", 0.3) >= 0.5:
        table["pct_start"] = 0.35
    if chosen["name"] not in HAS_MOMENTUM + HAS_BETAS or draw.random() < 0.3:
        table["cycle_momentum"] = False
    else:
        draw.maybe(table, "base_momentum", lambda: draw.within(0.6, 0.85))
        draw.maybe(table, "max_momentum", lambda: draw.within(0.86, 0.97))
    return table


def cyclic(draw, chosen):
    table = {"name": "cyclic", "base_lr": rounded(chosen["lr"] * 0.1), "max_lr": chosen["lr"],
             "step_size_up": draw.randint(2, 12)}
    draw.maybe(table, "step_size_down", lambda: draw.randint(2, 12))
    draw.maybe(table, "mode", lambda: draw.choice(["triangular", "triangular2", "exp_range"]))
    draw.maybe(table, "gamma", lambda: draw.within(0.9, 1.0))
    # With betas torch 1 refuses to cycle them.
    if chosen["name"] not in HAS_MOMENTUM or draw.random() < 0.3:
        table["cycle_momentum"] = False
    return table


def schedule(draw, chosen, split):
    kind = draw.choice(["simple", "simple", "simple", "one_cycle", "cyclic", "plateau", "sequential"])
    every = draw.choice(["epoch", "step", "step"])
    if kind == "one_cycle":
        return one_cycle(draw, chosen)
    if kind == "cyclic":
        return cyclic(draw, chosen)
    if kind == "plateau":
        table = {"name": "reduce_on_plateau", "factor": draw.within(0.1, 0.9), "patience": draw.randint(0, 1),
                 "threshold": draw.within(0.0, 0.5), "threshold_mode": draw.choice(["rel", "abs"])}
        draw.maybe(table, "cooldown", lambda: 1)
        passes = ["train", "validation"] if split else ["train"]
        draw.maybe(table, "metric", lambda: f"{draw.choice(passes)}.{draw.choice(['loss', 'accuracy'])}")
        return table
    if kind == "sequential":
        count = draw.randint(2, 3)
        return {"name": "sequential", "every": every, "milestones": sorted(draw.sample(range(1, 20), count - 1)),
                "schedules": [simple_schedule(draw, chosen["lr"]) for _ in range(count)]}
    return {**simple_schedule(draw, chosen["lr"]), "every": every}


def augmentation(draw):
    table = {}
    draw.maybe(table, "random_crop", lambda: {"padding": draw.randint(1, 5)})
    draw.maybe(table, "random_horizontal_flip", lambda: draw.within(0.0, 1.0))
    draw.maybe(table, "random_rotation", lambda: draw.within(1.0, 90.0))
    draw.maybe(table, "random_erasing", lambda: draw.within(0.0, 1.0))
    return table


def draw_case(draw):
    model = draw.choice(["net", "net2", "net3", "net4", "net5"])
    params = {"p": draw.within(0.1, 0.7)} if model in ("net2", "net3") else {}
    data, trainer = {}, {"optimizer": optimizer(draw)}
    splits = [{"count": draw.randint(1, 300)}, {"fraction": draw.within(0.01, 0.5)}]
    draw.maybe(data, "validation", lambda: draw.choice(splits))
    if "validation" in data:
        draw.maybe(data["validation"], "seed", lambda: draw.randint(0, 2**31))
    draw.maybe(data, "shuffle", lambda: False, 0.2)
    draw.maybe(data, "augment", lambda: augmentation(draw), 0.3)
    trainer["batch_size"] = draw.choice([32, 50, 64, 100])
    trainer["test_batch_size"] = draw.choice([64, 100, 1000])
    draw.maybe(data, "drop_last", lambda: True, 0.4)
    draw.maybe(trainer, "groups", lambda: groups(draw, trainer["optimizer"]), 0.4)
    draw.maybe(trainer, "schedule", lambda: schedule(draw, trainer["optimizer"], "validation" in data), 0.8)
    draw.maybe(trainer, "clip_grad_norm", lambda: draw.between(0.05, 5.0), 0.3)
    draw.maybe(trainer, "clip_grad_value", lambda: draw.between(0.001, 0.5), 0.3)
    draw.maybe(trainer, "loss", lambda: "cross_entropy", 0.4)
    if trainer.get("loss") == "cross_entropy":
        draw.maybe(trainer, "label_smoothing", lambda: draw.within(0.0, 0.5))
    draw.maybe(trainer, "accumulate", lambda: draw.randint(2, 7), 0.3)
    draw.maybe(trainer, "ema", lambda: {"decay": draw.within(0.3, 0.9999)}, 0.3)
    metrics = ["train.loss", *(["validation.loss", "validation.accuracy"] if "validation" in data else [])]
    draw.maybe(trainer, "stop", lambda: {"metric": draw.choice(metrics), "patience": draw.randint(1, 2),
                                         "min_delta": draw.within(0.0, 0.5)}, 0.2)
    if "validation" in data:
        draw.maybe(trainer, "keep", lambda: "best", 0.4)
    return case(model, params, data, **trainer)


def drawn(seed, count):
    """The same for the same seed, but for keys that this torch lacks."""
    for i in range(count):
        yield f"random-{seed}-{i}", draw_case(Draw(seed * 10007 + i))
