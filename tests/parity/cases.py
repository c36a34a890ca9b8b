"""Made-up experiments for the parity of the trainer: each setting alone, then together. Small data, three epochs."""

DATA = {"dataset": "mnist", "normalize": {"mean": 0.1307, "std": 0.3081}, "train_limit": 640, "test_limit": 300}
TRAINER = {"epochs": 3, "batch_size": 64, "test_batch_size": 100, "device": "cpu"}
SPLIT = {"validation": {"count": 128, "seed": 3}}
SGD = {"name": "sgd", "lr": 0.05, "momentum": 0.9}
ADAMW = {"name": "adamw", "lr": 0.001}
CROSS_ENTROPY = {"loss": "cross_entropy"}

OPTIMIZERS = {
    "sgd": {"lr": 0.02},
    "sgd-momentum": {"name": "sgd", "lr": 0.03, "momentum": 0.8, "dampening": 0.2, "weight_decay": 0.001},
    "sgd-nesterov": {"name": "sgd", "lr": 0.03, "momentum": 0.9, "nesterov": True, "weight_decay": 0.0005},
    "adam": {"betas": [0.85, 0.98], "eps": 1e-7},
    "adam-decay": {"name": "adam", "weight_decay": 0.01},
    "adam-amsgrad": {"name": "adam", "lr": 0.002, "amsgrad": True},
    "adamw": {"lr": 0.002, "betas": [0.9, 0.98], "weight_decay": 0.05},
    "adamw-amsgrad": {"name": "adamw", "amsgrad": True, "eps": 1e-6},
    "nadam": {"lr": 0.001, "betas": [0.8, 0.99], "momentum_decay": 0.01, "weight_decay": 0.001},
    "radam": {"lr": 0.002, "betas": [0.8, 0.9], "weight_decay": 0.001},
    "radam-warm": {"name": "radam", "lr": 0.001},
    "adamax": {"lr": 0.003, "betas": [0.8, 0.99], "weight_decay": 0.001},
    "adagrad": {"lr": 0.005, "lr_decay": 0.01, "weight_decay": 0.001, "initial_accumulator_value": 0.1, "eps": 1e-8},
    "adadelta": {"lr": 0.5, "rho": 0.8, "eps": 1e-5, "weight_decay": 0.001},
    "rmsprop": {"lr": 0.0005, "alpha": 0.9, "eps": 1e-6, "weight_decay": 0.001},
    "rmsprop-centered": {"name": "rmsprop", "lr": 0.0003, "momentum": 0.5, "centered": True},
    "asgd": {"lr": 0.05, "lambd": 0.001, "alpha": 0.6, "t0": 5.0, "weight_decay": 0.001},
    "rprop": {"lr": 0.0005, "etas": [0.6, 1.1], "step_sizes": [1e-5, 0.01]},
}
SCHEDULES = {
    "constant": {"factor": 0.5, "total_iters": 2},
    "linear": {"start_factor": 0.1, "end_factor": 0.9, "total_iters": 12, "every": "step"},
    "step": {"step_size": 1, "gamma": 0.7},
    "step-by-step": {"name": "step", "step_size": 7, "gamma": 0.5, "every": "step"},
    "multi_step": {"milestones": [3, 3, 11, 20], "gamma": 0.6, "every": "step"},
    "exponential": {"gamma": 0.8},
    "exponential-by-step": {"name": "exponential", "gamma": 0.97, "every": "step"},
    "cosine_annealing": {"T_max": 3, "eta_min": 0.001},
    "cosine_annealing-past": {"name": "cosine_annealing", "T_max": 9, "every": "step"},
    "cosine_annealing_warm_restarts": {"T_0": 4, "T_mult": 2, "eta_min": 0.0005, "every": "step"},
    "polynomial": {"total_iters": 25, "power": 1.7, "every": "step"},
    "one_cycle": {"max_lr": 0.1},
    "one_cycle-three": {"name": "one_cycle", "max_lr": 0.1, "pct_start": 0.4, "anneal_strategy": "linear",
                        "three_phase": True, "div_factor": 10.0, "final_div_factor": 100.0, "base_momentum": 0.7,
                        "max_momentum": 0.95},
    "one_cycle-by-epoch": {"name": "one_cycle", "max_lr": 0.1, "every": "epoch", "total_steps": 5},
    "cyclic": {"base_lr": 0.005, "max_lr": 0.08, "step_size_up": 4, "step_size_down": 6},
    "cyclic-triangular2": {"name": "cyclic", "base_lr": 0.005, "max_lr": 0.08, "step_size_up": 5, "mode": "triangular2",
                           "base_momentum": 0.6, "max_momentum": 0.9},
    "cyclic-exp_range": {"name": "cyclic", "base_lr": 0.005, "max_lr": 0.08, "step_size_up": 5, "mode": "exp_range",
                         "gamma": 0.98, "cycle_momentum": False},
    "reduce_on_plateau": {"factor": 0.5, "patience": 0, "threshold": 0.3, "metric": "train.loss"},
    "sequential": {"every": "step", "milestones": [8], "schedules": [
        {"name": "linear", "start_factor": 0.05, "total_iters": 8}, {"name": "cosine_annealing", "T_max": 22}]},
    "sequential-by-epoch": {"name": "sequential", "milestones": [1, 2], "schedules": [
        {"name": "constant", "factor": 0.2, "total_iters": 1}, {"name": "exponential", "gamma": 0.9},
        {"name": "step", "step_size": 1, "gamma": 0.5}]},
    "sequential-one_cycle": {"name": "sequential", "every": "step", "milestones": [10], "schedules": [
        {"name": "linear", "total_iters": 10}, {"name": "one_cycle", "max_lr": 0.1, "total_steps": 25}]},
}
AUGMENTATIONS = {
    "crop": {"random_crop": {"padding": 4}},
    "flip": {"random_horizontal_flip": 0.5},
    "rotation": {"random_rotation": 10},
    "erasing": {"random_erasing": 0.25},
    "all": {"random_crop": {"padding": 2}, "random_horizontal_flip": 0.3, "random_rotation": 15, "random_erasing": 0.5},
}


