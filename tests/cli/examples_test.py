#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs each program of examples/ and looks at what it says.

usage: examples_test.py [BUILD] [TEXT]

BUILD is the build folder (build), TEXT runs only tests whose name contains it. A line for each test,
and at the end "N passed, N failed". Everything happens on the loopback interface.
"""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import postgres  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")
TIMEOUT = 30
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def run(name, *args):
    start = time.monotonic()
    process = subprocess.run([os.path.join(BUILD, "examples", name), *args], capture_output=True,
                             stdin=subprocess.DEVNULL, timeout=TIMEOUT, text=True)
    return process.returncode, process.stdout, process.stderr, time.monotonic() - start


@contextlib.contextmanager
def server(*command):
    """A server on a free port, which replaces "PORT" in the command; it must end well at Ctrl-C."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = [os.path.join(BUILD, command[0])]
    words += [word.replace("PORT", str(port)) for word in command[1:]]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except ConnectionRefusedError:
                assert time.monotonic() < end and process.poll() is None, process.communicate()
                time.sleep(0.02)
        yield port
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0 and not err, (process.returncode, err)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


@test
def hello_tasks():
    status, out, err, took = run("hello_tasks")
    assert status == 0 and not err and 1.9 < took < 3, (status, out, err, took)
    assert out.endswith("rice: done\ntofu: done\nsoup: done\n2.0 s\n"), out


@test
def timeouts():
    status, out, err, took = run("timeouts")
    assert status == 0 and not err and 0.9 < took < 2, (status, out, err, took)
    assert out == ("the stove is on\nthe stove is off\na call: ETIMEDOUT\n2 steps\n"
                   "a block: ETIMEDOUT\n"), out


@test
def threads():
    source = os.path.join(ROOT, "examples", "threads.c")
    status, out, err, _ = run("threads", source, "/dev/null", source)
    assert status == 0 and not err, (status, out, err)
    hashes = [line.split()[0] for line in out.splitlines() if line.endswith("threads.c")]
    assert len(hashes) == 2 and hashes[0] == hashes[1] and len(hashes[0]) == 16, out
    assert "cbf29ce484222325 /dev/null" in out and "turning: ETIMEDOUT" in out, out
    status, _, err, _ = run("threads", "/nonsense")
    assert status == 1 and "/nonsense" in err, (status, err)


@test
def worker_scope():
    status, out, err, _ = run("worker_scope")
    assert status == 0 and not err and "Ben dropped the wok" in out, (status, out, err)
    assert "Ben cooked 3 dishes" in out, out


@test
def parallel_grep():
    with tempfile.TemporaryDirectory() as folder:
        paths = [os.path.join(folder, "f%d" % i) for i in range(40)]
        for i, path in enumerate(paths):
            with open(path, "w", encoding="utf-8") as file:
                file.write("a line\nnumber %d is here\n" % i + "x" * (2 << 20 if i == 7 else 10))
        missing = os.path.join(folder, "missing")
        status, out, err, _ = run("parallel_grep", "is here", *paths, missing)
        assert status == 0 and err.count("\n") == 1 and missing in err, (status, err)
        assert sorted(out.splitlines()) == sorted(
            "%s:2: number %d is here" % (path, i) for i, path in enumerate(paths)), out
        status, out, err, _ = run("parallel_grep", "nowhere", paths[0])
        assert status == 1 and not out and not err, (status, out, err)


@test
def pipeline():
    status, out, err, took = run("pipeline")
    assert status == 0 and not err and 0.19 < took < 1, (status, out, err, took)
    for order in range(1, 7):
        assert out.index("order %d\n" % order) < out.index("dish %d is ready\n" % order), out
    assert out.endswith("6 dishes, closed\n"), out


@test
def process_pool():
    status, out, err, _ = run("process_pool")
    assert status == 0 and not err, (status, out, err)
    assert out == "17984 primes below 200002\na bad one: WOK_EWORKER\n", out
    # A worker's place is taken by a pool only.
    status, out, err, _ = run("process_pool", "--wok-worker")
    assert status == 0 and not out and "a pool starts" in err, (status, out, err)


