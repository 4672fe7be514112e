#!/usr/bin/env python3
"""Runs the ports of the source notes' programs against what those print.

usage: check.py DIR [options]

DIR holds programs named NN-name; snippets.txt beside this script says which there can be and how
each is judged. A program that is not there is not ported: it is counted, and is no failure. One
whose server does not answer is skipped. Each runs in an empty folder of its own and must exit with
0, print what NAME.expected says, and take as long as the table allows.

In .expected, ${HTTPBIN} ${GITHUB_API} ${PGDSN} stand for the values of these variables (or their
defaults, which the programs get too). Outside of regex mode a time after "耗时:" may be larger than
the golden one by --timing-tolerance seconds, never smaller.

A line for each program, PASS / FAIL / SKIP with the reason; then "N of 51 ported", and at the end
"N passed, N failed" (and ", N skipped"). Exit status 1 if any failed. Standard library only.
"""
import argparse
import concurrent.futures
import difflib
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

KIT = os.path.dirname(os.path.abspath(__file__))
DEFAULTS = {
    "HTTPBIN": "http://127.0.0.1:8899",
    "GITHUB_API": "http://127.0.0.1:8898",
    "PGDSN": "postgresql://user:password@127.0.0.1:54329/mydb",
}
SERVICES = {"httpbin": "HTTPBIN", "github": "GITHUB_API", "postgresql": "PGDSN"}
DEFAULT_PORTS = {"http": 80, "https": 443, "postgresql": 5432, "postgres": 5432}
TIMING = re.compile(r"(.*耗时:)(\d+\.\d)(s.*)")
QUICK_SECONDS = 1.5     # what --quick calls quick: the program's MAX


class Snippet:
    """A line of snippets.txt, with its golden output."""

    def __init__(self, line):
        words = line.split(None, 5)
        self.name, self.check = words[0], words[1]
        self.wall = (float(words[2]), float(words[3]))
        self.need = None if words[4] == "none" else words[4]
        self.stderr = words[5].strip() if len(words) > 5 else None
        if self.check not in ("exact", "unordered", "regex"):
            sys.exit("snippets.txt: %s: unknown check %r" % (self.name, self.check))
        with open(os.path.join(KIT, self.name + ".expected"), encoding="utf-8") as f:
            self.expected = f.read().splitlines()


def load():
    with open(os.path.join(KIT, "snippets.txt"), encoding="utf-8") as f:
        return [Snippet(line) for line in f if line.strip() and not line.startswith("#")]


def environment():
    env = dict(os.environ)
    for key, value in DEFAULTS.items():
        env[key] = env.get(key) or value
        if key != "PGDSN":
            env[key] = env[key].rstrip("/")
    # The servers are on loopback: no proxy may come between.
    for key in ("NO_PROXY", "no_proxy"):
        env[key] = ",".join(x for x in (env.get(key), "127.0.0.1", "localhost") if x)
    return env


def expand(line, env, regex):
    for key in DEFAULTS:
        line = line.replace("${%s}" % key, re.escape(env[key]) if regex else env[key])
    return line


def service_down(name, env):
    """None, or a sentence that says that the server does not answer."""
    url = urllib.parse.urlsplit(env[SERVICES[name]])
    port = url.port or DEFAULT_PORTS.get(url.scheme, 80)
    if not url.hostname:                # a DSN with a Unix socket: cannot tell
        return None
    try:
        socket.create_connection((url.hostname, port), timeout=3).close()
    except OSError as e:
        return "%s does not answer at %s:%s (%s)" % (name, url.hostname, port, e.strerror or e)
    return None


def same_line(want, got, tolerance):
    if want == got:
        return True
    a, b = TIMING.fullmatch(want), TIMING.fullmatch(got)
    if not a or not b or a.group(1) != b.group(1) or a.group(3) != b.group(3):
        return False
    return -0.001 < float(b.group(2)) - float(a.group(2)) < tolerance + 0.001


def compare_unordered(want, got, tolerance):
    rest = list(got)
    for line in want:
        match = next((x for x in rest if same_line(line, x, tolerance)), None)
        if match is None:
            return "stdout: line %r is missing" % line
        rest.remove(match)
    return "stdout: unexpected line %r" % rest[0] if rest else None


def compare(snippet, got, env, tolerance):
    """None, or the first difference."""
    want = [expand(line, env, snippet.check == "regex") for line in snippet.expected]
    if snippet.check == "unordered":
        return compare_unordered(want, got, tolerance)
    for i, line in enumerate(want):
        if i >= len(got):
            return "stdout: ends after line %d, expected %r" % (i, line)
        if snippet.check == "regex" and not re.fullmatch(line, got[i]):
            return "stdout: line %d: %r does not match %r" % (i + 1, got[i], line)
        if snippet.check == "exact" and not same_line(line, got[i], tolerance):
            return "stdout: line %d: expected %r, got %r" % (i + 1, line, got[i])
    if len(got) > len(want):
        return "stdout: unexpected line %d: %r" % (len(want) + 1, got[len(want)])
    return None


