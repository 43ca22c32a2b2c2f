#!/usr/bin/env python3
"""Checks what no formatter does: the layout's direction, file sizes, names, and leftovers.

Each rule is a function of the whole tree, {path: text}, that yields (path, line, problem).
"""
import os
import re
import sys
from pathlib import Path

FOLDERS = ("core", "domain", "store", "repository", "conversation", "channel", "eval", "cli")
ADAPTERS = ("src/rapport/store/mongo/", "src/rapport/store/sqlite/")
MAX_LINES = 400
CODE = (".cpp", ".hpp", ".py", ".cmake")
# What people and programs outside wrote, or might have: kept as it is, odd blanks included.
DATA = (".txt", ".jsonl", ".json", ".csv")
SKIPPED = {".git", ".cache", "build", "__pycache__"}

INCLUDE = re.compile(r'^\s*#\s*include\s+(<[^>]+>|"[^"]+")')
DRIVER = re.compile(r"(mongoc|bson)(-\d[^/]*)?/|(mongoc|bson|sqlite3)\.h$")
LEFTOVER = re.compile(r"\b(TO" "DO|FIX" "ME|X" "XX|DIS" "ABLED_|GTEST_" r"SKIP)\b|DIS" "ABLED_")
MACHINE_PATH = re.compile(r"(?<![\w.~}-])/(work|home|root|Users)/\w")
REGISTRY = re.compile(
    r"\b(deb|security|archive|snapshot)\.(debian|ubuntu)\.\w+|\b(pypi|pythonhosted|npmjs|golang)"
    r"\.(org|com)\b|\bcrates\.io\b|\bmaven\.(org|apache\.org)\b|\b(docker|quay)\.io\b", re.I)


def is_script(path, text):
    return "." not in Path(path).name and text.startswith("#!")


def is_code(path, text):
    return path.endswith(CODE) or path.endswith("CMakeLists.txt") or is_script(path, text)


def is_data(path):
    return path.endswith(DATA) and not path.endswith("CMakeLists.txt")


def numbered_lines(text):
    return enumerate(text.removesuffix("\n").split("\n"), 1)


def includes(text):
    """Yields (line number, the header without its quotes or brackets, quoted?)."""
    for number, line in numbered_lines(text):
        if match := INCLUDE.match(line):
            yield number, match[1][1:-1], match[1][0] == '"'


def lines_matching(tree, pattern, problem, wanted=lambda path: True):
    for path, text in tree.items():
        if wanted(path):
            for number, line in numbered_lines(text):
                if pattern.search(line):
                    yield path, number, problem


def short_files(tree):
    for path, text in tree.items():
        count = text.count("\n")
        if is_code(path, text) and count >= MAX_LINES:
            yield path, count, f"{count} lines, where {MAX_LINES - 1} are the most: it holds two ideas"


def pragma_once(tree):
    for path, text in tree.items():
        if path.endswith(".hpp") and "#pragma once" not in text.splitlines():
            yield path, 1, "no #pragma once"


def no_leftovers(tree):
    yield from lines_matching(tree, LEFTOVER, "unfinished: finish it or leave it out",
                              lambda path: not is_data(path))


def clean_blanks(tree):
    yield from lines_matching(tree, re.compile(r"\t|[ \r]$"), "a tab or a trailing blank",
                              lambda path: not is_data(path))
    for path, text in tree.items():
        if text and not text.endswith("\n") and not is_data(path):
            yield path, text.count("\n") + 1, "no newline at the end"


def include_direction(tree):
    for path, text in tree.items():
        own = re.match(r"src/rapport/(\w+)/", path)
        if not own:
            continue
        if own[1] not in FOLDERS:
            yield path, 1, f"{own[1]} is no folder of the layout"
            continue
        for number, header, _ in includes(text):
            other = re.match(r"rapport/(\w+)/", header)
            allowed = FOLDERS[: FOLDERS.index(own[1]) + 1]
            if other and other[1] not in allowed:
                yield path, number, f"{own[1]} must not include {other[1]}"


def include_spelling(tree):
    for path, text in tree.items():
        roots = ("rapport/",) if path.startswith("src/") else ("rapport/", "tests/", "benchmarks/")
        if path.endswith((".cpp", ".hpp")):
            for number, header, quoted in includes(text):
                if quoted != header.startswith(roots):
                    yield path, number, f'{header}: own headers read "rapport/folder/file.hpp", others <…>'


def hidden_drivers(tree):
    """Driver headers stay in the adapters, in a source or in a header that nothing outside uses."""
    used_outside = set()
    for path, text in tree.items():
        for _, header, _ in includes(text):
            target = f"src/{header}"
            if str(Path(target).parent) != str(Path(path).parent):
                used_outside.add(target)
    for path, text in tree.items():
        if not path.startswith("src/"):
            continue
        hidden = path.startswith(ADAPTERS) and path not in used_outside
        for number, header, _ in includes(text):
            if DRIVER.search(header) and not hidden:
                yield path, number, f"{header} belongs to the adapter's sources"


def snake_case(tree):
    for path in tree:
        if path.endswith((".cpp", ".hpp", ".py")) and not re.fullmatch(r"[a-z0-9_.]+", Path(path).name):
            yield path, 1, "file names are snake_case"


def no_machine_paths(tree):
    yield from lines_matching(tree, MACHINE_PATH, "a path of one machine")


def no_registry_hosts(tree):
    yield from lines_matching(tree, REGISTRY, "the host name of a package registry")


def documented_headers(tree):
    for path, text in tree.items():
        public = path.startswith("src/rapport/") and not path.startswith("src/rapport/cli/")
        if public and path.endswith(".hpp") and not re.search(r"^\s*/// \S", text, re.M):
            yield path, 1, "a header without a single /// contract"


RULES = (short_files, pragma_once, no_leftovers, clean_blanks, include_direction, include_spelling,
         hidden_drivers, snake_case, no_machine_paths, no_registry_hosts, documented_headers)


def problems(tree):
    return [problem for rule in RULES for problem in rule(tree)]


def read_tree(root):
    """The project's text files: {path from the root: text}."""
    tree = {}
    for folder, subfolders, names in os.walk(root):
        subfolders[:] = [name for name in subfolders if name not in SKIPPED]
        for file in (Path(folder, name) for name in names if name not in SKIPPED):
            try:
                tree[file.relative_to(root).as_posix()] = file.read_bytes().decode()
            except UnicodeDecodeError:
                pass  # not text
    return tree


def main():
    tree = read_tree(Path(__file__).resolve().parents[2])
    found = problems(tree)
    for path, line, problem in found:
        print(f"{path}:{line}: {problem}")
    print(f"style: {len(tree)} files, {len(found)} problems")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
