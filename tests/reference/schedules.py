#!/usr/bin/python3
"""Reference values of the schedules in host/schedules/, from torch.optim.lr_scheduler.

    schedules.py FILE            adds this torch's values to FILE, where they are not those of the version before
    schedules.py --check FILE    whether FILE holds what this torch gives here, to the bit; 77 without torch

To make FILE anew, delete it, and call this with each torch, the oldest first (1.13, 2.6, 2.11, 2.13, 2.14 it was). Each case has
the values of lr (and of momentum, or the first of the betas, if they change) as the schedule is made and after each step, by the
first version that gives them. Cosines and powers are those of the machine's C library, as labhost's are.
"""

import inspect
import json
import os
import sys
import warnings

sys.path.pop(0)  # torch imports the standard library's module statistics, not the file beside this one
try:
    import torch
    from torch.optim import lr_scheduler
except ImportError as missing:
    print(f"skipped: {missing}", file=sys.stderr)
    sys.exit(77)

STEPS = 60
LRS = [0.1, 0.0037]
MOMENTUM = 0.9

CLASSES = {
    "constant": lr_scheduler.ConstantLR, "linear": lr_scheduler.LinearLR, "step": lr_scheduler.StepLR,
    "multi_step": lr_scheduler.MultiStepLR, "exponential": lr_scheduler.ExponentialLR,
    "cosine_annealing": lr_scheduler.CosineAnnealingLR,
    "cosine_annealing_warm_restarts": lr_scheduler.CosineAnnealingWarmRestarts,
    "polynomial": lr_scheduler.PolynomialLR, "one_cycle": lr_scheduler.OneCycleLR, "cyclic": lr_scheduler.CyclicLR,
    "reduce_on_plateau": lr_scheduler.ReduceLROnPlateau, "sequential": lr_scheduler.SequentialLR}

DEFAULTS = {
    "constant": {"factor": 1.0 / 3, "total_iters": 5},
    "linear": {"start_factor": 1.0 / 3, "end_factor": 1.0, "total_iters": 5},
    "step": {"gamma": 0.1},
    "multi_step": {"gamma": 0.1},
    "exponential": {},
    "cosine_annealing": {"eta_min": 0.0},
    "cosine_annealing_warm_restarts": {"T_mult": 1, "eta_min": 0.0},
    "polynomial": {"total_iters": 5, "power": 1.0},
    "one_cycle": {"pct_start": 0.3, "anneal_strategy": "cos", "cycle_momentum": True, "base_momentum": 0.85,
                  "max_momentum": 0.95, "div_factor": 25.0, "final_div_factor": 10000.0, "three_phase": False},
    "cyclic": {"step_size_up": 2000, "mode": "triangular", "gamma": 1.0, "cycle_momentum": True, "base_momentum": 0.8,
               "max_momentum": 0.9},
    "reduce_on_plateau": {"mode": "min", "factor": 0.1, "patience": 10, "threshold": 1e-4, "threshold_mode": "rel",
                          "cooldown": 0, "min_lr": 0.0, "eps": 1e-8},
    "sequential": {}}


def schedule(name, *schedules, **arguments):
    made = {"name": name, "arguments": {**DEFAULTS[name], **arguments}}
    return {**made, "schedules": list(schedules)} if schedules else made


def sequence(milestones, *schedules):
    return schedule("sequential", *schedules, milestones=milestones)


def metrics():
    """Falls, then rises above its beginning, stands still between, and is no number at times."""
    state, value, series = 7, 2.0, []
    for step in range(STEPS):
        state = (state * 1103515245 + 12345) % 2 ** 31
        value += (state / 2 ** 31 - (0.65 if step < 20 else 0.3)) / 4
        series.append(None if step in (11, 30, 31) else round(value, 1 if 40 <= step < 50 else 4))
    return series


warm_up = schedule("linear", start_factor=0.1, total_iters=5)
half = schedule("constant", factor=0.5, total_iters=100)
cycle = schedule("cyclic", base_lr=0.01, max_lr=0.2, step_size_up=7, base_momentum=0.7, max_momentum=0.97)

