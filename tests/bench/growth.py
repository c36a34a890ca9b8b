#!/usr/bin/env python3
"""How cost grows: with the batch (16 to 1,024), the number of runs (1 to 64) and of images (1 to 60,000).

Of net, in both numerics. Batch and images: one run on one thread; its images a second are those of the epoch that metrics.jsonl
records, seconds are the whole command's. Runs: seeds of one short run on two workers. The least of the rounds counts.
"""
import argparse
import json
import pathlib
import tempfile

from measure import machine, measure

EXPERIMENT = """[experiment]
name = "growth"
seeds = {{ count = {seeds} }}
[data]
dataset = "mnist"
normalize = {{ mean = 0.1307, std = 0.3081 }}
train_limit = {images}
test_limit = {tested}
[trainer]
epochs = 1
device = "cpu"
numerics = "{numerics}"
batch_size = {batch}
optimizer = {{ name = "sgd", lr = 0.01, momentum = 0.5 }}
[[run]]
model = "net"
"""


def run(options, numerics, seeds=1, images=6400, batch=64, tested=1):
    """Least wall seconds of the command, and of the first run's epoch."""
    best = [float("inf"), float("inf")]
    for _ in range(options.rounds):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "growth.toml"
            file.write_text(EXPERIMENT.format(seeds=seeds, images=images, tested=tested, batch=batch, numerics=numerics))
            seconds, _ = measure([options.labhost, file, "--jobs", 2, "--runs", f"{folder}/runs"])
            metrics = next(pathlib.Path(folder).glob("runs/*/net-s1-*/metrics.jsonl")).read_text()
        best = [min(best[0], seconds), min(best[1], json.loads(metrics.splitlines()[-1])["seconds"])]
    return best


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(machine())
    print(f"{'':<16}{'pytorch':>22}{'fast':>22}")
    for batch in (16, 32, 64, 128, 256, 512, 1024):
        rates = [6400 / run(options, numerics, batch=batch)[1] for numerics in ("pytorch", "fast")]
        print(f"batch {batch:<10}{rates[0]:>13,.0f} images/s{rates[1]:>13,.0f} images/s", flush=True)
    for seeds in (1, 2, 4, 8, 16, 32, 64):
        times = [run(options, numerics, seeds=seeds, images=640)[0] for numerics in ("pytorch", "fast")]
        print(f"{seeds:>2} runs of 640   {times[0]:>20.2f} s{times[1]:>20.2f} s", flush=True)
    for images in (1, 10, 100, 1000, 10000, 60000):
        times = [run(options, numerics, images=images)[0] for numerics in ("pytorch", "fast")]
        print(f"{images:>6,} images   {times[0]:>20.2f} s{times[1]:>20.2f} s", flush=True)


if __name__ == "__main__":
    main()
