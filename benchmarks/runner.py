"""Runs the benchmark programs on databases of their own and keeps the lines they print."""
import datetime
import glob
import json
import os
import platform
import re
import shlex
import subprocess
import sys

from server import ROOT

PROGRAMS = os.path.join(ROOT, "build/release/bin")


def rapport(engine):
    return [os.path.join(PROGRAMS, "rapport_bench"), engine]


def bare(engine):
    return [os.path.join(PROGRAMS, f"bare_{engine}")]


def say(text):
    print(text, file=sys.stderr, flush=True)


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT).stdout.strip()


def environment(server):
    """What the figures depend on."""
    cpu = re.search(r"model name\s*: (.*)", open("/proc/cpuinfo").read())
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "command": shlex.join(["./dev", "bench", *sys.argv[1:]]),
        "rapport": output_of("git", "describe", "--always", "--dirty"),
        "mongod": server.version(),
        "libmongoc": output_of("pkg-config", "--modversion", "libmongoc-1.0"),
        "SQLite": output_of("pkg-config", "--modversion", "sqlite3"),
        "machine": f"{os.cpu_count()} cores, {cpu[1] if cpu else platform.machine()}",
    }


class Runner:
    """What was measured is in `lines`, and, as it comes, in the file."""

    def __init__(self, server, folder, path, seconds):
        self.server, self.folder, self.seconds = server, folder, seconds
        self.about = environment(server)
        self.lines = []
        self.failures = 0
        self.file = open(path, "w")
        self.write({"environment": self.about})

    def write(self, line):
        self.file.write(json.dumps(line) + "\n")
        self.file.flush()

    def database(self, engine, name):
        """The environment that makes a program use it."""
        if engine == "mongodb":
            return self.server.environment(name)
        return {"BENCH_DB": os.path.join(self.folder, name)}

    def run(self, command, variables, **about):
        """Runs a program and keeps the line it prints, if any. A failure is told and counted, and the rest goes on."""
        done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True)
        if done.returncode != 0:
            self.failures += 1
            say(f"  failed: {shlex.join(command)}\n{done.stderr[-2000:]}")
        elif done.stdout:
            line = json.loads(done.stdout.splitlines()[-1]) | about
            self.lines.append(line)
            self.write(line)
            say(f"  {line['rate']:12,.1f}/s  {', '.join(str(value) for value in about.values())}")

    def timed(self, command, arguments):
        """Adds the arguments, with the seconds where the operation takes them."""
        arguments = arguments.split()
        takes_seconds = arguments[0] in ("turn", "converse", "planned", "recent")
        return [*command, *arguments, *([str(self.seconds)] if takes_seconds else [])]

    def seed(self, engine, name, command, **variables):
        """Makes a database anew and puts it on disk, so that no run pays for another one's data."""
        if engine == "mongodb":
            self.server.drop(name)
            self.server.drop(f"{name}_bulk")
        for path in glob.glob(os.path.join(self.folder, f"{name}.db*")):
            os.remove(path)
        self.run([*command, "seed", name], self.database(engine, name) | variables)
        self.server.settle()
        os.sync()
