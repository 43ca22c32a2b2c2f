"""How cost grows: with conversations, with leads, and with the length of one lead's history."""
import math
import os

import plot
import tables
from runner import bare, rapport, say

CONVERSATIONS = (1, 4, 16, 64, 256, 1024)
ENGINES = {"mongodb": "MongoDB", "sqlite": "SQLite"}
# The sweeps: what varies, and how it is named on an axis.
SWEEPS = {"conversations": "conversations at once", "leads": "leads",
          "history": "messages of the lead"}


def powers(least, most):
    """10^least, 10^(least + 1), … up to most."""
    return [10**exponent for exponent in range(least, int(math.log10(most)) + 1)]


def measure(runner, rounds, largest):
    for engine in ENGINES:
        conversations(runner, engine, rounds)
        for count in powers(3, largest):
            population(runner, engine, rounds, "leads", count, {"BENCH_TALK": "0"},
                       ["recent 16 10", "turn 64 10 maj"])
        for count in powers(2, largest):
            population(runner, engine, rounds, "history", count, {"BENCH_LEADS": "0"},
                       ["recent 1 10", "stream", "turn 1 10 maj"])


def conversations(runner, engine, rounds):
    def commands(count):
        theirs = f"turn {count} 10 maj" if engine == "mongodb" else f"turn {count} full group"
        yield f"Rapport, {ENGINES[engine]}", rapport(engine), f"turn {count} 10 maj", "bench_rapport"
        yield f"bare {ENGINES[engine]}", bare(engine), theirs, "bench_bare"

    for turn in range(rounds):
        say(f"{engine}, conversations, round {turn + 1} of {rounds}")
        runner.seed(engine, "bench_rapport", rapport(engine))
        runner.seed(engine, "bench_bare", bare(engine))
        for count in CONVERSATIONS:
            order = list(commands(count))
            for who, program, arguments, name in order if turn % 2 == 0 else reversed(order):
                runner.run(runner.timed(program, arguments), runner.database(engine, name),
                           sweep="conversations", cell="turn", x=count, contestant=who)


def population(runner, engine, rounds, sweep, count, others, operations):
    """So many leads, or messages of the one lead. Turns come last, since they add messages."""
    say(f"{engine}, {count:,} {SWEEPS[sweep]}")
    size = others | {"BENCH_LEADS" if sweep == "leads" else "BENCH_TALK": str(count)}
    runner.seed(engine, "bench_rapport", rapport(engine), **size)
    for operation in operations:
        for _ in range(rounds):
            runner.run(runner.timed(rapport(engine), operation),
                       runner.database(engine, "bench_rapport") | size,
                       sweep=sweep, cell=operation.split()[0], x=count,
                       contestant=f"Rapport, {ENGINES[engine]}")


def curves(lines, sweep):
    """{(operation, contestant): {x: summary}}"""
    grouped = {}
    for line in lines:
        if line["sweep"] == sweep:
            curve = grouped.setdefault((line["cell"], line["contestant"]), {})
            curve.setdefault(line["x"], []).append(line)
    return {name: {x: tables.summary(runs) for x, runs in sorted(curve.items())}
            for name, curve in grouped.items()}


def table(found, axis):
    """A row for each x: the rate of each curve, with its spread, and the median latency."""
    def entry(summary):
        if not summary:
            return ""
        latency = f", {tables.number(summary['p50'])} ms" if summary["p50"] else ""
        return tables.spread(summary) + latency

    rows = [[f"{x:,}", *(entry(curve.get(x)) for curve in found.values())]
            for x in sorted({x for curve in found.values() for x in curve})]
    return tables.markdown([axis, *(f"{cell}: {who}" for cell, who in found)], rows)


def panel(title, axis, found, measure_name, names):
    series = {names(cell, who): [(x, values[measure_name]) for x, values in curve.items()]
              for (cell, who), curve in found.items()}
    return plot.Panel(title, axis, {name: points for name, points in series.items() if name})


def report(about, lines, svg):
    for name, value in about.items():
        print(f"{name}: {value}")
    found = {sweep: curves(lines, sweep) for sweep in SWEEPS}
    for sweep, axis in SWEEPS.items():
        if found[sweep]:
            print(f"\nPer second (spread), and median latency, by {axis}\n\n{table(found[sweep], axis)}")

    def engine(who):
        return who.removeprefix("Rapport, ")

    plot.draw(svg, [
        panel("Turns a second", SWEEPS["conversations"], found["conversations"], "rate",
              lambda _, who: who),
        panel("A second, 64 conversations, 16 readers", SWEEPS["leads"], found["leads"], "rate",
              lambda cell, who: f"{cell}, {engine(who)}"),
        panel("Median milliseconds, one conversation", SWEEPS["history"], found["history"], "p50",
              lambda cell, who: f"{cell}, {engine(who)}" if cell != "stream" else None),
    ])
    print(f"\nplot: {os.path.relpath(svg)}")
