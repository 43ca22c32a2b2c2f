"""`rapport migrate` on a database that PyMongo wrote as the predecessor did.

Arguments: the program `rapport`, and the file in which ctest's fixture says where its server is.
RAPPORT_SOAK_SCALE makes it so many times as large (100: 10,000 persons; from 5 on 20 kills instead of 4
a scale); RAPPORT_SOAK_SEED repeats a run.
"""
import collections
import datetime
import json
import os
import random
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import bson
import pymongo

from predecessor import Predecessor

PROGRAM, SERVER_FILE = sys.argv[1:3]
URI = os.environ.get("RAPPORT_TEST_MONGODB_URI") or Path(SERVER_FILE).read_text().split()[0]
SEED = int(os.environ.get("RAPPORT_SOAK_SEED") or random.SystemRandom().randrange(2**32))
SCALE = int(os.environ.get("RAPPORT_SOAK_SCALE") or 1)
KILLS = min(20, 4 * SCALE)
MEMBERS = {"leads": "current_stage lead_id recent_history signals message_count version "
                    "settled_count recent_turns last_interaction_at created_at updated_at".split(),
           "messages": "lead_id role content tokens timestamp created_at updated_at".split()}
DATES = "last_interaction_at created_at updated_at timestamp next_followup_at".split()


def number(lead_id):
    digits = "".join(c for c in lead_id.split("@")[0] if c.isdigit())
    return "+52" + digits[-10:] if len(digits) >= 10 else None


def bytes_of(documents):
    return {document["_id"]: bson.encode(document) for document in documents}


