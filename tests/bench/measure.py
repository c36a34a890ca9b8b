"""What the benchmarks share: whole processes, timed from outside."""
import os
import pathlib
import platform
import subprocess
import sys
import time


def measure(command, folder=None, environment=None):
    """Wall seconds and peak resident MiB of the process (the largest of those it waited for); it must succeed."""
    start = time.monotonic()
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=folder,
                               env=environment)
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if status != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with status {status}:\n{said.decode()}")
    return seconds, usage.ru_maxrss / 1024


def cpu_model():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(": ", 1)[1]
    return platform.processor()


def machine():
    return f"{cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
