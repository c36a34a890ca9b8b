#!/usr/bin/python3
"""labhost report in a real browser: what it draws, what can be done with it, and what it must not do.

    report_test.py --labhost PROGRAM --bad-plugins FOLDER --test-plugins FOLDER [--screenshots FOLDER]

Skipped (77) without Debian's chromium, chromium-driver and python3-selenium.
"""

import argparse
import base64
import json
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

try:
    from selenium import webdriver
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.chrome.service import Service
except ImportError as missing:
    print(f"skipped: {missing}")
    sys.exit(77)
if not shutil.which("chromium") or not shutil.which("chromedriver"):
    print("skipped: no chromium, or no chromedriver")
    sys.exit(77)

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "helpers"))
from labhost import Labhost

parser = argparse.ArgumentParser()
parser.add_argument("--labhost", type=pathlib.Path, required=True)
parser.add_argument("--bad-plugins", type=pathlib.Path, required=True)
parser.add_argument("--test-plugins", type=pathlib.Path, required=True)
parser.add_argument("--screenshots", type=pathlib.Path)
options, rest = parser.parse_known_args()
LABHOST = options.labhost.resolve()

EXPERIMENT = """
[experiment]
name  = "seen"
title = "What one sees"
seeds = [1, 2, 3]
[data]
dataset = "mnist"
normalize = { mean = 0.1307, std = 0.3081 }
train_limit = 1280
test_limit = 500
[trainer]
epochs = 3
test_batch_size = 250
[[run]]
model = "net"
reference = { test_accuracy = [90.0, 95.0, 96.5] }
[[run]]
model = "net2"
grid = { "params.p" = [0.25, 0.5, 1.0] }
[[run]]
model = "net4"
[[run]]
model = "throws_in_forward"
[[claim]]
says = "Batch normalisation is better"
test = "greater"
of = "net4"
than = "net"
[[claim]]
says = "Dropout 0.25 and 0.5 are alike"
test = "equivalent"
of = "net2-p0.25"
than = "net2-p0.5"
margin = 0.01
"""

