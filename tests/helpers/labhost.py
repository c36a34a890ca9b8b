"""labhost, run by the tests in Python."""

import pathlib
import subprocess
import sys


def program(arguments=sys.argv):
    """Takes `--labhost PROGRAM` off the command line, which then is unittest's."""
    at = arguments.index("--labhost")
    path = pathlib.Path(arguments[at + 1]).resolve()
    del arguments[at:at + 2]
    return path


class Labhost:
    """The program, in a folder and an environment (None: this process's)."""

    def __init__(self, path, folder=None, environment=None):
        self.path = path
        self.folder = folder
        self.environment = environment

    def start(self, *arguments):
        """A Popen, with both outputs piped."""
        return subprocess.Popen(self.command(arguments), **self.options(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments):
        """To its end, whatever the end: a CompletedProcess with both outputs."""
        return subprocess.run(self.command(arguments), **self.options(), capture_output=True, check=False)

    def __call__(self, *arguments, code=0, more=str):
        """Its standard output; fails unless it ends with `code`, saying what it was asked, what it said, and more()."""
        done = self.run(*arguments)
        assert done.returncode == code, (
            f"labhost {' '.join(map(str, arguments))} ended with {done.returncode}, not {code}: {done.stdout}{done.stderr}{more()}")
        return done.stdout

    def command(self, arguments):
        return [str(word) for word in (self.path, *arguments)]

    def options(self):
        return {"cwd": self.folder, "env": self.environment, "text": True}
