#!/usr/bin/env python3
"""`make gpu-check`: builds, runs the tests that need a GPU, trains q4 on it against the CPU, times it against its peers.

Goes in parts of at most nine minutes each on 16 cores. What is done is kept under BUILD/gpu-check, each run and each time
measured, so that after an interruption the same command goes on there; another commit or LibTorch starts anew. Writes
OUT/DATE-gpu-NAME.md once all parts are done. Exits with 0; 1 if a part failed or accuracies differ; 77 where there is no GPU.
"""
import argparse
import datetime
import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "bench"))
import verdicts
from identity import ROOT, gpu, identity, interpreter, output_of, slug, torch_of
from measure import machine
from record import open_records

PARTS = ["build", "test", "train", "time"]
EXPERIMENT = "experiments/q4.toml"
WAYS = ["labhost, pytorch, packed", "labhost, fast, packed", "labhost, pytorch, one at a time", "labhost, net alone",
        "eager", "graph", "jax", "notebook", "compile"]  # gpu.py's, what may take longest last
MEASURED = "seconds of two epochs of nine networks (jax, net alone: of one), start-up apart; medians of rounds, all in turn"
IDX = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


class Failed(Exception):
    """A part failed: what happened, and what the command had printed."""


def end_group(child):
    """Ends a child and all it started: asked first, so that labhost saves its runs."""
    for number, patience in ((signal.SIGTERM, 30), (signal.SIGKILL, None)):
        try:
            os.killpg(child.pid, number)
            child.communicate(timeout=patience)
            return
        except subprocess.TimeoutExpired:
            continue
        except ProcessLookupError:
            return


