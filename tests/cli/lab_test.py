#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""End-to-end tests of the command `wok`: its output, its files, its exit status, its children.

usage: lab_test.py [--slow] [WOK] [TEXT]

WOK is the command (build/wok), TEXT runs only tests whose name contains it; --slow adds the headline
experiment with its real delays and its narrow bounds (14 s). A line for each test, and at the end
"N passed, N failed". Everything happens on the loopback interface, each step within a time limit.
"""
import contextlib
import fcntl
import html.parser
import http.client
import json
import os
import pty
import re
import select
import signal
import socket
import struct
import sys
import tempfile
import termios
import threading
import time
import xml.etree.ElementTree

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import command  # noqa: E402
from command import (OK, TIMEOUT, Result, answer, check, children_of, closes_after,  # noqa: E402
                     environment, fake_server, is_alive, main, read_request, run, started, test,
                     wait_until)

WAYS = ["sequential", "threads", "concurrent", "limited"]
BLOCKING, ON_WOK = WAYS[:2], WAYS[2:]


def table_of(text):
    """The rows of the table as lists of cells; all lines must be equally wide."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert lines, "no table in:\n" + text
    assert len({len(line) for line in lines}) == 1, "crooked table:\n" + "\n".join(lines)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def ways_json(*args, **options):
    result = run("lab", "--json", *args, **options)
    return result, {way["way"]: way for way in json.loads(result.out)["ways"]}


# --- the command ---------------------------------------------------------------------------------

@test
def version_help_and_info():
    version = run("--version")
    check(version.status == 0 and re.fullmatch(r"wok \d+\.\d+\.\d+\n", version.out), version)
    for args in (["help"], ["--help"], ["lab", "--help"], ["lab-server", "--help"],
                 ["info", "--help"]):
        result = run(*args)
        check(result.status == 0 and result.out.startswith("usage: wok") and not result.err,
              result)
    info = run("info")
    check(info.status == 0, info)
    for word in ("backend", "stack guard", "task stack", "processors"):
        check(word in info.out, info)


@test
def a_bad_command_line_says_what_to_do():
    cases = [
        ([], "usage:"), (["cook"], '"cook"'), (["lab-way"], '"wok lab"'), (["info", "x"], "usage:"),
        (["lab", "--bogus"], '"--bogus"'), (["lab", "extra"], '"extra"'),
        (["lab", "--urls"], "--urls needs a value"), (["lab", "--json=1"], "--json=1"),
        (["lab", "--urls", "0"], "1 to 100000"), (["lab", "--urls", "ten"], '"ten"'),
        (["lab", "--urls", "-1"], '"-1"'), (["lab", "--urls", "1e3"], '"1e3"'),
        (["lab", "--delay", "11"], "0 to 10"), (["lab", "--delay", "-1"], '"-1"'),
        (["lab", "--delay", "nan"], '"nan"'), (["lab", "--delay", "1,5"], '"1,5"'),
        (["lab", "--limit", "0"], '"0"'),
        (["lab", "--ways", "sequential,slow"], '"slow"'), (["lab", "--ways", ""], "there is no way"),
        (["lab", "--ways", "threads,threads"], "twice"), (["lab", "--ways", "limited,"], "no way"),
        (["lab", "--server", "https://localhost"], "https"), (["lab", "--server", "local"], "http://"),
        (["lab", "--server", "http://"], "host"), (["lab", "--server", "http://a b"], "blank"),
        (["lab", "--server", "http://h:99999"], '"99999"'),
        (["lab", "--server", "http://h/x?y"], "query"),
        (["lab", "--html", ""], "name"), (["lab", "--html", "/"], "regular"),
        (["lab", "--html", "/nonexistent/lab.html"], "/nonexistent"),
        (["lab-server", "nonsense"], "nonsense"), (["lab-server", "--x"], '"--x"'),
        (["lab-server", "127.0.0.1:0", "127.0.0.1:0"], "one address"),
    ]
    for args, message in cases:
        result = run(*args)
        check(result.status == 2 and message in result.err and not result.out,
              "%s\n%s" % (args, result))


# --- what it measures ----------------------------------------------------------------------------

