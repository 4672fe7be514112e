#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""End-to-end tests of `wok bench`: what it sends, what it counts, what it says, its exit status.

usage: bench_test.py [WOK] [TEXT]
"""
import contextlib
import html.parser
import json
import os
import signal
import socket
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from command import (OK, TIMEOUT, answer, check, closes_after, fake_server, main,  # noqa: E402
                     read_request, run, started, test)


def bench(*args):
    """The exit status and the JSON of a run."""
    result = run("bench", "--json", *args)
    assert result.out, str(result)
    return result, json.loads(result.out)


@test
def a_bad_command_line_says_what_to_do():
    url = "http://127.0.0.1:1/"
    cases = [
        ([], "which URL"), ([url, url], "one URL"), (["--bogus", url], '"--bogus"'),
        (["-c", "0", url], "1 to 100000"), (["-c", "ten", url], '"ten"'), ([url, "-c"], "value"),
        (["-d", "10x", url], '"10x"'), (["-d", "0", url], '"0"'), (["-d", "1e3", url], '"1e3"'),
        (["-d", "2000m", url], "24 hours"), (["-n", "-1", url], '"-1"'), (["-r", "0", url], '"0"'),
        (["-r", "nan", url], '"nan"'), (["-m", "GE T", url], '"GE T"'),
        (["-m", "CONNECT", url], "CONNECT"), (["-H", "no colon", url], '"Name: value"'),
        (["-H", "A: b\r\nC: d", url], '"Name: value"'), (["-H", ": v", url], '"Name: value"'),
        (["-H", "Content-Length: 3", url], "size of the body"),
        (["-H", "transfer-encoding: chunked", url], "size of the body"),
        (["--body", "/nonexistent", url], "/nonexistent"),
        (["--pipeline", "2", "-r", "5", url], "--pipeline"),
        (["--threads", "9", "-c", "8", url], "--threads"),
        (["--html", "/nonexistent/x.html", url], "/nonexistent"),
        (["https://localhost/"], "https"), (["localhost"], "http://"), (["http://h/ x"], "blank"),
    ]
    for args, message in cases:
        result = run("bench", *args)
        check(result.status == 2 and message in result.err and not result.out,
              "%s\n%s" % (args, result))
    result = run("bench", "--help")
    check(result.status == 0 and result.out.startswith("usage: wok bench"), result)


@test
def it_makes_as_many_requests_as_asked_on_as_many_connections():
    lock, counts = threading.Lock(), {}

    def handler(connection, number):
        while read_request(connection):
            with lock:
                counts[number] = counts.get(number, 0) + 1
            connection.sendall(OK)
    with fake_server(handler) as url:
        for threads in ("1", "3"):
            counts.clear()
            result, said = bench("-n", "200", "-c", "6", "--threads", threads, url)
            check(result.status == 0 and said["responses"] == 200, result)
            check(said["statuses"] == {"200": 200} and said["opened"] == 6, result)
            check(said["bytes"] == 200 * len(OK), result)
            # One more connection found out where the server is.
            assert sum(counts.values()) == 200 and len(counts) == 6, counts


@test
def a_request_is_what_the_options_say():
    seen = []

    def handler(connection, _):
        data = read_request(connection)
        while data:
            head, body = data.split(b"\r\n\r\n", 1)
            seen.append((head.decode(), body))
            connection.sendall(OK)
            data = read_request(connection)
    with fake_server(handler) as url, tempfile.NamedTemporaryFile() as body:
        body.write(b"three")
        body.flush()
        for args in ([], ["-m", "DELETE", "-H", "Host: other", "-H", "User-Agent: me"],
                     ["--body", body.name, "-H", "X: y"]):
            result, _ = bench("-n", "1", "-c", "1", *args, url + "/a%20b?c=d")
            check(result.status == 0, result)
    host = url[len("http://"):]
    plain, delete, post = [s[0].split("\r\n") for s in seen]
    assert plain[:2] == ["GET /a%20b?c=d HTTP/1.1", "Host: " + host], plain
    assert len(plain) == 3 and plain[2].startswith("User-Agent: wok-bench/"), plain
    assert delete == ["DELETE /a%20b?c=d HTTP/1.1", "Host: other", "User-Agent: me"], delete
    assert post[0] == "POST /a%20b?c=d HTTP/1.1" and "X: y" in post, post
    assert "Content-Length: 5" in post and seen[2][1] == b"three", seen


@test
def responses_of_all_kinds_end_where_they_end():
    chunked = (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
               b"5\r\nhello\r\n6;x=y\r\n, wok!\r\n0\r\nTrailer: x\r\n\r\n")
    bodies = {
        "length": (OK, 1), "chunks": (chunked, 1),
        "to the end": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil it closes", 20),
        "HTTP/1.0": (b"HTTP/1.0 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", 20),
        "HTTP/1.0 kept": (b"HTTP/1.0 200 OK\r\nconnection: Keep-Alive\r\nContent-Length: 0\r\n\r\n", 1),
        "none": (b"HTTP/1.1 204 No Content\r\n\r\n", 1),
        "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", 1),
        "interim": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"
                    + OK, 1),
        "large": (b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300000, 1),
    }
    for name, (text, opened) in bodies.items():
        def handler(connection, _, text=text):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while read_request(connection):
                for i in range(0, len(text), 30000):  # in pieces, and a small one first
                    connection.sendall(text[i:i + 7])
                    connection.sendall(text[i + 7:i + 30000])
                if b"Connection: close" in text:
                    return
        with fake_server(handler) as url:
            result, said = bench("-n", "20", "-c", "1", url)
            check(result.status == 0 and said["responses"] == 20 and said["opened"] == opened,
                  "%s: %s" % (name, result))


@test
def a_head_has_no_body():
    text = b"HTTP/1.1 200 OK\r\nContent-Length: 300\r\n\r\n"
    with fake_server(answer(text)) as url:
        result, said = bench("-n", "5", "-c", "1", "-m", "HEAD", url)
        check(result.status == 0 and said["responses"] == 5, result)


@test
def pipelined_requests_go_out_in_one_piece():
    pieces = []

    def handler(connection, _):
        while True:
            data = connection.recv(65536)
            if not data:
                return
            pieces.append(data.count(b"GET / HTTP/1.1\r\n"))
            connection.sendall(OK * pieces[-1])
    with fake_server(handler) as url:
        result, said = bench("-n", "20", "-c", "1", "--pipeline", "8", url)
        check(result.status == 0 and said["responses"] == 20, result)
    assert pieces == [8, 8, 4], pieces


@test
def errors_are_told_apart_and_counted():
    def silent(connection, _):
        connection.recv(65536)
        time.sleep(3)
    cases = [
        ("closed", closes_after(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"), "ended"),
        ("closed", closes_after(b""), "ended"),
        ("broken", closes_after(b"SSH-2.0-OpenSSH\r\n\r\n"), "not begin as HTTP"),
        ("broken", closes_after(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), "no number"),
        ("broken", closes_after(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"), "no colon"),
        ("broken", closes_after(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
         "chunk's size"),
        ("broken", closes_after(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 40000), "longer than"),
        ("timeout", silent, "no response within"),
    ]
    for kind, handler, words in cases:
        with fake_server(handler) as url:
            result, said = bench("-n", "3", "-c", "1", "--timeout", "300ms", url)
            check(result.status == 1 and said["errors"][kind] == 3, "%s: %s" % (kind, result))
            check(sum(said["errors"].values()) == 3 and said["responses"] == 0, result)
            result = run("bench", "-n", "3", "-c", "1", "--timeout", "300ms", url)
            check(result.status == 1 and kind + ": 3" in result.out and words in result.out, result)


@test
def a_status_from_400_on_is_a_failure():
    with fake_server(answer(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")) \
            as url:
        result, said = bench("-n", "4", "-c", "2", url)
        check(result.status == 1 and said["statuses"] == {"503": 4}, result)


@test
def a_connection_that_was_closed_while_idle_is_nobodys_error():
    """As nginx does after keepalive_requests, but without saying so before."""
    def handler(connection, _):
        for _ in range(3):
            if not read_request(connection):
                return
            connection.sendall(OK)
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)
    with fake_server(handler) as url:
        result, said = bench("-n", "9", "-c", "1", url)
        check(result.status == 0 and said["responses"] == 9 and said["opened"] == 3, result)
        check(said["resent"] == 2 and sum(said["errors"].values()) == 0, result)


@test
def no_server_is_one_clear_line():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = "127.0.0.1:%d" % unused.getsockname()[1]
        result = run("bench", "http://%s/" % address)
    check(result.status == 1 and address in result.err and not result.out, result)
    result = run("bench", "http://no-such-host.invalid/")
    check(result.status == 1 and "no-such-host.invalid" in result.err, result)


@test
def a_server_that_goes_away_does_not_make_it_spin():
    listener = socket.create_server(("127.0.0.1", 0))
    url = "http://127.0.0.1:%d/" % listener.getsockname()[1]

    def serve():
        with contextlib.suppress(OSError):
            listener.accept()[0].close()  # the one that looks where the server is
            connection, _ = listener.accept()
            listener.close()
            read_request(connection)
            connection.sendall(OK)
            connection.close()
    threading.Thread(target=serve, daemon=True).start()
    result, said = bench("-d", "700ms", "-c", "1", url)
    check(result.status == 1 and said["responses"] >= 1, result)
    # 10, 20, 40 ... ms: some six attempts, not thousands
    check(1 <= said["errors"]["connect"] <= 12, result)


@test
def a_pause_of_the_server_shows_in_all_requests_that_were_due():
    """Coordinated omission: one pause of 200 ms, 500 requests a second, one connection. Of 1000
    requests only one was answered late, but 100 were due in the pause: 10 % waited, up to 200 ms."""
    def handler(connection, _):
        for i in range(100000):
            if not read_request(connection):
                return
            if i == 300:
                time.sleep(0.2)
            connection.sendall(OK)
    with fake_server(handler) as url:
        result, said = bench("-r", "500", "-d", "2s", "-c", "1", url)
        check(result.status == 0 and said["responses"] == 1000 and said["missed"] == 0, result)
        due, sent = said["latency_ms"], said["service_ms"]
        check(180 <= due["max"] <= 300 and 180 <= sent["max"] <= 300, result)
        check(due["p99"] > 150 and due["p95"] > 60, result)   # what a user would have seen
        check(sent["p99"] < 50, result)                       # what an uncorrected one says
        # A closed loop has nothing to correct it by.
        result, said = bench("-n", "1000", "-c", "1", url)
        check(said["latency_ms"]["max"] > 180 and said["latency_ms"]["p99"] < 50, result)


@test
def the_rate_is_kept_and_what_it_misses_is_said():
    with fake_server(answer(OK)) as url:
        start = time.monotonic()
        result, said = bench("-r", "100", "-n", "50", "-c", "4", url)
        took = time.monotonic() - start
        check(result.status == 0 and said["responses"] == 50 and 0.4 <= took <= 3, result)

    def slow(connection, _):
        while read_request(connection):
            time.sleep(0.1)
            connection.sendall(OK)
    with fake_server(slow) as url:  # two connections can do 20 a second
        result, said = bench("-r", "100", "-d", "1s", "-c", "2", url)
        check(result.status == 1 and said["missed"] > 50, result)
        check(said["missed"] + said["responses"] == 100, result)
        check(said["latency_ms"]["max"] > 500 and said["service_ms"]["max"] < 400, result)


@test
def ctrl_c_ends_it_and_what_was_measured_is_told():
    with fake_server(answer(OK)) as url:
        with started("bench", "--json", "-c", "2", "-d", "60s", url) as process:
            time.sleep(0.7)
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=TIMEOUT)
            assert process.returncode == 130, (process.returncode, err)
            said = json.loads(out)
            assert said["responses"] > 0 and 0.3 < said["seconds"] < 5, said


class Page(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.tags = [], []

    def handle_starttag(self, tag, attributes):
        self.open.append(tag)
        self.tags.append((tag, dict(attributes)))

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        while self.open and self.open[-1] in ("li",):
            self.open.pop()
        assert self.open and self.open.pop() == tag, tag


@test
def the_page_stands_alone_and_is_well_formed():
    with fake_server(answer(OK)) as url, tempfile.TemporaryDirectory() as folder:
        for args in (["-n", "300"], ["-n", "100", "-r", "500"]):
            name = os.path.join(folder, "page.html")
            result = run("bench", "-c", "2", "--html", name, *args, url + "/?a=<b>&c")
            check(result.status in (0, 2), result)
            result = run("bench", "-c", "2", "--html", name, *args, url + "/x?a=1&b='2'")
            check(result.status == 0, result)
            with open(name, encoding="utf-8") as file:
                text = file.read()
            page = Page()
            page.feed(text)
            assert not page.open, page.open
            assert "a=1&amp;b" in text and "Latency by percentile" in text
            for tag, attributes in page.tags:
                assert tag != "script" and not {"src", "href"} & set(attributes), (tag, attributes)
            assert sum(tag == "polyline" for tag, _ in page.tags) == (2 if "-r" in args else 1)
            assert os.listdir(folder) == ["page.html"]


@test
def it_agrees_with_itself():
    """The percentiles rise, the mean lies between, and the counts add up."""
    with fake_server(answer(OK)) as url:
        result, said = bench("-n", "500", "-c", "8", url)
        check(result.status == 0, result)
        ms = said["latency_ms"]
        values = [ms[k] for k in ("min", "p50", "p75", "p90", "p95", "p99", "p99.9", "p99.99",
                                  "max")]
        check(values == sorted(values) and ms["min"] < ms["mean"] < ms["max"], result)
        check(abs(said["requests_per_second"] * said["seconds"] - 500) < 1, result)


@test
def a_unix_socket_is_a_place_to_connect_to():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "socket")
        with started("lab-server", "unix:" + path) as process:
            process.stdout.readline()
            result, said = bench("-n", "10", "-c", "2", "--connect", "unix:" + path,
                                 "http://localhost/get")
            check(result.status == 0 and said["responses"] == 10, result)


if __name__ == "__main__":
    sys.exit(main())