HOSTILE = '<img src=x onerror="window.hacked=1"></script><script>window.hacked=1</script>'


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.labhost = Labhost(LABHOST, cls.folder)
        (cls.folder / "seen.toml").write_text(EXPERIMENT)
        cls.labhost("run", "seen.toml", "--quiet", "--plugins", options.bad_plugins.resolve(), code=1)
        cls.labhost("report", "runs/seen")
        chromium = webdriver.ChromeOptions()
        chromium.binary_location = shutil.which("chromium")
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1000"):
            chromium.add_argument(argument)
        chromium.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        cls.browser = webdriver.Chrome(service=Service(shutil.which("chromedriver")), options=chromium)

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()
        cls.temporary.cleanup()

    def setUp(self):
        self.browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        self.theme("light")
        self.open("report.html")

    def open(self, name):
        for log in ("browser", "performance"):
            self.browser.get_log(log)
        self.browser.get((self.folder / name).as_uri())
        self.js("sessionStorage.clear()")
        self.browser.refresh()
        self.assertEqual(self.js("return document.documentElement.dataset.ready"), "true")

    def theme(self, name):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": name}]})

    def js(self, script, *arguments):
        return self.browser.execute_script(script, *arguments)

    def data(self):
        return json.loads(self.js("return document.getElementById('data').textContent"))

    def pixels(self, section, colour):
        """How many pixels of the section's first chart have about this colour."""
        return self.js("""
            const canvas = document.querySelector(arguments[0] + ' .chart canvas');
            const want = [1, 3, 5].map((i) => parseInt(arguments[1].slice(i, i + 2), 16));
            const bytes = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
            let count = 0;
            for (let i = 0; i < bytes.length; i += 4)
              if (bytes[i + 3] > 200 && want.every((w, c) => Math.abs(w - bytes[i + c]) < 12)) ++count;
            return count;""", section, colour)

    def column(self, title):
        return self.js("""
            const heads = [...document.querySelectorAll('#runs-table th')];
            const i = heads.findIndex((head) => head.textContent === arguments[0]);
            return [...document.querySelectorAll('#runs-table tbody tr')].map((row) => row.children[i].textContent);""", title)

    def click(self, path):
        element = self.browser.find_element(By.XPATH, path)
        self.js("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()
        return element

    def screenshot(self, name):
        if not options.screenshots:
            return
        options.screenshots.mkdir(parents=True, exist_ok=True)
        shot = self.browser.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        (options.screenshots / name).write_bytes(base64.b64decode(shot["data"]))

    # ---- what it shows

    def test_the_console_stays_empty(self):
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_nothing_is_requested(self):
        urls = []
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                urls.append(message["params"]["request"]["url"])
        self.assertTrue(urls)
        own = (self.folder / "report.html").as_uri()
        self.assertEqual([url for url in urls if url != own and not url.startswith("data:")], [])

    def test_claims_come_first_with_their_verdicts(self):
        self.assertEqual(self.js("return document.querySelector('section').id"), "claims")
        badges = self.js("return [...document.querySelectorAll('.claims li')].map((li) => [li.querySelector('.badge').textContent, li.querySelector('h3').textContent])")
        verdicts = {claim["says"]: claim["verdict"] for claim in self.data()["claims"]}
        self.assertEqual({says: verdict for verdict, says in badges}, verdicts)

    def test_charts_are_drawn(self):
        light = self.js("return palettes.light")
        self.screenshot("light.png")
        for i, configuration in enumerate(self.data()["configurations"]):
            if configuration["model"] == "throws_in_forward":
                continue  # it has no epoch
            self.click("//section[@id='curves']//button[text()='none']")  # lines may lie on each other
            self.click(f"//section[@id='curves']//label[normalize-space(.)='{configuration['label']}']/input")
            for other in range(5):
                drawn = self.pixels("#curves", light[other])
                self.assertGreater(drawn, 100) if other == i else self.assertEqual(drawn, 0)
        self.assertGreater(self.pixels("#parameters", light[0]), 20)
        self.assertEqual(self.js("return document.querySelectorAll('.chart canvas').length"), 5)

    def test_every_chart_has_a_name_and_its_values_as_a_table(self):
        self.assertEqual(self.js("return [...document.querySelectorAll('canvas')].filter((c) => !c.getAttribute('aria-label')).length"), 0)
        rows = self.js("return [...document.querySelectorAll('#curves details tbody tr')].map((row) => row.textContent)")
        self.assertEqual(len(rows), 5 * 3)

    def test_published_numbers_stand_beside(self):
        self.assertIn("96.50", self.js("return document.querySelector('#runs-table').textContent"))

    def test_failures_say_why(self):
        text = self.js("return document.querySelector('#failures').textContent")
        self.assertIn("throws_in_forward-s1", text)

    def test_confusion_counts_every_test_image(self):
        cells = self.js("return [...document.querySelectorAll('#classes .scroll')][1].querySelectorAll('td .shade').length")
        total = self.js("return [...[...document.querySelectorAll('#classes .scroll')][1].querySelectorAll('td .shade')].reduce((sum, cell) => sum + Number(cell.textContent), 0)")
        self.assertEqual((cells, total), (100, 3 * 500))

    def test_misclassified_images_are_drawn(self):
        inked = self.js("""
            return [...document.querySelectorAll('.mistakes canvas')].map((canvas) =>
              canvas.getContext('2d').getImageData(0, 0, 28, 28).data.filter((byte, i) => i % 4 === 0 && byte > 128).length);""")
        self.assertEqual(len(inked), 12)
        self.assertTrue(all(20 < count < 500 for count in inked), inked)

    def test_colours_vectors_and_regressions_are_shown(self):
        numpy = __import__("numpy")
        random = numpy.random.default_rng(1)
        colours = random.integers(0, 256, (64, 28, 28, 3), dtype=numpy.uint8)
        vectors = random.normal(size=(64, 13))
        targets = {"colours": random.integers(0, 10, 64), "vectors": random.integers(0, 3, 64), "reals": random.normal(size=(64, 3))}
        for name, inputs in (("colours", colours), ("vectors", vectors), ("reals", vectors)):
            numpy.savez(self.folder / f"{name}.npz", x_train=inputs, y_train=targets[name], x_test=inputs, y_test=targets[name])
        (self.folder / "kinds.toml").write_text(
            'trainer.epochs = 1\n[[run]]\nmodel = "colour28"\ndata.dataset = "colours.npz"\n'
            '[[run]]\nmodel = "vector13"\ndata.dataset = "vectors.npz"\n'
            '[[run]]\nmodel = "reals13"\ndata.dataset = "reals.npz"\ntrainer.loss = "mse"\n')
        self.labhost("run", "kinds.toml", "--quiet", "--plugins", options.test_plugins.resolve())
        self.labhost("report", "runs/kinds", "--output", "kinds.html")
        self.open("kinds.html")
        runs = {run["id"]: run for run in self.data()["runs"]}
        mistake = runs["colour28-s1"]["mistakes"][0]
        drawn = self.js("""
            return [...document.querySelector('.mistakes canvas').getContext('2d').getImageData(0, 0, 28, 28).data];""")
        shown = numpy.array(drawn, dtype=numpy.uint8).reshape(28, 28, 4)
        self.assertTrue((shown[..., :3] == colours[mistake["example"]]).all())
        self.js("""
            const choice = document.querySelector('#mistakes select');
            choice.value = [...choice.options].find((option) => option.text === 'vector13-s1').value;
            choice.dispatchEvent(new Event('change', { bubbles: true }));""")
        mistake = runs["vector13-s1"]["mistakes"][0]
        values = self.js("return [...document.querySelector('.mistakes .values').children].map((li) => Number(li.textContent))")
        self.assertTrue(numpy.allclose(values, vectors[mistake["example"]], rtol=1e-4), values)
        fit = numpy.array(runs["reals13-s1"]["fit"])
        self.assertTrue(numpy.allclose(fit[:, 0], targets["reals"][:, 0], rtol=1e-6), fit)
        self.assertEqual(self.js("return [...document.querySelectorAll('.fits .scatter')].map((one) => one.querySelectorAll('circle').length)"), [64, 64])
        self.assertIn("rmse", self.js("return document.querySelector('#runs').textContent"))

    # ---- what can be done with it

    def test_sorting(self):
        path = "//table[@id='runs-table']//th/button[text()='test %']"
        numbers = lambda: [float(text) for text in self.column("test %") if text != "\u2013"]
        self.click(path)
        self.assertEqual(numbers(), sorted(numbers()))
        self.assertEqual(len(numbers()), 15)
        head = self.browser.find_element(By.XPATH, path + "/..")
        self.assertEqual(head.get_attribute("aria-sort"), "ascending")
        self.click(path)
        self.assertEqual(numbers(), sorted(numbers(), reverse=True))
        self.assertEqual(head.get_attribute("aria-sort"), "descending")
        self.assertEqual(self.column("test %")[-1], "\u2013")  # a failed run has none: last, either way

    def test_filtering(self):
        box = self.browser.find_element(By.CSS_SELECTOR, "#runs input[type=search]")
        box.send_keys("net2-p0.5 finished")
        self.assertEqual(self.column("run"), ["net2-p0.5-s1", "net2-p0.5-s2", "net2-p0.5-s3"])

    def test_means_over_seeds(self):
        self.click("//section[@id='runs']//label[contains(., 'means over seeds')]/input")
        self.assertEqual(len(self.column("run")), 6)

    def test_picking_by_mouse_and_by_keyboard(self):
        colour = self.js("return palettes.light[0]")
        before = self.pixels("#curves", colour)
        box = self.click("//section[@id='curves']//label[normalize-space(.)='net']/input")
        self.assertEqual(self.pixels("#curves", colour), 0)
        box.send_keys(Keys.SPACE)
        self.assertEqual(self.pixels("#curves", colour), before)

    def test_the_logarithmic_scale(self):
        kind = "return Chart.getChart(document.querySelector('#curves canvas')).scales.y.type"
        self.assertEqual(self.js(kind), "linear")
        self.click("//section[@id='curves']//label[contains(., 'logarithmic')]/input")
        self.assertEqual(self.js(kind), "logarithmic")

    def test_hovering_shows_values(self):
        canvas = self.browser.find_element(By.CSS_SELECTOR, "#curves canvas")
        self.js("arguments[0].scrollIntoView({block: 'center'})", canvas)
        ActionChains(self.browser).move_to_element(canvas).perform()
        lines = self.js("""
            const tooltip = Chart.getChart(document.querySelector('#curves canvas')).tooltip;
            return tooltip.opacity > 0 ? tooltip.body.map((item) => item.lines.join(' ')) : [];""")
        self.assertEqual(len(lines), 5)
        self.assertRegex(lines[0], r"^net: \d\.\d{4} \u00b1 \d\.\d{4} \(3 seeds\)$")

    def test_everything_is_reached_by_keyboard(self):
        wanted = self.js("return document.querySelectorAll('button, select, input, a, main > section > details > summary, .scroll').length")
        reached = set()
        for _ in range(2 * wanted):
            ActionChains(self.browser).send_keys(Keys.TAB).perform()
            reached.add(self.js("const all = [...document.querySelectorAll('*')]; return all.indexOf(document.activeElement);"))
        hidden = self.js("return [...document.querySelectorAll('details:not([open]) .scroll')].length")
        self.assertGreaterEqual(len(reached), wanted - hidden)

    def test_a_reload_keeps_what_was_picked(self):
        self.click("//section[@id='curves']//label[normalize-space(.)='net']/input")
        self.browser.refresh()
        self.assertEqual(self.pixels("#curves", self.js("return palettes.light[0]")), 0)

    # ---- themes, phones, paper

    def test_dark(self):
        back = lambda: self.js("return getComputedStyle(document.body).backgroundColor")
        self.assertEqual(back(), "rgb(255, 255, 255)")
        self.theme("dark")
        self.assertEqual(back(), "rgb(20, 23, 27)")
        self.assertGreater(self.pixels("#curves", self.js("return palettes.dark[0]")), 20)
        self.screenshot("dark.png")
        self.browser.find_element(By.CSS_SELECTOR, "header > button").click()
        self.assertEqual(back(), "rgb(255, 255, 255)")
        self.assertGreater(self.pixels("#curves", self.js("return palettes.light[0]")), 20)

    def test_a_phone_needs_no_sideways_scrolling(self):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True})
        self.browser.refresh()
        self.assertLessEqual(self.js("return document.scrollingElement.scrollWidth"), 390)
        self.assertGreater(self.pixels("#curves", self.js("return palettes.light[0]")), 20)
        self.screenshot("phone.png")

    def test_it_prints(self):
        self.theme("dark")
        self.js("document.querySelector('#asked details').open = false")
        pdf = base64.b64decode(self.browser.execute_cdp_cmd("Page.printToPDF", {"printBackground": True})["data"])
        text = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True).stdout.decode()
        for words in ("Batch normalisation is better", "net2-p0.25-s3", "train_limit", "Learning curves"):
            self.assertIn(words, text)  # the settings too, which are folded on the screen
        if options.screenshots:
            options.screenshots.mkdir(parents=True, exist_ok=True)
            (options.screenshots / "print.pdf").write_bytes(pdf)

    # ---- hostile and unfinished runs

    def test_hostile_texts_are_harmless(self):
        shutil.copytree(self.folder / "runs/seen", self.folder / "hostile/seen", dirs_exist_ok=True)
        for path in sorted((self.folder / "hostile/seen").glob("*/run.json"))[:2] + sorted((self.folder / "hostile/seen").glob("throws*/run.json")):
            run = json.loads(path.read_text())
            run["id"] = HOSTILE + f"-s{run['seed']}"
            run["model"] = run["experiment"] = HOSTILE
            run["params"] = {HOSTILE: HOSTILE}
            run["trainer"][HOSTILE] = HOSTILE
            run["data"]["dataset"] = HOSTILE
            run["provenance"] = {key: HOSTILE for key in run["provenance"]} | {"plugin": {"file": HOSTILE, "sha256": HOSTILE, "version": HOSTILE}}
            path.write_text(json.dumps(run))
            result = path.parent / "result.json"
            ended = json.loads(result.read_text())
            if ended["status"] == "failed":
                result.write_text(json.dumps(ended | {"reason": HOSTILE}))
                (path.parent / "log.txt").write_text(HOSTILE)
        record = self.folder / "hostile/seen/experiment.json"
        experiment = json.loads(record.read_text())
        for key in ("title", "source", "command", "git", "file"):
            experiment[key] = HOSTILE
        for claim in experiment["claims"]:
            claim["says"] = HOSTILE
        record.write_text(json.dumps(experiment))
        self.labhost("report", "hostile/seen", "--output", "hostile.html")
        self.open("hostile.html")
        self.assertIsNone(self.js("return window.hacked ?? null"))
        self.assertEqual(self.js("return document.querySelectorAll('img').length"), 0)
        self.assertEqual(self.js("return document.querySelector('h1').textContent"), HOSTILE)
        self.assertIn(HOSTILE, self.js("return document.querySelector('#failures').textContent"))
        self.assertEqual(self.browser.get_log("browser"), [])

    def test_damaged_records_do_not_hinder(self):
        shutil.copytree(self.folder / "runs/seen", self.folder / "damaged/seen", dirs_exist_ok=True)
        folders = sorted((self.folder / "damaged/seen").glob("net*/"))
        good = json.loads((folders[0] / "predictions.json").read_text())
        mistake = good["mistakes"][0]
        odd = [
            {"confusion": 3}, {"confusion": ["abc"]}, {"confusion": {}}, {"confusion": [[1]], "mistakes": good["mistakes"]}, {"height": 0},
            {"height": "x"}, {"height": -1}, {"width": 100000}, {"mistakes": 3}, {"mistakes": [mistake | {"pixels": "?"}]},
            {"mistakes": [mistake | {"pixels": "!" * len(mistake["pixels"])}]}, {"mistakes": [mistake | {"label": 10}]},
            {"mistakes": [mistake | {"probabilities": "none"}]}, {"mistakes": [None, mistake]},
        ]
        for folder, change in zip(folders, odd, strict=False):
            (folder / "predictions.json").write_text(json.dumps(good | change))
        (folders[-1] / "predictions.json").unlink()
        (folders[0] / "metrics.jsonl").write_text('{"epoch": 1, "train.lo')
        run = json.loads((folders[1] / "run.json").read_text())
        run["provenance"] = {"started": 3, "plugin": [], "host": None}
        run["trainer"]["epochs"] = "many"
        run["trainer"]["threads"] = None
        run["data"]["dataset"] = 7
        (folders[1] / "run.json").write_text(json.dumps(run))
        (self.folder / "damaged/seen/experiment.json").write_text("{}")
        self.labhost("report", "damaged/seen", "--output", "damaged.html")
        self.open("damaged.html")
        self.assertEqual(self.browser.get_log("browser"), [])
        self.assertNotIn("cannot be shown", self.js("return document.querySelector('main').textContent"))
        self.labhost("export", "damaged", "--tensorboard", "damaged-events")

    def test_the_page_follows_a_sweep(self):
        (self.folder / "live.toml").write_text(EXPERIMENT.replace('"seen"', '"live"').replace('[[run]]\nmodel = "throws_in_forward"\n', ""))
        page = self.folder / "live.html"
        watching = self.labhost.start("report", "live.toml", "--watch", "--output", page)
        try:
            self.wait_for(page.exists)
            self.open("live.html")
            self.assertIn("0 of 15 are over", self.js("return document.querySelector('.live').textContent"))
            self.labhost("run", "live.toml", "--quiet")
            self.assertEqual(watching.wait(30), 0)
            self.wait_for(lambda: self.js("return document.querySelector('.live') === null"))  # it has loaded itself again
            self.assertEqual(self.js("return [...document.querySelectorAll('#runs-table tbody tr')].length"), 15)
        finally:
            watching.kill()
            watching.communicate()

    def test_watching_ends_on_control_c(self):
        watching = self.labhost.start("report", "runs", "--watch", "--output", "watched.html")
        self.wait_for((self.folder / "watched.html").exists)
        self.assertIn('"reload":3', (self.folder / "watched.html").read_text())
        watching.send_signal(signal.SIGINT)
        self.assertEqual(watching.wait(30), 130)
        watching.communicate()
        self.assertIn('"reload":null', (self.folder / "watched.html").read_text())

    def wait_for(self, condition):
        until = time.monotonic() + 30
        while not condition():
            self.assertLess(time.monotonic(), until)
            time.sleep(0.1)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