@test
def the_table_has_its_form_and_the_figures_are_near():
    result = run("lab", "--delay", "0.2", "--ways", ",".join(WAYS))
    check(result.status == 0, result)
    rows = table_of(result.out)
    check(rows[0] == ["way", "time", "× faster", "peak memory"], result)
    check(set("".join(rows[1])) == {"-"}, result)
    check([row[0] for row in rows[2:]] == ["one after another", "a thread each", "all at once",
                                          "at most 5 at once"], result)
    check(rows[2][1:3] == ["2.0 s", "1.0"], result)
    for row, least in zip(rows[3:], (5, 5, 3)):
        check(float(row[2]) > least, result)
    for row in rows[2:]:
        check(re.fullmatch(r"\d+\.\d MiB", row[3]), result)


@test
def json_has_its_members_and_the_seconds_are_near():
    result, ways = ways_json("--delay", "0.1", "--urls", "6", "--limit", "2", "--ways",
                             ",".join(WAYS))
    check(result.status == 0 and list(ways) == WAYS, result)
    for way, ideal in zip(WAYS, (0.6, 0.1, 0.1, 0.3)):
        check(set(ways[way]) == {"way", "seconds", "requests", "failed", "peak_rss_bytes"}, result)
        check(ways[way]["requests"] == 6 and ways[way]["failed"] == 0, result)
        check(ideal - 0.01 <= ways[way]["seconds"] <= ideal * 1.2 + 0.1, result)
        check(2 ** 20 < ways[way]["peak_rss_bytes"] < 2 ** 27, result)


@test
def all_but_threads_by_default():
    _, ways = ways_json("--delay", "0", "--urls", "1")
    assert list(ways) == ["sequential", "concurrent", "limited"], ways


@test
def the_ways_keep_their_limits():
    """A server of ours counts how many requests are open at once."""
    for way, at_most in (("sequential", 1), ("limited", 3), ("threads", 12), ("concurrent", 12)):
        lock, now, peak = threading.Lock(), [0], [0]

        def handler(connection, _, lock=lock, now=now, peak=peak):
            while read_request(connection):
                with lock:
                    now[0] += 1
                    peak[0] = max(peak[0], now[0])
                time.sleep(0.15)
                with lock:
                    now[0] -= 1
                connection.sendall(OK)
        with fake_server(handler) as url:
            result, ways = ways_json("--server", url, "--urls", "12", "--limit", "3", "--ways", way)
            check(result.status == 0 and ways[way]["failed"] == 0, result)
            assert peak[0] == at_most, "%s: %d requests at once" % (way, peak[0])


@test
def a_connection_is_used_again():
    for way, most in (("sequential", 1), ("limited", 2)):
        connections = []

        def handler(connection, number, connections=connections):
            connections.append(number)
            answer(OK)(connection, number)
        with fake_server(handler) as url:
            result = run("lab", "--server", url, "--limit", "2", "--ways", way, "--json")
            check(result.status == 0 and len(connections) <= most, (way, connections, str(result)))


@test
def bodies_of_all_kinds_are_read():
    bodies = {
        "chunks": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                  b"5\r\nhello\r\n6;x=y\r\n, wok!\r\n0\r\nTrailer: x\r\n\r\n",
        "to the end": b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil it closes",
        "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "none": b"HTTP/1.1 204 No Content\r\n\r\n",
        "after interim": b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK,
        "large": b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n" + b"x" * 300000,
    }
    for name, text in bodies.items():
        with fake_server(answer(text)) as url:
            result, ways = ways_json("--server", url, "--urls", "4", "--ways", ",".join(WAYS))
            check(result.status == 0 and all(w["failed"] == 0 for w in ways.values()),
                  "%s: %s" % (name, result))


@test
def a_server_on_ipv6_and_a_path_before_the_delay():
    seen = []

    def handler(connection, _):
        while True:
            request = read_request(connection)
            if not request:
                return
            seen.append(request.split(b"\r\n")[0])
            connection.sendall(OK)
    with fake_server(handler, socket.AF_INET6) as url:
        result = run("lab", "--server", url + "/base/", "--delay", "0.250", "--urls", "1", "--json")
        check(result.status == 0, result)
    assert set(seen) == {b"GET /base/delay/0.25 HTTP/1.1"}, seen


# --- what it draws -------------------------------------------------------------------------------

@test
def the_waterfall_has_a_row_a_request_and_an_axis():
    result = run("lab", "--delay", "0.1", "--ways", "sequential,limited")
    rows = re.findall(r"^ +(\d+) .*█", result.out, re.M)
    check([int(row) for row in rows] == list(range(1, 11)) * 2, result)
    check(re.search(r"^ *0 m?s .*\d m?s$", result.out, re.M) and "\x1b" not in result.out, result)