def execute(command, env, limit):
    """(exit status or None when it ran past the limit, stdout, stderr, seconds)"""
    cwd = tempfile.mkdtemp(prefix="wok-seed-")
    try:
        start = time.monotonic()
        proc = subprocess.Popen(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                start_new_session=True)
        status = None
        try:
            out, err = proc.communicate(timeout=limit)
            status = proc.returncode
        except subprocess.TimeoutExpired:
            # The program leads a process group of its own: only that is ended.
            try:
                os.killpg(proc.pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
            out, err = proc.communicate()
        return status, out, err, time.monotonic() - start
    finally:
        shutil.rmtree(cwd, ignore_errors=True)


def ended_badly(status, limit):
    if status is None:
        return "still running after %.1fs" % limit
    if status < 0:
        return "killed by signal %d" % -status
    return "exit status %d" % status if status else None


def too_fast_or_slow(seconds, low, high):
    if seconds < low:
        return "wall: %.2fs is less than %.2fs" % (seconds, low)
    return "wall: %.2fs is more than %.2fs" % (seconds, high) if seconds > high else None


def judge(snippet, args, env):
    """(verdict, reason, lines to show) of one program that is there and whose server is up"""
    path = os.path.join(os.path.abspath(args.dir), snippet.name)
    low, high = snippet.wall[0], snippet.wall[1] + args.slack
    limit = high + 10
    try:
        status, out, err, seconds = execute(shlex.split(args.wrapper) + [path], env, limit)
    except OSError as e:
        return "FAIL", "cannot be run: %s" % e, []
    text, errtext = out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
    got = text.splitlines()
    reasons = [
        ended_badly(status, limit),
        "stdout is not UTF-8" if "\ufffd" in text else None,
        compare(snippet, got, env, args.timing_tolerance),
    ]
    if snippet.stderr and not re.search(snippet.stderr, errtext):
        reasons.append("stderr: nothing matches %r" % snippet.stderr)
    if not args.no_wall and status is not None:
        reasons.append(too_fast_or_slow(seconds, low, high))
    reasons = [r for r in reasons if r]
    if not reasons:
        return "PASS", "%s, %.2fs in [%.2f, %.2f]" % (snippet.check, seconds, low, high), []
    want = [expand(line, env, False) for line in snippet.expected]
    show = list(difflib.unified_diff(want, got, "expected", "stdout", lineterm=""))
    show += ["stderr: " + line for line in errtext.splitlines()[-10:]]
    return "FAIL", "; ".join(reasons), show


def parse():
    parser = argparse.ArgumentParser(description="Runs the ports of the source notes' programs.")
    parser.add_argument("dir", help="folder with programs named NN-name")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT",
                        help="only those whose name contains TEXT (may be repeated)")
    parser.add_argument("--quick", action="store_true",
                        help="only those that end within %.1fs" % QUICK_SECONDS)
    parser.add_argument("--need-services", action="store_true",
                        help="a server that does not answer is a failure")
    parser.add_argument("--slack", type=float, default=0, metavar="S",
                        help="add S seconds to every MAX (slow machine)")
    parser.add_argument("--timing-tolerance", type=float, default=0.2, metavar="S",
                        help="how much later a printed time may be (default 0.2)")
    parser.add_argument("--no-wall", action="store_true", help="ignore the wall bounds")
    parser.add_argument("--wrapper", default="", metavar="COMMAND",
                        help="run each program through this (an emulator)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N",
                        help="run N at once (default 1: the wall bounds mean most then)")
    args = parser.parse_args()
    if not os.path.isdir(args.dir):
        parser.error("%s is not a folder: build first (make)" % args.dir)
    return args


def main():
    args = parse()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="replace")
    snippets = load()
    ported = [s for s in snippets if os.access(os.path.join(args.dir, s.name), os.X_OK)]
    chosen = [s for s in ported if not args.only or any(text in s.name for text in args.only)]
    if args.quick:
        chosen = [s for s in chosen if s.wall[1] <= QUICK_SECONDS]
    env = environment()
    down = {need: service_down(need, env) for need in {s.need for s in chosen if s.need}}

    def run(snippet):
        if down.get(snippet.need):
            return "FAIL" if args.need_services else "SKIP", down[snippet.need], []
        return judge(snippet, args, env)

    counts = {"PASS": 0, "FAIL": 0, "SKIP": 0}
    with concurrent.futures.ThreadPoolExecutor(max(1, args.jobs)) as pool:
        for snippet, (verdict, reason, show) in zip(chosen, pool.map(run, chosen)):
            print("%-5s %-32s %s" % (verdict, snippet.name, reason), flush=True)
            for line in show:
                print("        " + line, flush=True)
            counts[verdict] += 1
    print("%d of %d ported" % (len(ported), len(snippets)))
    print("%d passed, %d failed" % (counts["PASS"], counts["FAIL"]) +
          (", %d skipped" % counts["SKIP"] if counts["SKIP"] else ""), flush=True)
    return 1 if counts["FAIL"] else 0


if __name__ == "__main__":
    sys.exit(main())
