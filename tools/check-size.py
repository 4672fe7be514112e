#!/usr/bin/env python3
"""Checks that functions have at most 60 lines and files at most 500, in src/, include/ and cli/.

A function counts from the line of its opening brace in column one to its closing brace in column
one: the formatter sees to it that they stand there. Exceptions stand in tools/sizes.txt with their
length and a reason; that list only shrinks, so an entry that is not needed any more, or that is too
generous, is an error too.

usage: tools/check-size.py [ROOT]
"""
import os
import re
import sys

FUNCTION_LINES, FILE_LINES = 60, 500
# A function's head before its brace: the last identifier that a parenthesis follows.
NAME = re.compile(r"^[A-Za-z_].*?\b([A-Za-z_]\w*)\s*\(")


def exceptions(path):
    allowed = {}
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        words = line.split(None, 2)
        if not words or words[0].startswith("#"):
            continue
        if len(words) < 3 or not words[1].isdigit():
            sys.exit("%s:%d: expected PATH[:FUNCTION] LINES reason" % (path, number))
        allowed[words[0]] = int(words[1])
    return allowed


def functions(lines):
    """(name, line number, length) of each function body."""
    start = name = None
    for number, line in enumerate(lines, 1):
        m = NAME.match(line)
        if m and start is None:
            name = m.group(1)
        if line.rstrip() == "{":
            start = number
        elif line.startswith("}") and start is not None:
            yield name or "?", start, number - start - 1
            start = name = None


def sizes(root):
    """(key, place, length, limit) of everything that is measured."""
    for top in ("src", "include", "cli"):
        for folder, subfolders, files in os.walk(os.path.join(root, top)):
            subfolders.sort()
            for file in sorted(files):
                if not file.endswith((".c", ".h", ".S")):
                    continue
                path = os.path.relpath(os.path.join(folder, file), root)
                with open(os.path.join(root, path), encoding="utf-8") as f:
                    lines = f.readlines()
                yield path, path, len(lines), FILE_LINES
                for name, start, length in functions(lines):
                    key = "%s:%s" % (path, name)
                    yield key, "%s:%d: %s" % (path, start, name), length, FUNCTION_LINES


def main():
    root = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(__file__), "..")
    allowed = exceptions(os.path.join(root, "tools", "sizes.txt"))
    breaks = count = 0
    longest = {FUNCTION_LINES: 0, FILE_LINES: 0}
    for key, place, length, limit in sizes(root):
        count += 1
        longest[limit] = max(longest[limit], length)
        granted = allowed.pop(key, None)
        if granted is None and length > limit:
            print("%s has %d lines, the limit is %d: split it by what it does" %
                  (place, length, limit))
        elif granted is not None and length <= limit:
            print("%s has %d lines: take it out of tools/sizes.txt" % (place, length))
        elif granted is not None and length != granted:
            print("%s has %d lines, tools/sizes.txt says %d: it may only shrink" %
                  (place, length, granted))
        else:
            continue
        breaks += 1
    for key in allowed:
        print("tools/sizes.txt names %s, which does not exist" % key)
        breaks += 1
    print("sizes: %d measured, longest function %d, longest file %d, %d breaks" %
          (count, longest[FUNCTION_LINES], longest[FILE_LINES], breaks))
    return 1 if breaks else 0


sys.exit(main())