def read_until(stream, text):
    """The lines up to one that contains text, which must come."""
    lines = []
    while not lines or text not in lines[-1]:
        lines.append(stream.readline())
        assert lines[-1], (text, lines)
    return lines


@test
def process_supervisor():
    commands = ["trap '' TERM; echo stubborn; while :; do sleep 1; done",
                "echo failing; exit 3", "echo here; exec cat /dev/zero >/dev/null"]
    process = subprocess.Popen([os.path.join(BUILD, "examples", "process_supervisor"), *commands],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        start = time.monotonic()
        lines = [line for _ in range(3) for line in read_until(process.stdout, "ended with 3")]
        assert time.monotonic() - start > 0.29, lines  # 100 ms, 200 ms
        assert "1: stubborn\n" in lines and lines.count("2: failing\n") == 3, lines
        while "3: here\n" not in lines:
            lines += [process.stdout.readline()]
        process.send_signal(signal.SIGHUP)
        read_until(process.stdout, "3: ended with -15")
        read_until(process.stdout, "3: here")
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, process.returncode
        places = [out.index("%d: stopped" % n) for n in (3, 2, 1)]
        assert places == sorted(places), out
        for pid in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError), open("/proc/%s/cmdline" % pid, "rb") as file:
                assert b"echo stubborn; while" not in file.read(), pid
    finally:
        process.kill()
        process.communicate()
    assert run("process_supervisor")[0] == 2


def gdb(*commands, program):
    words = ["gdb", "-nx", "-batch", "-x", os.path.join(ROOT, "tools", "gdb-wok.py")]
    for command in commands:
        words += ["-ex", command]
    return subprocess.run([*words, "--args", *program], capture_output=True, text=True,
                          stdin=subprocess.DEVNULL, timeout=TIMEOUT).stdout


@test
def gdb_wok():
    """tools/gdb-wok.py lists the tasks of a process, and of the memory that one has left."""
    if not shutil.which("gdb"):
        print("gdb_wok: skipped: there is no gdb")
        return
    with open(os.path.join(BUILD, "meson-info", "intro-buildoptions.json"), encoding="utf-8") as f:
        if any(o["name"] == "b_sanitize" and o["value"] != "none" for o in json.load(f)):
            return  # a core of the sanitizers' shadow memory has no end
    program = os.path.join(BUILD, "examples", "process_supervisor")
    with tempfile.TemporaryDirectory() as folder:
        core = os.path.join(folder, "core")
        out = gdb("set breakpoint pending on", "break wok_stream_next_line", "run", "wok-tasks",
                  "call (int) wok_dump_tasks(1)", "generate-core-file " + core, "kill",
                  program=[program, "exec cat", "exec cat"])
        if not os.path.exists(core):
            print("gdb_wok: skipped: gdb cannot do that here: %s" % out.strip()[-200:])
            return
        # By the script, and by the function; then by the script from what is left.
        assert out.count(" x supervise (") >= 2 and " waits for a signal" in out, out
        out = gdb("core-file " + core, "wok-tasks", "wok-tasks all", program=[program])
        assert "3 tasks on the loop of thread " in out and " x run (" not in out, out
        assert " x main (" in out and out.count(" supervise (") >= 3, out


@test
def tcp_echo():
    with server("examples/tcp_echo", "127.0.0.1:PORT") as port:
        with socket.create_connection(("127.0.0.1", port), TIMEOUT) as client:
            for text in (b"hi", b"x" * 100000):
                client.sendall(text)
                back = b""
                while len(back) < len(text):
                    piece = client.recv(65536)
                    assert piece
                    back += piece
                assert back == text
    assert run("tcp_echo", "nonsense")[0] == 1