@test
def another_locale_gets_ascii():
    result = run("lab", "--delay", "0.05", env=environment(LC_ALL="C"))
    check(result.status == 0 and result.out.isascii() and result.err.isascii(), result)
    check(table_of(result.out)[0][2] == "x faster" and "##" in result.out, result)


@test
def many_requests_are_sampled_and_it_says_so():
    result = run("lab", "--urls", "300", "--delay", "0.05", "--ways", "concurrent")
    check(result.status == 0 and re.search(r"16 of 300 requests", result.out), result)
    check(len(result.out.splitlines()) < 40, result)


@test
def without_a_terminal_progress_is_plain_lines():
    result = run("lab", "--delay", "0.05", "--ways", "concurrent")
    check("\r" not in result.err and "all at once: 10 of 10 fetched" in result.err, result)


def on_terminal(columns, *args, **env):
    """Run the command on a pseudo terminal; what it wrote there, and its exit status."""
    pid, master = pty.fork()
    if pid == 0:  # which has its size before anybody asks for it
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        os.execve(command.WOK, [command.WOK, *args], environment(**env))
    output, end = b"", time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        if not select.select([master], [], [], 1)[0]:
            continue
        try:
            piece = os.read(master, 65536)
        except OSError:  # EIO: the command has ended
            break
        if not piece:
            break
        output += piece
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(master)
    return output.decode(), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@test
def on_a_terminal_there_is_a_bar_in_colour():
    output, status = on_terminal(100, "lab", "--delay", "0.1")
    assert status == 0, output
    assert output.count("\r\x1b") + output.count("\x1b[K") > 5 and "█" in output, output
    assert "\x1b[33m" in output and "\x1b[36m" in output, output
    output, _ = on_terminal(100, "lab", "--delay", "0.1", NO_COLOR="1")
    assert not re.search("\x1b\\[[0-9;]*m", output), output


@test
def a_narrow_terminal_wraps_nothing():
    for columns in (20, 34, 60):
        output, status = on_terminal(columns, "lab", "--delay", "0.02", "--urls", "25")
        assert status == 0, output
        plain = re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", output)
        for line in re.split("\r\n|\r|\n", plain):
            if line.startswith("|") or "(16 of" in line:
                continue  # the table is as wide as its words
            assert len(line) <= columns, "%d columns: %r" % (columns, line)


# --- the page ------------------------------------------------------------------------------------

class Page(html.parser.HTMLParser):
    """Checks that tags are balanced and that nothing refers to anything outside."""
    VOID = {"meta", "br", "hr", "img", "link", "input"}

    def __init__(self):
        super().__init__()
        self.open, self.tags, self.rects = [], set(), 0

    def handle_starttag(self, tag, attributes):
        self.check(tag, attributes)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.check(tag, attributes)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, "</%s> has no beginning" % tag

    def check(self, tag, attributes):
        self.tags.add(tag)
        self.rects += tag == "rect"
        assert tag not in ("script", "link", "img", "iframe", "object"), tag
        for name, value in attributes:
            assert name not in ("src", "href", "xlink:href", "onclick", "onload"), name
            assert "url(" not in (value or ""), value


def check_page(path, rects):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open, "not closed: %s" % page.open
    assert {"table", "svg", "title", "style", "figcaption"} <= page.tags, page.tags
    assert page.rects >= rects, page.rects
    assert "@import" not in text and "url(" not in text
    assert "prefers-color-scheme" in text and 'name="viewport"' in text
    svg = text[text.index("<svg"):text.index("</svg>") + 6]
    xml.etree.ElementTree.fromstring(svg)
    return text


@test
def the_page_is_whole_and_needs_nothing_else():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "it's <lab>.html")
        with open(path, "w") as file:
            file.write("old")
        result = run("lab", "--delay", "0.05", "--html", path)
        check(result.status == 0, result)
        text = check_page(path, 30)
        assert os.listdir(folder) == [os.path.basename(path)], os.listdir(folder)
        assert "<lab>" not in text and "&lt;lab&gt;" in text
        assert "request 10: from" in text and "one after another" in text
        mask = os.umask(0)
        os.umask(mask)
        assert os.stat(path).st_mode & 0o777 == 0o666 & ~mask


@test
def the_page_of_many_requests_stays_small():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "lab.html")
        result = run("lab", "--urls", "1000", "--delay", "0.05", "--limit", "100", "--ways",
                     "concurrent,limited", "--html", path)
        check(result.status == 0, result)
        check_page(path, 100)
        assert os.path.getsize(path) < 100000, os.path.getsize(path)


