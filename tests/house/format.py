#!/usr/bin/env python3
"""Whether all C++ is formatted as .clang-format says, by the clang-format that it is written for: another version
formats otherwise.

    format.py [ROOT]           names the files that are not; exit code 1 if there is one, 77 without that clang-format
    format.py [ROOT] --fix     formats them
"""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys

FOLDERS = ("host", "sdk", "plugins", "tests")
SKIPPED = 77


def wanted_version(root):
    return re.search(r"^# .*clang-format (\d+)", (root / ".clang-format").read_text(), re.M)[1]


def clang_format(version):
    """A clang-format of that major version in PATH; None without one."""
    for name in (f"clang-format-{version}", "clang-format"):
        program = shutil.which(name)
        if program and re.search(rf"version {version}\.", subprocess.run([program, "--version"], capture_output=True,
                                                                         text=True).stdout):
            return program
    return None


def sources(root):
    """All but the template of `labhost new`, which is C++ only once its names are put in."""
    return sorted(str(path) for folder in FOLDERS for path in (root / folder).rglob("*")
                  if path.suffix in (".cpp", ".hpp", ".h") and root / "sdk" / "template" not in path.parents)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", nargs="?", default=".")
    parser.add_argument("--fix", action="store_true")
    options = parser.parse_args()
    root = pathlib.Path(options.root)
    version = wanted_version(root)
    program = clang_format(version)
    if program is None:
        print(f"skipped: .clang-format is written for clang-format {version}, which is not here")
        return SKIPPED
    files = sources(root)
    if not files:
        print(f"no C++ in {root}")
        return 1
    if options.fix:
        return subprocess.run([program, "-i", *files]).returncode
    said = subprocess.run([program, "--dry-run", "-Werror", *files], capture_output=True, text=True)
    deviating = sorted({line.split(":")[0] for line in said.stderr.splitlines() if "-Wclang-format-violations" in line})
    for file in deviating:
        print(f"{file}: not formatted; 'make format' does it")
    if said.returncode and not deviating:
        print(said.stderr)
    return 1 if said.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