class Line:
    """A client that talks in lines."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()
        self.socket.close()

    def say(self, text):
        self.socket.sendall(text)

    def hear(self):
        return self.file.readline()


@test
def chat_server():
    with server("examples/chat_server", "127.0.0.1:PORT") as port:
        with Line(port) as anna, Line(port) as ben:
            assert anna.file.read(11) == ben.file.read(11) == b"Your name? "
            anna.say(b"Anna\n")
            # Nothing tells Anna that she is in: Ben's coming, which she hears, shows that she was.
            time.sleep(0.2)
            ben.say(b"Ben\n")
            assert anna.hear() == b"Ben has come\n"
            anna.say(b"soup is ready\r\n")
            assert ben.hear() == b"Anna: soup is ready\n"
            ben.say(b"coming\n")
            assert anna.hear() == b"Ben: coming\n"
            with Line(port) as deaf:
                deaf.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                deaf.say(b"Deaf\n")
                assert anna.hear() == ben.hear() == b"Deaf has come\n"
                big = b"x" * 300 + b"\n"
                for _ in range(8000):  # far more than buffers and queue hold
                    ben.say(big)
                    heard = anna.hear()
                    if heard != b"Ben: " + big:
                        break
                assert heard == b"Deaf has left\n", "who does not read must be put out"


class Guest:
    """A WebSocket client as small as it can be: texts of less than 126 bytes."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        self.socket.sendall(b"GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
                            b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        self.file = self.socket.makefile("rb")
        assert b" 101 " in self.file.readline()
        while self.file.readline() != b"\r\n":
            pass

    def say(self, data, opcode=1):
        self.socket.sendall(bytes([0x80 | opcode, 0x80 | len(data)]) + bytes(4) + data)

    def hear(self):
        opcode, size = self.file.read(2)
        return opcode & 15, self.file.read(size)

    def close(self):
        self.file.close()
        self.socket.close()


@test
def chat_websocket():
    with server("examples/chat_websocket", "127.0.0.1:PORT") as port:
        assert b"new WebSocket" in get(port, b"/")
        with contextlib.closing(Guest(port)) as anna:
            assert anna.hear() == (1, b"(somebody has come)")
            with contextlib.closing(Guest(port)) as ben:
                assert anna.hear() == ben.hear() == (1, b"(somebody has come)")
                anna.say("heiß".encode())
                assert anna.hear() == ben.hear() == (1, "heiß".encode())
                ben.say(b"\x03\xe8", 8)
                assert ben.hear() == (8, b"\x03\xe8")
            assert anna.hear() == (1, b"(somebody has left)")
            anna.say(b"\xff")
            assert anna.hear()[1].startswith(b"\x03\xef")  # 1007


@test
def line_proxy():
    with server("examples/tcp_echo", "127.0.0.1:PORT") as port:
        with server("examples/line_proxy", "127.0.0.1:PORT", "127.0.0.1", str(port)) as between:
            with Line(between) as client:
                client.say(b"one\ntwo\r\n")
                assert client.hear() == b"one\n" and client.hear() == b"two\r\n"
                client.say(b"no end")
                client.socket.shutdown(socket.SHUT_WR)
                assert client.hear() == b"no end" and client.hear() == b""


@test
def port_scan():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        status, out, err, _ = run("port_scan", str(max(port - 50, 1)), str(min(port + 50, 65535)))
        assert status == 0 and not err and re.search(r"\b%d open" % port, out), (out, err)
    status, out, err, _ = run("port_scan", str(port), str(port))
    assert status == 0 and out.startswith("0 of 1 ports open"), (out, err)
    assert run("port_scan", "5", "1")[0] == 2


@test
def foreign_curl():
    if not os.path.exists(os.path.join(BUILD, "examples", "foreign_curl")):
        return
    with server("examples/http_hello", "127.0.0.1:PORT") as port:
        urls = ["http://127.0.0.1:%d/hello" % port, "http://127.0.0.1:%d/" % port]
        status, out, err, _ = run("foreign_curl", *urls)
        assert status == 0 and out, (status, out, err)
        assert sorted(err.splitlines()) == sorted(url + ": No error" for url in urls), err
        status, _, err, _ = run("foreign_curl", "http://127.0.0.1:1/")
        assert status == 0 and "Couldn't connect" in err, (status, err)