# What to make, of which optimizer (sgd unless said).
CASES = [
    (schedule("constant"),),
    (schedule("constant", factor=0.7, total_iters=17),),
    (schedule("constant", factor=0.7, total_iters=0),),
    (schedule("linear"),),
    (schedule("linear", start_factor=0.001, end_factor=0.7, total_iters=50),),
    (schedule("linear", start_factor=1.0, end_factor=0.0, total_iters=41),),
    (schedule("linear", total_iters=0),),
    (schedule("step", step_size=7),),
    (schedule("step", step_size=1, gamma=0.97),),
    (schedule("multi_step", milestones=[40, 3, 17, 3], gamma=0.3),),
    (schedule("multi_step", milestones=[0, 0, 5], gamma=0.7),),
    (schedule("exponential", gamma=0.93),),
    (schedule("exponential", gamma=-1.01),),
    (schedule("cosine_annealing", T_max=60),),
    (schedule("cosine_annealing", T_max=11, eta_min=0.0005),),
    (schedule("cosine_annealing", T_max=1, eta_min=0.001),),
    (schedule("cosine_annealing", T_max=-9),),
    (schedule("cosine_annealing_warm_restarts", T_0=13),),
    (schedule("cosine_annealing_warm_restarts", T_0=3, T_mult=2, eta_min=0.0001),),
    (schedule("cosine_annealing_warm_restarts", T_0=1, T_mult=3),),
    (schedule("polynomial"),),
    (schedule("polynomial", total_iters=50, power=0.9),),
    (schedule("polynomial", total_iters=60, power=3.0),),
    (schedule("polynomial", total_iters=0),),
    (schedule("one_cycle", max_lr=0.3),),
    (schedule("one_cycle", max_lr=0.3, total_steps=67, three_phase=True),),
    (schedule("one_cycle", max_lr=0.3, total_steps=61, anneal_strategy="linear"), "adam"),
    (schedule("one_cycle", max_lr=0.3, total_steps=60, anneal_strategy="linear", three_phase=True, pct_start=0.4), "adam"),
    (schedule("one_cycle", max_lr=0.02, pct_start=0.0, div_factor=3.0, final_div_factor=70.0, cycle_momentum=False), "adagrad"),
    (schedule("one_cycle", max_lr=0.3, pct_start=0.77, three_phase=True),),
    (schedule("one_cycle", max_lr=0.3, pct_start=0.01, three_phase=True, base_momentum=0.6, max_momentum=0.99),),
    (cycle,),
    (schedule("cyclic", base_lr=0.01, max_lr=0.1),),
    (schedule("cyclic", base_lr=0.01, max_lr=0.1, step_size_up=3, step_size_down=11, mode="triangular2"),),
    (schedule("cyclic", base_lr=0.01, max_lr=0.1, step_size_up=9, step_size_down=0, mode="exp_range", gamma=0.97),),
    (schedule("cyclic", base_lr=0.01, max_lr=0.1, step_size_up=9, step_size_down=2, mode="triangular2"), "adam"),
    (schedule("cyclic", base_lr=0.01, max_lr=0.1, step_size_up=5, cycle_momentum=False, mode="exp_range", gamma=0.9), "adagrad"),
    (schedule("reduce_on_plateau", patience=2, factor=0.6),),
    (schedule("reduce_on_plateau", mode="max", patience=1, factor=0.8, cooldown=3, threshold=0.1),),
    (schedule("reduce_on_plateau", patience=0, factor=0.7, threshold_mode="abs", threshold=0.05, min_lr=0.001),),
    (schedule("reduce_on_plateau", mode="max", patience=3, factor=0.5, threshold_mode="abs", eps=0.001),),
    (schedule("reduce_on_plateau", patience=4, threshold=0.2, cooldown=1),),
    (sequence([5], warm_up, schedule("cosine_annealing", T_max=50, eta_min=0.0003)),),
    (sequence([5, 20], warm_up, half, schedule("exponential", gamma=0.93)),),
    (sequence([3, 40], schedule("step", step_size=2, gamma=0.9), schedule("multi_step", milestones=[0, 4, -1], gamma=0.9),
              schedule("linear", total_iters=10)),),
    (sequence([4, 30], schedule("exponential", gamma=1.1), schedule("polynomial", total_iters=20, power=0.7),
              schedule("constant", total_iters=0)),),
    (sequence([6], warm_up, schedule("cosine_annealing_warm_restarts", T_0=4, T_mult=2)),),
    (sequence([60], schedule("cosine_annealing_warm_restarts", T_0=7), schedule("step", step_size=1)),),
    (sequence([5], warm_up, schedule("one_cycle", max_lr=0.3, total_steps=56)),),
    (sequence([30], schedule("one_cycle", max_lr=0.3, total_steps=40), schedule("cosine_annealing", T_max=30)), "adam"),
    (sequence([30], cycle, half),),
    (sequence([10], half, cycle),),
    (sequence([20], schedule("one_cycle", max_lr=0.3, total_steps=33), cycle),),
    (sequence([20], schedule("one_cycle", max_lr=0.3, total_steps=33), schedule("one_cycle", max_lr=0.02, total_steps=50)),),
    # Where versions differ: milestones that are there from the beginning.
    (sequence([0], half, schedule("exponential", gamma=0.93)),),
    (sequence([0], half, schedule("cosine_annealing", T_max=25)),),
    (sequence([0], half, schedule("polynomial", total_iters=70)),),
    (sequence([0], half, warm_up),),
    (sequence([0], half, cycle),),
    (sequence([0, 0, 9], half, warm_up, schedule("cosine_annealing_warm_restarts", T_0=7), half),),
    (sequence([-1, 3], half, schedule("exponential", gamma=0.93), schedule("exponential", gamma=0.93)),),
]