class Check:
    def __init__(self, options):
        self.options = options
        self.folder = options.build / "gpu-check"
        self.labhost = options.build / "labhost"
        self.gpu, self.no_gpu = gpu()
        self.identity = identity(options, self.gpu)
        again = [options.part] if options.again and options.part else PARTS if options.again else []
        self.records = open_records(self.folder, PARTS, self.identity, again)
        self.environment = {**os.environ, "LABHOST_DATA": str(self.data_folder())}

    def data_folder(self):
        """$LABHOST_DATA or labhost's own; with $MNIST_RAW a folder that links to its four files."""
        raw = os.environ.get("MNIST_RAW")
        if not raw:
            cache = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
            return pathlib.Path(os.environ.get("LABHOST_DATA") or pathlib.Path(cache) / "labhost")
        mnist = self.folder / "data" / "mnist"
        mnist.mkdir(parents=True, exist_ok=True)
        for name in IDX:
            (mnist / name).unlink(missing_ok=True)
            (mnist / name).symlink_to(pathlib.Path(raw).resolve() / name)
        return mnist.parent

    def call(self, part, command, limit, read=False):
        """Runs a command, what it says into the part's log; its standard output, if read. At the limit it is ended."""
        path, command = self.records[part].log, list(map(str, command))
        if part != "time":  # which says what it measured
            print(f"{part}: {shlex.join(command)}", flush=True)
        with path.open("a") as log:
            print(f"$ {shlex.join(command)}", file=log, flush=True)
            try:
                child = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.PIPE if read else log,
                                         stderr=log, text=True, start_new_session=True)
            except OSError as error:
                raise Failed(str(error)) from error
            try:
                out = child.communicate(timeout=max(1, limit))[0] or ""
            except BaseException as error:  # a signal, too: what was started is not to go on alone
                end_group(child)
                if isinstance(error, subprocess.TimeoutExpired):
                    raise Failed(f"not done after {limit:.0f} s") from error
                raise
            last = path.read_text(errors="replace").strip().splitlines()[-1]  # of what it said of errors
            log.write(out)
        if child.returncode != 0:
            raise Failed(f"{pathlib.Path(command[0]).name} ended with {child.returncode}: {last}", out)
        return out

    # The parts.

    def build(self, record):
        end = time.monotonic() + 60 * self.options.minutes
        self.call("build", ["make", "build-tests", f"TORCH={self.options.torch}"], end - time.monotonic())
        data = pathlib.Path(self.environment["LABHOST_DATA"]) / "mnist"
        if not all((data / name).exists() or (data / f"{name}.gz").exists() for name in IDX):
            self.call("build", [self.labhost, "fetch", "mnist"], end - time.monotonic())
        if not self.options.python_given:  # it comes with the build
            self.options.python = interpreter(self.options.build, self.options.torch)
            self.identity["torch"] = torch_of(self.options.python)

    def test(self, record):
        out = self.call("test", ["ctest", "--test-dir", self.options.build, "-L", "gpu", "--no-tests=error", "--output-on-failure"],
                        60 * self.options.minutes, read=True)
        lines = [line.strip() for line in out.splitlines() if re.match(r"\s*\d+/\d+ Test ", line)]
        record.keep("lines", lines)
        if self.options.device != "cpu" and any("Skipped" in line for line in lines):
            raise Failed("a test was skipped though there is a GPU; its reason is in the log")

    def train(self, record):
        sides = {"cpu": "cpu"} if self.gpu is None else {"cpu": "cpu", "gpu": self.options.device}
        end = time.monotonic() + 60 * self.options.minutes
        for side, device in sides.items():
            if side in record.kept:
                continue
            # Runs that are finished stay so, and one that was cut off goes on: labhost sees to that.
            out = self.call("train", [self.labhost, EXPERIMENT, "--device", device, "--runs", self.folder / "runs" / side,
                                      "--json", *self.limits()], end - time.monotonic(), read=True)
            runs = json.loads(out)["runs"]
            record.keep(side, {run["id"]: run["final"]["test.accuracy"] for run in runs})

    def limits(self):
        return [text for key, limit in (("train", self.options.train_limit), ("test", self.options.test_limit))
                for text in ("--set", f"data.{key}_limit={limit}")]

    def time(self, record):
        """Round by round, each way once: as many rounds as the minutes hold, but one of each way that they hold at all."""
        spent = sum(found["wall"] for found in record.kept.values())
        for round_ in range(1, self.options.rounds + 1):
            for way in WAYS:
                key, first = f"{round_} {way}", record.kept.get(f"1 {way}")
                if key in record.kept or (first and first["seconds"] is None):
                    continue
                left = 60 * self.options.minutes - spent
                if first and first["wall"] > left:
                    return
                start = time.monotonic()
                try:
                    if left < 1 and verdicts.is_peer(way):
                        raise Failed("no time was left for it")
                    seconds, reason = self.one_time(way, left)
                except Failed as failure:
                    if not verdicts.is_peer(way):
                        raise
                    seconds, reason = None, failure.args[0]
                wall = time.monotonic() - start
                spent += wall
                record.keep(key, {"seconds": seconds, "reason": reason, "wall": wall})
                print(f"time: round {round_}: {way}: {f'{seconds:.3f} s' if seconds is not None else f'not run: {reason}'}", flush=True)

    def one_time(self, way, limit):
        out = self.call("time", [sys.executable, "tests/bench/gpu.py", "--labhost", self.labhost, "--experiment", EXPERIMENT,
                                 "--device", self.options.device, "--peer-python", self.options.python or sys.executable, "--rounds", 1,
                                 "--train-limit", self.options.train_limit, "--test-limit", self.options.test_limit,
                                 "--ways", way, "--json"], limit, read=True)
        found = json.loads(out)[way]
        return found["seconds"].get("1"), found["reason"]

    # What came out.

    def accuracies(self):
        kept = self.records["train"].kept
        return verdicts.compare(kept.get("cpu", {}), kept.get("gpu", {}))

    def measured(self):
        by_way = {}
        for key, found in self.records["time"].kept.items():
            round_, way = key.split(" ", 1)
            entry = by_way.setdefault(way, {"seconds": {}, "reason": found["reason"]})
            if found["seconds"] is not None:
                entry["seconds"][round_] = found["seconds"]
        return by_way

    def tables(self):
        """(title, lines) of each part that is done."""
        images = f"{self.options.train_limit:,}/{self.options.test_limit:,} images"
        tables = {"test": ("Tests that need a GPU", lambda: self.records["test"].kept["lines"]),
                  "train": (f"q4 on {self.options.device} against cpu, {images}: test accuracy, percent",
                            lambda: [verdicts.RULE, *self.accuracies()[0]]),
                  "time": (f"q4 on {self.options.device} against its peers, {images}",
                           lambda: [MEASURED, *verdicts.times(self.measured())])}
        return [(title, lines()) for part, (title, lines) in tables.items() if self.records[part].done]

    def write(self):
        """OUT/DATE-gpu-NAME.md: all that one needs to judge the figures and get them again."""
        name, driver, memory = [text.strip() for text in (self.gpu.split(",") + ["unknown", "unknown"])[:3]]
        version, why = output_of(self.labhost, "--version")
        command = f"make gpu-check TORCH={shlex.quote(self.options.torch)}"
        lines = [f"# q4 on {name}, {datetime.date.today()}", "",
                 f"- Machine: {machine()}", f"- GPU: {name}, {memory}, driver {driver}",
                 f"- labhost: {', '.join((version or why).splitlines())}",
                 f"- The peers' torch: {' with CUDA '.join((self.identity['torch'] or 'none').split()[:2])}",
                 f"- Commit: {self.identity['commit']} (digest of the sources: {self.identity['sources']})", "",
                 f"To get it again: `{command}`, or a part of it: `tests/gpu/check.py --torch {shlex.quote(self.options.torch)} "
                 f"--part build|test|train|time --again`."]
        for title, table in self.tables():
            lines += ["", f"## {title}", "", "```", *table, "```"]
        doctor = subprocess.run([str(self.labhost), "doctor"], cwd=ROOT, env=self.environment, capture_output=True, text=True)
        if doctor.returncode in (0, 4) and doctor.stdout:  # 2 where this labhost has no such verb
            lines += ["", "## labhost doctor", "", "```", doctor.stdout.rstrip(), "```"]
        self.options.out.mkdir(parents=True, exist_ok=True)
        file = self.options.out / f"{datetime.date.today()}-gpu-{slug(name)}.md"
        file.write_text("\n".join(lines) + "\n")
        return file

    def run(self):
        for part in [self.options.part] if self.options.part else PARTS:
            record = self.records[part]
            if record.done:
                print(f"{part}: done before", flush=True)
                continue
            if self.gpu is None and part in ("test", "time"):
                continue
            try:
                getattr(self, part)(record)
            except Failed as failure:
                print(f"{part} failed: {failure.args[0]}\nits log: {record.log}; the same command goes on there", file=sys.stderr)
                return 1
            if self.gpu is not None or part == "build":
                record.finish()
        if self.gpu is None:
            print(f"no GPU: nvidia-smi: {self.no_gpu}. Without one: the build and the CPU's side of train only.")
            return 77
        for title, table in self.tables():
            print("\n".join(["", title, *table]))
        missing = [part for part in PARTS if not self.records[part].done]
        if missing:
            print(f"\nstill to do: {', '.join(missing)}; results are written when all parts are done")
        else:
            print(f"\nwritten to {self.write()}")
        if self.records["train"].done and not self.accuracies()[1]:
            print("train: an accuracy on the GPU is not within noise of the CPU's", file=sys.stderr)
            return 1
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torch", default="auto", help="which LibTorch, as make's TORCH")
    parser.add_argument("--python", help="runs the peers; default: that of the LibTorch that was built with, else the one that runs this")
    parser.add_argument("--build", type=pathlib.Path, default="build")
    parser.add_argument("--out", type=pathlib.Path, default="docs/results")
    parser.add_argument("--part", choices=PARTS, help="only this one")
    parser.add_argument("--again", action="store_true", help="forget what was done, of the part or of all")
    parser.add_argument("--minutes", type=float, default=9, help="that a part may take; a peer that has not ended by then is left out")
    parser.add_argument("--rounds", type=int, default=3, help="of times, at most; fewer where the minutes do not hold them")
    # For a try without a GPU: a fake nvidia-smi in PATH, --device cpu, few images.
    parser.add_argument("--device", default="cuda", help=argparse.SUPPRESS)
    parser.add_argument("--train-limit", type=int, default=60000, help=argparse.SUPPRESS)
    parser.add_argument("--test-limit", type=int, default=10000, help=argparse.SUPPRESS)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options.build, options.out = ROOT / options.build, ROOT / options.out
    options.python_given = options.python is not None
    options.python = options.python or interpreter(options.build, options.torch)
    return Check(options).run()


if __name__ == "__main__":
    sys.exit(main())
