"""What is checked: commit and sources, which LibTorch by which Python, on which GPU."""
import hashlib
import pathlib
import re
import shlex
import subprocess

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
    for top in ["CMakeLists.txt", "CMakePresets.json", "Makefile", "experiments", "host", "plugins", "sdk", "setup", "tests"]:
        path = ROOT / top
        for file in [path] if path.is_file() else sorted(path.rglob("*")):
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()[:12]


def interpreter(build, torch):
    """The Python of the LibTorch that BUILD is built with for that TORCH, as setup/torch.sh noted it; None before, or if it has none."""
    try:
        lines = (build / "torch.env").read_text().splitlines()
    except OSError:
        return None
    noted = {key: shlex.split(value) for key, _, value in (line.partition("=") for line in lines)}
    if noted.get("LABHOST_TORCH_CHOICE") != [torch]:
        return None
    return next(iter(noted.get("LABHOST_PYTHON", [])), None) or None


def torch_of(python):
    """Version, CUDA and folder of a Python's torch; None where there is no such Python yet."""
    found, _ = output_of(python, "-c", "import torch; print(torch.__version__, torch.version.cuda, torch.__path__[0])") if python else (None, "")
    return found


def identity(options, gpu):
    """All that what was done may depend on; with another of these it is done anew."""
    commit, _ = output_of("git", "rev-parse", "HEAD")
    return {"commit": commit or "unknown", "sources": sources(), "TORCH": options.torch, "torch": torch_of(options.python),
            "gpu": gpu, "device": options.device, "limits": [options.train_limit, options.test_limit]}


def gpu():
    """(name, driver and memory of the first GPU, "") or (None, why there is none)."""
    listed, why = output_of("nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
    return (listed.splitlines()[0], "") if listed else (None, why or "it lists no GPU")


def slug(name):
    """`h200` of `NVIDIA H200`, `h100` of `NVIDIA H100 80GB HBM3`: of a file's name."""
    name = re.sub(r"\s*-?\d+\s?GB.*", "", name.replace("NVIDIA", ""), flags=re.IGNORECASE)
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "unknown"
