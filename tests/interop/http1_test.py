#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""wok's HTTP/1.1 against other people's: its client against nginx, h2o, haproxy and httpbin, its
server against curl, nginx, haproxy, squid, wrk and ab.

usage: http1_test.py BUILD [TEXT]

BUILD is the build folder, TEXT runs only tests whose name contains it. What is not installed is
left out, and named. Everything happens on the loopback interface, on free ports, in a temporary
folder; the servers are ended at the end, by their ids.
"""
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import zlib

from others import BUILD, TIMEOUT, end, free_port, main, program, running, test

WOK = os.path.join(BUILD, "wok")
CLIENT = os.path.join(BUILD, "tests", "interop-client")


def write(folder, name, data):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data.encode() if isinstance(data, str) else data)
    return path


FILES = {"empty": b"", "one": b"1", "small.txt": b"hello wok\n" * 100,
         "large": bytes(range(256)) * 8192}


@contextlib.contextmanager
def site():
    """A temporary folder, and in it "www" with some files that everybody may read."""
    with tempfile.TemporaryDirectory(prefix="wok-interop-") as folder:
        os.chmod(folder, 0o777)
        www = os.path.join(folder, "www")
        os.mkdir(www)
        for name, data in FILES.items():
            write(www, name, data)
        os.chmod(www, 0o755)
        yield folder, www


# --- wok -------------------------------------------------------------------------------------------

@contextlib.contextmanager
def wok(*args):
    """One of wok's servers; its port."""
    process = subprocess.Popen([WOK, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)
    try:
        line = process.stdout.readline().decode()
        match = re.search(r"(?:port |127\.0\.0\.1:)(\d+)", line)
        assert match, "wok %s said: %s" % (args[0], line)
        yield int(match[1])
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0, said.decode()
        assert b"failed" not in said, said.decode()
    finally:
        end(process)


def wok_files(folder):
    return wok("serve", "--listen", "127.0.0.1:0", "--log", "none", folder)


def wok_echo():
    return wok("lab-server", "127.0.0.1:0")


class Answer:
    def __init__(self, line):
        match = re.match(r"(\d+) (\d+) ([0-9a-f]{8})((?: \[.*?\])*)$", line)
        assert match, line
        self.status, self.size, self.crc = int(match[1]), int(match[2]), int(match[3], 16)
        self.headers = re.findall(r"\[(.*?)\]", match[4])

    def expect(self, status, body):
        assert (self.status, self.size) == (status, len(body)), (self.status, self.size)
        assert self.crc == zlib.crc32(body), "the body is another"


def fetch(*args):
    """wok's client: its responses, and how many connections it made."""
    done = subprocess.run([CLIENT, *args], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=TIMEOUT, env=dict(os.environ, http_proxy="", no_proxy="*"))
    assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()
    lines = done.stdout.decode().splitlines()
    return [Answer(line) for line in lines[:-1]], int(lines[-1].split()[1])


def check_files(base):
    """What each server of files does: sizes, HEAD, reuse, many at once, a range, 304, 404."""
    for name, data in FILES.items():
        answers, _ = fetch("-H", "Accept-Encoding: identity", base + name)
        answers[0].expect(200, data)
        answers, _ = fetch("-X", "HEAD", "-p", "Content-Length", base + name)
        answers[0].expect(200, b"")
        assert answers[0].headers == [str(len(data))] or not data, answers[0].headers
    answers, connections = fetch("-n", "50", base + "one")
    assert len(answers) == 50 and connections == 1, connections
    answers, connections = fetch("-n", "60", "-c", "20", base + "large")
    assert len(answers) == 60 and connections <= 20
    for answer in answers:
        answer.expect(200, FILES["large"])
    answers, _ = fetch("-H", "Range: bytes=5-9", "-p", "Content-Range", base + "large")
    answers[0].expect(206, FILES["large"][5:10])
    assert answers[0].headers == ["bytes 5-9/%d" % len(FILES["large"])]
    answers, _ = fetch("-p", "ETag", "-p", "Last-Modified", base + "one")
    tag, date = answers[0].headers
    for condition in ("If-None-Match: " + tag, "If-Modified-Since: " + date):
        answers, _ = fetch("-H", condition, base + "one")
        answers[0].expect(304, b"")
    answers, _ = fetch("-n", "2", base + "nothing")
    assert [answer.status for answer in answers] == [404, 404]


def check_echo(base, folder):
    """A request's body, sized and in chunks, comes back as JSON; the connection goes on."""
    for size in (0, 1, 5000, 300000):
        body = write(folder, "body", b"x" * size)
        for how in ("-d", "-s"):
            answers, connections = fetch("-X", "POST", how, body, "-n", "3", base + "post")
            assert [answer.status for answer in answers] == [200] * 3
            assert all(answer.size > size for answer in answers)
            assert connections == 1, (size, how, connections)
    answers, connections = fetch("-n", "100", "-c", "10", base + "delay/0.01")
    assert all(answer.status == 200 for answer in answers) and connections <= 10


# --- other people's servers -------------------------------------------------------------------------

def as_root(text):
    return text if os.geteuid() == 0 else ""


@contextlib.contextmanager
def nginx(folder, server, more=""):
    port = free_port()
    temp = "".join("%s_temp_path %s/t; " % (kind, folder)
                   for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config = write(folder, "nginx-%d.conf" % port, """
daemon off; master_process off; pid %s/nginx.pid; error_log stderr; %s
events {} http { access_log off; %s %s server { listen 127.0.0.1:%d; root %s/www; %s } }
""" % (folder, as_root("user root;"), temp, more, port, folder, server))
    with running([program("nginx"), "-e", "stderr", "-c", config], port, folder):
        yield port


@test
def client_nginx():
    with site() as (folder, _), nginx(folder, "") as port:
        check_files("http://127.0.0.1:%d/" % port)


@test
def client_nginx_that_closes_after_some_requests():
    with site() as (folder, _), nginx(folder, "keepalive_requests 7;") as port:
        answers, connections = fetch("-n", "50", "http://127.0.0.1:%d/small.txt" % port)
        assert len(answers) == 50 and connections == 8, connections
    with site() as (folder, _), nginx(folder, "keepalive_timeout 0;") as port:
        answers, connections = fetch("-n", "10", "http://127.0.0.1:%d/small.txt" % port)
        assert len(answers) == 10 and connections == 10, connections


@test
def client_nginx_in_chunks():
    """Compressed on the way, so nobody knows the size: chunks; without gzip's bytes if decoded."""
    packing = "gzip on; gzip_types *; gzip_min_length 1;"
    with site() as (folder, _), nginx(folder, packing) as port:
        answers, connections = fetch("-H", "Accept-Encoding: gzip", "-n", "20", "-c", "1", "-p",
                                     "Transfer-Encoding", "http://127.0.0.1:%d/large" % port)
        assert connections == 1 and all(a.status == 200 and a.size > 0 for a in answers)
        assert answers[0].headers == ["chunked"], answers[0].headers


@test
def client_nginx_refuses_and_says_so():
    with site() as (folder, _), nginx(folder, "client_max_body_size 1k;") as port:
        body = write(folder, "body", b"x" * 500000)
        for how in ("-d", "-s"):
            answers, _ = fetch("-X", "POST", how, body, "http://127.0.0.1:%d/one" % port)
            assert answers[0].status in (405, 413), answers[0].status


@test
def client_h2o():
    with site() as (folder, _):
        port = free_port()
        config = write(folder, "h2o.conf", """
listen: {host: 127.0.0.1, port: %d}
%s
pid-file: %s/h2o.pid
file.send-compressed: OFF
compress: OFF
hosts: {default: {paths: {"/": {file.dir: %s/www}}}}
""" % (port, as_root("user: root"), folder, folder))
        with running([program("h2o"), "-c", config], port, folder):
            check_files("http://127.0.0.1:%d/" % port)


@contextlib.contextmanager
def haproxy(folder, backend):
    port = free_port()
    config = write(folder, "haproxy-%d.cfg" % port, """
defaults
    mode http
    option http-keep-alive
    timeout connect 10s
    timeout client 30s
    timeout server 30s
frontend in
    bind 127.0.0.1:%d
    default_backend out
backend out
    http-reuse always
    server wok 127.0.0.1:%d
""" % (port, backend))
    with running([program("haproxy"), "-db", "-f", config], port, folder):
        yield port


@test
def both_sides_of_haproxy():
    with site() as (folder, www), wok_files(www) as files, wok_echo() as echo:
        with haproxy(folder, files) as port:
            check_files("http://127.0.0.1:%d/" % port)
        with haproxy(folder, echo) as port:
            check_echo("http://127.0.0.1:%d/" % port, folder)


@test
def both_sides_of_nginx():
    """As a proxy that keeps connections to wok, and passes bodies on as they come."""
    for buffering in ("on", "off"):
        with site() as (folder, www), wok_files(www) as files, wok_echo() as echo:
            more = "".join("upstream u%d { server 127.0.0.1:%d; keepalive 8; } " % (port, port)
                           for port in (files, echo))
            server = """client_max_body_size 10m; location / { proxy_pass http://u%%d;
                proxy_http_version 1.1; proxy_set_header Connection "";
                proxy_buffering %s; proxy_request_buffering %s; }""" % (buffering, buffering)
            with nginx(folder, server % files, more) as port:
                check_files("http://127.0.0.1:%d/" % port)
            with nginx(folder, server % echo, more) as port:
                check_echo("http://127.0.0.1:%d/" % port, folder)


@test
def both_sides_of_each_other():
    with site() as (folder, www), wok_files(www) as files, wok_echo() as echo:
        check_files("http://127.0.0.1:%d/" % files)
        check_echo("http://127.0.0.1:%d/" % echo, folder)


def python_with(*modules):
    for folder in os.environ.get("PATH", "").split(":") + ["/usr/bin"]:
        path = os.path.join(folder, "python3")
        code = "import " + ", ".join(modules)
        if os.access(path, os.X_OK) and subprocess.run(
                [path, "-c", code], capture_output=True, check=False).returncode == 0:
            return path
    raise Skipped("there is no python3 with %s here" % " and ".join(modules))


@test
def client_httpbin():
    python = python_with("httpbin", "gunicorn", "gevent")
    with site() as (folder, _):
        port = free_port()
        args = [python, "-m", "gunicorn", "-b", "127.0.0.1:%d" % port, "-k", "gevent",
                "--worker-tmp-dir", folder, "httpbin:app"]
        with running(args, port, folder):
            base = "http://127.0.0.1:%d/" % port
            answers, connections = fetch("-n", "20", base + "get?a=%28b%2F")
            assert all(a.status == 200 for a in answers) and connections == 1, connections
            for status in (200, 204, 304, 404, 418, 500):
                answers, _ = fetch(base + "status/%d" % status)
                assert answers[0].status == status
            body = write(folder, "body", b"x" * 100000)
            for method in ("POST", "PUT", "PATCH", "DELETE"):
                answers, _ = fetch("-X", method, "-d", body, base + method.lower())
                assert answers[0].status == 200 and answers[0].size > 100000
            answers, _ = fetch("-p", "Transfer-Encoding", base + "stream-bytes/70000?seed=1")
            assert answers[0].size == 70000 and answers[0].headers == ["chunked"]
            answers, _ = fetch(base + "drip?numbytes=50&duration=1")
            answers[0].expect(200, b"*" * 50)
            answers, _ = fetch("-n", "20", "-c", "20", base + "delay/0.2")
            assert all(answer.status == 200 for answer in answers)
            answers, _ = fetch("-H", "Range: bytes=10-19", base + "range/1000")
            answers[0].expect(206, b"klmnopqrst")


# --- other people's clients ---------------------------------------------------------------------------

def curl(*args, status=0):
    done = subprocess.run([program("curl"), "-sS", "--noproxy", "*", "--max-time", "30", *args],
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=TIMEOUT,
                          check=False)
    assert done.returncode == status, (args, done.returncode, done.stderr.decode())
    return done.stdout


@test
def server_curl_ranges_and_conditions():
    with site() as (folder, www), wok_files(www) as port:
        url = "http://127.0.0.1:%d/large" % port
        data = FILES["large"]
        assert curl(url) == data
        assert curl("-r", "0-0", url) == data[:1]
        assert curl("-r", "-5", url) == data[-5:]
        assert curl("-r", "1000000-", url) == data[1000000:]
        parts = curl("-r", "0-4,1000-1004,-3", "-D", "-", url)
        assert b"206 Partial Content" in parts and parts.count(b"Content-Range: bytes ") == 3
        assert b"416" in curl("-r", "99999999-", "-D", "-", url).split(b"\r\n")[0]
        half = write(folder, "half", data[:777777])
        curl("-C", "-", "-o", half, url)
        with open(half, "rb") as file:
            assert file.read() == data
        tag = os.path.join(folder, "tag")
        curl("--etag-save", tag, "-o", os.path.join(folder, "out"), url)
        code = ["-o", os.devnull, "-w", "%{http_code}"]
        assert curl("--etag-compare", tag, *code, url) == b"304"
        assert curl("-z", half, *code, url) == b"304"
        assert curl("-z", "1 Jan 2000", *code, url) == b"200"
        head = curl("-I", url)
        assert b"Content-Length: %d\r\n" % len(data) in head and head.endswith(b"\r\n\r\n")


@test
def server_curl_keeps_its_connection():
    with site() as (_, www), wok_files(www) as port:
        url = "http://127.0.0.1:%d/" % port
        said = curl("-w", "%{num_connects} ", *("-o", os.devnull) * 4, url + "one",
                    url + "nothing", "-I", url + "large", url + "small.txt")
        assert said.split()[-4:] == [b"1", b"0", b"0", b"0"], said
        said = curl("--http1.0", "-w", "%{num_connects} ", *("-o", os.devnull) * 2, url + "one",
                    url + "one")
        assert said.split() == [b"1", b"1"], said


@test
def server_curl_uploads():
    """With a length and in chunks, with and without asking first, and one that is too large."""
    with site() as (folder, _), wok_echo() as port:
        url = "http://127.0.0.1:%d/post" % port
        body = write(folder, "body", b"x" * 500000)
        for chunked in ([], ["-H", "Transfer-Encoding: chunked"]):
            for expect in (["-H", "Expect:"], ["-H", "Expect: 100-continue"]):
                said = curl(*chunked, *expect, "--data-binary", "@" + body, url)
                assert json.loads(said)["data"] == "x" * 500000 or "x" * 500000 in said.decode()
        code = ["-o", os.devnull, "-w", "%{http_code}"]
        large = write(folder, "large", b"x" * (3 << 20))
        for expect in (["-H", "Expect:"], ["-H", "Expect: 100-continue"]):
            assert curl(*expect, *code, "--data-binary", "@" + large, url) == b"413"
        assert curl("-H", "Expect: 200-ok", *code, "-d", "x", url) == b"417"
        assert curl("-X", "OPTIONS", "--request-target", "*", *code, url) in (b"200", b"204")
        assert curl("-F", "a=b", "-F", "file=@" + body, *code, url) == b"200"


@test
def server_curl_many_at_once():
    with site() as (folder, www), wok_files(www) as port:
        url = "http://127.0.0.1:%d/" % port
        outs = [os.path.join(folder, "out%d" % i) for i in range(40)]
        args = [word for out in outs for word in ("-o", out, url + "large")]
        curl("--parallel", "--parallel-max", "20", *args)
        for out in outs:
            with open(out, "rb") as file:
                assert file.read() == FILES["large"]


@test
def server_squid():
    squid = program("squid")
    with site() as (folder, www), wok_files(www) as files, wok_echo() as echo:
        port = free_port()
        config = write(folder, "squid.conf", """
http_port 127.0.0.1:%d
http_access allow all
cache deny all
access_log none
cache_log %s/squid.log
pid_filename %s/squid.pid
coredump_dir %s
shutdown_lifetime 0 seconds
pinger_enable off
%s
""" % (port, folder, folder, folder, as_root("cache_effective_user proxy")))
        # A name of its own, or it would meet another squid's shared memory.
        with running([squid, "-N", "-n", "wok%d" % port, "-f", config], port, folder):
            def via(*args):
                done = subprocess.run(
                    [program("curl"), "-sS", "--proxy", "http://127.0.0.1:%d" % port, "--noproxy",
                     "", "--max-time", "30", *args], stdin=subprocess.DEVNULL,
                    capture_output=True, timeout=TIMEOUT, check=False)
                assert done.returncode == 0, done.stderr.decode()
                return done.stdout
            base = "http://127.0.0.1:%d/" % files
            for name, data in FILES.items():
                assert via(base + name) == data
            assert via("-r", "5-9", base + "large") == FILES["large"][5:10]
            body = write(folder, "body", b"x" * 300000)
            for chunked in ([], ["-H", "Transfer-Encoding: chunked"]):
                said = via(*chunked, "--data-binary", "@" + body,
                           "http://127.0.0.1:%d/post" % echo)
                assert b"x" * 300000 in said


@test
def server_wrk():
    wrk = program("wrk")
    with site() as (_, www), wok_files(www) as port:
        for name in ("one", "large"):
            done = subprocess.run([wrk, "-t1", "-c20", "-d1s", "http://127.0.0.1:%d/%s" %
                                   (port, name)], capture_output=True, timeout=TIMEOUT,
                                  check=False)
            said = done.stdout.decode()
            assert done.returncode == 0 and "requests in" in said, said
            assert "Non-2xx" not in said and "Socket errors" not in said, said


@test
def server_ab():
    ab = program("ab")
    with site() as (_, www), wok_files(www) as port:
        for kept in ([], ["-k"]):
            done = subprocess.run([ab, "-q", *kept, "-n", "2000", "-c", "20",
                                   "http://127.0.0.1:%d/small.txt" % port],
                                  capture_output=True, timeout=TIMEOUT, check=False)
            said = done.stdout.decode()
            assert done.returncode == 0 and re.search(r"Complete requests: +2000\n", said), said
            assert re.search(r"Failed requests: +0\n", said), said
            assert not kept or re.search(r"Keep-Alive requests: +2000\n", said), said


if __name__ == "__main__":
    sys.exit(main())
