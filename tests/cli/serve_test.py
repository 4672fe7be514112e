#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""End-to-end tests of `wok serve`: what it serves, what it says, how it ends.

usage: serve_test.py [WOK] [TEXT]

WOK is the command (build/wok), TEXT runs only tests whose name contains it.
"""
import contextlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

from command import check, main, run, started, test

TIMEOUT = 20


def put(folder, name, data):
    path = os.path.join(folder, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


class Served:
    def __init__(self, process, folder):
        self.process, self.folder = process, folder
        self.line = process.stdout.readline().decode()
        match = re.search(r"(https?)://(\S+):(\d+)/", self.line)
        assert match, self.line + process.stderr.read1(10000).decode()
        self.scheme, self.host, self.port = match[1], match[2], int(match[3])

    def get(self, path, headers=None, method="GET"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        with contextlib.closing(connection):
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.headers, response.read()

    def end(self, number=signal.SIGINT):
        """Its status and outputs. number None: it is ending already."""
        if number is not None:
            self.process.send_signal(number)
        out, err = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, out.decode(), err.decode()


@contextlib.contextmanager
def serving(*args, files=None):
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (files or {"a.txt": b"hello"}).items():
            put(folder, name, data)
        with started("serve", "--listen", "127.0.0.1:0", *args, folder) as process:
            yield Served(process, folder)


@test
def it_says_where_the_folder_is_served_and_serves_it():
    with serving(files={"a.txt": b"hello", "sub/index.html": b"<p>"}) as server:
        assert os.path.realpath(server.folder) in server.line, server.line
        assert server.scheme == "http" and server.host == "127.0.0.1"
        status, headers, body = server.get("/a.txt")
        assert (status, body) == (200, b"hello")
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert "Cache-Control" not in headers
        assert server.get("/sub/")[2] == b"<p>"
        assert server.get("/nothing")[0] == 404
        assert server.get("/../etc/passwd")[0] == 404
        assert server.get("/a.txt", method="DELETE")[0] == 405


@test
def a_folder_is_a_page_and_a_range_a_part():
    with serving(files={"<b>.txt": b"x" * 2048, "sub/inner": b"", ".hidden": b"h"}) as server:
        status, headers, body = server.get("/")
        assert status == 200 and headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"&#60;b&#62;.txt</a><td>2.0 KiB" in body and b'href="sub/"' in body, body
        assert b"hidden" not in body
        status, headers, body = server.get("/%3Cb%3E.txt", {"Range": "bytes=-3"})
        assert (status, body) == (206, b"xxx")
        assert headers["Content-Range"] == "bytes 2045-2047/2048"


@test
def options_change_what_is_served():
    files = {"a.js": b"plain", "a.js.gz": b"packed", "main.txt": b"main", ".hidden": b"h",
             "x.foo": b"", "types": b"text/x-foo foo\n"}
    with serving("--no-listing", "--hidden", "--cache", "60", "--precompressed", "--links", "none",
                 files=files) as server:
        os.symlink("a.js", os.path.join(server.folder, "link"))
        assert server.get("/")[0] == 404
        assert server.get("/.hidden")[2] == b"h"
        assert server.get("/link")[0] == 404
        _, headers, body = server.get("/a.js", {"Accept-Encoding": "gzip"})
        assert body == b"packed" and headers["Content-Encoding"] == "gzip"
        assert headers["Cache-Control"] == "max-age=60"
    with tempfile.NamedTemporaryFile() as types:
        types.write(b"text/x-foo foo\n")
        types.flush()
        with serving("--index", "main.txt", "--types", types.name, files=files) as server:
            os.symlink("a.js", os.path.join(server.folder, "link"))
            assert server.get("/")[2] == b"main"
            assert server.get("/link")[2] == b"plain"
            assert server.get("/x.foo")[1]["Content-Type"] == "text/x-foo; charset=utf-8"


@test
def ctrl_c_and_sigterm_end_it_in_good_order():
    """A download under way goes on; a connection that waits is closed; the status is 0."""
    for number in (signal.SIGINT, signal.SIGTERM):
        with serving(files={"large": b"x" * (16 << 20)}) as server:
            idle = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT)
            busy = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
            with contextlib.closing(idle), contextlib.closing(busy):
                busy.request("GET", "/large")
                response = busy.getresponse()
                time.sleep(0.1)
                server.process.send_signal(number)
                assert idle.recv(1) == b""
                assert len(response.read()) == 16 << 20
            status, _, err = server.end(None)
            assert status == 0, (number, status, err)


@test
def stderr_has_a_line_for_each_request():
    forms = {
        "short": r'\d{4}-\d\d-\d\dT[\d:.]+Z 127\.0\.0\.1 "GET /a\.txt\?x=%22" 200 5 \d\.\d+$',
        "combined": r'127\.0\.0\.1 - - \[.+\] "GET /a\.txt\?x=%22 HTTP/1\.1" 200 5 "-" "me"$',
        "json": None,
    }
    for form, pattern in forms.items():
        with serving("--log", form) as server:
            server.get("/a.txt?x=%22", {"User-Agent": "me"})
            server.get("/nothing")
            status, _, err = server.end()
            lines = err.splitlines()
            assert status == 0 and len(lines) == 2, (form, err)
            if pattern:
                assert re.match(pattern, lines[0]), (form, lines[0])
                assert " 404 " in lines[1], lines
            else:
                assert json.loads(lines[0])["status"] == 200, lines
                assert json.loads(lines[1])["status"] == 404, lines
    with serving("--log", "none") as server:
        server.get("/a.txt")
        assert server.end() == (0, "", "")


@test
def nobody_has_to_read_stderr():
    """A pipe that is full holds nobody up; the end says what is missing."""
    with serving(files={"x" * 200: b"x"}) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT)
        with contextlib.closing(connection):
            for _ in range(500):
                connection.request("GET", "/" + "x" * 200)
                assert connection.getresponse().read() == b"x"
        status, _, err = server.end()
        lines = err.splitlines()
        missing = re.match(r"wok serve: nobody read stderr: (\d+) lines are missing$", lines[-1])
        assert status == 0 and missing, lines[-1]
        assert len(lines) - 1 + int(missing[1]) == 500, (len(lines), missing[1])


def certificate(folder, name):
    """A certificate for 127.0.0.1 that signs itself: its file and its key's; None if nobody can."""
    if not shutil.which("openssl"):
        return None
    files = [os.path.join(folder, name + end) for end in (".pem", ".key")]
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout",
                    files[1]], check=True, capture_output=True)
    return files


