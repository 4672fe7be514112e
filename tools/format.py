#!/usr/bin/env python3
"""clang-format with two mistakes of version 14 mended, over the C files of the tree.

usage: tools/format.py [--fix] [FILE...]     default: all of the tree; without --fix it only checks

It lays out "#define X {0}" as a block of four lines, and takes the minus in "(char *) (p) - n" for a
sign. Both are put back, so that the source can read as one would write it.
"""
import difflib
import os
import re
import subprocess
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
FOLDERS = ("include", "src", "cli", "examples", "bench", "tests", "fuzz")

INITIALISER = re.compile(
    r"^(#define \w+(?:\([\w, ]*\))?) +\\\n(\t\{ +\\\n(?:\t\t[^\n;]*\\\n)+\t\})$", re.MULTILINE)
SIGN = re.compile(r"\) -offsetof\(")


def tree():
    for top in FOLDERS:
        for folder, subfolders, files in os.walk(os.path.join(ROOT, top)):
            subfolders.sort()
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(folder, name), ROOT)


def on_one_line(m):
    words = " ".join(m.group(2).replace("\\\n", " ").split())
    line = "%s %s" % (m.group(1), words.replace("{ ", "{").replace(" }", "}"))
    return line if len(line) <= 100 else m.group(0)


def formatted(path):
    done = subprocess.run(["clang-format", path], cwd=ROOT, check=True, encoding="utf-8",
                          stdout=subprocess.PIPE)
    text = INITIALISER.sub(on_one_line, done.stdout)
    return SIGN.sub(") - offsetof(", text)


def main():
    args = sys.argv[1:]
    fix = "--fix" in args
    paths = [os.path.relpath(a, ROOT) for a in args if a != "--fix"] or list(tree())
    wrong = 0
    for path in paths:
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            have = f.read()
        want = formatted(path)
        if have == want:
            continue
        wrong += 1
        if fix:
            with open(os.path.join(ROOT, path), "w", encoding="utf-8") as f:
                f.write(want)
            print("format: %s is laid out anew" % path)
        else:
            sys.stdout.writelines(difflib.unified_diff(
                have.splitlines(True), want.splitlines(True), path, path + " (formatted)", n=1))
    if fix:
        print("format: %d files, %d changed" % (len(paths), wrong))
        return 0
    print("format: %d files, %d wrong" % (len(paths), wrong) +
          ('; to mend them: tools/format.py --fix' if wrong else ""))
    return 1 if wrong else 0


sys.exit(main())
