# SPDX-License-Identifier: MIT
"""What the tests of the command share: running it, servers that misbehave, and the list of tests.

A test file imports from here, marks its tests with @test, and ends with sys.exit(main()).
"""
import contextlib
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WOK = os.path.join(ROOT, "build", "wok")
TIMEOUT = 60  # seconds for one run of the command


TESTS = []


def test(function):
    TESTS.append(function)
    return function


class Result:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err

    def __str__(self):
        return "status %s\n--- stdout\n%s--- stderr\n%s" % (self.status, self.out, self.err)


def environment(**more):
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "LC_CTYPE")}
    env.update({"LC_ALL": "C.UTF-8", "TERM": "xterm"})
    env.update(more)
    return env


def run(*args, env=None, limits=None, stdout=subprocess.PIPE):
    def in_child():
        if limits:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    process = subprocess.run([WOK, *args], stdin=subprocess.DEVNULL, stdout=stdout,
                             stderr=subprocess.PIPE, timeout=TIMEOUT, env=env or environment(),
                             preexec_fn=in_child)
    return Result(process.returncode, (process.stdout or b"").decode(), process.stderr.decode())


def check(condition, result):
    if not condition:
        raise AssertionError(str(result))


def children_of(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [int(word) for word in file.read().split()]


def is_alive(pid):
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "after %g s still not: %s" % (seconds, what)
        time.sleep(0.01)


@contextlib.contextmanager
def started(*args, **options):
    """The command in the background; killed at the end if it has not ended."""
    process = subprocess.Popen([WOK, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=environment(), **options)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


@contextlib.contextmanager
def fake_server(handler, family=socket.AF_INET):
    """A server that calls handler(connection, number of the connection); its base URL."""
    listener = socket.socket(family)
    listener.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
    listener.listen(128)
    connections = []

    def serve(connection, number):
        with contextlib.suppress(OSError):
            handler(connection, number)
        connection.close()

    def accept():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                connections.append(connection)
                threading.Thread(target=serve, args=(connection, len(connections)),
                                 daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    host = "[::1]" if family == socket.AF_INET6 else "127.0.0.1"
    try:
        yield "http://%s:%d" % (host, listener.getsockname()[1])
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = connection.recv(4096)
        if not piece:
            return None
        data += piece
    return data


def answer(text):
    """A handler that answers each request with the same bytes, and then closes if they say so."""
    def handler(connection, _):
        while read_request(connection):
            connection.sendall(text)
            if b"Connection: close" in text or not text.startswith(b"HTTP/1.1 2"):
                return
    return handler


def closes_after(text):
    def handler(connection, _):
        read_request(connection)
        connection.sendall(text)
    return handler


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def main(slow=()):
    """Run the tests: [--slow] [WOK] [TEXT] on the command line; slow: tests that --slow adds."""
    global WOK
    # A background job inherits an ignored SIGINT; the programs must see the default one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = sys.argv[1:]
    if "--slow" in arguments:
        arguments.remove("--slow")
        TESTS.extend(slow)
    if arguments:
        WOK = os.path.abspath(arguments.pop(0))
    text = arguments.pop(0) if arguments else ""
    if not os.access(WOK, os.X_OK):
        sys.exit("%s: there is no %s; run \"make\" first" % (os.path.basename(sys.argv[0]), WOK))
    passed = failed = 0
    for function in TESTS:
        if text not in function.__name__:
            continue
        start = time.monotonic()
        try:
            function()
        except Exception as error:  # a failed test must not hide the others
            failed += 1
            print("FAIL %s: %s: %s" % (function.__name__, type(error).__name__, error))
        else:
            passed += 1
            print("ok   %s (%.1f s)" % (function.__name__, time.monotonic() - start))
        sys.stdout.flush()
    print("%d passed, %d failed" % (passed, failed))
    if passed + failed == 0:
        return 2  # no test has that name
    return failed > 0
