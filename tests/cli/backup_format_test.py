"""Writes a backup file from docs/backup.md alone, and has the program restore it."""

import datetime
import hashlib
import json
import os
import struct
import subprocess
import sys
import tempfile

import bson

COUNT = 1500
PHONE = "+525512345678"
START = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


class ContentSum:
    """SHA-256 values, added up as four numbers of 64 bits."""

    def __init__(self):
        self.count = 0
        self.lanes = [0] * 4

    def add(self, document):
        digest = struct.unpack("<4Q", hashlib.sha256(bson.encode(document)).digest())
        self.lanes = [(a + b) % 2**64 for a, b in zip(self.lanes, digest)]
        self.count += 1

    def text(self):
        return f"{self.count} " + "".join(f"{lane:016x}" for lane in self.lanes)


def zstandard(content):
    """One frame of blocks that are not compressed (RFC 8878, 3.1.1)."""
    frame = struct.pack("<IBB", 0xFD2FB528, 0, 88)  # a window of 2 MiB
    pieces = [content[i:i + 131072] for i in range(0, len(content), 131072)]
    for i, piece in enumerate(pieces):
        is_last = i == len(pieces) - 1
        frame += struct.pack("<I", len(piece) << 3 | is_last)[:3] + piece
    return frame


def message(number, lead):
    return {
        "_id": bson.ObjectId(), "lead_id": PHONE, "role": "lead" if number % 2 else "assistant",
        "content": f"¿qué tal? {number}", "tokens": number % 90,
        "timestamp": START + datetime.timedelta(seconds=number // 3), "created_at": START,
        "updated_at": START, "seq": number + 1, "lead_ref": lead,
    }


def backup():
    lead_id = bson.ObjectId()
    messages = [message(number, lead_id) for number in range(COUNT)]
    window = ("_id", "lead_id", "role", "content", "tokens", "timestamp", "created_at",
              "updated_at")
    lead = {
        "_id": lead_id, "lead_id": PHONE, "full_name": "Ana", "current_stage": "1 - discovery",
        "recent_history": [{name: one[name] for name in window} for one in messages[-20:]],
        "signals": [], "message_count": COUNT, "last_interaction_at": messages[-1]["timestamp"],
        "handoff_status": "none", "created_at": START, "updated_at": START, "version": 750,
        "settled_count": COUNT, "recent_turns": [],
    }
    leads_sum, messages_sum = ContentSum(), ContentSum()
    leads_sum.add(lead)
    for one in messages:
        messages_sum.add(one)
    sums = f"{leads_sum.text()} {messages_sum.text()}"
    content = hashlib.sha256(sums.encode()).hexdigest()
    records = [{"head": {"made_at": START, "engine": "python"}}, {"leads": lead}]
    records += [{"messages": one} for one in messages]
    records += [{"group": {"dropped": []}},
                {"end": {"leads": 1, "messages": COUNT, "others": 0, "content": content}}]
    file = b"\x50\x2A\x4D\x18\x11\0\0\0RAPPORT BACKUP 1\n"
    file += zstandard(b"".join(bson.encode(record) for record in records))
    return file + b"\x51\x2A\x4D\x18\x20\0\0\0" + hashlib.sha256(file).digest(), content


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "python.backup")
        file, content = backup()
        with open(path, "wb") as out:
            out.write(file)
        database = "sqlite:" + os.path.join(folder, "restored.db")

        def run(*arguments):
            done = subprocess.run([program, "--db", database, "--json", *arguments],
                                  capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        restored = run("restore", path)
        assert restored["messages"] == COUNT, restored
        assert restored["verified"] and restored["content"] == content, restored
        last = run("history", PHONE, "--limit", "1")["messages"][0]
        assert last["content"] == f"¿qué tal? {COUNT - 1}", last


main(sys.argv[1])