@test
def tls_echo():
    if not os.path.exists(os.path.join(BUILD, "examples", "tls_echo")):
        return  # libwok-tls is left out of this build
    with tempfile.TemporaryDirectory() as folder:
        cert, key = os.path.join(folder, "cert.pem"), os.path.join(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=me", "-addext",
                        "subjectAltName=DNS:localhost", "-keyout", key, "-out", cert],
                       check=True, capture_output=True)
        with server("examples/tls_echo", cert, key, "127.0.0.1:PORT") as port:
            status, out, err, _ = run("tls_echo", "--ask", "localhost", str(port), cert, "hello")
            assert status == 0 and not err and out.endswith("DNS:localhost\nhello\n"), (out, err)
            status, out, err, _ = run("tls_echo", "--ask", "127.0.0.1", str(port), cert, "hello")
            assert status == 1 and "not for 127.0.0.1" in err, (out, err)


def get(port, target):
    with socket.create_connection(("127.0.0.1", port), TIMEOUT) as client:
        client.sendall(b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target)
        data = b""
        while True:
            piece = client.recv(65536)
            if not piece:
                return data
            data += piece


@test
def http_hello():
    with server("examples/http_hello", "127.0.0.1:PORT") as port:
        assert get(port, b"/").endswith(b"There are /hello/NAME and /count.\n")
        assert get(port, b"/hello/wok").endswith(b"Hello, wok!\n")
        assert get(port, b"/nothing").startswith(b"HTTP/1.1 404")
        start = time.monotonic()
        pieces = get(port, b"/count")
        assert re.search(rb"1\n.*5\n", pieces, re.S) and time.monotonic() - start > 0.9, pieces


@test
def upload_form():
    with tempfile.TemporaryDirectory() as folder:
        box, big = os.path.join(folder, "box"), os.path.join(folder, "big file.bin")
        os.mkdir(box)
        with open(big, "wb") as f:
            f.write(os.urandom(3000000))
        with server("examples/upload_form", "--serve", "127.0.0.1:PORT", box) as port:
            url = "http://127.0.0.1:%d/" % port
            status, out, err, _ = run("upload_form", url, big, __file__)
            assert (status, out, err) == (0, "2 stored.\n", ""), (status, out, err)
            for path in big, __file__:
                name = "upload-" + os.path.basename(path).replace(" ", "_")
                with open(path, "rb") as a, open(os.path.join(box, name), "rb") as b:
                    assert a.read() == b.read(), name
            status, out, err, _ = run("upload_form", url, big)
            assert (status, out) == (1, "That one is here already.\n"), (status, out, err)
        assert len(os.listdir(box)) == 2, os.listdir(box)


@test
def sse_clock():
    with server("examples/sse_clock", "--serve", "127.0.0.1:PORT") as port:
        client = subprocess.Popen([os.path.join(BUILD, "examples", "sse_clock"),
                                   "http://127.0.0.1:%d/" % port], stdout=subprocess.PIPE, text=True)
        try:
            assert client.stdout.readline() == "tick: tick 1\n"
            assert client.stdout.readline() == "tick: tick 2\n"
        finally:
            client.send_signal(signal.SIGINT)
            client.communicate(timeout=TIMEOUT)
        assert client.returncode == 0, client.returncode


@test
def sqlite_hello():
    if not os.path.exists(os.path.join(BUILD, "examples", "sqlite_hello")):
        return  # built without SQLite
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "hello.db")
        for turn in "12":
            status, out, err, _ = run("sqlite_hello", path)
            assert (status, err) == (0, "") and "Ada was here %s times\n" % turn in out, (out, err)
        status, _, err, _ = run("sqlite_hello", "/nonexistent/hello.db")
        assert status == 1 and "unable to open" in err, err


@test
def pg_hello():
    if not os.path.exists(os.path.join(BUILD, "examples", "pg_hello")):
        return  # built without PostgreSQL
    with postgres.cluster() as dsn:
        if dsn:
            status, out, err, _ = run("pg_hello", dsn)
            assert (status, err) == (0, "") and "PostgreSQL 15" in out, (out, err)
    status, _, err, _ = run("pg_hello", "postgresql://127.0.0.1:1/nothing")
    assert status == 1 and "pg_hello: " in err, err


