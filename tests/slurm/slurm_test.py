#!/usr/bin/python3
"""labhost on a real Slurm: the same bits as here, whatever happens to tasks and nodes.

    slurm_test.py --labhost PROGRAM

Skipped (77), saying why, where Slurm is not installed or this is not root.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))
import labhost
from cluster import Cluster, missing

if reason := missing():
    print(f"skipped: {reason}")
    sys.exit(77)
LABHOST = labhost.program()

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
SHORT = DATA + """epochs = 3
[[run]]
model = "net3"
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

        self.program = labhost.Labhost(LABHOST, self.folder, dict(self.cluster.environment))

    def write(self, text, name="e"):
        (self.folder / f"{name}.toml").write_text(text)

    def replace(self, program, script):
        """For labhost and the tasks it submits, by a script that finds the real one in $REAL."""
        (self.folder / "bin").mkdir(exist_ok=True)
        wrapper = self.folder / "bin" / program
        real = shutil.which(program, path=self.cluster.environment["PATH"])
        wrapper.write_text(f"#!/bin/sh\nREAL={real}\n{script}\n")
        wrapper.chmod(0o755)
        self.program.environment["PATH"] = f"{self.folder}/bin:{self.cluster.environment['PATH']}"

    def labhost(self, *arguments, code=0):
        return self.program(*arguments, code=code, more=self.logs)

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

    local = {}  # by experiment: several tests have the same

    def expect_local_bits(self):
        experiment = (self.folder / "e.toml").read_text()
        if experiment not in self.local:
            self.labhost("run", "e.toml", "--plugins", "plugins", "--runs", "local", "--quiet")
            self.local[experiment] = self.numbers("local")
        self.assertTrue(self.numbers() == self.local[experiment], "other numbers than a local run's")

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
        return [int(pid) for pid in found.split() if "srun" not in self.name_of(pid)]

    @staticmethod
    def name_of(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")[0]
        except OSError:  # it has ended
            return "srun"

    def provenance(self):
        return json.loads((self.run_folder() / "run.json").read_text())["provenance"]

    def begun(self):
        return self.provenance()["started"]

    def queue(self):
        return self.cluster.run("squeue", "--noheader", "--format=%F_%K %T %j").splitlines()

    def submissions(self):
        """Folders, and how many runs each has."""
        return [(path.parent, len(json.loads(path.read_text())["runs"])) for path in sorted(self.folder.glob("runs/.submit/*/plan.json"))]

    def epochs_in(self, text):
        return [int(epoch) for epoch in re.findall(r"net3-s1  epoch (\d+)/", text)]

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
        self.assertEqual(self.provenance()["slurm"], {"job": f"{job}_0", "restarts": 0})
        self.cluster.run("scancel", "--signal=USR1", job)
        self.cluster.wait_for(lambda: "back in the queue" in self.logs(), "the requeue")
        self.assertGreaterEqual(done, 2)
        self.cluster.wait_for(lambda: "goes on from epoch" in self.logs(), "the second start")
        # Another process that is to train the same run waits, and says once for whom.
        said = self.program.run("run", "e.toml", "--plugins", "plugins").stderr
        self.assertEqual(len(re.findall(rf"labhost: net3-s1 waits: it is claimed by job {job}_0, restart 1, on node n[01]\n", said)), 1, said)
        self.assertEqual(said.count("waits"), 1, said)
        self.assertIn("net3-s1  was finished by another process", said)
        self.wait_until_over(300)
        self.assertEqual(self.begun(), begun)  # it went on
        self.assertEqual(self.provenance()["slurm"], {"job": f"{job}_0", "restarts": 1})
        self.assertFalse((self.run_folder() / "claim.json").exists())
        self.assertEqual(self.epochs_in(self.logs()), list(range(1, 31)))  # none twice
        self.expect_local_bits()

    def test_a_signal_right_at_the_start(self):
        self.write(SHORT)
        [job, *_] = self.submit().split()
        self.cluster.wait_for(lambda: any(f"{job}_0 RUNNING" in line for line in self.queue()), "the start")
        self.cluster.run("scancel", "--signal=USR1", job, check=False)
        self.wait_until_over()
        self.assertEqual(self.status()["net3-s1"]["status"], "finished", f"{self.status()}{self.logs()}")
        self.expect_local_bits()

    def test_a_finished_run_stays_as_it_is_when_its_task_comes_back(self):
        self.write(SHORT)
        [job, *_] = self.submit().split()
        self.wait_until_over()
        self.cluster.wait_for(lambda: not self.queue(), "the end of the task")
        files = {path: path.stat().st_mtime_ns for path in self.run_folder().iterdir()}
        self.cluster.run("scontrol", "requeue", f"{job}_0")
        self.cluster.wait_for(lambda: "net3-s1  finished before" in self.logs(), "the second start")
        self.cluster.wait_for(lambda: not self.queue(), "the end of the task")
        self.assertEqual({path: path.stat().st_mtime_ns for path in self.run_folder().iterdir()}, files)
        self.assertEqual(self.status()["net3-s1"]["status"], "finished")

    def test_what_failed_in_a_pack_is_over_while_the_others_go_on(self):
        self.write(LONG + "[[run]]\nmodel = \"net1\"\ntrainer = { epochs = 1000, timeout = \"0.3s\" }\n")
        [job, *_] = self.submit("--pack", "2").split()
        self.wait_for_epoch(1)
        self.cluster.wait_for(lambda: self.status()["net1-s1"]["status"] == "failed", "the failure", 60, self.logs)
        self.assertEqual(self.status()["net3-s1"]["status"], "running")
        self.assertIn("trainer.timeout", self.status()["net1-s1"]["reason"])
        # The next submit tries it again, and it alone.
        [again, *_] = self.submit("--sbatch", "hold").split()
        self.assertEqual([runs for _, runs in self.submissions()], [2, 1])
        self.assertEqual(self.status()["net1-s1"]["status"], "pending")
        self.assertEqual(self.submit(), "")
        # The task that comes back does not.
        self.cluster.run("scancel", "--signal=USR1", job)
        self.cluster.wait_for(lambda: "net1-s1 failed before this task was put back" in self.logs(), "the second start", 60, self.logs)
        self.cluster.run("scancel", again)
        self.wait_until_over()
        [log] = self.folder.glob(f"runs/.submit/*/log/{job}_0.txt")
        self.assertEqual(log.read_text().count("net1-s1  failed:"), 1)
        self.assertIn("labhost: net1-s1 failed (", self.program.run("collect", "e.toml").stderr)

    def test_a_task_that_is_killed_in_vain_ends(self):
        self.write(DATA.replace("train_limit = 640\n", "") + "epochs = 1\n[[run]]\nmodel = \"net3\"\n")
        self.submit()
        for start in range(2):
            self.cluster.wait_for(lambda: [json.loads(note.read_text())["killed_in_vain"] for note in self.folder.glob("runs/.submit/*/tasks/*.json")] == [start],
                                  f"start {start}", 60, self.logs)
            for pid in self.pids():
                os.kill(pid, signal.SIGKILL)
            self.cluster.wait_for(lambda: not self.pids(), "its death")
        self.wait_until_over(60)
        self.assertIn("its task was killed twice", self.status()["net3-s1"]["reason"], f"{self.status()}{self.logs()}")
        record = json.loads((self.run_folder() / "run.json").read_text())
        self.assertEqual(record["trainer"]["epochs"], 1)

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
        epochs = self.epochs_in(self.logs())
        self.assertEqual(epochs, sorted(set(epochs)))  # none twice; what was not said before the kill may lack
        self.assertGreaterEqual(len(epochs), 28)
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
        # Also if it is being put back into the queue at that instant.
        [job, *_] = self.submit().split()
        self.wait_for_epoch(2)
        self.cluster.run("scancel", "--signal=USR1", job)
        (self.folder / "e.toml").unlink()  # cancel knows what was submitted
        self.labhost("cancel", "e.toml")
        self.assertEqual(self.queue(), [])
        time.sleep(3)
        self.assertEqual(self.queue(), [])

    def test_cancelling_what_comes_back_behind_its_back(self):
        # As if the task had asked for its requeue before the mark was there, and Slurm did it after scancel.
        self.write(SHORT)
        [job, *_] = self.submit("--sbatch", "hold").split()
        self.replace("scancel", 'if [ -e once ]; then exec $REAL "$@"; fi; touch once')
        self.labhost("cancel", "e.toml")
        self.assertTrue((self.folder / "once").exists())
        self.assertEqual(self.queue(), [])

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

    # ---- submitting

    def test_a_submit_that_was_killed_is_found_again(self):
        self.write(SHORT)
        self.replace("sbatch", '$REAL "$@"; kill -9 $PPID')
        self.assertEqual(self.program.run("submit", "e.toml", "--slurm", "--plugins", "plugins", "--sbatch", "hold").returncode, -signal.SIGKILL)
        self.program.environment = dict(self.cluster.environment)
        [(folder, _)] = self.submissions()
        self.assertFalse((folder / "jobs.json").exists())
        self.assertEqual(self.status()["net3-s1"]["status"], "pending")
        self.assertEqual(self.submit(), "")
        [job] = json.loads((folder / "jobs.json").read_text())["jobs"]
        self.assertTrue(self.queue()[0].startswith(job["job"]))
        (folder / "jobs.json").unlink()
        self.assertIn("1 jobs of e cancelled", self.labhost("cancel", "e.toml"))
        self.assertEqual(self.queue(), [])

    def test_two_submits_at_once(self):
        self.write(Q4)
        self.replace("sbatch", 'sleep 2; exec $REAL "$@"')
        both = [self.program.start("submit", "e.toml", "--slurm", "--plugins", "plugins", "--sbatch", "hold") for _ in range(2)]
        said = [one.communicate() for one in both]
        self.assertEqual([one.returncode for one in both], [0, 0])
        self.assertEqual(sorted(out == "" for out, _ in said), [False, True])
        self.assertEqual(sum("another labhost submits or cancels" in err for _, err in said), 1)
        self.assertEqual([runs for _, runs in self.submissions()], [9])
        self.labhost("cancel", "e.toml")

    def test_what_cannot_be_copied_leaves_nothing(self):
        self.write(SHORT)
        failed = subprocess.run(["sh", "-c", f"ulimit -f 64; exec '{LABHOST}' submit e.toml --slurm --plugins plugins"], cwd=self.folder,
                                env=self.program.environment, capture_output=True, text=True, check=False)
        self.assertEqual(failed.returncode, 1, failed.stderr)
        self.assertEqual([path.name for path in (self.folder / "runs/.submit").iterdir()], [".lock"])
        self.assertEqual(self.queue(), [])

    def test_waiting_bears_with_a_slurm_that_is_silent(self):
        self.write(SHORT)
        self.replace("squeue", '[ -e "$0.silent" ] && { echo "slurm_load_jobs error: Unable to contact slurm controller" >&2; exit 1; }; exec $REAL "$@"')
        silent = self.folder / "bin/squeue.silent"
        waiting = self.program.start("submit", "e.toml", "--slurm", "--plugins", "plugins", "--wait")
        self.wait_for_epoch(1)
        silent.touch()
        time.sleep(5)
        silent.unlink()
        out, err = waiting.communicate(timeout=60)
        self.assertEqual(waiting.returncode, 0, err)
        self.assertIn("net3-s1", out)
        self.assertEqual(err.count("Unable to contact slurm controller; it is asked again, for 5 minutes"), 1, err)

    def test_the_users_variables_change_nothing(self):
        self.write(SHORT)
        self.program.environment |= {"SQUEUE_STATES": "COMPLETED", "SQUEUE_PARTITION": "high", "SLURM_CLUSTERS": "other", "SCANCEL_STATE": "SUSPENDED",
                             "SBATCH_WAIT": "1", "SBATCH_ARRAY_INX": "7-9", "SQUEUE_FORMAT": "%i"}
        self.submit("--sbatch", "hold")
        self.assertEqual((self.status()["net3-s1"]["status"], self.status()["net3-s1"]["reason"]), ("pending", "JobHeldUser"))
        self.assertEqual(self.submit(), "")
        self.labhost("cancel", "e.toml")
        self.assertEqual(self.queue(), [])

    def test_names_with_spaces(self):
        self.folder = self.program.folder = self.folder / "a folder, 100% of it"
        shutil.copytree(self.folder.parent / "plugins", self.folder / "plugins")
        (self.folder / "my e.toml").write_text(SHORT + "[experiment]\nname = \"e\"\n")
        arguments = ("--runs", "my runs", "--set", "experiment.name=\"other\"")
        self.labhost("submit", "my e.toml", "--slurm", "--plugins", "plugins", "--wait", *arguments)
        [run] = json.loads(self.labhost("status", "my e.toml", *arguments, "--json"))["runs"]
        self.assertEqual(run["status"], "finished")
        self.assertIn("net3-s1  epoch 3/3", pathlib.Path(run["log"]).read_text())
        self.labhost("collect", "my e.toml", *arguments)
        self.labhost("collect", "my e.toml", "--runs", "my runs", code=2)  # of e, nothing was submitted

    # ---- what is refused

    def test_mistakes_are_refused_or_warned_of(self):
        self.write(Q4 + "[launch.slurm]\npartitoin = \"low\"\n")
        self.assertIn("did you mean 'partition'?", self.program.run("submit", "e.toml", "--slurm").stderr)
        self.write(Q4 + "[launch.slurm]\nsbatch = { array = \"0-3\" }\n")
        self.assertIn("--array is set by labhost itself", self.program.run("submit", "e.toml", "--slurm").stderr)
        self.write(Q4)
        self.assertEqual(self.program.run("submit", "e.toml").returncode, 2)
        self.assertEqual(self.program.run("status", "e.toml").returncode, 2)
        self.assertEqual(self.program.run("submit", "e.toml", "--slurm", "--pack", "0").returncode, 2)
        self.assertIn("a task has hardly begun when it is told", self.program.run("submit", "e.toml", "--slurm", "--plugins", "plugins", "--time", "2", "--dry-run").stderr)
        wants_gpus = self.program.run("submit", "e.toml", "--slurm", "--plugins", "plugins", "--gpus-per-task", "1", "--device", "auto", "--dry-run")
        has_cuda = "+cpu" not in self.program.run("--version").stdout
        self.assertEqual("is built for CPUs alone" in wants_gpus.stderr, not has_cuda, wants_gpus.stderr)
        refused = self.program.run("submit", "e.toml", "--slurm", "--plugins", "plugins", "--partition", "no-such")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("sbatch: error:", refused.stderr)
        self.assertIn("invalid partition", refused.stderr)
        self.assertEqual([path.name for path in (self.folder / "runs/.submit").iterdir()], [".lock"])
        self.assertEqual(self.program.run("run-one", "no-such-plan.json", "0x").returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
