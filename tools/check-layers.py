#!/usr/bin/env python3
"""Checks every #include of the tree against the table in tools/layers.txt.

A file of src/ or a public header may include its own folder or a lower layer, never a higher one,
never a neighbour (same number, other folder). Programs include public headers only. Includes must
not go round in a circle. Prints each break as FILE:LINE, and exits 1 if there was one.

usage: tools/check-layers.py [ROOT]
"""
import os
import re
import sys

INCLUDE = re.compile(r'\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Table:
    """tools/layers.txt: layer of each folder, folder of each public header, and the exceptions."""

    def __init__(self, path):
        self.layer, self.folder_of, self.umbrellas = {}, {}, set()
        self.programs, self.tests = [], []
        section = None
        for line in open(path, encoding="utf-8"):
            words = line.split("#")[0].split()
            if not words:
                continue
            if words[0].startswith("["):
                section = words[0].strip("[]")
            elif section == "folders":
                self.layer[words[1]] = int(words[0])
            elif section == "headers":
                for name in words[1:]:
                    self.folder_of["include/wok/" + name] = words[0]
            elif section == "umbrellas":
                self.umbrellas.update("include/wok/" + name for name in words)
            elif section == "programs":
                self.programs += words
            elif section == "tests":
                self.tests += words
            else:
                sys.exit("%s: unknown section [%s]" % (path, section))

    def home(self, path):
        """The folder of the table that a file belongs to, or None."""
        if path in self.folder_of:
            return self.folder_of[path]
        return next((f for f in self.layer if path.startswith(f + "/")), None)


def sources(root):
    for top in ("include", "src", "cli", "examples", "bench", "tests", "fuzz"):
        for folder, subfolders, files in os.walk(os.path.join(root, top)):
            subfolders.sort()
            for name in sorted(files):
                if name.endswith((".c", ".h", ".S")):
                    yield os.path.relpath(os.path.join(folder, name), root)


def resolve(root, path, quote, name):
    """The included file as a path in the tree, None for the system's, "" if it is nowhere."""
    places = ["include"]
    if quote == '"':
        places = [os.path.dirname(path), "src", "tests", "include"]
    for place in places:
        candidate = os.path.normpath(os.path.join(place, name))
        if os.path.isfile(os.path.join(root, candidate)):
            return candidate
    return "" if quote == '"' or name.startswith("wok/") else None


def includes(root, path):
    """(line number, target) of each include of a file of the tree."""
    with open(os.path.join(root, path), encoding="utf-8") as f:
        for number, line in enumerate(f, 1):
            m = INCLUDE.match(line)
            if m:
                target = resolve(root, path, m.group(1), m.group(2))
                if target is not None:
                    yield number, target or m.group(2), bool(target)


def is_public(path):
    return path.startswith("include/wok/")


def why_not(table, path, target):
    """None if path may include target, or the sentence that says why not."""
    top = path.split("/")[0]
    if top in table.tests or path in table.tests:
        return None
    if top in table.programs:
        if is_public(target) or target.split("/")[0] == top:
            return None
        return "a program includes public headers only, not %s" % target
    if path in table.umbrellas:
        return None if is_public(target) else "a header that gathers others names public ones"
    if target in table.umbrellas:
        return "%s is for programs: include the header that is needed" % target
    if is_public(path) and not is_public(target):
        return "a public header cannot include %s, which is not installed" % target
    own, other = table.home(path), table.home(target)
    for file, folder in ((path, own), (target, other)):
        if folder is None:
            return "tools/layers.txt does not name %s: add it there" % file
    if own == other or table.layer[other] < table.layer[own]:
        return None
    relation = "a neighbour" if table.layer[other] == table.layer[own] else "above it"
    return "%s (layer %d) includes %s: %s (layer %d) is %s" % (
        own, table.layer[own], target, other, table.layer[other], relation)


def circle(graph):
    """A list of files that include each other in a circle, or None."""
    state = {}

    def visit(path, trail):
        state[path] = "open"
        for target in graph.get(path, ()):
            if state.get(target) == "open":
                return trail[trail.index(target):] + [target] if target in trail else None
            if target not in state:
                found = visit(target, trail + [target])
                if found:
                    return found
        state[path] = "done"
        return None

    for path in graph:
        if path not in state:
            found = visit(path, [path])
            if found:
                return found
    return None


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    table = Table(os.path.join(root, "tools", "layers.txt"))
    graph, breaks, files = {}, 0, 0
    for path in sources(root):
        files += 1
        for number, target, found in includes(root, path):
            if found:
                graph.setdefault(path, []).append(target)
                reason = why_not(table, path, target)
            else:
                reason = "%s is not in the tree" % target
            if reason:
                print("%s:%d: %s" % (path, number, reason))
                breaks += 1
    around = circle(graph)
    if around:
        print("includes go round in a circle: " + " -> ".join(around))
        breaks += 1
    print("layers: %d files, %d breaks" % (files, breaks))
    return 1 if breaks else 0


sys.exit(main())
