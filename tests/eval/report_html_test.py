#!/usr/bin/env python3
"""Reads the report of `rapport eval` in a browser as a person does: report_html_test.py RAPPORT.

With REPORT_SCREENSHOTS=FOLDER it leaves there what the pages look like.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

from chromium import Chromium
from noisy_model import NoisyModel

RAPPORT = sys.argv.pop()
SMALL = pathlib.Path(__file__).resolve().parent / "data/small.jsonl"
SCREENSHOTS = os.environ.get("REPORT_SCREENSHOTS")
RUNS = 5
HOSTILE = ["<img src=x onerror=\"hacked = 1\">", "</script><script>hacked = 1</script>", "<!--<script>", "a" * 700,
           "${hacked = 1} \" ' &lt;b&gt; \u2028 \U0001f416"]

WANTED = {"intent": ["pricing_question"], "language": ["english"], "urgency": ["low"], "signals": [],
          "action": ["help"], "stage": ["initial_contact"], "handoff": False, "reply_has": ["900"],
          "reply_lacks": ["<script>"]}
SHOWN = "[...document.querySelectorAll('.turn')].filter((turn) => turn.checkVisibility())"
OPEN_ALL = "document.querySelectorAll('details').forEach((one) => { one.open = true; })"
# Of every text the lowest contrast of its colour to what is behind it (WCAG 2.2, 1.4.3), with the text.
CONTRAST = """(() => {
    const paint = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
    const rgb = (...colours) => {
        paint.clearRect(0, 0, 1, 1);
        for (const colour of colours) { paint.fillStyle = colour; paint.fillRect(0, 0, 1, 1); }
        return [...paint.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const light = (rgb) => rgb.map((part) => part / 255)
        .map((part) => part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4)
        .reduce((sum, part, i) => sum + part * [.2126, .7152, .0722][i], 0);
    const behind = (element) => {
        const colours = [];
        for (let at = element; at; at = at.parentElement) colours.unshift(getComputedStyle(at).backgroundColor);
        const box = element.closest(".cell")?.querySelector("rect");
        return box ? [getComputedStyle(box).fill] : colours;
    };
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let text = texts.nextNode(); text; text = texts.nextNode()) {
        const element = text.parentElement;
        if (!text.data.trim() || !element.checkVisibility() || element.closest("script, option, title")) continue;
        const style = getComputedStyle(element);
        const under = behind(element);
        const colour = element.ownerSVGElement ? style.fill : style.color;
        const [a, b] = [light(rgb(...under, colour)), light(rgb(...under))];
        found.push([(Math.max(a, b) + .05) / (Math.min(a, b) + .05), text.data.trim().slice(0, 40)]);
    }
    return found.sort(([a], [b]) => a - b).slice(0, 1).concat([[found.length, ""]]);
})()"""


def conversation(name, *says):
    return json.dumps({"name": name, "about": f"About {says[0]}", "turns": [
        {"at": f"2026-03-02T16:0{i}:00Z", "says": one, "expect": WANTED} for i, one in enumerate(says)]}) + "\n"


def make_report(folder, name, dataset, *arguments, **settings):
    """The address of the page that `rapport eval` writes of a dataset."""
    golden, page = folder / f"{name}.jsonl", folder / f"{name}.html"
    golden.write_text(dataset, encoding="utf-8")
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(folder), **settings}
    done = subprocess.run([RAPPORT, "eval", str(golden), "--report", str(page), *arguments], env=environment,
                          cwd=folder, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(done.stdout + done.stderr)
    return page.as_uri()


class ReportTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        here = pathlib.Path(folder.name)
        small = SMALL.read_text(encoding="utf-8")
        hostile = "".join(conversation(f"hostile_{i}", says) for i, says in enumerate(HOSTILE))
        silenced = conversation("silenced", "I want to talk to a human, please", "How much is it?")
        unsure = conversation("steady", "How much?") + "".join(
            conversation(f"unsure_{i}", f"How much, {i} maybe?") for i in range(6))
        with NoisyModel(0.5, seed=3) as model:
            runs = make_report(here, "runs", unsure, "--agents", "model", "--runs", str(RUNS), MODEL_NAME="noisy",
                               MODEL_BASE_URL=model.url)
        cls.pages = {"rules": make_report(here, "rules", small + hostile + silenced), "runs": runs,
                     "passed": make_report(here, "passed", small.splitlines()[0])}
        cls.browser = Chromium()
        cls.addClassCleanup(cls.browser.close)

    def open(self, page, fragment="", theme="light", width=1200):
        self.browser.theme(theme)
        self.browser.width(width)
        self.browser.open(self.pages[page] + fragment)

    def run_js(self, script):
        return self.browser.run(script)

    def tab_to(self, selector):
        for _ in range(100):
            self.browser.press("Tab")
            if self.run_js(f"document.activeElement.matches({json.dumps(selector)})"):
                return
        self.fail(f"Tab does not reach {selector}")

    def test_opens_alone_and_fits_every_theme_and_width(self):
        for page in self.pages:
            for theme in ("light", "dark"):
                for width in (1200, 400):
                    with self.subTest(page=page, theme=theme, width=width):
                        self.open(page, theme=theme, width=width)
                        self.run_js(OPEN_ALL)
                        self.assertLessEqual(self.run_js("document.documentElement.scrollWidth"), width)
                        worst, (texts, _) = self.run_js(CONTRAST)
                        self.assertGreater(texts, 100)
                        self.assertGreaterEqual(worst[0], 4.5, worst)
                        told = self.browser.told("Runtime.consoleAPICalled", "Runtime.exceptionThrown",
                                                 "Log.entryAdded")
                        self.assertEqual(told, [])
                        requests = self.browser.told("Network.requestWillBeSent")
                        self.assertEqual([one["request"]["url"] for one in requests], [self.pages[page]])
                        if SCREENSHOTS:
                            self.browser.screenshot(f"{SCREENSHOTS}/{page}-{theme}-{width}.png")

    def test_what_leads_wrote_stays_text(self):
        self.open("rules")
        self.run_js(OPEN_ALL)
        for text in HOSTILE:
            self.assertTrue(self.run_js(f"document.body.textContent.includes({json.dumps(text)})"), text)
        self.assertEqual(self.run_js("document.querySelectorAll('img').length"), 0)
        self.assertEqual(self.run_js("document.scripts.length"), 2)
        self.assertEqual(self.run_js("typeof hacked"), "undefined")
        self.assertTrue(self.run_js("document.querySelector('#turn-hostile_3-1 summary').innerText"
                                    ".includes('all 700 characters')"))

    def test_a_cell_leads_to_its_turns_by_keyboard_and_back(self):
        self.open("rules")
        everything = self.run_js(SHOWN + ".length")
        self.assertEqual(everything, 0)  # conversations are closed
        self.tab_to("#field-intent .cell.miss")
        self.tab_to("#field-intent .cell.miss")
        name = self.run_js("document.activeElement.getAttribute('aria-label')")
        number = int(self.run_js("document.activeElement.lastChild.textContent"))
        self.assertRegex(name, rf"^Expected \S+, said .+: {number} turns?$")
        self.browser.press("Enter")
        self.browser.wait_for("!document.querySelector('.filter').hidden")
        self.assertEqual(self.run_js(SHOWN + ".length"), number)
        self.assertEqual(self.run_js("document.activeElement.id"), "conversations")
        self.tab_to(".filter a")
        self.browser.press("Enter")
        self.browser.wait_for("document.querySelector('.filter').hidden")
        for expected in (number, 0):
            self.run_js("history.back()")
            self.browser.wait_for(f"{SHOWN}.length === {expected}")
        self.assertEqual(self.run_js("document.activeElement.getAttribute('aria-label')"), name)

    def test_each_cell_has_as_many_turns_as_it_says(self):
        cells = """[...document.querySelectorAll("a.cell")].map((one) =>
            [one.getAttribute("href"), Number(one.lastChild.textContent)])"""
        for page, runs in (("rules", 1), ("runs", RUNS)):
            self.open(page)
            for address, number in self.run_js(cells):
                with self.subTest(page=page, cell=address):
                    self.run_js(f"location.hash = {json.dumps(address)}")
                    self.browser.wait_for(f"document.querySelector('[aria-current]')?.getAttribute('href') === "
                                          f"{json.dumps(address)}")
                    turns = self.run_js(SHOWN + ".length")
                    self.assertLessEqual(turns, number)
                    self.assertGreaterEqual(turns * runs, number)

    def test_a_table_is_sorted_by_keyboard(self):
        self.open("rules")
        header = "document.querySelector('#field-intent th:nth-child(4)')"
        column = """[...document.querySelectorAll("#field-intent tbody tr")].map((row) =>
            Number(row.cells[3].textContent))"""
        self.tab_to("#field-intent th:nth-child(4) button")
        for order in ("descending", "ascending"):
            self.browser.press("Enter")
            self.assertEqual(self.run_js(header + ".ariaSort"), order)
            self.assertEqual(self.run_js("document.querySelectorAll('#field-intent [aria-sort]').length"), 1)
            values = self.run_js(column)
            self.assertGreater(len(set(values)), 1)
            self.assertEqual(values, sorted(values, reverse=order == "descending"))

    def test_a_turn_has_an_address(self):
        self.open("rules", "#turn-haggles_in_vain-1")
        self.assertEqual(self.run_js(SHOWN + ".map((turn) => turn.id)"), ["turn-haggles_in_vain-1"])
        text = self.run_js("document.querySelector(':target').innerText")
        for part in ("Pigs can fly", "objection", "unclear", "no rule applies"):
            self.assertIn(part, text)
        self.run_js("location.hash = 'turn-asks_the_price-2'")
        self.browser.wait_for(SHOWN + ".map((turn) => turn.id).join() === "
                              "'turn-asks_the_price-1,turn-asks_the_price-2'")
        top = self.run_js("document.querySelector(':target').getBoundingClientRect().top")
        self.assertTrue(0 <= top < 900, top)

    def test_words_are_found_without_their_accents(self):
        self.open("rules")
        self.tab_to("[type=search]")
        self.browser.type("CUANTO personas")
        self.assertEqual(self.run_js(SHOWN + ".map((turn) => turn.id)"), ["turn-asks_the_price-2"])
        self.assertEqual(self.run_js("document.querySelector('[role=status]').innerText"),
                         "1 of 14 turns, in 1 conversation")

    def test_flaky_and_failed_are_told_apart(self):
        self.open("runs")
        self.assertIn("±", self.run_js("document.querySelector('.figures').innerText"))
        badges = self.run_js("[...document.querySelectorAll('.turn .badge')].map((one) => one.textContent)")
        for kind in ("failed", "flaky"):
            self.run_js(f"(() => {{ const select = document.querySelector('select'); select.value = '{kind}';"
                        "select.dispatchEvent(new Event('input', {bubbles: true})); })()")
            self.run_js(OPEN_ALL)
            self.assertEqual(self.run_js(SHOWN + ".length"), sum(one.startswith(kind) for one in badges))
        self.assertRegex(self.run_js(SHOWN + "[0].innerText"), r"flaky: passes [1-4] of 5[\s\S]*run")

    def test_the_theme_is_switched_by_keyboard(self):
        for theme in ("light", "dark"):
            self.open("passed", theme=theme)
            colour = "getComputedStyle(document.body).backgroundColor"
            before = self.run_js(colour)
            self.tab_to("#theme")
            self.browser.press("Enter")
            self.assertNotEqual(self.run_js(colour), before)
            self.browser.press("Enter")
            self.assertEqual(self.run_js(colour), before)


if __name__ == "__main__":
    unittest.main()
