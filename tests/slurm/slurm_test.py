#!/usr/bin/python3
"""labhost on a real Slurm: the same bits as here, whatever happens to tasks and nodes.

    slurm_test.py --labhost PROGRAM

Skipped (77), saying why, where Slurm is not installed or this is not root.
"""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

from cluster import Cluster, missing

if reason := missing():
    print(f"skipped: {reason}")
    sys.exit(77)
LABHOST = pathlib.Path(sys.argv.pop(sys.argv.index("--labhost") + 1)).resolve()
sys.argv.remove("--labhost")

SECONDS = 180
DATA = """
[data]
dataset = "mnist"
normalize = { mean = 0.1307, std = 0.3081 }
train_limit = 640
test_limit = 200
[trainer]
test_batch_size = 100
device = "cpu"
"""
Q4 = DATA + """epochs = 2
[[run]]
model = "net"
[[run]]
model = "net1"
[[run]]
model = "net2"
grid = { "params.p" = [0.25, 0.5, 0.75, 1.0] }
[[run]]
model = "net3"
[[run]]
model = "net4"
[[run]]
model = "net5"
"""
LONG = DATA + """epochs = 30
[[run]]
model = "net3"
"""


class Slurm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        root = pathlib.Path(cls.temporary.name)
        root.chmod(0o755)
        (root / "cluster").mkdir()
        cls.cluster = Cluster(root / "cluster")
        cls.root = root

    @classmethod
    def tearDownClass(cls):
        cls.cluster.stop()
        cls.temporary.cleanup()

    def setUp(self):
        self.folder = self.root / self.id().split(".")[-1]
        self.folder.mkdir()
        # Plugins of the test's own: some are replaced.
        shutil.copytree(LABHOST.parent / "plugins", self.folder / "plugins")

    def write(self, text, name="e"):
        (self.folder / f"{name}.toml").write_text(text)

    def start(self, *arguments):
        return subprocess.run([LABHOST, *arguments], cwd=self.folder, env=self.cluster.environment, capture_output=True, text=True, check=False)

    def labhost(self, *arguments, code=0):
        done = self.start(*arguments)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout}{done.stderr}{self.logs()}")
        return done.stdout

    def submit(self, *arguments, code=0):
        return self.labhost("submit", "e.toml", "--slurm", "--plugins", "plugins", *arguments, code=code)

    def logs(self):
        return "".join(f"\n{path}:\n{path.read_text()}" for path in sorted(self.folder.glob("runs/.submit/*/log/*")))

    def status(self):
        return {run["id"]: run for run in json.loads(self.labhost("status", "e.toml", "--json"))["runs"]}

    def wait_until_over(self, seconds=SECONDS):
        self.cluster.wait_for(lambda: all(run["status"] in ("finished", "failed") for run in self.status().values()), "the runs' ends", seconds,
                              lambda: f"{self.status()}{self.logs()}")

    def numbers(self, runs="runs"):
        """Of each run: weights, predictions, and metrics without the seconds they took."""
        found = {}
        for path in (self.folder / runs / "e").glob("*/model.pt"):
            lines = [json.loads(line) for line in (path.parent / "metrics.jsonl").read_text().splitlines()]
            found[path.parent.name] = (path.read_bytes(), (path.parent / "predictions.json").read_bytes(),
                                       [{key: value for key, value in line.items() if key != "seconds"} for line in lines])
        return found

    def expect_local_bits(self):
        self.labhost("run", "e.toml", "--plugins", "plugins", "--runs", "local", "--quiet")
        self.assertEqual(self.numbers(), self.numbers("local"))

    def run_folder(self):
        [folder] = (self.folder / "runs/e").glob("net3-*")
        return folder

    def wait_for_epoch(self, least):
        def reached():
            files = list((self.folder / "runs/e").glob("net3-*/metrics.jsonl"))
            return files and len(files[0].read_text().splitlines()) >= least
        self.cluster.wait_for(reached, f"epoch {least}")
        return len((self.run_folder() / "metrics.jsonl").read_text().splitlines())

    def pids(self):
        """Of run-one, and of its workers."""
        found = subprocess.run(["pgrep", "-f", f"{self.folder}/runs/.submit/.*run-one"], capture_output=True, text=True, check=False).stdout
        return [int(pid) for pid in found.split() if "srun" not in pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]]

    def begun(self):
        return json.loads((self.run_folder() / "run.json").read_text())["provenance"]["started"]

    # ---- what comes out

    def test_the_bits_are_those_of_a_local_run(self):
        self.write(Q4)
        jobs = json.loads(self.submit("--pack", "2", "--json"))["jobs"]
        self.assertEqual([job["tasks"] for job in jobs], [5])
        self.wait_until_over()
        self.expect_local_bits()
        collected = json.loads(self.labhost("collect", "e.toml", "--json"))
        self.assertEqual([run["status"] for run in collected["runs"]], 9 * ["finished"])
        self.assertIn("net2-p0.25-s1", self.labhost("collect", "e.toml"))

    def test_waiting_shows_the_results(self):
        self.write(Q4)
        out = self.submit("--wait")
        self.assertIn("test %", out)
        self.assertIn("net5-s1", out)

    def test_what_was_finished_here_is_collected_too(self):
        self.write(Q4)
        self.labhost("run", "e.toml", "--plugins", "plugins", "--only", "net2-*", "--quiet")
        self.assertIn("5 tasks", self.submit())
        self.wait_until_over()
        runs = json.loads(self.labhost("collect", "e.toml", "--json"))["runs"]
        self.assertEqual(sorted(run["id"] for run in runs), sorted(self.status()))
        self.assertEqual(len(runs), 9)
        self.assertIn("net5-s1", self.submit("--wait"))  # nothing is left to do

    def test_more_runs_than_an_array_holds(self):
        self.write(DATA + "epochs = 1\n[experiment]\nseeds = { count = 24 }\n[[run]]\nmodel = \"net\"\n")
        lines = [line.split()[1] for line in self.submit("--set", "data.train_limit=64").splitlines()]
        self.assertEqual(lines, ["11", "11", "2"])
        self.wait_until_over()
        self.assertEqual(len(self.numbers()), 24)

    def test_nothing_is_submitted_twice(self):
        self.write(Q4)
        self.submit("--sbatch", "hold")
        self.assertEqual(self.submit(), "")
        self.assertEqual({run["status"] for run in self.status().values()}, {"pending"})
        self.labhost("cancel", "e.toml")
        self.cluster.wait_for(lambda: all(run["status"] != "pending" for run in self.status().values()), "the cancellation")
        self.assertEqual(len(self.submit("--seeds", "1", "--only", "net1-*").splitlines()), 1)
        self.cluster.wait_for(lambda: self.status()["net1-s1"]["status"] == "finished", "net1")
        self.assertEqual(self.submit("--only", "net1-*"), "")

    # ---- what may happen meanwhile

    def test_a_signal_makes_a_checkpoint_and_requeues(self):
        self.write(LONG)
        [job, *_] = self.submit().split()
        done = self.wait_for_epoch(2)
        begun = self.begun()
        self.cluster.run("scancel", "--signal=USR1", job)
        self.cluster.wait_for(lambda: "back in the queue" in self.logs(), "the requeue")
        self.assertGreaterEqual(done, 2)
        self.wait_until_over(300)
        self.assertEqual(self.begun(), begun)  # it went on
        self.expect_local_bits()

    def test_preemption(self):
        self.write(LONG)
        self.submit()
        self.wait_for_epoch(2)
        begun = self.begun()
        (self.folder / "high.sh").write_text("#!/bin/sh\nsleep 3\n")
        self.cluster.run("sbatch", "--partition=high", "--nodes=2", f"--output={self.folder}/high.txt", self.folder / "high.sh")
        self.cluster.wait_for(lambda: self.status()["net3-s1"]["status"] == "pending", "the preemption")
        self.assertIn("was interrupted and has made its checkpoints", self.logs())
        self.wait_until_over(300)
        self.assertEqual(self.begun(), begun)
        self.expect_local_bits()

    def test_a_killed_task_is_taken_up_again(self):
        self.write(LONG)
        self.submit()
        self.wait_for_epoch(2)
        begun = self.begun()
        for pid in self.pids():
            os.kill(pid, signal.SIGKILL)
        self.wait_until_over(300)
        self.assertEqual(self.begun(), begun)
        self.expect_local_bits()

    def test_a_node_that_goes_and_comes_back(self):
        self.write(LONG)
        [job, *_] = self.submit().split()
        self.wait_for_epoch(2)
        begun = self.begun()
        node = self.cluster.run("squeue", "--noheader", "--format=%N", f"--jobs={job}").strip()
        self.cluster.kill_node(node)
        time.sleep(2)
        self.cluster.start_node(node)
        self.wait_until_over(300)
        self.assertEqual(self.begun(), begun)
        self.expect_local_bits()

    def test_requeues_have_an_end(self):
        self.write(LONG)
        [job, *_] = self.submit("--max-requeues", "0").split()
        self.wait_for_epoch(1)
        self.cluster.run("scancel", "--signal=USR1", job)
        self.cluster.wait_for(lambda: self.status()["net3-s1"]["status"] == "resumable", "its end")
        self.assertIn("which is max_requeues", self.logs())
        self.labhost("collect", "e.toml", code=1)
        self.assertNotEqual(self.submit(), "")
        self.wait_until_over(300)
        self.expect_local_bits()

    def test_cancelled_means_cancelled(self):
        self.write(LONG)
        self.submit()
        self.wait_for_epoch(1)
        self.assertIn("1 jobs of e cancelled", self.labhost("cancel", "e.toml"))
        self.cluster.wait_for(lambda: self.status()["net3-s1"]["status"] == "resumable", "its end")
        time.sleep(3)
        self.assertEqual(self.status()["net3-s1"]["status"], "resumable")

    def test_a_plugin_built_anew_changes_nothing_that_is_pending(self):
        self.write(DATA + "epochs = 1\n[[run]]\nmodel = \"net\"\n")
        [job, *_] = self.submit("--sbatch", "hold").split()
        self.labhost("run", "e.toml", "--plugins", "plugins", "--runs", "local", "--quiet")
        with open(self.folder / "plugins/net.so", "ab") as plugin:
            plugin.write(b"another build")
        (self.folder / "e.toml").write_text("this is no experiment any more")
        self.cluster.run("scontrol", "release", job)
        self.write(DATA + "epochs = 3\n[[run]]\nmodel = \"net\"\n")
        self.wait_until_over()
        self.assertEqual(self.numbers(), self.numbers("local"))

    def test_a_gpu_that_is_not_there_fails_its_run_only(self):
        self.write(DATA + "epochs = 1\n[[run]]\nmodel = \"net\"\n[[run]]\nmodel = \"net1\"\ntrainer = { device = \"cuda\" }\n")
        self.submit("--pack", "2")
        self.wait_until_over()
        runs = self.status()
        self.assertEqual(runs["net-s1"]["status"], "finished")
        self.assertEqual(runs["net1-s1"]["status"], "failed")
        self.assertRegex(runs["net1-s1"]["reason"], r"^on node n[01]: device 'cuda' was asked for, but LibTorch .* sees no GPU here")
        self.assertIn("net1-s1 failed: on node", self.labhost("collect", "e.toml", code=1))
        self.assertNotEqual(self.submit(), "")  # and just that one again
        self.assertEqual(len(json.loads(sorted(self.folder.glob("runs/.submit/*/plan.json"))[-1].read_text())["runs"]), 1)

    # ---- what is refused

    def test_mistakes_are_refused_with_their_place(self):
        self.write(Q4 + "[launch.slurm]\npartitoin = \"low\"\n")
        self.assertIn("did you mean 'partition'?", self.start("submit", "e.toml", "--slurm").stderr)
        self.write(Q4 + "[launch.slurm]\nsbatch = { array = \"0-3\" }\n")
        self.assertIn("--array is set by labhost itself", self.start("submit", "e.toml", "--slurm").stderr)
        self.write(Q4)
        self.assertEqual(self.start("submit", "e.toml").returncode, 2)
        self.assertEqual(self.start("status", "e.toml").returncode, 2)
        self.assertEqual(self.start("submit", "e.toml", "--slurm", "--pack", "0").returncode, 2)
        refused = self.start("submit", "e.toml", "--slurm", "--plugins", "plugins", "--partition", "no-such")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("sbatch: error:", refused.stderr)
        self.assertIn("invalid partition", refused.stderr)
        self.assertEqual([path.name for path in (self.folder / "runs/.submit").iterdir()], [".lock"])
        self.assertEqual(self.start("run-one", "no-such-plan.json", "0x").returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
