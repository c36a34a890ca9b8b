#!/usr/bin/env python3
"""How many changes of a source its tests find: `make mutate FILE=host/...`.

universalmutator changes the source, one place at a time. Each change is compiled as a file of its own and linked before
the libraries into a second test program, so that neither the source nor the build is touched, and the source's tests
are run. What does not compile, or compiles to the same code, is no change. Which changes are tried is drawn, but always
the same ones for a source. Exit code 1 if fewer than WANTED of them are found; docs/mutation.md keeps what was.
"""
import argparse
import dataclasses
import difflib
import os
import pathlib
import random
import re
import resource
import shlex
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WANTED = 0.85
NO_CODE = (r"^\s*(//|#|namespace\b|\}\s*(//.*)?$|using namespace)", r"^\s*static_assert")
MOST_MEMORY = 16 << 30  # bytes; a change may ask for all there is

# The tests of a source: their program, and a filter of GoogleTest's.
TESTS = {
    "host/analysis/claims.cpp": ("unit_tests", "Claims*.*"),
    "host/analysis/statistics.cpp": ("unit_tests", "Statistics.*"),
    "host/config/axes.cpp": ("unit_tests", "Axes.*:Zip.*:RandomAxes.*:Sweep.*:Seeds.*:ExperimentFile.*"),
    "host/config/strict_table.cpp": ("unit_tests", "StrictTable.*:ExperimentFile.*"),
    "host/engine/checkpoint.cpp": ("torch_tests", "Checkpoint*.*"),
    "host/plugin/gate.cpp": ("unit_tests", "Gate.*:Permissions.*"),
    "host/record/fingerprint.cpp": ("unit_tests", "Fingerprint.*:Identity.*"),
    "host/record/run_folder.cpp": ("unit_tests", "RunFolderTest.*:Log.*:SlurmTask.*"),
    "host/record/run_lock.cpp": ("unit_tests", "RunLock*.*:Claim.*"),
    "host/sweep/outcome.cpp": ("unit_tests", "OutcomeTest.*:MayDieYoung.*:JudgeGpuFault.*"),
}


@dataclasses.dataclass
class Program:
    """How the build makes a test program of a source."""
    build: pathlib.Path
    compile: list  # its words, with {source} and {object}
    link: str  # a shell's line, with {object} and {program}
    name: str

    @property
    def mutant(self):
        return self.build / f"{self.name}.mutant"

    def compiled(self, source, to):
        """Whether `source` compiles; its object is then in `to`."""
        files = {"{object}": str(to), "{source}": str(source)}
        return self.succeeds([files.get(word, word) for word in self.compile])

    def precompile_includes(self, source, folder):
        """Precompiles what `source` includes, and from now on compiles with that: most of the time goes there."""
        lines = source.read_text().splitlines()
        last = max(number for number, line in enumerate(lines) if line.startswith("#include"))
        header = folder / "includes.hpp"
        at = self.compile.index("-include") if "-include" in self.compile else None
        own = [] if at is None else [f'#include "{self.compile[at + 1]}"']  # the build's precompiled header
        header.write_text("\n".join(own + lines[:last + 1]) + "\n")
        without = self.compile if at is None else self.compile[:at] + self.compile[at + 2:]
        files = {"-c": ["-x", "c++-header"], "{object}": [f"{header}.gch"], "{source}": [str(header)]}
        if self.succeeds([word for each in without for word in files.get(each, [each])]):
            self.compile = [*without, "-include", str(header)]

    def succeeds(self, command):
        return subprocess.run(command, cwd=self.build, capture_output=True,
                              env={**os.environ, "CCACHE_DISABLE": "1"}).returncode == 0

    def linked(self, to_object):
        """The test program with this object, beside the build's own, since tests look for files there; None if it does
        not link."""
        program = self.mutant
        line = self.link
        for name, file in (("{object}", to_object), ("{program}", program)):
            line = line.replace(name, shlex.quote(str(file)))
        linked = subprocess.run(line, shell=True, cwd=self.build, capture_output=True)
        return program if linked.returncode == 0 else None


