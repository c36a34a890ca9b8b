#!/usr/bin/env python3
"""Times `labhost plugins` over a folder of many plugins: seen for the first time, and remembered.

The plugins are copies of net5 under ids of their own (n000, n001, ...), so each has other bytes. Prints medians, and the
ratio of a remembered scan to a first one.
"""
import argparse
import os
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))
from labhost import Labhost


def scan(labhost, folder, count):
    start = time.monotonic()
    result = labhost.run("plugins", "--plugins", folder)
    seconds = time.monotonic() - start
    found = sum(line.startswith("n") and str(folder) in line for line in result.stdout.splitlines())
    if result.returncode != 0 or found != count:
        sys.exit(f"labhost plugins found {found} of {count} plugins:\n{result.stdout}{result.stderr}")
    return seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--labhost", type=pathlib.Path, required=True)
    parser.add_argument("--plugin", type=pathlib.Path, required=True, help="net5.so")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    original = options.plugin.read_bytes()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary) / "plugins"
        folder.mkdir()
        for i in range(options.count):
            name = f"n{i:03}"
            (folder / f"{name}.so").write_bytes(original.replace(b"net5\0", name.encode() + b"\0"))
        first, remembered = [], []
        for round_ in range(options.rounds):
            environment = os.environ | {"XDG_CACHE_HOME": str(pathlib.Path(temporary) / f"cache{round_}")}
            labhost = Labhost(options.labhost.resolve(), environment=environment)
            first.append(scan(labhost, folder, options.count))
            remembered.append(scan(labhost, folder, options.count))
    a, b = statistics.median(first), statistics.median(remembered)
    print(f"scan of {options.count} plugins: first {a:.2f} s, remembered {b:.3f} s, ratio {b / a:.3f} "
          f"(medians of {options.rounds})")


if __name__ == "__main__":
    main()