class MigrateTest(unittest.TestCase):
    def setUp(self):
        self.client = pymongo.MongoClient(URI)
        self.names = []
        self.database = self.new_database()

    def tearDown(self):
        for name in self.names:
            self.client.drop_database(name)
        self.client.close()

    def new_database(self):
        self.names.append(f"rapport_test_{os.getpid()}_{bson.ObjectId()}")
        return self.client[self.names[-1]]

    def start(self, *arguments, database=None, **settings):
        # No lead of a test is removed because it is old.
        environment = {**os.environ, "ENABLE_MESSAGE_ARCHIVAL": "false",
                       "MONGODB_DATABASE": (self.database if database is None else database).name,
                       **settings}
        return subprocess.Popen([PROGRAM, "--db", URI, "--json", *arguments], env=environment,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def rapport(self, *arguments, expect=0, **options):
        with self.start(*arguments, **options) as process:
            out, err = process.communicate()
        self.assertEqual(process.returncode, expect, out[-2000:] + err)
        return json.loads(out)

    @staticmethod
    def documents(database):
        """All of them, as they stand, but for when a merged lead was merged."""
        found = {}
        for name in ("leads", "messages"):
            for document in database[name].find():
                if document.get("version", 0) > 1:
                    del document["updated_at"]
                found[name, document["_id"]] = bson.encode(document)
        return found

    def assert_same(self, one, other):
        different = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
        self.assertEqual(len(different), 0, [
            (key, *(bson.decode(side[key]) if key in side else None for side in (one, other)))
            for key in different[:2]])


class APredecessorsDatabase(MigrateTest):
    def setUp(self):
        super().setUp()
        self.written = Predecessor(SEED, 100 * SCALE)
        self.written.write(self.database)

    def test_a_plan_counts_and_changes_nothing(self):
        before = self.documents(self.database)
        indexes = self.database.messages.index_information()
        plan = self.rapport("migrate", "--plan", expect=1)
        self.assert_same(before, self.documents(self.database))
        self.assertEqual(indexes, self.database.messages.index_information())
        self.assertFalse(plan["applied"])
        self.assertEqual(plan["leads"]["documents"], len(self.written.leads))
        self.assertEqual(plan["messages"]["documents"], len(self.written.messages))
        self.assertEqual(plan["messages"]["nulls"], len(self.written.messages))
        self.assertEqual(plan["messages"]["without_seq"], len(self.written.messages))
        self.assertEqual(plan["messages"]["kept_members"], {"channel": len(self.written.messages)})
        self.assertEqual(plan["leads"]["without_version"],
                         len(self.written.leads) - self.written.unreadable)
        self.assertEqual(plan["leads"]["unreadable"], self.written.unreadable)
        self.assertEqual(plan["leads"]["no_number"], self.written.without_number)
        self.assertEqual(len(plan["collisions"]), self.written.collisions)
        self.assertGreater(plan["messages"]["text_dates"], 0)
        self.assertGreater(len(plan["examples"]), 5)
        self.assertNotIn("text ", json.dumps(plan["examples"]))

    def test_everything_gets_todays_form_and_is_reconciled(self):
        started = time.monotonic()
        report = self.rapport("migrate", "--merge", expect=1)  # some leads cannot be read
        print(f"{len(self.written.leads)} leads, {len(self.written.messages)} messages: "
              f"{time.monotonic() - started:.1f} s", flush=True)
        leads = list(self.database.leads.find())
        messages = list(self.database.messages.find())
        self.assertEqual(len(leads) + report["merged_leads"], len(self.written.leads))
        self.assertEqual({m["_id"]: m["content"] for m in messages},
                         {m["_id"]: m["content"] for m in self.written.messages})
        self.assertTrue(all(one["merged"] for one in report["collisions"]))
        self.assertEqual(len(report["collisions"]), self.written.collisions)
        stages = {one["_id"]: one["current_stage"] for one in leads}
        left = [one for one in leads if stages[one["_id"]] == "lost somewhere"]
        self.assertEqual(bytes_of(left), bytes_of(
            lead for lead in self.written.leads if lead["current_stage"] == "lost somewhere"))
        leads = [one for one in leads if stages[one["_id"]] != "lost somewhere"]
        self.check_form("leads", leads)
        self.check_form("messages", messages)
        self.check_conversations(leads, messages)
        self.check_numbers(leads)
        self.assertFalse(self.rapport("indexes", "--plan")["differences"])
        self.check_second_run()

    def check_form(self, collection, documents):
        for document in documents:
            for name in MEMBERS[collection]:
                self.assertIn(name, document, document)
            for name in ("is_hot", "bant_summary", "metadata"):
                self.assertNotIn(name, document)
            self.assertNotIn(None, self.values(document), document)
            for name, value in self.members(document):
                if name in DATES:
                    self.assertIsInstance(value, datetime.datetime, name)
            for name in ("tokens", "message_count", "seq", "version"):
                self.assertIsInstance(document.get(name, 0), int, name)

    def members(self, document):
        for name, value in document.items():
            yield name, value
            for nested in value if isinstance(value, list) else [value]:
                if isinstance(nested, dict):
                    yield from self.members(nested)

    def values(self, document):
        return [value for _, value in self.members(document)]

    def check_conversations(self, leads, messages):
        of_number = collections.defaultdict(list)
        for message in messages:
            of_number[message["lead_id"]].append(message)
        for lead in leads:
            told = sorted(of_number[lead["lead_id"]], key=lambda m: (m["timestamp"], m["_id"]))
            last = lead["message_count"]
            self.assertGreaterEqual(last, len(told))
            self.assertEqual([message["seq"] for message in told],
                             list(range(last - len(told) + 1, last + 1)), lead["lead_id"])
            self.assertEqual({message["lead_ref"] for message in told} - {lead["_id"]}, set())
            self.assertEqual(lead["settled_count"], last)
            window = [entry["content"] for entry in lead["recent_history"]]
            ids = {message["_id"]: message["content"] for message in told}
            if window:
                self.assertEqual([ids[entry["_id"]] for entry in lead["recent_history"]], window)
            self.assertEqual(lead["campaign"], {"source": "fair", "tags": ["a"]})

    def check_numbers(self, leads):
        self.assertEqual(len({lead["lead_id"] for lead in leads}), len(leads))
        for lead in leads:
            if not lead["lead_id"].startswith("pendiente"):
                self.assertEqual(lead["lead_id"], number(lead["lead_id"]))

    def check_second_run(self):
        before = bytes_of(self.database.leads.find()) | bytes_of(self.database.messages.find())
        again = self.rapport("migrate", "--merge", expect=1)
        self.assertEqual((again["leads"]["changed"], again["messages"]["changed"],
                          again["numbered_messages"], again["merged_leads"]), (0, 0, 0, 0))
        self.assertEqual(before, bytes_of(self.database.leads.find()) |
                         bytes_of(self.database.messages.find()))

    def test_without_merge_leads_of_one_number_stay_as_they_are(self):
        report = self.rapport("migrate", expect=1)
        self.assertEqual(report["merged_leads"], 0)
        self.assertFalse(any(one["merged"] for one in report["collisions"]))
        self.assertEqual(self.database.leads.count_documents({}), len(self.written.leads))
        together = {bson.ObjectId(lead) for one in report["collisions"] for lead in one["leads"]}
        for lead in self.written.leads:
            now = self.database.leads.find_one({"_id": lead["_id"]})
            if lead["_id"] in together:
                self.assertEqual(now["lead_id"], lead["lead_id"])
            if lead["current_stage"] != "lost somewhere":
                self.assertEqual(now["version"], 1)

    def test_killed_at_any_moment_and_run_again_it_comes_to_the_same(self):
        copies = [self.copy() for _ in range(KILLS)]
        started = time.monotonic()
        self.rapport("migrate", "--merge", expect=1)
        longest = time.monotonic() - started
        expected = self.documents(self.database)
        chance = random.Random(SEED)
        for copy in copies:
            with self.start("migrate", "--merge", database=copy) as process:
                time.sleep(chance.uniform(0, longest))  # the moment is the test's case
                process.kill()
            self.rapport("migrate", "--merge", expect=1, database=copy)
            self.assert_same(expected, self.documents(copy))
            self.client.drop_database(copy.name)

    def test_two_at_once_come_to_the_same(self):
        copy = self.copy()
        self.rapport("migrate", "--merge", expect=1)
        both = [self.start("migrate", "--merge", database=copy) for _ in range(2)]
        said = [process.communicate() for process in both]
        self.assertEqual([process.returncode for process in both], [1, 1], [err for _, err in said])
        reports = [json.loads(out) for out, _ in said]
        self.assert_same(self.documents(self.database), self.documents(copy))
        self.assertEqual(sum(report["merged_leads"] for report in reports),
                         len(self.written.leads) - self.database.leads.count_documents({}))

    def copy(self):
        copy = self.new_database()
        for name in ("leads", "messages"):
            self.database[name].aggregate([{"$out": {"db": copy.name, "coll": name}}])
        return copy


class ALeadThatIsOursAlready(MigrateTest):
    PHONE = "+525510000000"

    def told(self, *contents, at):
        return [{"_id": bson.ObjectId(), "lead_id": "55 1000 0000", "role": "lead",
                 "content": content, "tokens": 0, "timestamp": at.isoformat(),
                 "created_at": at.isoformat(), "updated_at": at.isoformat()}
                for content in contents]

    def write_both(self, before):
        """A predecessor's lead under a spelling that we do not find, and one of ours since."""
        at = datetime.datetime(2026, 3, 1)
        self.database.leads.insert_one({
            "lead_id": "55 1000 0000", "current_stage": "2 - qualified", "full_name": "Zoë",
            "recent_history": [], "signals": [], "message_count": before,
            "last_interaction_at": at.isoformat(), "created_at": at.isoformat(),
            "updated_at": at.isoformat()})
        self.database.messages.insert_many(
            self.told(*(f"old {n}" for n in range(before)), at=at))
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
            for n in range(3):
                print(json.dumps({"lead_id": self.PHONE, "role": "lead", "content": f"new {n}",
                                  "timestamp": f"2026-04-01T10:00:0{n}Z"}), file=file)
            file.flush()
            self.rapport("import", file.name)

    def check(self, before):
        lead = self.database.leads.find_one()
        self.assertEqual(self.database.leads.count_documents({}), 1)
        self.assertEqual((lead["full_name"], lead["message_count"]), ("Zoë", before + 3))
        messages = list(self.database.messages.find().sort("seq", 1))
        self.assertEqual([message["seq"] for message in messages], list(range(1, before + 4)))
        self.assertEqual({message["lead_ref"] for message in messages}, {lead["_id"]})
        history = self.rapport("history", self.PHONE, "--limit", "1000")["messages"]
        self.assertEqual([message["content"] for message in history][-3:],
                         ["new 0", "new 1", "new 2"])
        self.assertEqual(sorted(message["content"] for message in history[:-3]),
                         sorted(f"old {n}" for n in range(before)))
        self.assertEqual([entry["content"] for entry in lead["recent_history"][-3:]],
                         ["new 0", "new 1", "new 2"])

    def test_takes_the_messages_of_the_other_one_as_an_import_does(self):
        self.write_both(45)
        self.assertEqual(self.rapport("migrate", "--merge")["merged_leads"], 1)
        self.check(45)
        self.assertEqual(self.rapport("migrate", "--merge", "--plan")["merged_leads"], 0)

    def test_takes_them_once_wherever_it_is_killed(self):
        for place in ("migrate.copied:1", "migrate.copied:2", "migrate.carried:1",
                      "migrate.merged:1", "commit.answered:3", "messages.answered:2"):
            with self.subTest(place):
                self.client.drop_database(self.database.name)
                self.write_both(45)
                with self.start("migrate", "--merge", RAPPORT_FAULT=place) as process:
                    process.communicate()
                self.assertNotEqual(process.returncode, 0, "it was to be killed")
                self.rapport("migrate", "--merge")
                self.check(45)


if __name__ == "__main__":
    print(f"RAPPORT_SOAK_SEED={SEED}", flush=True)
    unittest.main(argv=sys.argv[:1])
