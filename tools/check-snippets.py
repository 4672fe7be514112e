#!/usr/bin/env python3
"""Compiles the pieces of C in the pages, so that they stay true.

usage: check-snippets.py [PAGE ...]     README.md and docs/**/*.md without arguments

Each ```c block is compiled alone, after docs/snippets.h, which declares what the pieces use. A piece
that has includes of its own is taken as it is; one that has no function becomes the body of one. A block
that is marked ```c ignore is left out. Nothing is run. Exit status 1 if one does not compile.
"""
import glob
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
COMPILER = os.environ.get("CC", "cc").split()
FLAGS = ["-std=gnu17", "-Wall", "-Wextra", "-Wno-unused", "-Werror", "-fsyntax-only", "-xc", "-",
         "-I" + os.path.join(ROOT, "include"), "-I" + os.path.join(ROOT, "docs")]


def blocks(path):
    """Of a page: (line, text) of each."""
    start, lines = None, []
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        if start is None:
            if line.rstrip() == "```c":
                start, lines = number, []
        elif line.startswith("```"):
            yield start, "".join(lines)
            start = None
        else:
            lines.append(line)


def source(page, line, text):
    place = '#line %d "%s"\n' % (line + 1, page)
    if re.search(r"^#include", text, re.M):
        return place + text
    if re.search(r"^(static |int main|struct \w+ \{|typedef )", text, re.M):
        return '#include "snippets.h"\n' + place + text
    return ('#include "snippets.h"\nint snippet(void);\nint snippet(void)\n{\n%s%s\n\treturn 0;\n}\n'
            % (place, text))


def main():
    pages = sys.argv[1:] or [os.path.join(ROOT, "README.md")] + sorted(
        glob.glob(os.path.join(ROOT, "docs", "**", "*.md"), recursive=True))
    count = failed = 0
    for page in pages:
        name = os.path.relpath(page, ROOT)
        for line, text in blocks(page):
            count += 1
            done = subprocess.run(COMPILER + FLAGS, input=source(name, line, text), text=True,
                                  stderr=subprocess.PIPE)
            if done.returncode != 0:
                failed += 1
                print("%s:%d: this does not compile:\n%s" % (name, line, done.stderr))
    print("snippets: %d compiled, %d failed" % (count, failed))
    return failed > 0


sys.exit(main())
