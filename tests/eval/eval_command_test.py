#!/usr/bin/env python3
"""`rapport eval` as a person uses it: eval_command_test.py RAPPORT, with junitparser on PYTHONPATH."""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

import junitparser

from noisy_model import NoisyModel

RAPPORT = sys.argv.pop()
HERE = pathlib.Path(__file__).resolve().parent
SMALL = HERE / "data/small.jsonl"
CONFIG = HERE.parent.parent / "config"
PRICE = {"intent": ["pricing_question"], "language": ["english"], "urgency": ["low"], "signals": [],
         "action": ["help"], "stage": ["initial_contact"], "handoff": False,
         "reply_has": ["900"], "reply_lacks": []}


def without_durations(value):
    if isinstance(value, dict):
        return {key: without_durations(one) for key, one in value.items() if not key.endswith("_ms")}
    return [without_durations(one) for one in value] if isinstance(value, list) else value


class EvalTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.baseline = self.folder / "baseline.jsonl"

    def run_eval(self, *arguments, expect=0, **settings):
        environment = {"PATH": "/usr/bin:/bin", "COLUMNS": "80", "TMPDIR": str(self.folder), **settings}
        done = subprocess.run([RAPPORT, *arguments], env=environment, cwd=self.folder, capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL)
        self.assertEqual(done.returncode, expect, done.stdout + done.stderr)
        return done.stdout if "--json" in arguments else done.stdout + done.stderr

    def evaluate(self, *arguments, dataset=SMALL, **settings):
        return self.run_eval("eval", str(dataset), *map(str, arguments), **settings)

    def report(self, *arguments, **settings):
        return json.loads(self.evaluate("--json", *arguments, **settings))

    def write(self, name, text):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def broken_rules(self):
        """The rules, where nobody asks for a price in Spanish any more."""
        tables = (CONFIG / "intents.es.toml").read_text(encoding="utf-8")
        broken, count = re.subn('intent = "pricing_question"', 'intent = "greeting"', tables)
        self.assertGreater(count, 0)
        self.write("intents.es.toml", broken)
        return str(self.folder)


class RulesTest(EvalTest):
    def test_is_the_same_every_time(self):
        first, second = self.report(), self.report()
        self.assertEqual(without_durations(first), without_durations(second))
        self.assertEqual(first["report"]["passed_turns"]["mean"], 6)

    def test_shows_every_failed_turn_and_a_screen_of_scores(self):
        lines = self.evaluate().splitlines()
        failed, summary = lines[:lines.index("")], lines[lines.index("") + 1:]
        self.assertEqual(failed[0], "haggles_in_vain, turn 1")
        self.assertIn("expected objection", failed[2])
        self.assertIn("got unclear", failed[3])
        self.assertLessEqual(len(summary), 24)
        self.assertLessEqual(max(map(len, lines)), 80)
        self.assertIn("conversations 3 of 4, turns 6 of 7", summary[1])

    def test_leaves_nothing_behind(self):
        self.evaluate()
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_gate_names_what_a_broken_rule_changed(self):
        self.evaluate("--baseline", self.baseline, "--update-baseline")
        text = self.evaluate("--baseline", self.baseline, expect=1, CONFIG_DIR=self.broken_rules())
        self.assertRegex(text, r"worse +intent pricing_question: F1 0.000, was 1.000 \(tolerance 0.02\)")
        self.assertIn("asks_the_price turn 2: expected pricing_question, got greeting", text)
        self.assertIn("asks_the_price: passes 0 of 1, was 1 of 1", text)
        self.assertIn("Gate: failed", text)

    def test_gate_says_what_an_improved_rule_changed(self):
        self.evaluate("--baseline", self.baseline, "--update-baseline", CONFIG_DIR=self.broken_rules())
        text = self.evaluate("--baseline", self.baseline)
        self.assertRegex(text, r"better +intent pricing_question: F1 1.000, was 0.000")
        self.assertIn("asks_the_price: passes 1 of 1, was 0 of 1", text)
        self.assertIn("Gate: passed", text)

    def test_gate_is_in_the_json_too(self):
        self.evaluate("--baseline", self.baseline, "--update-baseline")
        good = self.report("--baseline", self.baseline)
        self.assertEqual(good["comparison"], {"regressions": [], "improvements": [], "changed_turns": [], "flaky": []})
        bad = self.report("--baseline", self.baseline, expect=1, CONFIG_DIR=self.broken_rules())
        self.assertGreater(len(bad["comparison"]["regressions"]), 0)

    def test_baseline_that_is_missing_or_older_is_an_error_that_helps(self):
        how = "make it with `rapport eval PATH --baseline FILE --update-baseline`"
        self.assertIn(how, self.evaluate("--baseline", self.baseline, expect=2))
        self.write("baseline.jsonl", '{"baseline_version":0,"agents":"rules","runs":1}\n')
        self.assertIn(how, self.evaluate("--baseline", self.baseline, expect=1))
        self.evaluate("--baseline", self.baseline, "--update-baseline")
        other = self.write("other.jsonl", SMALL.read_text(encoding="utf-8").splitlines()[0])
        text = self.evaluate("--baseline", self.baseline, dataset=other, expect=2)
        self.assertIn("wants_a_person (gone)", text)
        self.assertIn(how, text)

    def test_malformed_line_is_named(self):
        good = SMALL.read_text(encoding="utf-8")
        bad = self.write("bad.jsonl", good.replace('["unclear"]', '["dunno"]'))
        self.assertIn('bad.jsonl:3: turns[0].expect.intent[0]: unknown value "dunno"',
                      self.evaluate(dataset=bad, expect=1))
        self.assertIn("holds no conversation", self.evaluate(dataset=self.write("none.jsonl", ""), expect=1))

    def test_wrong_usage_is_told_before_anything_is_asked(self):
        self.assertIn("MODEL_NAME is not set", self.evaluate("--agents", "model", expect=2))
        self.evaluate("--update-baseline", expect=2)
        self.evaluate("--record", "a", "--replay", "b", expect=2)
        self.evaluate("--agents", "model", "--replay", "b", expect=2)

    def test_junit_is_what_a_parser_takes(self):
        rude = self.write("rude.jsonl", SMALL.read_text(encoding="utf-8").replace(
            "Pigs can fly", r"Pigs\u0001 & <pigs> can \"fly\" 🐖"))
        xml = self.folder / "report.xml"
        self.evaluate("--junit", xml, dataset=rude)
        suites = junitparser.JUnitXml.fromfile(str(xml))
        self.assertEqual((suites.tests, suites.failures), (7, 1))
        cases = {(suite.name, case.name): case for suite in suites for case in suite}
        self.assertEqual(len(cases), 7)
        failed = cases["haggles_in_vain", "turn 1"].result[0]
        self.assertIsInstance(failed, junitparser.Failure)
        self.assertIn("intent: expected objection, got unclear", failed.text)
        self.assertEqual(cases["asks_the_price", "turn 1"].result, [])

    def test_file_that_cannot_be_written_is_named(self):
        self.assertIn("no/such/report.xml.unfinished: cannot be made",
                      self.evaluate("--junit", "no/such/report.xml", expect=3))

    def test_what_is_read_is_not_written_over(self):
        cases = self.write("cases.jsonl", SMALL.read_text(encoding="utf-8"))
        before = cases.read_bytes()
        for option in ("--junit", "--report", "--record"):
            self.assertIn("cases.jsonl: this command reads it",
                          self.evaluate(option, cases, dataset=cases, expect=2))
        self.assertIn("this command reads it",
                      self.evaluate("--junit", cases, dataset=cases.parent, expect=2))
        self.assertIn("cases.jsonl: this command reads it",
                      self.evaluate("--baseline", cases, "--update-baseline", dataset=cases, expect=2))
        self.assertEqual(cases.read_bytes(), before)

    def test_report_may_stand_beside_the_cases_and_be_made_anew(self):
        cases = self.write("cases.jsonl", SMALL.read_text(encoding="utf-8"))
        for _ in range(2):
            self.evaluate("--report", "report.html", dataset=cases.parent)


