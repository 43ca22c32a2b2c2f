#!/usr/bin/env python3
"""Makes tables and curves of runs whose figures are known."""
import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../benchmarks"))
import plot
import tables


def run(cell, contestant, rate, p99=4.0):
    return {"cell": cell, "contestant": contestant, "rate": rate, "n": 1000, "p50": 2.0, "p99": p99,
            "client_cpu": 0.5, "mongod_cpu": 1.5}


RUNS = [run("turns", "Rapport", 300, p99=9), run("turns", "bare", 100),
        run("turns", "bare", 120), run("turns", "Rapport", 330), run("turns", "Rapport", 390),
        run("turns", "bare", 95), run("stream", "Rapport", 50)]


class Tables(unittest.TestCase):
    def test_a_summary_is_the_median_with_its_spread_and_cpu_by_operation(self):
        found = tables.summaries(RUNS)["turns"]["Rapport"]
        self.assertEqual((found["rate"], found["low"], found["high"]), (330, 300, 390))
        self.assertEqual((found["p99"], found["client"], found["server"]), (4, 500, 1500))

    def test_ratios_are_of_medians(self):
        rows = tables.details(tables.summaries(RUNS)["turns"], "bare").splitlines()
        self.assertEqual([row.split("|")[3].strip() for row in rows[2:]], ["3.30", "1.00"])

    def test_who_was_not_measured_leaves_a_blank(self):
        found = tables.summaries(RUNS)
        rows = tables.side_by_side(found, ["turns", "stream"], "bare").splitlines()
        self.assertEqual([cell.strip() for cell in rows[2].split("|")[1:-1]],
                         ["Rapport", "330 (300–390) 3.30×", "50.0 (50.0–50.0)"])
        self.assertEqual(rows[3].split("|")[3].strip(), "")


class Axes(unittest.TestCase):
    def test_equal_factors_are_equal_distances(self):
        axis = plot.Scale([2, 32], 0, 100)
        self.assertEqual([axis.at(value) for value in (2, 8, 32)], [0, 50, 100])
        self.assertEqual(axis.decades(), [10])

    def test_whole_axes_end_at_powers_of_ten(self):
        axis = plot.Scale([3, 400], 200, 0, whole=True)
        self.assertEqual(axis.decades(), [1, 10, 100, 1000])
        self.assertEqual((axis.at(1), axis.at(1000)), (200, 0))


if __name__ == "__main__":
    unittest.main()
