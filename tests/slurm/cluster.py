"""A Slurm cluster of two nodes with one core each, on this machine's loopback, in a folder of its own."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "scancel")


def missing():
    """Why there can be no cluster here; None if there can."""
    if os.geteuid() != 0:
        return "slurmd needs root"
    lacking = [name for name in PROGRAMS if not shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")]
    return f"not installed: {', '.join(lacking)}" if lacking else None


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Cluster:
    MAX_ARRAY_SIZE = 11

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.chmod(0o755)
        for name in ("state", "spool", "log"):
            (self.folder / name).mkdir()
        host = socket.gethostname().split(".")[0]
        ctld, *nodes = free_ports(3)
        lines = [
            "ClusterName=labhost", f"SlurmctldHost={host}(127.0.0.1)", f"SlurmctldPort={ctld}", "SlurmUser=root", "SlurmdUser=root",
            "AuthType=auth/munge", f"AuthInfo=socket={self.folder}/munge.socket,cred_expire=10", f"StateSaveLocation={self.folder}/state",
            f"SlurmdSpoolDir={self.folder}/spool/%n", f"SlurmctldPidFile={self.folder}/slurmctld.pid", f"SlurmdPidFile={self.folder}/slurmd.%n.pid",
            f"SlurmctldLogFile={self.folder}/log/slurmctld.log", f"SlurmdLogFile={self.folder}/log/slurmd.%n.log",
            "ProctrackType=proctrack/linuxproc", "TaskPlugin=task/none", "SelectType=select/cons_tres", "SelectTypeParameters=CR_Core",
            "ReturnToService=2", f"MaxArraySize={self.MAX_ARRAY_SIZE}", "MpiDefault=none", "SchedulerParameters=batch_sched_delay=1,sched_interval=2",
            "PreemptType=preempt/partition_prio", "PreemptMode=REQUEUE", "KillWait=20", "SlurmdTimeout=60",
            *(f"NodeName=n{i} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=1" for i, port in enumerate(nodes)),
            "PartitionName=low Nodes=n[0-1] Default=YES PriorityTier=1", "PartitionName=high Nodes=n[0-1] PriorityTier=10",
        ]
        self.config = self.folder / "slurm.conf"
        self.config.write_text("\n".join(lines) + "\n")
        self.environment = os.environ | {"SLURM_CONF": str(self.config), "PATH": os.environ["PATH"] + ":/usr/sbin"}
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        self.run("munged", "--force", f"--key-file={key}", f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munged.pid",
                 f"--log-file={self.folder}/log/munged.log", f"--seed-file={self.folder}/munge.seed")
        self.run("slurmctld")
        for name in ("n0", "n1"):
            self.start_node(name)
        self.wait_for(lambda: self.run("sinfo", "--noheader", "--partition=low", "--format=%T %D").split() == ["idle", "2"], "idle nodes")

    def run(self, *command, check=True):
        done = subprocess.run([str(word) for word in command], env=self.environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def start_node(self, name):
        self.run("slurmd", "-N", name)

    def kill_node(self, name):
        self.kill(self.folder / f"slurmd.{name}.pid", signal.SIGKILL)

    @staticmethod
    def kill(pid_file, number):
        try:
            os.kill(int(pid_file.read_text()), number)
        except (OSError, ValueError):
            pass

    def wait_for(self, condition, what, seconds=120, more=str):
        until = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < until, f"waited for {what}; {self.run('squeue', check=False)}{more()}"
            time.sleep(0.2)

    def stop(self):
        self.run("scancel", "--user=root", check=False)
        for pid_file in (*self.folder.glob("slurmd.*.pid"), self.folder / "slurmctld.pid", self.folder / "munged.pid"):
            self.kill(pid_file, signal.SIGTERM)
        time.sleep(1)
