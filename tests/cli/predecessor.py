"""Writes a database as the predecessor did: PyMongo, no version, no seq, and all its defects.

The same seed gives the same documents, `_id`s included.
"""
import datetime
import random

import bson

STAGES = ["0 - initial_contact", "1 - discovery", "2 - qualified", "3 - demo_scheduled",
          "4 - on_hold", "5 - closed_won", "6 - closed_lost"]
ROLES = ["lead", "assistant", "system", "human"]

# How each of the same person's leads spells the number; a lead by itself is one of the first.
SPELLINGS = {
    "today": lambda n: f"+5255{n}",
    "mobile": lambda n: f"+52155{n}",
    "national": lambda n: f"55 {n[:4]} {n[4:]}",
    "address": lambda n: f"52155{n}@s.whatsapp.net",
}
ALONE = list(SPELLINGS)
TOGETHER = [("today", "mobile"), ("today", "national"), ("mobile", "national"),
            ("today", "today"), ("national", "mobile", "today"), ("address", "national")]


class Predecessor:
    """`leads` persons: every eighth with several leads, every hundredth not to be read."""

    def __init__(self, seed, leads):
        self.random = random.Random(seed)
        # Within the predecessor's own retention, which removes what it stored as dates.
        self.start = datetime.datetime.now(datetime.timezone.utc).replace(
            microsecond=0, tzinfo=None) - datetime.timedelta(80)
        self.counter = 0
        self.persons = leads
        self.leads, self.messages = [], []
        self.collisions = self.unreadable = self.without_number = 0
        for person in range(leads):
            self.add_person(person)

    def write(self, database):
        database.leads.insert_many(self.leads)
        database.messages.insert_many(self.messages)
        database.messages.create_index([("lead_id", 1), ("timestamp", -1)],
                                       name="idx_lead_messages")
        database.leads.create_index("next_followup_at", name="idx_next_followup", sparse=True)
        database.messages.create_index("created_at", name="idx_message_ttl",
                                       expireAfterSeconds=90 * 86400)

    def object_id(self):
        self.counter += 1
        return bson.ObjectId(f"65a0{self.counter:020x}")

    def add_person(self, person):
        number = f"{10_000_000 + person}"
        if person % 8 == 7:
            self.collisions += 1
            for spelling in TOGETHER[person // 8 % len(TOGETHER)]:
                self.add_lead(SPELLINGS[spelling](number))
        elif person % 100 == 50:
            self.without_number += 1
            self.add_lead(f"pendiente-{person}")
        else:
            self.add_lead(SPELLINGS[self.random.choice(ALONE)](number))
            if person % 100 == 20:
                self.leads[-1]["current_stage"] = "lost somewhere"
                self.unreadable += 1

    def date(self, moment):
        form = self.random.randrange(5)
        if form == 0:
            return moment
        if form == 1:
            return moment.isoformat() + "+00:00"
        if form == 2:
            return moment.isoformat() + "Z"
        if form == 3:
            return (moment - datetime.timedelta(hours=6)).isoformat() + "-06:00"
        return moment.isoformat()

    def add_lead(self, lead_id):
        roll = self.random
        at = self.start + datetime.timedelta(minutes=roll.randrange(100_000))
        messages = []
        for _ in range(roll.choice([0, 1, 3, 8, 30])):
            # Several in one moment, often.
            at += datetime.timedelta(milliseconds=roll.choice([0, 0, 1500, 61_000]))
            messages.append(self.message(lead_id, at))
        count = len(messages) + roll.choice([0, 0, 0, 2, -1, -2])
        lead = {
            "_id": self.object_id(), "lead_id": lead_id,
            "full_name": roll.choice([None, "Zoë", "Ana María"]),
            "current_stage": roll.choice(STAGES),
            "recent_history": [self.entry(message) for message in messages[-20:]],
            "signals": [self.signal(n) for n in range(roll.randrange(3))],
            "message_count": roll.choice([max(count, 0), float(max(count, 0))]),
            "next_followup_at": roll.choice([None, None, self.date(at)]),
            "last_interaction_at": self.date(at), "handoff_status": "none",
            "handoff_requested_at": None, "handoff_reason": None, "handoff_assigned_to": None,
            "created_at": self.date(self.start), "updated_at": self.date(at),
            "is_hot": roll.random() < 0.5, "bant_summary": {"budget": None, "need": "x"},
            "campaign": {"source": "fair", "tags": ["a"]}, "lead_score": 0.5,
        }
        for member in ("full_name", "recent_history", "handoff_status", "message_count", "is_hot"):
            if roll.random() < 0.05:
                lead.pop(member)
        self.leads.append(lead)
        self.messages += messages

    def message(self, lead_id, at):
        roll = self.random
        spelling = lead_id
        # Messages were never normalised: some came under the number as a channel writes it.
        if lead_id.startswith("+521") and roll.random() < 0.1:
            spelling = lead_id[1:] + "@c.us"
        return {
            "_id": self.object_id(), "lead_id": spelling, "role": roll.choice(ROLES),
            "content": f"text {self.counter}", "tokens": roll.choice([0, 7, 7.0, None]),
            "timestamp": self.date(at), "created_at": self.date(at), "updated_at": self.date(at),
            "attachment": None, "turn_id": None, "channel": "whatsapp", "metadata": None,
        }

    def entry(self, message):
        return {name: message[name] for name in ("lead_id", "role", "content", "tokens",
                                                 "timestamp")} | {"metadata": {"source": None}}

    def signal(self, number):
        return {"dimension": self.random.choice(["budget", "authority", "need", "timeline"]),
                "extracted_value": f"value {number}",
                "confidence": {"value": self.random.choice([1, 0.5]), "reasoning": "said so"},
                "source_message_id": "", "is_inferred": False, "inferred_from": None,
                "raw_evidence": f"evidence {number}", "extracted_at": self.date(self.start)}
