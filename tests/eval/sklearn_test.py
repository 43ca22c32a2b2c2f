#!/usr/bin/env python3
"""Are our scores scikit-learn's? sklearn_test.py SCORE_LABELS, with scikit-learn on PYTHONPATH."""
import json
import random
import subprocess
import sys
import unittest

from sklearn.metrics import classification_report, confusion_matrix, precision_recall_fscore_support

SCORE_LABELS = sys.argv.pop()
SETS = 100
SEED = 20261126
CLASSES = ["greeting", "objection", "pricing_question", "ready_to_buy", "support_request", "unclear"]


def label_set(random_, number):
    """Few classes and few labels, so that some are absent, some only said, and scores tie."""
    expected_classes = random_.sample(CLASSES, random_.randint(1, len(CLASSES)))
    said_classes = random_.sample(CLASSES, random_.randint(1, len(CLASSES)))
    size = random_.choice([1, 2, 3, 5, 20, 300])
    expected = random_.choices(expected_classes, k=size)
    right = random_.random()
    predicted = [e if random_.random() < right else random_.choice(said_classes) for e in expected]
    if number % 10 == 0:
        predicted = expected
    return {"expected": expected, "predicted": predicted}


class ScoresTest(unittest.TestCase):
    def test_scores_are_those_of_scikit_learn(self):
        random_ = random.Random(SEED)
        sets = [label_set(random_, number) for number in range(SETS)]
        lines = "".join(json.dumps(one) + "\n" for one in sets)
        done = subprocess.run([SCORE_LABELS], input=lines, capture_output=True, text=True, check=True)
        ours = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(len(ours), SETS)
        for labels, scores in zip(sets, ours):
            with self.subTest(labels=labels):
                self.compare(labels, scores)

    def compare(self, labels, scores):
        expected, predicted = labels["expected"], labels["predicted"]
        classes = sorted(set(expected) | set(predicted))
        report = classification_report(expected, predicted, output_dict=True, zero_division=0)
        # The report has accuracy in its place.
        names = ("precision", "recall", "f1-score")
        micro = dict(zip(names, precision_recall_fscore_support(expected, predicted, average="micro",
                                                                zero_division=0)))
        self.assertEqual([one["name"] for one in scores["classes"]], classes)
        for one in scores["classes"]:
            self.assert_score(one["score"], report[one["name"]])
            self.assertEqual(one["support"], report[one["name"]]["support"])
        self.assertAlmostEqual(scores["accuracy"], report["accuracy"], delta=1e-9)
        self.assert_score(scores["macro"], report["macro avg"])
        self.assert_score(scores["weighted"], report["weighted avg"])
        self.assert_score(scores["micro"], micro)
        self.assertEqual(scores["matrix"], confusion_matrix(expected, predicted).tolist())

    def assert_score(self, ours, theirs):
        self.assertAlmostEqual(ours["precision"], theirs["precision"], delta=1e-9)
        self.assertAlmostEqual(ours["recall"], theirs["recall"], delta=1e-9)
        self.assertAlmostEqual(ours["f1"], theirs["f1-score"], delta=1e-9)


if __name__ == "__main__":
    unittest.main()