class ModelTest(EvalTest):
    RUNS = 5

    def setUp(self):
        super().setUp()
        turns = [("steady", "How much is it?"), ("noisy", "How much is it, maybe?"),
                 ("noisier", "What would it cost us, maybe?")]
        self.dataset = self.write("golden.jsonl", "".join(
            json.dumps({"name": name, "turns": [{"at": "2026-03-02T16:00:00Z", "says": says, "expect": PRICE}]})
            + "\n" for name, says in turns))

    def ask(self, model, *arguments, runs=RUNS, **settings):
        return self.evaluate("--agents", "model", "--runs", runs, *arguments, dataset=self.dataset,
                             MODEL_NAME="noisy", MODEL_BASE_URL=model.url, **settings)

    def test_noise_is_spread_and_flaky_and_no_regression(self):
        with NoisyModel(0.5, seed=3) as model:
            self.ask(model, "--baseline", self.baseline, "--update-baseline")
            text = self.ask(model, "--baseline", self.baseline)
        self.assertRegex(text, r"intent +0\.\d\d ± 0\.\d\d")
        self.assertRegex(text, r"flaky +nois(y|ier) turn 1: passes [1-4] of 5")
        self.assertNotIn("worse", text)
        self.assertIn("Gate: passed", text)

    def test_model_that_got_worse_is_told_from_noise(self):
        with NoisyModel(0.2, seed=3) as model:
            self.ask(model, "--baseline", self.baseline, "--update-baseline")
        with NoisyModel(1, seed=3) as model:
            text = self.ask(model, "--baseline", self.baseline, expect=1)
        self.assertRegex(text, r"worse +intent pricing_question")
        self.assertIn("passes 0 of 5", text)

    def test_recording_is_judged_without_the_model(self):
        recording = self.folder / "answers.jsonl"
        with NoisyModel(0.5, seed=3) as model:
            told = json.loads(self.ask(model, "--json", "--record", recording))
            asked = model.asked
            again = json.loads(self.evaluate("--json", "--replay", recording, "--runs", self.RUNS,
                                             dataset=self.dataset))
            self.assertEqual(model.asked, asked)
        self.assertEqual(without_durations(again), without_durations(told))
        self.assertGreater(told["report"]["cost"]["prompt_tokens"], 0)
        text = self.evaluate("--replay", recording, "--runs", self.RUNS + 1, dataset=self.dataset, expect=2)
        self.assertIn("run 6", text)
        self.assertIn("not in the recording; record again", text)


if __name__ == "__main__":
    unittest.main()
