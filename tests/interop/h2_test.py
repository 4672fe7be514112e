#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""wok's HTTP/2 against other people's: its server against nghttp, curl and h2load, its client
against nghttpd, nghttpx and nginx, and each against the other.

usage: h2_test.py BUILD [TEXT]

BUILD is the build folder, TEXT runs only tests whose name contains it. What is not installed is
left out, and named. Everything happens on the loopback interface, on free ports, in a temporary
folder; the servers are ended at the end, by their ids.
"""
import functools
import os
import re
import subprocess
import sys
import tempfile

import others
from others import BUILD, TIMEOUT, end, free_port, main, program

WOK = os.path.join(BUILD, "tests", "interop-h2")


def run(*command, fails=False):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=TIMEOUT)
    text = done.stdout.decode(errors="replace")
    if (done.returncode != 0) != fails:
        raise AssertionError("%s: status %d\n%s%s" % (" ".join(command), done.returncode,
                                                      text, done.stderr.decode(errors="replace")))
    return text


def expect(condition, what):
    if not condition:
        raise AssertionError(what)


class Place:
    """A folder, a certificate, and the servers that were started."""

    def __init__(self, folder):
        self.folder = folder
        self.running = []
        self.certificate = os.path.join(folder, "cert.pem")
        self.key = os.path.join(folder, "key.pem")
        run(program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt",
            "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", self.key,
            "-out", self.certificate)

    def start(self, port, *command):
        self.running.append(others.start(command, port, self.folder))

    def wok(self, tls):
        port = free_port()
        more = [self.certificate, self.key] if tls else []
        self.start(port, WOK, "serve", "127.0.0.1:%d" % port, *more)
        return "%s://localhost:%d" % ("https" if tls else "http", port)

    def www(self):
        folder = os.path.join(self.folder, "www")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, "hello"), "w") as file:
            file.write("hello")
        with open(os.path.join(folder, "big"), "wb") as file:
            file.write(b"x" * (10 << 20))
        return folder

    def end(self):
        for process in self.running:
            end(process)


def test(function):
    """A test that gets a place."""
    @others.test
    @functools.wraps(function)
    def in_a_place():
        with tempfile.TemporaryDirectory() as folder:
            place = Place(folder)
            try:
                function(place)
            finally:
                place.end()


def get(url, n, place=None, tls=False):
    lines = run(WOK, "get", url, str(n), *([place.certificate] if tls else [])).splitlines()
    return lines[:-1], int(lines[-1].split()[-1])


# --- wok's server ------------------------------------------------------------------------------

@test
def server_curl(place):
    """ALPN, prior knowledge, uploads, Expect, HEAD, and HTTP/1.1 beside it."""
    curl = program("curl")
    secure, plain = place.wok(True), place.wok(False)
    base = [curl, "-sS", "--max-time", "20", "--cacert", place.certificate, "-w", " %{http_version}"]
    expect(run(*base, secure + "/hello") == "hello 2", "h2 by ALPN")
    expect(run(*base, "--http1.1", secure + "/hello") == "hello 1.1", "HTTP/1.1 by ALPN")
    expect(run(*base, "--http2-prior-knowledge", plain + "/hello") == "hello 2", "h2c")
    expect(run(*base, plain + "/hello") == "hello 1.1", "HTTP/1.1 without TLS")
    big = os.path.join(place.www(), "big")
    expect(run(*base, "--data-binary", "@" + big, secure + "/count") == "10485760 2", "an upload")
    expect(run(*base, "-H", "Expect: 100-continue", "--data-binary", "@" + big, secure + "/count")
           == "10485760 2", "an upload that asks before")
    expect(run(*base, "-T", big, "-X", "POST", "-o", big + ".back", secure + "/echo") == " 2",
           "an echo")
    with open(big, "rb") as a, open(big + ".back", "rb") as b:
        expect(a.read() == b.read(), "an echo is the same")
    expect(" 404" in run(*base, "-I", secure + "/none"), "HEAD of nothing")


@test
def server_nghttp(place):
    """Many at once over one connection; continuation frames; window updates of a byte."""
    nghttp = program("nghttp")
    plain = place.wok(False)
    text = run(nghttp, "-nv", "-m", "30", plain + "/hello")
    expect(text.count("END_STREAM") >= 60 and "GOAWAY" in text, "30 at once")
    text = run(nghttp, "-n", "-s", "-w", "16", "-W", "17", plain + "/big")
    expect("10M" in text or "10,485,760" in text or "200" in text, "a big one")
    text = run(nghttp, "-nv", "--continuation", plain + "/hello")
    expect(":status: 200" in text, "continuation frames")
    text = run(nghttp, "-nv", "-p", "100", plain + "/hello")
    expect(":status: 200" in text, "padding, priorities")
    text = run(nghttp, "-nv", "--expect-continue", "-d", os.path.join(place.www(), "hello"),
               plain + "/count")
    expect(":status: 100" in text and ":status: 200" in text, "100 before 200")
    text = run(nghttp, "-nv", "-d", os.path.join(place.www(), "hello"), "--trailer", "x-sum: 1",
               plain + "/echo")
    expect(":status: 200" in text, "trailers of a request")


@test
def server_h2load(place):
    """Load: none fails."""
    h2load = program("h2load")
    for url in (place.wok(True), place.wok(False)):
        text = run(h2load, "-n", "20000", "-c", "10", "-m", "50", url + "/hello")
        expect("20000 succeeded, 0 failed, 0 errored, 0 timeout" in text, text)
        print("    " + re.search("finished in.*", text).group(0))
    text = run(h2load, "-n", "50", "-c", "5", "-m", "5", url + "/big")
    expect("50 succeeded" in text, text)
    print("    " + re.search("finished in.*", text).group(0))


@test
def server_nghttpx(place):
    """Behind a proxy that speaks HTTP/2 to it."""
    nghttpx, curl = program("nghttpx"), program("curl")
    plain, port = place.wok(False), free_port()
    place.start(port, nghttpx, "--conf=/dev/null", "-f127.0.0.1,%d;no-tls" % port,
                "-b127.0.0.1,%s;/;proto=h2" % plain.rsplit(":", 1)[1], "--workers=1",
                "--no-location-rewrite", "-LERROR")
    url = "http://127.0.0.1:%d" % port
    expect(run(curl, "-sS", "--max-time", "20", url + "/hello") == "hello", "through a proxy")
    big = os.path.join(place.www(), "big")
    expect(run(curl, "-sS", "--max-time", "20", "--data-binary", "@" + big, url + "/count")
           == "10485760", "an upload through a proxy")


# --- wok's client ------------------------------------------------------------------------------

@test
def client_nghttpd(place):
    """Many at once, large files, uploads."""
    nghttpd = program("nghttpd")
    port = free_port()
    place.start(port, nghttpd, "--echo-upload", "-d", place.www(), "--no-tls", str(port))
    url = "http://localhost:%d" % port
    lines, connections = get(url + "/hello", 100)
    expect(lines == ["200 5 hello"] * 100 and connections == 1, "100 over one connection")
    lines, connections = get(url + "/big", 5)
    expect([line[:12] for line in lines] == ["200 10485760"] * 5, "large ones")


@test
def client_nghttpx(place):
    """The gateway in front of wok's own server, with TLS: the request passes through both."""
    nghttpx = program("nghttpx")
    plain, port = place.wok(False), free_port()
    place.start(port, nghttpx, "--conf=/dev/null", "-f127.0.0.1,%d" % port,
                "-b127.0.0.1,%s;/;proto=h2" % plain.rsplit(":", 1)[1], "--workers=1", "-LERROR",
                "--no-location-rewrite", place.key, place.certificate)
    url = "https://localhost:%d" % port
    lines, connections = get(url + "/hello", 50, place, True)
    expect(lines == ["200 5 hello"] * 50 and connections == 1, "50 over one connection")
    text = run(WOK, "post", url + "/count", "3000000", place.certificate)
    expect(text.startswith("200 7 3000000"), text)