def case(model="net", params=None, data=None, **trainer):
    return {"model": model, "params": params or {}, "trainer": trainer, "data": data or {}}


def named(name, table):
    return {"name": name, **table}


def singles():
    """One setting each."""
    for name, table in OPTIMIZERS.items():
        yield f"optimizer-{name}", case(optimizer=named(name, table))
    yield "optimizer-notebook", case(optimizer={"lr": 0.02})
    for name, table in SCHEDULES.items():
        yield f"schedule-{name}", case(optimizer=SGD, schedule=named(name, table))
    plateau = {"metric": "validation.accuracy", "patience": 0, "threshold": 5.0, "threshold_mode": "abs", "cooldown": 1,
               "min_lr": 0.001}
    yield "schedule-reduce_on_plateau-validation", case(
        optimizer=SGD, schedule=named("reduce_on_plateau", plateau), data=SPLIT)
    yield "groups", case(optimizer=SGD, groups=[{"match": "*.bias", "weight_decay": 0.0, "lr": 0.01},
                                                {"match": "fc*", "momentum": 0.5}])
    yield "groups-no-rest", case("net3", optimizer=ADAMW, groups=[{"match": "conv*", "betas": [0.8, 0.9]},
                                                                  {"match": "*", "lr": 0.003}])
    yield "clip_grad_norm", case(optimizer=SGD, clip_grad_norm=0.5)
    yield "clip_grad_value", case(optimizer=SGD, clip_grad_value=0.01)
    yield "clip-both", case(optimizer=ADAMW, clip_grad_value=0.02, clip_grad_norm=0.3)
    yield "label_smoothing", case(optimizer=SGD, label_smoothing=0.1, **CROSS_ENTROPY)
    yield "accumulate", case(optimizer=SGD, accumulate=2)
    yield "accumulate-incomplete", case(optimizer=ADAMW, accumulate=4)
    yield "accumulate-more-than-there-are", case(optimizer=SGD, accumulate=16)
    yield "ema", case(optimizer=SGD, ema={"decay": 0.9})
    yield "ema-dropout", case("net2", {"p": 0.4}, optimizer=SGD, ema={"decay": 0.99})
    yield "ema-batch-normalisation", case("net3", {"p": 0.3}, optimizer=ADAMW, ema={"decay": 0.3})
    yield "validation-count", case("net2", optimizer=SGD, data=SPLIT)
    yield "validation-fraction", case("net2", optimizer=SGD, data={"validation": {"fraction": 0.15}})
    yield "validation-short-batch", case("net2", optimizer=SGD, data={"validation": {"count": 137, "seed": 11}})
    yield "shuffle-false", case("net2", optimizer=SGD, data={"shuffle": False})
    yield "drop_last", case("net2", optimizer=SGD, batch_size=100, data={"drop_last": True})
    for name, table in AUGMENTATIONS.items():
        yield f"augment-{name}", case("net2", optimizer=SGD, data={"augment": table})


