"""What each part of the check has done so far: kept at once, in files, so that a call that was cut off loses nothing.

A record is of one identity: sources, LibTorch, GPU; one of another is not gone on with.
"""
import json
import os
import shutil


def same(found, now):
    """Whether one may go on as the other. Where no GPU was seen, nothing depended on which; nor on LibTorch before it was there."""
    apart = {key for key in ("gpu", "torch") if found.get(key) is None or now.get(key) is None}
    return all(found.get(key) == now.get(key) for key in (found.keys() | now.keys()) - apart)


class Record:
    """FOLDER/<part>.json: what the part kept, and whether it is done."""

    def __init__(self, folder, part, identity):
        self.path, self.log, self.identity = folder / f"{part}.json", folder / f"{part}.log", identity
        self.done, self.kept = False, {}
        if self.path.exists():
            try:
                found = json.loads(self.path.read_text())
                if same(found["identity"], identity):
                    self.done, self.kept = found["done"], found["kept"]
            except (ValueError, KeyError):
                pass  # of no version of this file: as if there were none

    def keep(self, key, value):
        self.kept[key] = value
        self._write()

    def finish(self):
        self.done = True
        self._write()

    def _write(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        whole = {"identity": self.identity, "done": self.done, "kept": self.kept}
        new = self.path.with_suffix(".json.new")
        new.write_text(json.dumps(whole, indent=1) + "\n")
        os.replace(new, self.path)  # whole or not at all


def open_records(folder, parts, identity, again=()):
    """The records by part. Those of another identity, and of the parts in `again`, are removed with their logs and runs."""
    marker = folder / "identity.json"
    try:
        before = json.loads(marker.read_text())
    except (OSError, ValueError):
        before = {}
    stale = not same(before, identity)
    for part in parts if stale else again:
        for path in (folder / f"{part}.json", folder / f"{part}.log"):
            path.unlink(missing_ok=True)
        if part == "train":
            shutil.rmtree(folder / "runs", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    kept = {} if stale else {key: before[key] for key in ("gpu", "torch") if identity.get(key) is None and key in before}
    marker.write_text(json.dumps({**identity, **kept}))
    return {part: Record(folder, part, identity) for part in parts}