def ask(port, method, path, body=None):
    """Status and JSON, if that is what comes."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    client.request(method, path, body and json.dumps(body), {"Content-Type": "application/json"})
    response = client.getresponse()
    data = response.read()
    is_json = response.getheader("Content-Type") == "application/json"
    return response.status, json.loads(data) if is_json else data


def use_notes(where):
    with server("examples/notes_service", "127.0.0.1:PORT", where) as port:
        assert ask(port, "GET", "/notes") == (200, [])
        milk = {"text": "milk 牛奶", "tags": ["shop", "food"]}
        assert ask(port, "POST", "/notes", milk)[0] == 201
        assert ask(port, "POST", "/notes", {"text": "'; DROP TABLE notes; --"})[0] == 201
        status, notes = ask(port, "GET", "/notes")
        assert [note["tags"] for note in notes] == [["food", "shop"], []], notes
        assert notes[0]["text"] == milk["text"] and "DROP" in notes[1]["text"], notes
        # A tag twice: no tag and no note of it stays.
        assert ask(port, "POST", "/notes", {"text": "half", "tags": ["x", "x"]})[0] == 409
        assert ask(port, "POST", "/notes", {"tags": 5})[0] == 400
        assert ask(port, "GET", "/notes?tag=food") == (200, [notes[0]])
        assert ask(port, "GET", "/notes?tag=x") == (200, [])
        assert ask(port, "GET", "/notes/%d" % notes[0]["id"]) == (200, notes[0])
        assert ask(port, "DELETE", "/notes/%d" % notes[0]["id"])[0] == 204
        assert ask(port, "DELETE", "/notes/%d" % notes[0]["id"])[0] == 404
        assert ask(port, "GET", "/notes/999999")[0] == 404
        threads = [threading.Thread(target=ask, args=(port, "POST", "/notes",
                                                      {"text": str(i), "tags": ["many"]}))
                   for i in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(ask(port, "GET", "/notes?tag=many")[1]) == 20
    with server("examples/notes_service", "127.0.0.1:PORT", where) as port:
        assert len(ask(port, "GET", "/notes")[1]) == 21


@test
def notes_service():
    if not os.path.exists(os.path.join(BUILD, "examples", "notes_service")):
        return  # built without a database
    with tempfile.TemporaryDirectory() as folder:
        use_notes(os.path.join(folder, "notes.db"))
    with postgres.cluster() as dsn:
        if dsn:
            use_notes(dsn)


@test
def fetch_all():
    with server("wok", "lab-server", "127.0.0.1:PORT") as port:
        base = "http://127.0.0.1:%d" % port
        status, out, err, took = run("fetch_all", *[base + "/delay/0.5"] * 6, base + "/bytes/5000")
        assert status == 0 and not err and 0.9 < took < 3, (status, out, err, took)
        assert out.count("status 200") == 7 and "5000 bytes" in out, out
        status, out, err, _ = run("fetch_all", base + "/get", "http://127.0.0.1:1/")
        assert status == 1 and "status 200" in out and "http://127.0.0.1:1/" in err, (out, err)
    assert run("fetch_all")[0] == 2


def main():
    global BUILD
    # A background job inherits an ignored SIGINT; the programs must see the default one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    arguments = sys.argv[1:]
    if arguments:
        BUILD = os.path.abspath(arguments.pop(0))
    text = arguments.pop(0) if arguments else ""
    passed = failed = 0
    for function in TESTS:
        if text not in function.__name__:
            continue
        try:
            function()
        except Exception as error:  # a failed test must not hide the others
            failed += 1
            print("FAIL %s: %s: %s" % (function.__name__, type(error).__name__, error))
        else:
            passed += 1
            print("ok   %s" % function.__name__)
        sys.stdout.flush()
    print("%d passed, %d failed" % (passed, failed))
    if passed + failed == 0:
        return 2  # no test has that name
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
