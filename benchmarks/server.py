"""A MongoDB server of the benchmark's own: a one-node replica set on a free loopback port."""
import os
import shutil
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "build/deps/pymongo"))
import pymongo  # noqa: E402  (the tests' copy)


def program():
    fetched = os.path.join(ROOT, "build/deps/mongod/bin/mongod")
    found = shutil.which("mongod") or (fetched if os.access(fetched, os.X_OK) else None)
    return found or sys.exit("bench: no mongod on PATH or in build/deps: run ./dev setup")


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """Runs while the `with` block does, with its files in a folder below the one given."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "mongod")

    def __enter__(self):
        os.mkdir(self.folder)
        self.port = free_port()
        # Should this script be killed, the kernel ends the server.
        command = ["setpriv", "--pdeathsig", "KILL", program(), "--replSet", "rs0", "--bind_ip",
                   "127.0.0.1", "--port", str(self.port), "--dbpath", self.folder,
                   "--wiredTigerCacheSizeGB", "1", "--nounixsocket"]
        self.log = open(f"{self.folder}.log", "w")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        try:
            self.client = pymongo.MongoClient("127.0.0.1", self.port, directConnection=True)
            host = f"127.0.0.1:{self.port}"
            members = [{"_id": 0, "host": host}]
            self.client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
            while not self.client.admin.command("hello")["isWritablePrimary"]:
                time.sleep(0.1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def version(self):
        return self.client.server_info()["version"]

    def drop(self, database):
        self.client.drop_database(database)

    def settle(self):
        """Writes what is in memory to disk."""
        self.client.admin.command("fsync")

    def environment(self, database):
        return {"BENCH_PORT": str(self.port), "BENCH_DB": database,
                "MONGOD_PID": str(self.process.pid)}
