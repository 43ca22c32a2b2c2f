"""Draws curves on logarithmic axes as an SVG that reads on a light and on a dark page."""
import dataclasses
import math

COLOURS = ("#3d85d9", "#d9822b", "#3a9d5d", "#a562c9")
TEXT = "#808690"
WIDTH, HEIGHT = 340, 300
LEFT, RIGHT, TOP, BOTTOM = 56, 16, 96, 44


@dataclasses.dataclass
class Panel:
    title: str
    axis: str
    series: dict  # {name: [(x, y)]}


class Scale:
    """Logarithms onto a stretch of pixels; with `whole`, from one power of ten to another."""

    def __init__(self, values, start, end, whole=False):
        self.least, self.most = math.log10(min(values)), math.log10(max(values))
        if whole:
            self.least, self.most = math.floor(self.least), math.ceil(self.most)
        self.most = max(self.most, self.least + 1)
        self.start, self.end = start, end

    def at(self, value):
        part = (math.log10(value) - self.least) / (self.most - self.least)
        return round(self.start + part * (self.end - self.start), 1)

    def decades(self):
        return [10.0**exponent for exponent in range(math.ceil(self.least), math.floor(self.most) + 1)]


def label(value):
    for size, unit in ((1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:g}{unit}"
    return f"{value:g}"


def text(x, y, words, anchor="middle", size=11, colour=TEXT):
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{words}</text>'


def line(x1, y1, x2, y2):
    return f'<path d="M{x1} {y1}L{x2} {y2}" stroke="{TEXT}" stroke-opacity=".3"/>'


def frame(panel, across, up):
    yield text(LEFT, 20, panel.title, "start", 13)
    yield text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, panel.axis)
    for value in across.decades():
        yield line(across.at(value), up.start, across.at(value), up.end)
        yield text(across.at(value), HEIGHT - BOTTOM + 16, label(value))
    for value in up.decades():
        yield line(across.start, up.at(value), across.end, up.at(value))
        yield text(LEFT - 6, up.at(value) + 4, label(value), "end")


def curve(name, points, colour, row, across, up):
    where = [(across.at(x), up.at(y)) for x, y in points]
    path = "M" + "L".join(f"{x} {y}" for x, y in where)
    yield f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="2"/>'
    yield from (f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in where)
    y = 38 + 14 * row
    yield f'<path d="M{LEFT} {y - 4}h16" stroke="{colour}" stroke-width="3"/>'
    yield text(LEFT + 22, y, name, "start")


def drawn(panel):
    if not panel.series:
        return
    points = [point for points in panel.series.values() for point in points]
    across = Scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
    up = Scale([y for _, y in points], HEIGHT - BOTTOM, TOP, whole=True)
    yield from frame(panel, across, up)
    for row, ((name, some), colour) in enumerate(zip(panel.series.items(), COLOURS)):
        yield from curve(name, some, colour, row, across, up)


def draw(path, panels):
    """Side by side, each with a legend of at most four curves above it."""
    width = WIDTH * len(panels)
    with open(path, "w") as file:
        file.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {HEIGHT}" '
                   f'width="{width}" font-family="system-ui, sans-serif">\n')
        for i, panel in enumerate(panels):
            shapes = "\n".join(drawn(panel))
            file.write(f'<g transform="translate({i * WIDTH})">\n{shapes}\n</g>\n')
        file.write("</svg>\n")