def program_of(build, name, source):
    subprocess.run(["cmake", "--build", str(build), "--target", name], check=True, stdout=subprocess.DEVNULL)
    lines = subprocess.run(["ninja", "-C", str(build), "-t", "commands", name], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    compiles = [shlex.split(line) for line in lines if line.endswith(f" -c {source}")]
    links = [line for line in lines if f" -o {name} " in line]
    if len(compiles) != 1 or len(links) != 1:
        sys.exit(f"mutate: {source} is no part of {name}")
    words = [word for word in compiles[0] if word != "-Werror" and not word.startswith("-O")]  # a quarter faster
    own_object = words[words.index("-o") + 1]
    for option, value in (("-MF", "/dev/null"), ("-o", "{object}"), ("-c", "{source}")):
        words[words.index(option) + 1] = value
    link = links[0].replace(f" -o {name} ", " -o {program} ")
    if f" {own_object} " in link:
        link = link.replace(f" {own_object} ", " {object} ")
    else:  # it is in a library, and what comes first is taken
        link = re.sub(r" (\S+\.o)", r" {object} \1", link, count=1)
    return Program(build, words, link, name)


def run_tests(program, tests, limit):
    """What they print, and their exit code: None when the time was up."""
    def few_resources():
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    with tempfile.TemporaryDirectory() as folder:
        child = subprocess.Popen([program, f"--gtest_filter={tests}", "--gtest_fail_fast", "--gtest_brief=1"],
                                 cwd=folder, env={**os.environ, "TMPDIR": folder}, stdin=subprocess.DEVNULL,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                                 start_new_session=True, preexec_fn=few_resources)
        try:
            said = child.communicate(timeout=limit)[0]
            return said, child.returncode
        except subprocess.TimeoutExpired:
            return "", None
        finally:
            try:
                os.killpg(child.pid, 9)  # it, and what it has started
            except ProcessLookupError:
                pass
            child.wait()


def changes_of(source):
    """The source's lines, and what universalmutator makes of them in an order that is drawn by the source's name: pairs
    of a line's number and its new text."""
    from universalmutator import mutator
    lines = source.read_text().splitlines(keepends=True)
    stdout, sys.stdout = sys.stdout, open(os.devnull, "w")
    try:
        made = mutator.mutants_regexp(lines, ruleFiles=["universal.rules", "c_like.rules", "cpp.rules"],
                                      ignorePatterns=list(NO_CODE))
    finally:
        sys.stdout = stdout
    changes = sorted({(number, text) for number, text, *_ in made})
    random.Random(source.name).shuffle(changes)
    return lines, changes


def diff_of(name, lines, changed):
    return "".join(list(difflib.unified_diff(lines, changed, name, name, n=1))[2:])


def try_changes(program, tests, options):
    """How many changes are found, survive, do not compile, and are the same code."""
    source = ROOT / options.file
    found, survivors, no_code, same = 0, 0, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        mutant, object_file = pathlib.Path(folder) / source.name, pathlib.Path(folder) / "mutant.o"
        program.precompile_includes(source, pathlib.Path(folder))
        mutant.write_text(source.read_text())
        if not program.compiled(mutant, object_file):
            sys.exit(f"mutate: {options.file} does not compile")
        unchanged = object_file.read_bytes()
        began = time.monotonic()
        linked = program.linked(object_file)
        if linked is None:
            sys.exit(f"mutate: {program.name} does not link")
        said, code = run_tests(linked, tests, 600)
        if code != 0 or not re.search(r"\[  PASSED  \] [1-9]", said):
            sys.exit(f"mutate: without any change {program.name} --gtest_filter={tests} does not pass:\n{said}")
        limit = 20 + 10 * (time.monotonic() - began)
        lines, changes = changes_of(source)
        for number, text in changes:
            if found + survivors == options.mutants:
                break
            changed = lines[:number - 1] + [text] + lines[number:]
            mutant.write_text("".join(changed))
            if not program.compiled(mutant, object_file):
                no_code += 1
            elif object_file.read_bytes() == unchanged:
                same += 1
            elif (linked := program.linked(object_file)) is None:  # a definition has gone
                no_code += 1
            elif run_tests(linked, tests, limit)[1] != 0:
                found += 1
                print(f"found: {options.file}:{number}", flush=True)
            else:
                survivors += 1
                print(f"survived: {options.file}:{number}\n{diff_of(options.file, lines, changed)}", flush=True)
    return found, survivors, no_code, same


def main():
    parser = argparse.ArgumentParser(description="how many changes of a source its tests find")
    parser.add_argument("--file", required=True, help="a source of TESTS, from the root of the repository")
    parser.add_argument("--build", default="build", help="a build folder that is configured")
    parser.add_argument("--mutants", type=int, default=40, help="how many changes that compile")
    parser.add_argument("--tests", help="PROGRAM:FILTER in place of the table's")
    options = parser.parse_args()
    if options.tests is None and options.file not in TESTS:
        sys.exit(f"mutate: FILE={options.file} has no tests in the table of tests/mutate/mutate.py; it has\n  " +
                 "\n  ".join(TESTS))
    name, tests = options.tests.split(":", 1) if options.tests else TESTS[options.file]
    program = program_of(pathlib.Path(options.build).resolve(), name, ROOT / options.file)
    try:
        found, survivors, no_code, same = try_changes(program, tests, options)
    finally:
        program.mutant.unlink(missing_ok=True)
    tried = found + survivors
    print(f"{options.file}: {found} of {tried} changes found ({no_code} did not compile, {same} were the same code)")
    if tried == 0 or found < WANTED * tried:
        print(f"fewer than {WANTED:.0%}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