def name_on(port, *trusted):
    """The name on the certificate of who listens there, if it is one of those trusted."""
    context = ssl.create_default_context()
    for file in trusted:
        context.load_verify_locations(file)
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as stream:
            stream.sendall(b"GET /a.txt HTTP/1.0\r\n\r\n")
            data = b""
            while piece := stream.recv(4096):
                data += piece
            assert data.endswith(b"\r\n\r\nhello"), data
            return dict(part[0] for part in stream.getpeercert()["subject"])["commonName"]


@test
def it_speaks_tls_and_reads_a_certificate_again():
    with tempfile.TemporaryDirectory() as folder:
        one, two = certificate(folder, "one"), certificate(folder, "two")
        if not one:
            return  # there is no openssl here to make one
        use = [os.path.join(folder, name) for name in ("cert", "key")]
        for source, target in zip(one, use):
            shutil.copy(source, target)
        with serving("--tls-cert", use[0], "--tls-key", use[1], "--log", "none") as server:
            assert server.scheme == "https", server.line
            assert name_on(server.port, one[0], two[0]) == "one"
            for source, target in zip(two, use):
                shutil.copy(source, target)
            assert name_on(server.port, one[0], two[0]) == "one"
            server.process.send_signal(signal.SIGHUP)
            assert b"again" in server.process.stderr.readline()
            assert name_on(server.port, one[0], two[0]) == "two"
            put(folder, "cert", b"nonsense")
            server.process.send_signal(signal.SIGHUP)
            assert b"cert" in server.process.stderr.readline()
            assert name_on(server.port, one[0], two[0]) == "two"
            if shutil.which("curl"):
                said = subprocess.run(["curl", "-sS", "--http2", "--cacert", two[0], "-w",
                                       " %{http_version}", "https://127.0.0.1:%d/a.txt" %
                                       server.port], capture_output=True, timeout=TIMEOUT,
                                      check=True).stdout
                assert said in (b"hello 2", b"hello 1.1"), said
            assert server.end()[0] == 0
        result = run("serve", "--tls-cert", "/nowhere.pem", folder)
        check(result.status == 1 and "/nowhere.pem" in result.err, result)


@test
def a_unix_socket_is_served_as_well():
    with tempfile.TemporaryDirectory() as folder:
        put(folder, "a.txt", b"hello")
        path = os.path.join(folder, "socket")
        with started("serve", "-l", "unix:" + path, folder) as process:
            assert "unix:" + path in process.stdout.readline().decode()
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as client:
                client.settimeout(TIMEOUT)
                client.connect(path)
                client.sendall(b"GET /a.txt HTTP/1.0\r\n\r\n")
                data = b""
                while piece := client.recv(4096):
                    data += piece
                assert data.endswith(b"\r\n\r\nhello"), data


@test
def what_cannot_be_served_is_explained():
    result = run("serve", "/nowhere")
    check(result.status == 1 and "/nowhere" in result.err and result.out == "", result)
    result = run("serve", "--types", "/nowhere", ".")
    check(result.status == 1 and "/nowhere" in result.err, result)
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        result = run("serve", "--listen", "127.0.0.1:%d" % taken.getsockname()[1])
        check(result.status == 1 and "Choose another port" in result.err, result)
    result = run("serve", "--listen", "nonsense")
    check(result.status == 2 and "nonsense" in result.err, result)


@test
def options_that_make_no_sense_are_refused():
    for args in (["a", "b"], ["--cache", "x"], ["--cache", "-1"], ["--links", "some"],
                 ["--log", "long"], ["--nonsense"], ["--cache"], ["--tls-key", "x"],
                 ["--no-listing=1"]):
        result = run("serve", *args)
        check(result.status == 2 and "--help" in result.err and result.out == "", result)
    result = run("serve", "--help")
    check(result.status == 0 and "usage: wok serve" in result.out, result)
    check(max(map(len, result.out.splitlines())) <= 84, result)


if __name__ == "__main__":
    sys.exit(main())
