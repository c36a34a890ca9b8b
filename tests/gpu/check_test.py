#!/usr/bin/env python3
"""The check's resumption and verdicts. make, ctest, nvidia-smi, labhost and the peers' Python are scripts that note their calls."""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import textwrap
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import record
import verdicts
from identity import slug


class Verdicts(unittest.TestCase):
    def test_half_a_point_is_noise_and_more_is_not(self):
        self.assertTrue(verdicts.compare({"net-s1": 98.0}, {"net-s1": 97.5})[1])
        lines, within = verdicts.compare({"net-s1": 98.0}, {"net-s1": 98.6})
        self.assertFalse(within)
        self.assertRegex(lines[1], r"net-s1 +98\.00 +98\.60 +\+0\.60 +0\.5  NOT within noise")

    def test_net1_may_differ_by_a_point_and_chance_by_anything(self):
        self.assertTrue(verdicts.compare({"net1-s1": 88.0, "net2-p1-s1": 6.0}, {"net1-s1": 89.0, "net2-p1-s1": 18.0})[1])
        self.assertFalse(verdicts.compare({"net1-s1": 88.0}, {"net1-s1": 89.1})[1])

    def test_a_run_without_a_result_is_not_within_noise(self):
        lines, within = verdicts.compare({"net-s1": 98.0}, {})
        self.assertFalse(within)
        self.assertIn("no result on the GPU", lines[1])
        self.assertFalse(verdicts.compare({}, {})[1])

    def test_ratios_pair_the_rounds_and_the_best_peer_is_marked(self):
        lines = verdicts.times({"labhost, pytorch, packed": {"seconds": {"1": 2.0, "2": 4.0}, "reason": None},
                                "eager": {"seconds": {"1": 6.0, "2": 20.0}, "reason": None},
                                "graph": {"seconds": {"2": 8.0}, "reason": None},
                                "compile": {"seconds": {}, "reason": "no compiler"}})
        self.assertIn("labhost, pytorch, packed is 4.00 times as fast as eager (3.00 to 5.00)", lines)
        self.assertIn("labhost, pytorch, packed is 2.00 times as fast as graph (2.00 to 2.00) <- the best peer", lines)
        self.assertTrue(any("not run: no compiler" in line for line in lines))

    def test_names_of_files(self):
        self.assertEqual([slug(name) for name in ("NVIDIA H200", "NVIDIA H100 80GB HBM3", "NVIDIA A100-SXM4-80GB", "")],
                         ["h200", "h100", "a100-sxm4", "unknown"])


