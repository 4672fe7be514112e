#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""End-to-end tests of `wok fetch`: what it sends, where bytes end up, what it says, its exit status.

usage: fetch_test.py [WOK] [TEXT]
"""
import contextlib
import copy
import email.utils
import gzip
import http.server
import json
import os
import pty
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import command  # noqa: E402
import postgres  # noqa: E402
from command import (OK, TIMEOUT, answer, check, closes_after, environment, fake_server,  # noqa: E402
                     main, read_request, run, started, test)

DATA = bytes(i * 7 % 251 for i in range(300000))
NOON = 1600000000  # when servers with a date of their own believe that it is


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *unused):
        pass

    def reply(self, status, body=b"", **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        size = int(self.headers.get("Content-Length", 0))
        self.body = self.rfile.read(size)
        with self.server.lock:
            self.server.seen.append(copy.copy(self))  # one object serves a whole connection
            self.server.now += 1
            self.server.peak = max(self.server.peak, self.server.now)
        try:
            self.server.answer(self)
        finally:
            with self.server.lock:
                self.server.now -= 1

    do_POST = do_HEAD = do_PUT = do_GET


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *unused):
        pass


@contextlib.contextmanager
def server(answer_fn):
    """A server that calls answer_fn(request); it has .url and .seen, the requests that came."""
    it = Server(("127.0.0.1", 0), Handler)
    it.answer, it.seen, it.lock, it.now, it.peak = answer_fn, [], threading.Lock(), 0, 0
    it.url = "http://127.0.0.1:%d" % it.server_address[1]
    threading.Thread(target=it.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield it
    finally:
        it.shutdown()
        it.server_close()


def fetch(*args, stdin=b"", cwd=None):
    process = subprocess.run([command.WOK, "fetch", *args], input=stdin, cwd=cwd, timeout=TIMEOUT,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment())
    return command.Result(process.returncode, process.stdout, process.stderr.decode())


def lines_of(result):
    return [json.loads(line) for line in result.out.decode().splitlines()]


def content(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def plain(request):
    request.reply(200, DATA)


def path_is_body(request):
    request.reply(200, request.path.encode())


# --- options -------------------------------------------------------------------------------------

@test
def a_bad_command_line_says_what_to_do():
    url = "http://127.0.0.1:1/"
    cases = [
        ([], "which URL"), (["--bogus", url], '"--bogus"'), (["-c", "0", url], "1 to"),
        (["-o", "x", url, url], "one URL"), (["-o", "x", "-i", "y"], "one URL"),
        (["-o", "x", "-d", ".", url], "one place"), (["-d", "/nonexistent", url], "/nonexistent"),
        (["-d", "/dev/null", url], "no folder"), (["--rate", "fast", url], '"fast"'),
        (["--rate", "1X", url], '"1X"'), (["--rate", "0", url], '"0"'),
        (["--rate", "1kk", url], '"1kk"'), (["--timeout", "never", url], '"never"'),
        (["--retries", "-1", url], '"-1"'), (["--resume", url], "--resume"),
        (["--resume", "-o", "-", url], "--resume"), (["--jsonl", "-o", "-", url], "--jsonl"),
        (["-H", "no colon", url], '"Name: value"'), (["-H", "A: b\nC: d", url], '"Name: value"'),
        (["-X", "A B", url], '"A B"'), (["--data", "@/nonexistent", url], "/nonexistent"),
    ]
    for args, message in cases:
        result = run("fetch", *args)
        check(result.status == 2 and message in result.err and not result.out,
              "%s\n%s" % (args, result))
    result = run("fetch", "--help")
    check(result.status == 0 and result.out.startswith("usage: wok fetch"), result)


# --- where bytes end up --------------------------------------------------------------------------

@test
def one_url_goes_to_standard_output():
    with server(plain) as it:
        result = fetch(it.url + "/x")
        check(result.status == 0 and result.out == DATA and not result.err, result)
        with tempfile.TemporaryDirectory() as folder:
            name = os.path.join(folder, "file")
            result = fetch("-o", name, it.url + "/x")
            check(result.status == 0 and not result.out and "1 of 1" in result.err, result)
            assert content(name) == DATA and os.listdir(folder) == ["file"]
            result = fetch("-o", "/dev/null", it.url + "/x")
            check(result.status == 0, result)


@test
def several_urls_become_files_of_their_names():
    with server(path_is_body) as it, tempfile.TemporaryDirectory() as folder:
        urls = [it.url + p for p in ("/a/one.txt", "/two?x=/3", "/", "/dir/", "/%c3%a4%20b", "/one.txt")]
        result = fetch(*urls, cwd=folder)
        check(result.status == 0 and "6 of 6" in result.err, result)
        names = sorted(os.listdir(folder))
        assert names == sorted(["one.txt", "one.txt.1", "two", "index.html", "index.html.1",
                                "ä b"]), names
        assert content(folder, "two") == b"/two?x=/3"


@test
def a_name_never_leads_out_of_the_folder():
    cases = {  # what the server says: the file's name
        "attachment; filename=report.pdf": "report.pdf",
        'attachment; filename="a b.txt"': "a b.txt",
        'attachment; filename="../../etc/passwd"': "passwd",
        'attachment; filename="..\\\\..\\\\evil.exe"': "evil.exe",
        'attachment; filename="/tmp/x"': "x",
        'attachment; filename=".bashrc"': "_bashrc",
        'attachment; filename=".."': "_.",
        'attachment; filename="-rf"': "_rf",
        'attachment; filename=""': "path",
        'attachment; filename="a/"': "path",
        "attachment; filename*=UTF-8''na%C3%AFve%2F..%2Fx.txt; filename=\"y\"": "x.txt",
        "attachment; filename*=UTF-8''%00%1b%5bA": "__[A",
        "inline": "path", "attachment; filename": "path", "; ; filename=": "path",
    }
    for header, name in cases.items():
        with server(lambda r, h=header: r.reply(200, b"x", Content_Disposition=h)) as it, \
                tempfile.TemporaryDirectory() as outer:
            folder = os.path.join(outer, "in")
            os.mkdir(folder)
            result = fetch("-d", folder, it.url + "/path")
            check(result.status == 0, "%s: %s" % (header, result))
            assert os.listdir(folder) == [name], (header, os.listdir(folder))
            assert os.listdir(outer) == ["in"], header
    for path, name in (("/..%2f..%2fx", "_._.._x"), ("/%2e%2e", "_."), ("/" + "n" * 250, "n" * 200),
                       ("/a%00b", "a_b"), ("/%2Fetc%2Fpasswd", "_etc_passwd"), ("/..", "_."),
                       ("/x.part", "x.part_"), ("/x.PART.tag", "x.PART.tag_"),
                       ("/" + "%80" * 250, "\udc80" * 197)):
        with server(plain) as it, tempfile.TemporaryDirectory() as folder:
            result = fetch("-d", folder, it.url + path)
            check(result.status == 0 and os.listdir(folder) == [name], (path, os.listdir(folder)))


@test
def nothing_is_overwritten_unless_one_says_so():
    with server(plain) as it, tempfile.TemporaryDirectory() as folder:
        name = os.path.join(folder, "x")
        with open(name, "w", encoding="ascii") as file:
            file.write("mine")
        for place in (["-o", name], ["-d", folder]):
            result = fetch(*place, it.url + "/x")
            check(result.status == 1 and "-f overwrites" in result.err, result)
            assert content(name) == b"mine" and os.listdir(folder) == ["x"]
        assert not it.seen  # it was not even fetched
        result = fetch("-f", "-o", name, it.url + "/x")
        check(result.status == 0 and content(name) == DATA, result)
    # The name comes with the response, or the file while it is on its way.
    with server(lambda r: r.reply(200, b"x", Content_Disposition="a; filename=y")) as it, \
            tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "y"), "w", encoding="ascii") as file:
            file.write("mine")
        result = fetch("-d", folder, it.url + "/x")
        check(result.status == 1 and content(folder, "y") == b"mine", result)
        assert os.listdir(folder) == ["y"], os.listdir(folder)


@test
def a_link_in_the_place_of_the_part_is_not_followed():
    with server(plain) as it, tempfile.TemporaryDirectory() as folder:
        victim = os.path.join(folder, "victim")
        with open(victim, "w", encoding="ascii") as file:
            file.write("mine")
        os.symlink(victim, os.path.join(folder, "x.part"))
        result = fetch("-d", folder, it.url + "/x")
        check(result.status == 1 and content(victim) == b"mine", result)
    with server(breaks_off) as it, tempfile.TemporaryDirectory() as folder:
        victim = os.path.join(folder, "victim")
        with open(victim, "w", encoding="ascii") as file:
            file.write("mine")
        os.symlink(victim, os.path.join(folder, "x.part.tag"))
        result = fetch("--resume", "--retries", "0", "-d", folder, it.url + "/x")
        check(result.status == 1 and content(victim) == b"mine", result)
        assert content(folder, "x.part.tag") == b'"v1"'


@test
def a_failed_download_leaves_no_file():
    half = closes_after(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    with fake_server(half) as url, tempfile.TemporaryDirectory() as folder:
        result = fetch("-d", folder, "--retries", "0", url + "/x")
        check(result.status == 1 and url in result.err and "1 failed" in result.err, result)
        assert not os.listdir(folder), os.listdir(folder)
    with server(lambda r: r.reply(404, b"sorry")) as it, tempfile.TemporaryDirectory() as folder:
        result = fetch("-d", folder, it.url + "/x")
        check(result.status == 1 and "404" in result.err and len(it.seen) == 1, result)
        assert not os.listdir(folder)
        result = fetch(it.url + "/x")
        check(result.status == 1 and not result.out and "404" in result.err, result)


# --- lists ---------------------------------------------------------------------------------------

@test
def urls_come_from_a_file_and_from_standard_input():
    with server(path_is_body) as it, tempfile.TemporaryDirectory() as folder:
        text = "# a list\n%s/1\n\n  %s/2\r\n%s/3" % (it.url, it.url, it.url)
        name = os.path.join(folder, "list")
        with open(name, "w", encoding="ascii") as file:
            file.write(text)
        for args, stdin in ((["-i", name], b""), (["-i", "-"], text.encode())):
            it.seen.clear()
            result = fetch("--jsonl", *args, it.url + "/0", stdin=stdin)
            check(result.status == 0, result)
            assert sorted(r.path for r in it.seen) == ["/0", "/1", "/2", "/3"]
        result = fetch("--jsonl", "-i", os.path.join(folder, "none"))
        check(result.status == 1 and "none" in result.err, result)


@test
def a_line_of_json_for_each():
    def by_path(request):
        if request.path == "/bad":
            request.reply(404)
        else:
            request.reply(200, DATA)
    with server(by_path) as it:
        with tempfile.TemporaryDirectory() as folder:
            result = fetch("--jsonl", "-d", folder, it.url + "/good", it.url + "/bad", "nonsense")
            check(result.status == 1, result)
            said = {line["url"]: line for line in lines_of(result)}
            good, bad, nonsense = (said[u] for u in (it.url + "/good", it.url + "/bad", "nonsense"))
            assert set(good) == {"url", "final_url", "ok", "status", "size", "ms", "tries", "file", "error"}
            assert good["ok"] and good["status"] == 200 and good["size"] == len(DATA), good
            assert good["file"] == folder + "/good" and good["error"] is None and good["ms"] >= 0
            assert not bad["ok"] and bad["status"] == 404 and bad["file"] is None, bad
            assert nonsense["status"] is None and nonsense["error"], nonsense
        with tempfile.TemporaryDirectory() as folder:  # without a place no bodies are kept
            result = fetch("--jsonl", it.url + "/good", cwd=folder)
            check(result.status == 0 and lines_of(result)[0]["size"] == len(DATA), result)
            assert not os.listdir(folder)


@test
def what_is_no_text_is_told_of_all_the_same():
    with server(plain) as it:
        result = fetch("--jsonl", "-i", "-", it.url + "/x",
                       stdin=b"http://127.0.0.1:1/\xff\xfe\nhttp://127.0.0.1:1/a b\n\0\n")
        said = lines_of(result)
        check(result.status == 1 and len(said) >= 3, result)
        check(sum(line["ok"] for line in said) == 1, result)


@test
def as_many_at_once_as_asked():
    def slow(request):
        time.sleep(0.1)
        request.reply(200, b"x")
    for args, at_most in ((["-c", "3"], 3), (["-c", "8", "--per-host", "2"], 2), ([], 16)):
        with server(slow) as it:
            result = fetch("--jsonl", *args, *[it.url + "/%d" % i for i in range(20)])
            check(result.status == 0 and len(lines_of(result)) == 20, result)
            assert it.peak == at_most, (args, it.peak)


# --- requests ------------------------------------------------------------------------------------

@test
def a_request_is_what_the_options_say():
    with server(plain) as it, tempfile.NamedTemporaryFile() as body:
        body.write(b"three")
        body.flush()
        for args in ([], ["-X", "PUT", "-H", "X-A: b", "-H", "X-Empty:"], ["--data", "a=b"],
                     ["--data", "@" + body.name, "-H", "Content-Type: text/plain"]):
            result = fetch(*args, it.url + "/x?y")
            check(result.status == 0, result)
        get, put, form, file = it.seen
        assert (get.command, get.path, get.body) == ("GET", "/x?y", b"")
        assert put.command == "PUT" and put.headers["X-A"] == "b" and put.headers["X-Empty"] == ""
        assert form.command == "POST" and form.body == b"a=b"
        assert form.headers["Content-Type"] == "application/x-www-form-urlencoded"
        assert file.body == b"three" and file.headers.get_all("Content-Type") == ["text/plain"]


@test
def redirects_are_followed_and_the_file_has_the_first_name():
    def two_steps(request):
        if request.path == "/end":
            request.reply(200, DATA)
        else:
            request.reply(302, Location="/middle" if request.path == "/start" else "end")
    with server(two_steps) as it, tempfile.TemporaryDirectory() as folder:
        result = fetch("--jsonl", "-d", folder, it.url + "/start")
        check(result.status == 0 and content(folder, "start") == DATA, result)
        check(lines_of(result)[0]["final_url"] == it.url + "/end", result)
    with server(lambda r: r.reply(302, Location="/")) as it:
        result = fetch("--retries", "0", it.url + "/")
        check(result.status == 1 and len(it.seen) < 30 and "redirect" in result.err, result)


@test
def what_is_compressed_is_so_only_on_the_way():
    def compress(request):
        if "gzip" in request.headers.get("Accept-Encoding", ""):
            request.reply(200, gzip.compress(DATA), Content_Encoding="gzip")
        else:
            request.reply(200, DATA)
    with server(compress) as it:
        result = fetch("--compressed", it.url + "/x")
        check(result.status == 0 and result.out == DATA, result.err)
        assert "gzip" in it.seen[0].headers["Accept-Encoding"]
        result = fetch(it.url + "/x")  # by default bytes are what they are
        check(result.status == 0 and result.out == DATA, result.err)
        assert "gzip" not in it.seen[1].headers.get("Accept-Encoding", "")
    with server(lambda r: r.reply(200, b"as it is", Content_Encoding="gzip")) as it:
        result = fetch(it.url + "/x")
        check(result.status == 0 and result.out == b"as it is", result.err)


@test
def a_proxy_is_asked_for_the_whole_url():
    with server(path_is_body) as it:
        result = fetch("--proxy", it.url, "http://example.invalid/x?y")
        check(result.status == 0 and result.out == b"http://example.invalid/x?y", result)


# --- tries ---------------------------------------------------------------------------------------

@test
def what_may_pass_is_tried_again():
    def third_time(request):
        if len(request.server.seen) < 3:
            request.reply(503)
        else:
            request.reply(200, DATA)
    with server(third_time) as it:
        result = fetch("--jsonl", "--retry-wait", "10ms", it.url + "/x")
        check(result.status == 0 and lines_of(result)[0]["tries"] == 3, result)
    with server(lambda r: r.reply(503)) as it:
        result = fetch("--retry-wait", "10ms", "--retries", "2", it.url + "/x")
        check(result.status == 1 and len(it.seen) == 3 and "503" in result.err, result)
    for status in (400, 401, 403, 404, 410, 501):
        with server(lambda r, s=status: r.reply(s)) as it:
            result = fetch("--retry-wait", "10ms", it.url + "/x")
            check(result.status == 1 and len(it.seen) == 1, result)
    with server(lambda r: r.reply(503)) as it:  # nobody knows what a second POST would do
        result = fetch("--retry-wait", "10ms", "--data", "x", it.url + "/x")
        check(result.status == 1 and len(it.seen) == 1, result)


@test
def the_pauses_between_tries_grow():
    with server(lambda r: r.reply(503)) as it:
        times = []
        it.answer = lambda r: (times.append(time.monotonic()), r.reply(503))
        result = fetch("--retry-wait", "200ms", "--retries", "2", it.url + "/x")
        check(result.status == 1, result)
        first, second = times[1] - times[0], times[2] - times[1]
        assert 0.14 < first < 0.5 and 0.28 < second < 1 and second > first, (first, second)


@test
def retry_after_is_heeded():
    for value in (lambda: "1", lambda: email.utils.formatdate(time.time() + 2, usegmt=True)):
        def later(request, value=value):
            if len(request.server.seen) == 1:
                request.reply(429, Retry_After=value())
            else:
                request.reply(200, DATA)
        with server(later) as it:
            start = time.monotonic()
            result = fetch("--retry-wait", "1ms", it.url + "/x")
            check(result.status == 0 and 0.8 < time.monotonic() - start < 5, result)
    with server(lambda r: r.reply(503, Retry_After="86400")) as it:  # not that long
        result = fetch("--retry-wait", "1ms", it.url + "/x")
        check(result.status == 1 and "86400" in result.err and len(it.seen) == 1, result)


def breaks_off(request, etag='"v1"', ranges=True):
    """Half of the body and the end of the connection; with ranges, and from there on the rest."""
    begin = 0
    wanted = request.headers["Range"]
    if ranges and wanted and request.headers["If-Range"] == etag:
        begin = int(wanted[len("bytes="):-1])
        request.send_response(206)
        request.send_header("Content-Range", "bytes %d-%d/%d" % (begin, len(DATA) - 1, len(DATA)))
    else:
        request.send_response(200)
    request.send_header("ETag", etag)
    request.send_header("Content-Length", str(len(DATA) - begin))
    request.end_headers()
    size = len(DATA) if begin else 100000
    request.wfile.write(DATA[begin:size])
    if not begin:
        request.wfile.flush()
        request.connection.shutdown(2)
        request.close_connection = True


@test
def a_try_goes_on_where_the_last_one_was():
    with server(breaks_off) as it, tempfile.TemporaryDirectory() as folder:
        result = fetch("-d", folder, "--retry-wait", "10ms", it.url + "/x")
        check(result.status == 0 and content(folder, "x") == DATA, result)
        assert [r.headers["Range"] for r in it.seen] == [None, "bytes=100000-"]
        assert os.listdir(folder) == ["x"]
        it.seen.clear()
        result = fetch("--retry-wait", "10ms", it.url + "/x")  # to standard output, too
        check(result.status == 0 and result.out == DATA and len(it.seen) == 2, result)


@test
def another_version_is_fetched_from_its_beginning():
    def changes(request):
        if len(request.server.seen) == 1:
            breaks_off(request)
        else:
            request.reply(200, b"the new version", ETag='"v2"')
    with server(changes) as it, tempfile.TemporaryDirectory() as folder:
        result = fetch("-d", folder, "--retry-wait", "10ms", it.url + "/x")
        check(result.status == 0 and content(folder, "x") == b"the new version", result)
        it.seen.clear()
        result = fetch("--retry-wait", "10ms", it.url + "/x")  # what is printed is printed
        check(result.status == 1 and result.out == DATA[:100000], result.err)


@test
def a_range_that_is_not_what_was_asked_for_is_refused():
    def liar(request):
        if len(request.server.seen) == 1:
            breaks_off(request)
        else:
            request.reply(206, b"xyz", Content_Range="bytes 5-7/300000", ETag='"v1"')
    with server(liar) as it, tempfile.TemporaryDirectory() as folder:
        result = fetch("-d", folder, "--retry-wait", "10ms", it.url + "/x")
        check(result.status == 1 and not os.listdir(folder), result)


@test
def less_of_the_rest_than_was_asked_for_is_not_the_whole():
    def mean(request):
        wanted = request.headers["Range"]
        if not wanted:
            breaks_off(request)
            return
        begin = int(wanted[len("bytes="):-1])
        end = min(begin + 50000, len(DATA))
        request.reply(206, DATA[begin:end], ETag='"v1"',
                      Content_Range="bytes %d-%d/%d" % (begin, end - 1, len(DATA)))
    with server(mean) as it, tempfile.TemporaryDirectory() as folder:
        result = fetch("-d", folder, "--retries", "10", "--retry-wait", "1ms", it.url + "/x")
        check(result.status == 0 and content(folder, "x") == DATA, result)
        assert len(it.seen) == 5
        os.remove(os.path.join(folder, "x"))
        result = fetch("-d", folder, "--retries", "1", "--retry-wait", "1ms", it.url + "/x")
        check(result.status == 1 and not os.listdir(folder), result)
        check("150000 of 300000" in result.err, result)


@test
def a_later_run_goes_on_with_what_is_left():
    with server(breaks_off) as it, tempfile.TemporaryDirectory() as folder:
        result = fetch("--resume", "--retries", "0", "-d", folder, it.url + "/x")
        check(result.status == 1, result)
        assert sorted(os.listdir(folder)) == ["x.part", "x.part.tag"], os.listdir(folder)
        result = fetch("--resume", "-d", folder, it.url + "/x")
        check(result.status == 0 and content(folder, "x") == DATA, result)
        assert os.listdir(folder) == ["x"] and it.seen[-1].headers["Range"] == "bytes=100000-"
        it.seen.clear()
        result = fetch("--resume", "-d", folder, it.url + "/x")  # complete: passed over
        check(result.status == 0 and not it.seen and content(folder, "x") == DATA, result)


@test
def a_part_of_another_version_is_not_put_behind_what_is_left():
    def other(request):  # it knows Range, and not If-Range
        if request.headers["Range"]:
            request.reply(206, b"z" * 50, ETag='"v2"', Content_Range="bytes 50-99/100")
        else:
            request.reply(200, b"z" * 100, ETag='"v2"')
    with server(other) as it, tempfile.TemporaryDirectory() as folder:
        for name, text in (("x.part", b"y" * 50), ("x.part.tag", b'"v1"')):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(text)
        result = fetch("--resume", "--retry-wait", "10ms", "-d", folder, it.url + "/x")
        check(result.status == 0 and content(folder, "x") == b"z" * 100, result)
        assert len(it.seen) == 2 and os.listdir(folder) == ["x"], os.listdir(folder)


@test
def the_tag_is_that_of_the_bytes_which_are_left():
    def each_time_another(request):
        request.send_response(200)
        request.send_header("ETag", '"v%d"' % len(it.seen))
        request.send_header("Content-Length", str(len(DATA)))
        request.end_headers()
        request.wfile.write(DATA[:100000])
        request.close_connection = True
    with server(each_time_another) as it, tempfile.TemporaryDirectory() as folder:
        result = fetch("--resume", "--retries", "1", "--retry-wait", "10ms", "-d", folder,
                       it.url + "/x")
        check(result.status == 1 and len(it.seen) == 2, result)
        assert content(folder, "x.part.tag") == b'"v2"', content(folder, "x.part.tag")


@test
def a_date_names_a_version_once_its_minute_is_over():
    def cut_short(request):
        age = 3600 if "old" in request.path else 59
        request.send_response_only(200)
        request.send_header("Date", email.utils.formatdate(NOON, usegmt=True))
        request.send_header("Last-Modified", email.utils.formatdate(NOON - age, usegmt=True))
        request.send_header("Content-Length", str(len(DATA)))
        request.end_headers()
        request.wfile.write(DATA[:100000])
        request.close_connection = True
    for name, tag in (("old", email.utils.formatdate(NOON - 3600, usegmt=True)), ("new", None)):
        with server(cut_short) as it, tempfile.TemporaryDirectory() as folder:
            result = fetch("--resume", "--retries", "0", "-d", folder, it.url + "/" + name)
            check(result.status == 1, result)
            kept = name + ".part.tag"
            assert (kept in os.listdir(folder)) == bool(tag), os.listdir(folder)
            assert not tag or content(folder, kept) == tag.encode(), content(folder, kept)


@test
def a_part_that_is_longer_than_what_there_is_now_is_dropped():
    def shrunk(request):
        if request.headers["Range"]:
            request.reply(416, Content_Range="bytes */10")
        else:
            request.reply(200, b"0123456789", ETag='"v1"')
    with server(shrunk) as it, tempfile.TemporaryDirectory() as folder:
        for name, text in (("x.part", b"y" * 50), ("x.part.tag", b'"v1"')):
            with open(os.path.join(folder, name), "wb") as file:
                file.write(text)
        result = fetch("--resume", "--retry-wait", "10ms", "-d", folder, it.url + "/x")
        check(result.status == 0 and content(folder, "x") == b"0123456789", result)
        assert os.listdir(folder) == ["x"], os.listdir(folder)


@test
def nothing_is_waited_for_without_end():
    def silent(connection, _):
        read_request(connection)
        time.sleep(3)

    def drips(connection, _):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        for _ in range(100):
            connection.sendall(b"x")
            time.sleep(0.05)
    with fake_server(silent) as url:
        start = time.monotonic()
        result = fetch("--timeout", "200ms", "--retries", "0", url)
        check(result.status == 1 and time.monotonic() - start < 2, result)
    with fake_server(drips) as url:  # always something comes: only --max-time ends it
        start = time.monotonic()
        result = fetch("--timeout", "1s", "--max-time", "500ms", url)
        check(result.status == 1 and "--max-time" in result.err, result)
        assert time.monotonic() - start < 2


@test
def https_trusts_whom_it_is_told_to():
    with tempfile.TemporaryDirectory() as folder:
        key, cert = os.path.join(folder, "key"), os.path.join(folder, "cert")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-days",
                        "2", "-subj", "/CN=localhost", "-addext",
                        "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True,
                       stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        with server(plain) as it:
            it.socket = context.wrap_socket(it.socket, server_side=True)
            url = it.url.replace("http:", "https:") + "/x"
            for args in (["--insecure"], ["--cacert", cert]):
                result = fetch(*args, url)
                check(result.status == 0 and result.out == DATA, result)
            result = fetch(url)
            check(result.status == 1 and "certificate" in result.err and not result.out, result)
            result = fetch("--cacert", os.path.join(folder, "none"), url)
            check(result.status == 1 and "none" in result.err, result)


@test
def a_password_in_a_url_is_told_to_nobody():
    with server(lambda r: r.reply(404)) as it, tempfile.TemporaryDirectory() as folder:
        address = it.url[len("http://"):]
        closed = "me:se%63ret@127.0.0.1:1/gone"
        for url in ("http://me:secret@%s/x@y" % address, "http://" + closed, closed,
                    "http://me:secret@%s:bad/x" % address, "http://me:sec:ret@/x",
                    "gopher://me:secret@a/"):
            for args in ([], ["--jsonl"]):
                result = fetch(*args, "--retries", "0", "-d", folder, url)
                told = result.out.decode() + result.err
                assert result.status == 1, (url, result.status)
                assert "me@" in told and "ret" not in told.replace("retries", ""), (url, told)
        assert it.seen[0].headers["Authorization"] == "Basic bWU6c2VjcmV0"


@test
def no_server_is_one_clear_line():
    with fake_server(answer(OK)) as url:
        pass  # and gone
    result = fetch("--retries", "1", "--retry-wait", "10ms", url)
    check(result.status == 1 and url[len("http://"):] in result.err, result)
    check(len(result.err.splitlines()) == 1, result)


# --- rate, signals, progress ---------------------------------------------------------------------

@test
def the_rate_is_kept_by_all_together():
    with server(plain) as it:
        start = time.monotonic()
        result = fetch("--jsonl", "--rate", "600000", *[it.url + "/%d" % i for i in range(4)])
        took = time.monotonic() - start
        check(result.status == 0 and 1.6 < took < 4, (took, result))  # 1.2 MB


@test
def ctrl_c_keeps_what_can_be_gone_on_with():
    def slow(request):
        request.send_response(200)
        request.send_header("ETag", '"v1"')
        request.send_header("Content-Length", "1000000")
        request.end_headers()
        request.wfile.write(b"x" * 200000)
        request.wfile.flush()
        time.sleep(5)
    for args, left in (([], []), (["--resume"], ["x.part", "x.part.tag"])):
        with server(slow) as it, tempfile.TemporaryDirectory() as folder:
            with started("fetch", "-d", folder, *args, it.url + "/x") as process:
                time.sleep(0.7)
                process.send_signal(signal.SIGINT)
                _, err = process.communicate(timeout=TIMEOUT)
                assert process.returncode == 130, (process.returncode, err)
            assert sorted(os.listdir(folder)) == left, os.listdir(folder)
            if left:
                assert content(folder, "x.part") == b"x" * 200000


@test
def standard_output_that_is_gone_ends_it():
    with server(lambda r: r.reply(200, DATA * 20)) as it:
        reader, writer = os.pipe()
        os.close(reader)
        process = subprocess.run([command.WOK, "fetch", it.url + "/x"], stdout=writer,
                                 stderr=subprocess.PIPE, timeout=TIMEOUT, env=environment())
        os.close(writer)
        assert process.returncode == 1 and len(it.seen) == 1, (process.returncode, process.stderr)
    if os.path.exists("/dev/full"):
        with server(plain) as it, open("/dev/full", "wb") as full:
            process = subprocess.run([command.WOK, "fetch", "--jsonl", it.url + "/x"], stdout=full,
                                     stderr=subprocess.PIPE, timeout=TIMEOUT, env=environment())
            assert process.returncode == 1, process.stderr


@test
def a_terminal_shows_progress_and_ends_clean():
    def slow(request):
        request.send_response(200)
        request.send_header("Content-Length", "400000")
        request.end_headers()
        for _ in range(4):
            request.wfile.write(b"x" * 100000)
            request.wfile.flush()
            time.sleep(0.15)
    with server(slow) as it, tempfile.TemporaryDirectory() as folder:
        pid, fd = pty.fork()
        if pid == 0:
            os.execve(command.WOK, [command.WOK, "fetch", "-d", folder, it.url + "/one",
                                    it.url + "/two"], environment())
        output = b""
        with contextlib.suppress(OSError):
            while True:
                output += os.read(fd, 65536)
        _, status = os.waitpid(pid, 0)
        os.close(fd)
        text = output.decode()
        assert os.waitstatus_to_exitcode(status) == 0, text
        for word in ("one", "two", "█", "░", "of 2", "2 of 2 fetched"):
            assert word in text, (word, text)
        assert text.rstrip().endswith("/s)"), text[-200:]


# --- databases -----------------------------------------------------------------------------------

def some_missing(request):
    request.reply(404 if "missing" in request.path else 200, request.path.encode(), X_A="1")


def rows_of(path, sql):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@test
def a_database_keeps_what_became_of_each_url():
    with server(some_missing) as it, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "results.db")
        urls = [it.url + "/a", it.url + "/missing", it.url + "/b"]
        result = fetch("--db", path, "--db-body", *urls, cwd=folder)
        if "no SQLite" in result.err:
            return
        check(result.status == 1 and result.out == b"", result)
        rows = rows_of(path, "SELECT url, ok, status, size, tries, headers, body, error "
                             "FROM wok_fetch ORDER BY url")
        assert [row[0] for row in rows] == sorted(urls), rows
        assert rows[0][1:5] == (1, 200, 2, 1) and rows[0][6:] == (b"/a", None), rows
        assert ["X-A", "1"] in json.loads(rows[0][5]), rows
        assert rows[2][1:3] == (0, 404) and rows[2][6:] == (None, "the status is 404"), rows
        assert os.listdir(folder) == ["results.db"], os.listdir(folder)


@test
def a_database_is_gone_on_with():
    with server(some_missing) as it, tempfile.TemporaryDirectory() as folder:
        path, many = os.path.join(folder, "results.db"), [it.url + "/%d" % i for i in range(300)]
        result = fetch("--db", path, *many[:100], it.url + "/missing")
        if "no SQLite" in result.err:
            return
        seen = len(it.seen)
        result = fetch("--db", path, "--resume", it.url + "/missing", *many)
        check(result.status == 1 and "300 of 301" in result.err, result)
        assert len(it.seen) - seen == 201, len(it.seen)
        assert rows_of(path, "SELECT count(*), count(DISTINCT url), sum(body IS NULL) "
                             "FROM wok_fetch") == [(302, 301, 302)]
        # Without --resume rows are added; files are written beside them.
        result = fetch("--db", path, "-d", folder, many[0])
        check(result.status == 0 and content(folder, "0") == b"/0", result)
        rows = rows_of(path, "SELECT file, body FROM wok_fetch WHERE url = '%s'" % many[0])
        assert sorted(rows, key=str) == [(os.path.join(folder, "0"), None), (None, None)], rows


@test
def a_database_that_does_not_work_ends_the_run():
    with server(some_missing) as it, tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "no.db")
        with open(path, "w") as file:
            file.write("this is no database, but a text of some length " * 100)
        result = fetch("--db", path, it.url + "/a")
        if "no SQLite" in result.err:
            return
        check(result.status == 1 and "--db: " in result.err and "not a database" in result.err,
              result)
        assert not it.seen
        for words, what in ((["--db-body"], "--db"), (["--db", ""], "file's name")):
            result = fetch(*words, it.url)
            check(result.status == 2 and what in result.err, result)
        result = fetch("--db", "postgresql://127.0.0.1:1/x", it.url + "/a")
        check(result.status != 0 and "--db: " in result.err and not it.seen, result)


@test
def a_server_keeps_what_became_of_each_url():
    with postgres.cluster() as dsn, server(some_missing) as it:
        if not dsn:
            return
        urls = [it.url + "/%d" % i for i in range(50)] + [it.url + "/missing"]
        result = fetch("--db", dsn, "--db-body", *urls)
        if "no PostgreSQL" in result.err:
            return
        check(result.status == 1 and "50 of 51" in result.err, result)
        assert postgres.query(dsn, "SELECT count(*), count(*) FILTER (WHERE ok), sum(size) "
                                   "FROM wok_fetch") == ["51|50|140"]
        assert postgres.query(dsn, "SELECT convert_from(body, 'UTF8'), status, headers->1->>0 "
                                   "FROM wok_fetch WHERE url LIKE '%/49'") == ["/49|200|Date"]
        seen = len(it.seen)
        result = fetch("--db", dsn, "--resume", *urls[:50], it.url + "/new")
        check(result.status == 0 and len(it.seen) == seen + 1, result)


if __name__ == "__main__":
    sys.exit(main())