@test
def client_nginx(place):
    """ALPN of a server that allows few streams, and ends its connections after some requests."""
    nginx = program("nginx")
    port, folder = free_port(), os.path.join(place.folder, "nginx")
    os.makedirs(folder)
    conf = os.path.join(folder, "nginx.conf")
    with open(conf, "w") as file:
        file.write("""daemon off; worker_processes 1; pid %(folder)s/pid; error_log %(folder)s/error;
events { worker_connections 200; }
http {
  access_log off;
  client_body_temp_path %(folder)s/a; proxy_temp_path %(folder)s/b; fastcgi_temp_path %(folder)s/c;
  uwsgi_temp_path %(folder)s/d; scgi_temp_path %(folder)s/e;
  http2_max_concurrent_streams 5; keepalive_requests 30;
  server {
    listen 127.0.0.1:%(port)d ssl http2;
    ssl_certificate %(cert)s; ssl_certificate_key %(key)s;
    root %(www)s;
    location /refuse { client_max_body_size 1k; proxy_pass http://127.0.0.1:1; }
  }
}
""" % {"folder": folder, "port": port, "cert": place.certificate, "key": place.key,
                "www": place.www()})
    os.chmod(place.folder, 0o755)
    place.start(port, nginx, "-c", conf, "-p", folder)
    url = "https://localhost:%d" % port
    lines, connections = get(url + "/hello", 20, place, True)
    expect(lines == ["200 5 hello"] * 20 and connections == 1, "5 at once, the rest queue")
    # After 30 requests it says GOAWAY: what it did not take goes over another connection.
    lines, connections = get(url + "/hello", 100, place, True)
    expect(lines == ["200 5 hello"] * 100 and connections > 1, "GOAWAY loses none")
    lines, connections = get(url + "/big", 3, place, True)
    expect([line[:12] for line in lines] == ["200 10485760"] * 3, "large ones")
    text = run(WOK, "post", url + "/refuse", "3000000", place.certificate)
    expect(text.startswith("413"), text)


@test
def both(place):
    """wok with wok, over TLS and without."""
    for tls in (True, False):
        url = place.wok(tls)
        lines, connections = get(url + "/slow", 100, place, tls)
        expect(lines == ["200 4 slow"] * 100 and connections == 1, "100 at once")
        more = [place.certificate] if tls else []
        text = run(WOK, "post", url + "/count", "20000000", *more)
        expect(text.startswith("200 8 20000000"), text[:100])
        text = run(WOK, "post", url + "/echo", "500000", *more)
        expect(text.startswith("200 500000 yyy"), text[:100])


if __name__ == "__main__":
    sys.exit(main())