class Records(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def open(self, identity, again=()):
        return record.open_records(self.folder, ["build", "train"], identity, again)

    def test_what_was_kept_is_there_for_the_next_call(self):
        self.open({"commit": "a"})["train"].keep("cpu", 1)
        self.open({"commit": "a"})["build"].finish()
        later = self.open({"commit": "a"})
        self.assertEqual((later["train"].kept, later["train"].done, later["build"].done), ({"cpu": 1}, False, True))

    def test_another_commit_starts_anew_and_takes_the_runs_away(self):
        self.open({"commit": "a"})["build"].finish()
        (self.folder / "runs").mkdir()
        self.assertFalse(self.open({"commit": "b"})["build"].done)
        self.assertFalse((self.folder / "runs").exists())

    def test_a_gpu_that_appears_goes_on_and_another_one_starts_anew(self):
        self.open({"commit": "a", "gpu": None})["build"].finish()
        self.assertTrue(self.open({"commit": "a", "gpu": "H100"})["build"].done)
        self.assertTrue(self.open({"commit": "a", "gpu": None})["build"].done)
        self.assertFalse(self.open({"commit": "a", "gpu": "H200"})["build"].done)

    def test_again_forgets_that_part_only(self):
        for part in self.open({"commit": "a"}).values():
            part.finish()
        later = self.open({"commit": "a"}, ["train"])
        self.assertEqual((later["build"].done, later["train"].done), (True, False))

    def test_a_damaged_record_is_as_none(self):
        self.open({"commit": "a"})["build"].finish()
        (self.folder / "build.json").write_text("{")
        self.assertFalse(self.open({"commit": "a"})["build"].done)


LABHOST = """
import json, os, pathlib, sys
if sys.argv[1] == "--version": sys.exit(print("labhost 9.9"))
if sys.argv[1] == "doctor": sys.exit(print("ok  all is well"))
cuda = sys.argv[sys.argv.index("--device") + 1] != "cpu"
if "--json" in sys.argv:
    print(json.dumps({"runs": [{"id": "net-s1", "final": {"test.accuracy": 98.1 if not cuda else float(os.environ.get("ON_GPU", 98.0))}}]}))
else:
    runs = pathlib.Path(sys.argv[sys.argv.index("--runs") + 1]) / "q4" / "net-s1"
    runs.mkdir(parents=True)
    (runs / "metrics.jsonl").write_text('{"seconds": 0.5}')
"""
CTEST = """
import sys
print("1/1 Test #7: SharedProcess.OnAGpuGivesTheBitsOfARunAlone ...   Passed    1.00 sec")
"""
PEER = """
import sys
if sys.argv[1] == "-c": sys.exit(print("2.11.0+cu130 13.0 /torch"))
if sys.argv[2] == "jax": sys.exit("No module named 'jax'")
print(f"{sys.argv[2]}: 2.000 s")
"""


class WholeCheck(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        for name in ("bin", "build", "data/mnist"):
            (self.folder / name).mkdir(parents=True)
        for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
            (self.folder / "data" / "mnist" / f"{name}-ubyte").touch()
        self.script("bin/make", "torch = sys.argv[-1].removeprefix('TORCH=')\n"
                    "(folder / 'build/torch.env').write_text(f\"LABHOST_PYTHON='{folder}/bin/peer'\\nLABHOST_TORCH_CHOICE='{torch}'\\n\")\n")
        self.script("bin/ctest", CTEST)
        self.script("bin/nvidia-smi", "print('NVIDIA H200, 580.1, 143771 MiB')")
        self.script("build/labhost", LABHOST)
        self.script("bin/peer", PEER)

    def script(self, name, text):
        """One that notes its name in `calls` and fails while a file `fail-<name>` lies there."""
        path = self.folder / name
        begin = f"""
            #!{sys.executable}
            import pathlib, sys
            folder = pathlib.Path({str(self.folder)!r})
            with (folder / "calls").open("a") as calls: calls.write({path.name!r} + " " + " ".join(sys.argv[1:]) + "\\n")
            if (folder / {"fail-" + path.name!r}).exists(): sys.exit("it went wrong")
            """
        path.write_text(textwrap.dedent(begin).lstrip() + text)
        path.chmod(0o755)

    def check(self, *more, **environment):
        (self.folder / "calls").write_text("")
        done = subprocess.run(
            [sys.executable, HERE / "check.py", "--torch", self.folder / "bin" / "peer", "--build", self.folder / "build",
             "--out", self.folder / "results", "--rounds", "2", *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env={**os.environ, "MNIST_RAW": "", "LABHOST_DATA": str(self.folder / "data"),
                 "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", **environment})
        return done.returncode, done.stdout

    def calls(self, name):
        return [line for line in (self.folder / "calls").read_text().splitlines() if line.startswith(name + " ")]

    def results(self):
        return list((self.folder / "results").glob("*-gpu-h200.md"))

    def test_all_parts_give_a_table_and_a_file_and_are_done_once(self):
        code, said = self.check()
        self.assertEqual(code, 0, said)
        text = self.results()[0].read_text()
        for wanted in ("NVIDIA H200, 143771 MiB, driver 580.1", "labhost 9.9", "2.11.0+cu130", "OnAGpuGivesTheBits", "within noise",
                       "ok  all is well", "labhost, pytorch, packed is 4.00 times as fast as eager",
                       "not run: No module named 'jax'", "make gpu-check TORCH="):
            self.assertIn(wanted, text)
        self.assertIn("within noise", said)
        self.assertEqual(self.check()[0], 0)
        self.assertEqual(self.calls("make") + self.calls("ctest"), [])

    def test_the_peers_run_on_the_python_of_this_torch_and_not_of_the_build_before(self):
        self.script("bin/older", PEER.replace("2.11.0+cu130 13.0", "1.13.0 None"))
        (self.folder / "build/torch.env").write_text(f"LABHOST_PYTHON='{self.folder}/bin/older'\nLABHOST_TORCH_CHOICE='debian'\n")
        self.assertEqual(self.check()[0], 0)
        self.assertIn("2.11.0+cu130", self.results()[0].read_text())
        self.assertEqual(self.check()[0], 0)
        self.assertEqual(self.calls("make"), [])  # the same as before, to the next call too

    def test_a_failure_names_part_and_log_and_the_next_call_goes_on_there(self):
        (self.folder / "fail-ctest").touch()
        code, said = self.check()
        self.assertEqual(code, 1)
        self.assertIn("test failed: ctest ended with 1: it went wrong", said)
        self.assertIn("gpu-check/test.log", said)
        self.assertEqual(self.results(), [])
        (self.folder / "fail-ctest").unlink()
        code, said = self.check()
        self.assertEqual(code, 0, said)
        self.assertEqual((len(self.calls("make")), len(self.calls("ctest"))), (0, 1))

    def test_each_time_measured_is_kept(self):
        self.assertEqual(self.check()[0], 0)
        path = self.folder / "build" / "gpu-check" / "time.json"
        found = json.loads(path.read_text())
        found["done"] = False
        del found["kept"]["2 eager"]
        path.write_text(json.dumps(found))
        self.assertEqual(self.check()[0], 0)
        self.assertEqual([line for line in self.calls("peer") if "gpu_peer" in line and " eager " not in line], [])
        self.assertEqual(len([line for line in self.calls("peer") if " eager " in line]), 1)
        self.assertEqual([line for line in self.calls("labhost") if "--device" in line], [])

    def test_an_accuracy_out_of_noise_is_written_and_fails(self):
        code, said = self.check(ON_GPU="97.0")
        self.assertEqual(code, 1)
        self.assertIn("NOT within noise", self.results()[0].read_text())

    def test_a_gpu_test_that_is_skipped_fails(self):
        self.script("bin/ctest", CTEST.replace("  Passed", "***Skipped"))
        code, said = self.check()
        self.assertEqual(code, 1)
        self.assertIn("a test was skipped though there is a GPU", said)

    def test_without_a_gpu_it_builds_trains_on_the_cpu_and_says_so(self):
        (self.folder / "fail-nvidia-smi").touch()
        code, said = self.check()
        self.assertEqual(code, 77)
        self.assertIn("no GPU: nvidia-smi: it went wrong", said)
        self.assertEqual((len(self.calls("make")), len(self.calls("ctest")), self.results()), (1, 0, []))
        self.assertEqual([line.split("--device ")[1].split()[0] for line in self.calls("labhost") if "--device" in line], ["cpu"])
        (self.folder / "fail-nvidia-smi").unlink()
        self.assertEqual(self.check()[0], 0)
        self.assertEqual(self.calls("make"), [])
        self.assertEqual([line for line in self.calls("labhost") if "--device cpu" in line], [])

    def test_one_part_alone_writes_no_file_while_others_are_to_do(self):
        code, said = self.check("--part", "time")
        self.assertEqual(code, 0, said)
        self.assertIn("still to do: build, test, train", said)
        self.assertEqual(self.results(), [])


if __name__ == "__main__":
    unittest.main()
