#!/usr/bin/python3
"""labhost export: TensorBoard's event files, decoded by protoc, and the tidy CSV, against metrics.jsonl.

    export_test.py --labhost PROGRAM
"""

import csv
import io
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))
import labhost

HERE = pathlib.Path(__file__).parent
LABHOST = labhost.program()

EXPERIMENT = """
[experiment]
name = "exported"
seeds = [1, 2]
[data]
dataset = "mnist"
normalize = { mean = 0.1307, std = 0.3081 }
train_limit = 200
test_limit = 100
[trainer]
epochs = 3
test_batch_size = 50
[[run]]
model = "net2"
grid = { "params.p" = [0.25, 1.0] }
"""


def crc32c(data):
    """Bit by bit, from the polynomial (Castagnoli 1993), as RFC 3720 appendix B.4 has it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF


def masked(data):
    crc = crc32c(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def records(path):
    data = path.read_bytes()
    while data:
        head, crc_of_head = data[:8], struct.unpack("<I", data[8:12])[0]
        length = struct.unpack("<Q", head)[0]
        body, crc_of_body = data[12:12 + length], struct.unpack("<I", data[12 + length:16 + length])[0]
        assert crc_of_head == masked(head) and crc_of_body == masked(body), path
        data = data[16 + length:]
        yield body


def decoded(body):
    return subprocess.run(["protoc", f"--proto_path={HERE}", "--decode=Event", "events.proto"], input=body,
                          capture_output=True, check=True).stdout.decode()


def scalars(text):
    """{tag: float32} of a decoded event; proto3 leaves a zero out."""
    found = {}
    for value in re.findall(r"value \{(.*?)\n  \}", text, re.S):
        number = re.search(r"simple_value: (\S+)", value)
        found[re.search(r'tag: "(.*?)"', value)[1]] = float(number[1]) if number else 0.0
    return found


class Export(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.labhost = labhost.Labhost(LABHOST, cls.folder)
        (cls.folder / "exported.toml").write_text(EXPERIMENT)
        cls.labhost("run", "exported.toml", "--quiet")
        cls.labhost("export", "runs", "--tensorboard", "events")
        cls.files = sorted((cls.folder / "events").rglob("*tfevents*"))

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def test_crc_is_the_standards(self):
        self.assertEqual(crc32c(b"123456789"), 0xE3069283)
        self.assertEqual(crc32c(bytes(32)), 0x8A9136AA)

    def test_every_run_has_an_event_file_of_whole_records(self):
        self.assertEqual(len(self.files), 4)
        for path in self.files:
            self.assertEqual(sum(1 for _ in records(path)), 5)  # version, settings, three epochs

    def test_scalars_are_those_of_the_metrics(self):
        for path in self.files:
            run = self.folder / "runs" / "exported" / path.parent.name
            metrics = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
            version, settings, *epochs = [decoded(body) for body in records(path)]
            self.assertIn('file_version: "brain.Event:2"', version)
            self.assertIn('plugin_name: "text"', settings)
            self.assertIn("| params.p | ", settings)
            self.assertIn("dtype: 7", settings)
            wall = 0.0
            for line, text in zip(metrics, epochs, strict=True):
                self.assertIn(f"step: {line['epoch']}\n", text)
                later = float(re.search(r"wall_time: (\S+)", text)[1])
                self.assertGreater(later, max(wall, 1.7e9))
                wall = later
                found = scalars(text)
                expected = {key.replace(".", "/"): value for key, value in line.items() if key != "epoch"}
                self.assertEqual(found.keys(), expected.keys())
                for tag, value in expected.items():
                    self.assertAlmostEqual(found[tag], struct.unpack("f", struct.pack("f", value))[0], delta=2e-6 * abs(value))

    def test_tensorboard_reads_them(self):
        try:
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        except ImportError:
            self.skipTest("Python's tensorboard is not installed")
        for path in self.files:
            events = EventAccumulator(str(path.parent)).Reload()
            self.assertEqual(len(events.Scalars("test/accuracy")), 3)

    def test_a_second_export_takes_the_place_of_the_first(self):
        self.labhost("export", "runs", "--tensorboard", "events")
        self.assertEqual(sorted((self.folder / "events").rglob("*tfevents*")), self.files)

    def test_csv_has_a_row_for_each_run_and_epoch(self):
        rows = list(csv.DictReader(io.StringIO(self.labhost("export", "exported.toml", "--csv"))))
        self.assertEqual(len(rows), 12)
        for row in rows:
            run = self.folder / "runs" / "exported" / f"{row['id']}-{row['fingerprint'][:8]}"
            line = json.loads((run / "metrics.jsonl").read_text().splitlines()[int(row["epoch"]) - 1])
            for key, value in line.items():
                self.assertEqual(float(row[key]), value, key)
            self.assertIn(row["params.p"], ("0.25", "1"))

    def test_json_has_the_epochs_of_each_run(self):
        document = json.loads(self.labhost("export", "runs", "--json"))
        self.assertEqual(document["schema"], 1)
        self.assertEqual([len(run["epochs"]) for run in document["runs"]], [3, 3, 3, 3])
        self.assertEqual(document["runs"][0]["epochs"][-1], document["runs"][0]["final"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
