#!/usr/bin/env python3
"""Runs the benchmark of the embedded engine on a handful of leads: programs_test.py RAPPORT_BENCH"""
import json
import os
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.path.realpath(sys.argv.pop(1))
OPERATIONS = ("turn 2 1 full 0.1", "turn 2 1 full 0.1 external_id", "planned 2 1 full 0.1",
              "converse 2 1 full 0.1", "recent 2 1 0.1", "stream")


class OnSqlite(unittest.TestCase):
    def test_each_operation_prints_its_figures(self):
        with tempfile.TemporaryDirectory(prefix="rapport_bench_") as folder:
            variables = os.environ | {"BENCH_DB": os.path.join(folder, "bench_rapport"),
                                      "BENCH_LEADS": "20", "BENCH_TALK": "100"}

            def run(arguments):
                done = subprocess.run([PROGRAM, "sqlite", *arguments.split()], env=variables,
                                      capture_output=True, text=True)
                self.assertEqual(done.returncode, 0, f"{arguments}: {done.stderr}")
                return done.stdout

            run("seed bench_rapport")
            self.assertTrue(os.path.exists(os.path.join(folder, "bench_rapport.db")))
            for arguments in OPERATIONS:
                with self.subTest(arguments):
                    figures = json.loads(run(arguments))
                    self.assertEqual(figures["op"], arguments.split()[0])
                    self.assertGreater(figures["rate"], 0)


if __name__ == "__main__":
    unittest.main()