@test
def a_page_that_cannot_be_written_is_an_error():
    with tempfile.TemporaryDirectory() as folder:
        deep = os.path.join(folder, "sub")
        os.mkdir(deep)
        path = os.path.join(deep, "lab.html")
        with started("lab", "--delay", "1", "--urls", "1", "--html", path) as process:
            time.sleep(0.3)
            os.rmdir(deep)
            out, err = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 1 and path.encode() in err and b"| way" in out, err


@test
def output_that_cannot_be_written_is_an_error():
    with open("/dev/full", "w") as full:
        for args in (["lab", "--delay", "0", "--json"], ["lab", "--delay", "0"], ["--version"]):
            result = run(*args, stdout=full)
            check(result.status == 1 and result.err, (args, str(result)))


# --- bad input -----------------------------------------------------------------------------------

def check_failure(url, reasons, urls=3, failed=None, ways=WAYS, **options):
    """Each way must fail with one of the reasons, name the URL, and still report."""
    for way in ways:
        result, figures = ways_json("--server", url, "--urls", str(urls), "--delay", "0", "--ways",
                                    way, **options)
        check(result.status == 1, result)
        check(figures[way]["failed"] == (urls if failed is None else failed), result)
        lines = [line for line in result.err.splitlines() if url + "/delay/0" in line]
        check(lines and any(re.search(reason, lines[0], re.I) for reason in reasons), result)
        check(len(lines) <= 5, result)
        check("Traceback" not in result.err and "==ERROR" not in result.err, result)


@test
def a_refused_connection():
    with socket.socket() as unused:  # bound, but nobody listens
        unused.bind(("127.0.0.1", 0))
        check_failure("http://127.0.0.1:%d" % unused.getsockname()[1], ["refused"])


@test
def an_unknown_host():
    # A label of more than 63 letters: no resolver asks the network for it.
    check_failure("http://%s.invalid" % ("x" * 64), ["not known|resol|name"])


