"""What another program sees of a database of ours, and what we make of one that it wrote.

Arguments: the program `rapport`, and the file in which ctest's fixture says where its server is.
"""
import datetime
import json
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import bson
import pymongo

PROGRAM, SERVER_FILE = sys.argv[1:3]
URI = os.environ.get("RAPPORT_TEST_MONGODB_URI") or Path(SERVER_FILE).read_text().split()[0]
DAY = 24 * 60 * 60
PHONE = "+525512345678"

LEAD_INDEXES = {
    "idx_lead_id_unique": [("lead_id", 1)],
    "idx_stage_last_interaction": [("current_stage", 1), ("last_interaction_at", -1)],
    "idx_next_followup": [("next_followup_at", 1)],
}
MESSAGE_INDEXES = {
    "idx_lead_messages": [("lead_id", 1), ("timestamp", -1), ("seq", -1), ("_id", -1)],
    "idx_timestamp": [("timestamp", 1)],
    "idx_message_ttl": [("created_at", 1)],
}


class DatabaseTest(unittest.TestCase):
    def setUp(self):
        self.client = pymongo.MongoClient(URI)
        self.name = f"rapport_test_{os.getpid()}_{bson.ObjectId()}"
        self.database = self.client[self.name]

    def tearDown(self):
        self.client.drop_database(self.name)
        self.client.close()

    def rapport(self, *arguments, **settings):
        environment = {**os.environ, "MONGODB_DATABASE": self.name, **settings}
        done = subprocess.run([PROGRAM, "--db", URI, "--json", *arguments], env=environment,
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def import_messages(self, *messages, **settings):
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
            for message in messages:
                print(json.dumps(message), file=file)
            file.flush()
            return self.rapport("import", file.name, **settings)

    def assert_indexes(self, collection, expected):
        found = self.database[collection].index_information()
        for name, keys in expected.items():
            self.assertEqual(found[name]["key"], keys, name)
        return found


class WhatRapportWrites(DatabaseTest):
    def setUp(self):
        super().setUp()
        self.import_messages(
            {"lead_id": "+52 1 55 1234 5678", "role": "lead", "content": "Hola 👍",
             "timestamp": "2026-03-01T10:00:00Z"},
            {"lead_id": "5512345678", "role": "assistant", "content": "Buenos días",
             "timestamp": "2026-03-01T10:00:05Z", "tokens": 7})

    def test_a_lead_has_the_fields_and_types_of_the_wire_format(self):
        self.rapport("lead", "stage", PHONE, "demo_scheduled")
        lead = self.database.leads.find_one({"lead_id": PHONE})
        types = {name: type(value) for name, value in lead.items()}
        self.assertEqual(types, {
            "_id": bson.ObjectId, "lead_id": str, "current_stage": str, "recent_history": list,
            "signals": list, "message_count": int, "last_interaction_at": datetime.datetime,
            "handoff_status": str, "created_at": datetime.datetime,
            "updated_at": datetime.datetime, "version": int, "settled_count": int,
            "recent_turns": list})
        self.assertEqual(lead["current_stage"], "3 - demo_scheduled")
        self.assertEqual(lead["handoff_status"], "none")
        self.assertEqual(lead["message_count"], 2)
        self.assertEqual(lead["last_interaction_at"], datetime.datetime(2026, 3, 1, 10, 0, 5))

    def test_an_entry_of_the_history_has_the_fields_others_know_and_the_id(self):
        entry = self.database.leads.find_one({"lead_id": PHONE})["recent_history"][1]
        self.assertEqual({name: type(value) for name, value in entry.items()}, {
            "_id": bson.ObjectId, "lead_id": str, "role": str, "content": str, "tokens": int,
            "timestamp": datetime.datetime, "created_at": datetime.datetime,
            "updated_at": datetime.datetime})
        self.assertEqual(entry["content"], "Buenos días")

    def test_a_message_has_the_fields_and_types_of_the_wire_format(self):
        lead = self.database.leads.find_one({"lead_id": PHONE})
        first, second = self.database.messages.find({"lead_id": PHONE}).sort("seq", 1)
        self.assertEqual({name: type(value) for name, value in first.items()}, {
            "_id": bson.ObjectId, "lead_id": str, "role": str, "content": str, "tokens": int,
            "timestamp": datetime.datetime, "created_at": datetime.datetime,
            "updated_at": datetime.datetime, "seq": int, "lead_ref": bson.ObjectId,
            "turn_id": str})
        self.assertEqual((first["role"], first["content"], first["seq"]), ("lead", "Hola 👍", 1))
        self.assertEqual((second["role"], second["tokens"], second["seq"]), ("assistant", 7, 2))
        self.assertEqual(first["lead_ref"], lead["_id"])
        self.assertEqual(first["timestamp"], datetime.datetime(2026, 3, 1, 10))

    def test_optional_fields_come_with_their_types_and_go_again(self):
        self.rapport("lead", "followup", PHONE, "2026-12-01T09:30:00Z")
        self.rapport("handoff", "request", PHONE, "--reason", "discount")
        lead = self.database.leads.find_one({"lead_id": PHONE})
        self.assertEqual(lead["next_followup_at"], datetime.datetime(2026, 12, 1, 9, 30))
        self.assertEqual((lead["handoff_status"], lead["handoff_reason"]),
                         ("requested", "discount"))
        self.assertIsInstance(lead["handoff_requested_at"], datetime.datetime)
        self.rapport("lead", "followup", PHONE, "--clear")
        self.assertNotIn("next_followup_at", self.database.leads.find_one({"lead_id": PHONE}))

    def test_the_indexes_have_their_names_keys_and_options(self):
        leads = self.assert_indexes("leads", LEAD_INDEXES)
        self.assertTrue(leads["idx_lead_id_unique"]["unique"])
        self.assertTrue(leads["idx_next_followup"]["sparse"])
        messages = self.assert_indexes("messages", MESSAGE_INDEXES)
        self.assertEqual(messages["idx_message_ttl"]["expireAfterSeconds"], 365 * DAY)

    def test_the_sparse_index_holds_only_leads_with_a_followup(self):
        def indexed():
            return self.database.leads.count_documents({}, hint="idx_next_followup")

        self.assertEqual(indexed(), 0)
        self.rapport("lead", "followup", PHONE, "2026-12-01")
        self.assertEqual(indexed(), 1)
        self.rapport("lead", "followup", PHONE, "--clear")
        self.assertEqual(indexed(), 0)

    def test_a_changed_retention_is_applied_to_the_index_that_stands(self):
        message = {"lead_id": PHONE, "role": "lead", "content": "x"}
        self.import_messages(message, MESSAGE_RETENTION_DAYS="30")
        ttl = self.database.messages.index_information()["idx_message_ttl"]
        self.assertEqual(ttl["expireAfterSeconds"], 30 * DAY)
        self.import_messages(message, ENABLE_MESSAGE_ARCHIVAL="false")
        self.assertNotIn("idx_message_ttl", self.database.messages.index_information())


class WhatThePredecessorWrote(DatabaseTest):
    def setUp(self):
        super().setUp()
        history = [{"lead_id": "+5215512345678", "role": "lead", "content": "hola", "tokens": 0,
                    "timestamp": "2024-03-01T10:00:00", "metadata": {"source": None}}]
        self.database.leads.insert_one({
            "lead_id": "+5215512345678", "full_name": None, "current_stage": "1 - discovery",
            "recent_history": history, "signals": [], "message_count": 3,
            "next_followup_at": None, "last_interaction_at": "2024-03-01T10:00:02.500000+00:00",
            "handoff_status": "none", "handoff_requested_at": None, "handoff_reason": None,
            "handoff_assigned_to": None, "created_at": "2024-03-01T09:00:00.123456",
            "updated_at": datetime.datetime(2024, 3, 1, 10), "is_hot": True, "score": 0.5})
        self.database.messages.insert_many(
            {"lead_id": "+5215512345678", "role": role, "content": content, "tokens": tokens,
             "timestamp": timestamp, "created_at": "2024-03-01T10:00:00",
             "updated_at": "2024-03-01T10:00:00", "attachment": None, "channel": "whatsapp"}
            for role, content, tokens, timestamp in (
                ("lead", "hola", 0, datetime.datetime(2024, 3, 1, 10)),
                ("assistant", "buenas", 5, datetime.datetime(2024, 3, 1, 10, 0, 1)),
                ("lead", "precio?", 2.0, datetime.datetime(2024, 3, 1, 10, 0, 2))))

    def test_is_read_under_the_number_of_today(self):
        history = self.rapport("history", "55 1234 5678")
        self.assertEqual([message["content"] for message in history["messages"]],
                         ["hola", "buenas", "precio?"])
        lead = self.rapport("lead", PHONE)
        self.assertEqual(lead["lead_id"], PHONE)
        self.assertEqual(lead["created_at"], "2024-03-01T09:00:00.123Z")
        self.assertNotIn("full_name", lead)
        self.assertEqual(self.rapport("pipeline")["stages"]["1 - discovery"], 1)
        self.assertEqual(self.rapport("stats", PHONE)["tokens"], 7)

    def test_is_changed_without_losing_what_only_others_know(self):
        self.rapport("lead", "stage", PHONE, "qualified")
        self.rapport("lead", "followup", PHONE, "2026-12-01")
        lead = self.database.leads.find_one({"lead_id": PHONE})
        self.assertEqual((lead["is_hot"], lead["score"]), (True, 0.5))
        self.assertEqual(lead["current_stage"], "2 - qualified")
        self.assertEqual(lead["created_at"], datetime.datetime(2024, 3, 1, 9, 0, 0, 123000))
        self.assertNotIn(None, lead.values())
        self.assertEqual(self.database.leads.count_documents({}), 1)

    def write_something(self):
        self.import_messages({"lead_id": PHONE, "role": "lead", "content": "sigo aquí",
                              "timestamp": "2026-03-01T10:00:00Z"})

    def test_a_new_message_joins_the_old_conversation(self):
        self.write_something()
        self.assertEqual(self.database.leads.count_documents({}), 1)
        history = self.rapport("history", PHONE)
        self.assertEqual(history["messages"][-1]["content"], "sigo aquí")
        self.assertEqual(len(history["messages"]), 4)

    def test_the_short_index_of_its_name_gives_way_to_the_long_one(self):
        short = [("lead_id", 1), ("timestamp", -1)]
        self.database.messages.create_index(short, name="idx_lead_messages")
        self.write_something()
        found = self.assert_indexes("messages", MESSAGE_INDEXES)
        self.assertNotIn(short, [index["key"] for index in found.values()])

    def test_the_short_index_of_the_drivers_name_goes_too(self):
        short = [("lead_id", 1), ("timestamp", -1)]
        self.database.messages.create_index(short)
        self.write_something()
        found = self.assert_indexes("messages", MESSAGE_INDEXES)
        self.assertNotIn(short, [index["key"] for index in found.values()])

    def test_its_other_indexes_are_kept_as_they_are(self):
        self.database.leads.create_index("lead_id", name="idx_lead_id_unique", unique=True)
        self.database.leads.create_index("next_followup_at", name="idx_next_followup", sparse=True)
        self.database.messages.create_index("created_at", name="idx_message_ttl",
                                            expireAfterSeconds=90 * DAY)
        self.write_something()
        self.assert_indexes("leads", LEAD_INDEXES)
        found = self.assert_indexes("messages", MESSAGE_INDEXES)
        self.assertEqual(found["idx_message_ttl"]["expireAfterSeconds"], 365 * DAY)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
