# SPDX-License-Identifier: MIT
"""What the scripts beside this share: other people's programs, servers that come and go, and the
list of tests. Everything happens on the loopback interface, on free ports; what was started is
ended by its id."""
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "build"))
TIMEOUT = 60

TESTS = []


class Skipped(Exception):
    """Why a test is left out."""


def test(function):
    TESTS.append(function)
    return function


def program(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if not path:
        raise Skipped("there is no %s here" % name)
    return path


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, log):
    """Until a server listens."""
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        if process.poll() is not None or time.monotonic() > deadline:
            with open(log, errors="replace") as file:
                raise AssertionError("the server does not start: " + file.read()[-2000:])
        time.sleep(0.05)


def start(args, port, folder):
    """A server, when it listens; its words go to a file in the folder."""
    log = os.path.join(folder, "log-%d" % port)
    with open(log, "wb") as out:
        process = subprocess.Popen(args, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   cwd=folder, start_new_session=True)
    try:
        wait_for(port, process, log)
    except BaseException:
        end(process)
        raise
    return process


def end(process):
    """End a server of ours, and what it has started: they are a group of their own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            process.wait(10)
            return
        except subprocess.TimeoutExpired:
            pass


@contextlib.contextmanager
def running(args, port, folder):
    process = start(args, port, folder)
    try:
        yield process
    finally:
        end(process)


def main():
    """Run the tests whose name contains the second argument; the exit status."""
    text = sys.argv[2] if len(sys.argv) > 2 else ""
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for function in TESTS:
        if text not in function.__name__:
            continue
        begun = time.monotonic()
        try:
            function()
            counts["passed"] += 1
            print("ok   %s (%.1f s)" % (function.__name__, time.monotonic() - begun))
        except Skipped as reason:
            counts["skipped"] += 1
            print("skip %s: %s" % (function.__name__, reason))
        except Exception as error:  # a failed test must not hide the others
            counts["failed"] += 1
            print("FAIL %s: %s: %s" % (function.__name__, type(error).__name__, error))
        sys.stdout.flush()
    print("%(passed)d passed, %(failed)d failed, %(skipped)d skipped" % counts)
    return 1 if counts["failed"] else 0 if any(counts.values()) else 3
