"""Where a run's folder is not what Python trained, to the last bit."""
import json
import math

import torch


def same_number(ours, pythons):
    """JSON has no NaN and no infinity: null stands for them."""
    return ours == pythons or (ours is None and not math.isfinite(pythons))


def first_difference(ours, pythons):
    """The first place, in flattened tensors of one shape, where they differ, or None; zeros and NaNs are all alike."""
    places = ((ours != pythons) & ~(ours.isnan() & pythons.isnan())).flatten().nonzero()
    return places[0].item() if len(places) else None


def differences(folder, trained):
    """Where a run's folder is not what Python gives: one line each, the first difference first."""
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    if len(lines) != len(trained.epochs):
        yield f"{len(lines)} epochs, Python has {len(trained.epochs)}"
    for line, metrics in zip(lines, trained.epochs):
        for name, value in metrics.items():
            if name.endswith((".f1", ".f1_micro", ".mae", ".rmse", ".r2")):  # of sums that have no one order
                if name in line and not math.isclose(line[name], value, rel_tol=1e-12):
                    yield f"epoch {line['epoch']}: {name} {line[name]!r}, Python has {value!r}"
            elif name not in line or not same_number(line[name], value):
                yield f"epoch {line['epoch']}: {name} {line.get(name)!r}, Python has {value!r}"
    ours = torch.load(folder / "model.pt")
    if list(ours) != list(trained.state):
        yield f"state_dict names {list(ours)}, Python has {list(trained.state)}"
        return
    for name, tensor in trained.state.items():
        if ours[name].dtype != tensor.dtype or ours[name].shape != tensor.shape:
            one, pythons = ((x.dtype, list(x.shape)) for x in (ours[name], tensor))
            yield f"model.pt: {name} is {one}, Python has {pythons}"
        elif (at := first_difference(ours[name], tensor)) is not None:
            one, pythons = (x.flatten()[at].item() for x in (ours[name], tensor))
            yield f"model.pt: {name} at {at} {one!r}, Python has {pythons!r}"
    confusion = json.loads((folder / "predictions.json").read_text()).get("confusion")
    if confusion != trained.confusion:
        yield f"predictions.json: confusion {confusion}, Python has {trained.confusion}"
    kept = json.loads((folder / "result.json").read_text()).get("kept_epoch", trained.kept_epoch)
    if kept != trained.kept_epoch:
        yield f"result.json: kept_epoch {kept}, Python has {trained.kept_epoch}"