def check_defaults():
    for name, defaults in DEFAULTS.items():
        parameters = inspect.signature(CLASSES[name]).parameters
        for key, value in defaults.items():
            assert parameters[key].default == value, f"{name}'s {key} is {parameters[key].default} by default, not {value}"


def optimizer_of(kind):
    groups = [{"params": [torch.nn.Parameter(torch.zeros(1))], "lr": lr} for lr in LRS]
    if kind == "sgd":
        return torch.optim.SGD(groups, lr=1.0, momentum=MOMENTUM)
    return {"adam": torch.optim.Adam, "adagrad": torch.optim.Adagrad}[kind](groups)


def scheduler_of(settings, optimizer):
    arguments = dict(settings["arguments"])
    if settings["name"] == "sequential":
        arguments["schedulers"] = [scheduler_of(part, optimizer) for part in settings["schedules"]]
    if settings["name"] == "one_cycle":
        arguments.setdefault("total_steps", STEPS)
    return CLASSES[settings["name"]](optimizer, **arguments)


def momentum_of(group):
    return group["betas"][0] if "betas" in group else group.get("momentum", MOMENTUM)


def values_of(settings, kind):
    """None where this torch refuses it."""
    optimizer = optimizer_of(kind)
    lr, momentum = [[] for _ in LRS], []
    try:
        scheduler = scheduler_of(settings, optimizer)
        for metric in [0.0, *metrics()]:
            if momentum or lr[0]:
                scheduler.step(*([float("nan") if metric is None else metric] if settings["name"] == "reduce_on_plateau" else []))
            for i, group in enumerate(optimizer.param_groups):
                lr[i].append(float(group["lr"]))
            first, *others = [momentum_of(group) for group in optimizer.param_groups]
            assert all(other == first for other in others)
            momentum.append(first)
    except ValueError as refusal:
        print(f"{settings['name']} with {kind}: {refusal}", file=sys.stderr)
        return None
    return {"lr": lr} if set(momentum) == {MOMENTUM} else {"lr": lr, "momentum": momentum}


def number_of(version):
    return tuple(int(part) for part in version.split(".")[:2])


def values_for(case, version):
    """Those of the last version up to this one, if there are any."""
    known = [v for v in case["values"] if number_of(v) <= number_of(version)]
    return case["values"][max(known, key=number_of)] if known else None


def main():
    warnings.simplefilter("ignore")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")
    check_defaults()
    version = "%d.%d" % number_of(torch.__version__)
    path = sys.argv[-1]
    cases = [{"schedule": settings, "optimizer": kind[0] if kind else "sgd", "values": {}} for settings, *kind in CASES]
    held = {"versions": [], "groups": [{"lr": lr, "momentum": MOMENTUM} for lr in LRS], "steps": STEPS, "metrics": metrics(),
            "cases": cases}
    if os.path.exists(path):
        stored = json.load(open(path, encoding="utf-8"))
        assert [{**case, "values": {}} for case in stored["cases"]] == cases, f"{path} has other cases: delete it"
        held = stored
    same = True
    for case in held["cases"]:
        values = values_of(case["schedule"], case["optimizer"])
        if values != values_for(case, version):
            same = False
            case["values"][version] = values
            print("differs:", json.dumps(case["schedule"]), file=sys.stderr)
    if "--check" in sys.argv:
        print("equal" if same else "torch gives other values here; see the file's head")
        return 0 if same else 1
    held["versions"] = sorted({*held["versions"], version}, key=number_of)
    lines = ",\n".join("  " + json.dumps(case) for case in held.pop("cases"))
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(held)[:-1] + ',\n "cases": [\n' + lines + "\n ]}\n")
    return 0


sys.exit(main())
