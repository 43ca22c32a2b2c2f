"""Tables of what was measured, in Markdown. A run is the JSON line that a program printed, with the
cell (what was measured) and the contestant (who did it)."""
import statistics


def summary(runs):
    """Medians over the runs of one contestant in one cell, and the slowest and fastest rate."""
    def median(value):
        return statistics.median(value(run) for run in runs)

    rates = [run["rate"] for run in runs]
    return {
        "rate": statistics.median(rates), "low": min(rates), "high": max(rates),
        "p50": median(lambda run: run.get("p50") or 0), "p99": median(lambda run: run.get("p99") or 0),
        "client": median(lambda run: run["client_cpu"] / max(1, run["n"]) * 1e6),
        "server": median(lambda run: run["mongod_cpu"] / max(1, run["n"]) * 1e6),
    }


def summaries(runs):
    """{cell: {contestant: summary}}, in the order of the first round."""
    grouped = {}
    for run in runs:
        grouped.setdefault(run["cell"], {}).setdefault(run["contestant"], []).append(run)
    return {cell: {who: summary(some) for who, some in by.items()} for cell, by in grouped.items()}


def number(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(found):
    return f"{number(found['rate'])} ({number(found['low'])}–{number(found['high'])})"


def markdown(header, rows):
    """The first column to the left, the others to the right, padded to be read as it is."""
    widths = [max(len(str(row[i])) for row in [header, *rows]) for i in range(len(header))]

    def line(row):
        cells = [str(cell).ljust(width) if i == 0 else str(cell).rjust(width)
                 for i, (cell, width) in enumerate(zip(row, widths))]
        return f"| {' | '.join(cells)} |"

    rule = [f"{'-' * (width - 1)}{'-' if i == 0 else ':'}" for i, width in enumerate(widths)]
    return "\n".join([line(header), line(rule), *map(line, rows)])


def details(found, baseline):
    """Everything measured in one cell: {contestant: summary} against the baseline's."""
    bare = found.get(baseline)
    rows = []
    for who, values in found.items():
        timed = values["p50"] > 0
        rows.append([who, spread(values), f"{values['rate'] / bare['rate']:.2f}" if bare else "",
                     *(number(values[p]) if timed else "" for p in ("p50", "p99")),
                     number(values["client"]), number(values["server"]) if values["server"] else ""])
    return markdown(["", "per second", "× bare", "p50 ms", "p99 ms", "client CPU µs", "server CPU µs"],
                    rows)


def side_by_side(found, cells, baseline):
    """A row a contestant, a column a cell: what each does in a second."""
    names = list(dict.fromkeys(who for cell in cells for who in found[cell]))

    def entry(cell, who):
        values, bare = found[cell].get(who), found[cell].get(baseline)
        if not values:
            return ""
        return spread(values) + (f" {values['rate'] / bare['rate']:.2f}×" if bare else "")

    rows = [[who, *(entry(cell, who) for cell in cells)] for who in names]
    return markdown(["per second", *cells], rows)
