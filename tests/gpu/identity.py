"""What is checked: commit and sources, which LibTorch by which Python, on which GPU."""
import hashlib
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def output_of(*command):
    """(what a command printed, "") or (None, why there is nothing)."""
    try:
        done = subprocess.run(list(map(str, command)), cwd=ROOT, capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, str(error)
    if done.returncode != 0:
        return None, ((done.stderr + done.stdout).strip().splitlines() or [f"ended with {done.returncode}"])[-1]
    return done.stdout.strip(), ""


def sources():
    """A digest of all that is built or run here, since a copy of the tree may be without git, or changed since the commit."""
    digest = hashlib.sha256()
    for top in ["CMakeLists.txt", "CMakePresets.json", "Makefile", "cmake", "experiments", "host", "plugins", "sdk", "tests"]:
        path = ROOT / top
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def interpreter(torch):
    """The Python whose torch TORCH names, or else the one that runs this."""
    if torch == "debian":
        return "/usr/bin/python3"
    found = shutil.which(torch)
    return found if found and not pathlib.Path(torch).is_dir() else sys.executable


def identity(options, gpu):
    """All that what was done may depend on; with another of these it is done anew."""
    commit, _ = output_of("git", "rev-parse", "HEAD")
    torch, _ = output_of(options.python, "-c", "import torch; print(torch.__version__, torch.version.cuda, torch.__path__[0])")
    return {"commit": commit or "unknown", "sources": sources(), "TORCH": options.torch, "torch": torch or "none",
            "gpu": gpu, "device": options.device, "limits": [options.train_limit, options.test_limit]}


def gpu():
    """(name, driver and memory of the first GPU, "") or (None, why there is none)."""
    listed, why = output_of("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
    return (listed.splitlines()[0], "") if listed else (None, why or "it lists no GPU")


def slug(name):
    """`h200` of `NVIDIA H200`, `h100` of `NVIDIA H100 80GB HBM3`: of a file's name."""
    name = re.sub(r"\s*-?\d+\s?GB.*", "", name.replace("NVIDIA", ""), flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unknown"