def combinations():
    """Where one setting meets another."""
    yield "stop", case(optimizer=SGD, epochs=6, data=SPLIT,
                       stop={"metric": "validation.loss", "patience": 1, "min_delta": 0.4})
    yield "stop-train", case(optimizer=SGD, epochs=6,
                             stop={"metric": "train.accuracy", "patience": 2, "min_delta": 30.0})
    yield "keep-best", case("net2", optimizer={**SGD, "lr": 0.2}, epochs=5, keep="best", data=SPLIT)
    yield "keep-best-by-stop", case("net3", optimizer={**SGD, "lr": 0.2}, epochs=5, keep="best", data=SPLIT,
                                    stop={"metric": "validation.accuracy", "patience": 2, "min_delta": 1.0})
    yield "keep-best-by-accuracy-of-average", case("net3", optimizer=SGD, epochs=5, keep="best", ema={"decay": 0.8},
                                                   keep_metric="validation.accuracy", data=SPLIT)
    yield "clip-accumulate-ema", case("net2", optimizer=ADAMW, clip_grad_norm=0.2, accumulate=3, ema={"decay": 0.9})
    one_cycle = named("one_cycle", SCHEDULES["one_cycle"])
    yield "one_cycle-accumulate-split", case(optimizer=ADAMW, accumulate=3, data=SPLIT,
                                             schedule={**one_cycle, "max_lr": 0.005})
    yield "one_cycle-drop_last", case(optimizer=SGD, batch_size=100, schedule=one_cycle, data={"drop_last": True})
    yield "one_cycle-groups", case(optimizer=SGD, schedule=one_cycle,
                                   groups=[{"match": "*.bias", "lr": 0.01, "weight_decay": 0.0}])
    yield "cosine-groups", case(optimizer=ADAMW, schedule={"name": "cosine_annealing", "T_max": 20, "every": "step"},
                                groups=[{"match": "fc?.*", "lr": 0.0005}, {"match": "*.bias", "weight_decay": 0.0}])
    yield "smoothing-plateau-split", case("net3", optimizer=SGD, label_smoothing=0.2, data=SPLIT, **CROSS_ENTROPY,
                                          schedule={"name": "reduce_on_plateau", "patience": 0, "threshold": 0.5})
    yield "augment-split-dropout", case("net2", optimizer=ADAMW, data={**SPLIT, "augment": AUGMENTATIONS["all"]})
    yield "augment-in-order", case("net3", optimizer=SGD, data={"shuffle": False, "augment": AUGMENTATIONS["crop"]})
    yield "everything", case(
        "net3", {"p": 0.3}, **CROSS_ENTROPY,
        optimizer={**ADAMW, "weight_decay": 0.05}, groups=[{"match": "*.bias", "weight_decay": 0.0}],
        epochs=4, label_smoothing=0.1, accumulate=2, clip_grad_value=0.1, clip_grad_norm=1.0, ema={"decay": 0.9},
        schedule=named("sequential", SCHEDULES["sequential"]),
        stop={"metric": "validation.loss", "patience": 2}, keep="best",
        data={"validation": {"fraction": 0.2, "seed": 5}, "drop_last": True, "augment": AUGMENTATIONS["all"]})


def examples():
    """The networks of sdk/examples, which are built apart."""
    yield "pytorch-example", case("mnist_example", optimizer={"name": "adadelta", "lr": 1.0},
                                  schedule={"name": "step", "step_size": 1, "gamma": 0.7})
    yield "vit", case("vit", {"dropout": 0.1}, optimizer={**ADAMW, "weight_decay": 0.05}, clip_grad_norm=1.0,
                      schedule=named("sequential", SCHEDULES["sequential"]), **CROSS_ENTROPY)


def resolved(run_name, run, seed=1):
    """As run.json has it."""
    return {"id": f"{run_name}-s{seed}", "model": run["model"], "params": run["params"], "seed": seed,
            "trainer": {**TRAINER, **run["trainer"]}, "data": {**DATA, **run["data"]}}