@test
def a_malformed_answer():
    for text in (b"SSH-2.0-OpenSSH_9.2\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"\x00\x01\x02\x03\r\n\r\n",
                 b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
                 b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
                 b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
                 b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n"):
        with fake_server(closes_after(text)) as url:
            check_failure(url, [r"malformed|protocol|invalid|bad|status|length|chunk|header|colon"],
                          urls=2)


@test
def an_endless_head():
    def handler(connection, _):
        read_request(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            connection.sendall(b"X: " + b"x" * 1000 + b"\r\n")
    with fake_server(handler) as url:
        check_failure(url, ["header|head|limit|large|long|line"], urls=1)


@test
def a_server_that_closes_half_way():
    for text in (b"", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nContent-Le",
                 b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this",
                 b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"):
        with fake_server(closes_after(text)) as url:
            check_failure(url, ["clos|end|eof|reset"], urls=2)


@test
def an_escape_sequence_of_a_server_stays_out_of_the_terminal():
    with fake_server(closes_after(b"\x1b]0;pwned\x07\x1b[31m\r\n\r\n")) as url:
        result = run("lab", "--server", url, "--urls", "1")
        check(result.status == 1 and "\x1b" not in result.err and "\x07" not in result.err, result)


@test
def a_status_that_is_no_success():
    with fake_server(answer(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as url:
        check_failure(url, ["404"])


@test
def what_was_fetched_is_reported_beside_what_failed():
    def handler(connection, number):
        while read_request(connection):
            if number == 2:
                return  # the second connection gets no answer
            connection.sendall(OK.replace(b"200 OK", b"200 OK\r\nConnection: close"))
            return
    for way in WAYS:
        with fake_server(handler) as url:
            result = run("lab", "--server", url, "--urls", "5", "--limit", "2", "--ways", way)
            rows = table_of(result.out)
            # An idempotent request may be sent again: then nothing failed at all.
            if result.status == 0:
                check(len(rows[0]) == 4, result)
                continue
            check(result.status == 1 and rows[0][-1] == "failed", result)
            check(rows[2][-1] == "1 of 5" and rows[2][1] != "-" and rows[2][2] == "-", result)
            check("(1 of 5 requests)" in result.err and url in result.err, result)


@test
def too_few_descriptors_say_what_to_do():
    for way in ("concurrent", "threads"):
        result, ways = ways_json("--urls", "100", "--delay", "0.3", "--ways", way,
                                 limits=(64, 64))
        check(result.status == 1 and 30 < ways[way]["failed"] < 100, result)
        check("file descriptors" in result.err and "ulimit -n" in result.err
              and "--limit" in result.err and "/delay/0.3" in result.err, result)
        check(len(result.err.splitlines()) < 15, result)


@test
def a_soft_limit_of_descriptors_is_raised():
    result, ways = ways_json("--urls", "200", "--delay", "0.2", "--ways", "concurrent,threads",
                             limits=(64, 4096))
    check(result.status == 0 and ways["concurrent"]["failed"] == 0, result)


@test
def the_way_within_the_limit_needs_few_descriptors():
    result, ways = ways_json("--urls", "200", "--limit", "20", "--delay", "0.02", "--ways",
                             "limited,sequential", limits=(64, 64))
    check(result.status == 0 and ways["limited"]["failed"] == 0, result)


# --- its children --------------------------------------------------------------------------------

@test
def ctrl_c_reports_and_leaves_nobody_behind():
    for way in WAYS:
        with started("lab", "--delay", "5", "--urls", "3", "--ways", way) as process:
            wait_until(lambda: len(children_of(process.pid)) == 2, 5, "a server and a way")
            children = children_of(process.pid)
            time.sleep(0.3)
            start = time.monotonic()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=TIMEOUT)
            took = time.monotonic() - start
        result = Result(process.returncode, out.decode(), err.decode())
        check(result.status == 130 and took < 4, (way, took, str(result)))
        row = table_of(result.out)[2]
        check(row[-1] == "3 of 3" and "interrupted" in result.err, (way, str(result)))
        check(re.fullmatch(r"\d+\.\d MiB", row[3]), (way, str(result)))
        for child in children:
            assert not is_alive(child), "%s: %d is left" % (way, child)


@test
def ctrl_c_in_the_second_way_keeps_the_first():
    with started("lab", "--delay", "1", "--urls", "2", "--ways", "concurrent,sequential") as process:
        time.sleep(2.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=TIMEOUT)
    result = Result(process.returncode, out.decode(), err.decode())
    rows = table_of(result.out)
    check(result.status == 130 and rows[2][1] == "1.0 s" and rows[2][-1] == "0 of 2", result)
    check(rows[3][-1] == "1 of 2", result)


@test
def ctrl_c_on_a_terminal_reaches_the_lab_only():
    pid, master = pty.fork()
    if pid == 0:
        os.execve(command.WOK, [command.WOK, "lab", "--delay", "5"], environment())
    time.sleep(0.6)
    os.write(master, b"\x03")
    output = b""
    with contextlib.suppress(OSError):
        while select.select([master], [], [], 10)[0]:
            piece = os.read(master, 65536)
            if not piece:
                break
            output += piece
    os.close(master)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert status == 130 and b"10 of 10" in output, (status, output.decode())


@test
def when_the_lab_is_killed_its_children_end():
    for way in ("sequential", "concurrent"):
        with started("lab", "--delay", "5", "--ways", way) as process:
            wait_until(lambda: len(children_of(process.pid)) == 2, 5, "a server and a way")
            children = children_of(process.pid)
            process.kill()
            process.wait()
            wait_until(lambda: not any(map(is_alive, children)), 3, "the children ended")


@test
def a_loop_that_cannot_start_is_an_error():
    result = run("lab", env=environment(WOK_BACKEND="nonsense"))
    check(result.status == 1 and "nonsense" in result.err and "No child" not in result.err, result)
    check(run("info", env=environment(WOK_BACKEND="nonsense")).status == 1, "info")


@test
def a_killed_way_is_an_error_with_a_reason():
    with started("lab", "--delay", "5", "--ways", "concurrent") as process:
        wait_until(lambda: len(children_of(process.pid)) == 2, 5, "a server and a way")
        time.sleep(0.2)
        os.kill(children_of(process.pid)[1], signal.SIGKILL)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1 and b"signal 9" in err and b"10 of 10" in out, (out, err)


@test
def a_killed_server_is_an_error_with_a_reason():
    with started("lab", "--delay", "5", "--ways", "sequential,concurrent") as process:
        wait_until(lambda: len(children_of(process.pid)) == 2, 5, "a server and a way")
        time.sleep(0.2)
        os.kill(children_of(process.pid)[0], signal.SIGKILL)
        out, err = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1 and b"server was killed by signal 9" in err, (out, err)
    assert b"refused" in err and b"/delay/5" in err and b"10 of 10" in out, (out, err)


# --- the server ----------------------------------------------------------------------------------

@contextlib.contextmanager
def lab_server(*args):
    with started("lab-server", *args) as process:
        line = process.stdout.readline().decode()
        match = re.search(r"port (\d+)", line)
        assert match, line
        yield process, int(match.group(1))


def ask(port, method, target, body=None, headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, target, body, headers or {})
    response = connection.getresponse()
    data = response.read()
    connection.close()
    return response, data


@test
def the_server_answers_as_httpbin_does():
    with lab_server() as (_, port):
        response, data = ask(port, "GET", "/get?a=1&a=2&b=&c=%C3%BC+x&%zz=%FF", None, {"x-CASE": "1"})
        base = "http://127.0.0.1:%d" % port
        assert response.status == 200 and response.getheader("Content-Type") == "application/json"
        page = json.loads(data)
        assert set(page) == {"args", "headers", "origin", "url"}, page
        assert page["args"] == {"a": ["1", "2"], "b": "", "c": "ü x", "%zz": "\ufffd"}, page
        assert page["headers"]["X-Case"] == "1" and page["origin"] == "127.0.0.1", page
        assert page["url"] == base + "/get?a=1&a=2&b=&c=%C3%BC+x&%zz=%FF", page

        _, data = ask(port, "POST", "/post?q=1", b'{"a": [1, 2.5, null]}',
                      {"Content-Type": "application/json"})
        page = json.loads(data)
        assert set(page) == {"args", "data", "files", "form", "headers", "json", "origin", "url"}
        assert page["json"] == {"a": [1, 2.5, None]} and page["args"] == {"q": "1"}, page
        assert page["data"] == '{"a": [1, 2.5, null]}' and page["form"] == {}, page

        _, data = ask(port, "POST", "/post", b"k=v&k2=%C3%BC&k=w",
                      {"Content-Type": "application/x-www-form-urlencoded"})
        page = json.loads(data)
        assert page["form"] == {"k": ["v", "w"], "k2": "ü"} and page["data"] == "", page
        assert page["json"] is None, page
        _, data = ask(port, "POST", "/post", b"\xff\x00bin")
        assert json.loads(data)["data"] == "data:application/octet-stream;base64,/wBiaW4="


@test
def the_server_waits_and_gives_bytes():
    with lab_server() as (_, port):
        start = time.monotonic()
        response, data = ask(port, "GET", "/delay/0.3?x=y")
        assert 0.3 <= time.monotonic() - start < 0.8 and response.status == 200
        page = json.loads(data)
        assert set(page) == {"args", "data", "files", "form", "headers", "origin", "url"}, page
        for target, status in (("/delay/x", 400), ("/delay/-1", 400), ("/bytes/x", 404),
                               ("/nothing", 404)):
            assert ask(port, "GET", target)[0].status == status, target
        assert ask(port, "POST", "/get", b"")[0].status == 405
        assert [len(ask(port, "GET", "/bytes/%d" % n)[1]) for n in (0, 5, 10 ** 9)] == [0, 5, 102400]


@test
def the_server_survives_deep_json():
    with lab_server() as (process, port):
        for body, expected in ((b"[" * 50 + b"]" * 50, list), (b"[" * 100000, type(None)),
                               (b"[" * 1000 + b"]" * 1000, type(None)), (b'"[[["', str),
                               (b"[1", type(None))):
            _, data = ask(port, "POST", "/post", body)
            assert isinstance(json.loads(data)["json"], expected), body[:10]
        assert process.poll() is None


@test
def the_server_ends_at_ctrl_c():
    with lab_server("127.0.0.1:0") as (process, port):
        assert ask(port, "GET", "/get")[0].status == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0


@test
def a_port_in_use_says_what_to_do():
    with lab_server() as (_, port):
        result = run("lab-server", "127.0.0.1:%d" % port)
        check(result.status == 1 and "127.0.0.1:%d" % port in result.err
              and "port 0" in result.err, result)


# --- the headline experiment ---------------------------------------------------------------------

def the_headline_experiment_is_exact():
    result, ways = ways_json()
    check(result.status == 0, result)
    for way, ideal in (("sequential", 10), ("concurrent", 1), ("limited", 2)):
        check(ideal - 0.1 <= ways[way]["seconds"] <= ideal * 1.02, result)


if __name__ == "__main__":
    sys.exit(main([the_headline_experiment_is_exact]))
