#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""wok's client through squid: absolute form, tunnels, credentials, exceptions.

usage: proxy_test.py BUILD

BUILD is the build folder. Leaves with 77 where squid or openssl is not installed. Everything happens
on the loopback interface, on free ports, in a temporary folder; what was started is ended by its id.
"""
import http.server
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading

from others import BUILD, end, free_port, start

CLIENT = os.path.join(BUILD, "tests", "interop-client")
BODY = b"x" * 100000


class Origin(http.server.BaseHTTPRequestHandler):
    """Answers anything with BODY, and keeps what it was asked."""
    protocol_version = "HTTP/1.1"
    seen = []

    def do_GET(self):
        Origin.seen.append((self.path, dict(self.headers)))
        self.send_response(200)
        self.send_header("Content-Length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, *args):
        pass


def start_origin(context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def start_squid(folder, helper):
    port, locked = free_port(), free_port()
    users = os.path.join(folder, "users")
    with open(users, "w") as file:
        hashed = subprocess.run(["openssl", "passwd", "-apr1", "s:e cret"], check=True,
                                capture_output=True, text=True).stdout.strip()
        file.write("me:%s\n" % hashed)
    config = os.path.join(folder, "squid.conf")
    with open(config, "w") as file:
        file.write(f"""
http_port 127.0.0.1:{port}
http_port 127.0.0.1:{locked} name=locked
pid_filename none
access_log none
cache_log {folder}/cache.log
coredump_dir {folder}
cache deny all
shutdown_lifetime 0
auth_param basic program {helper} {users}
auth_param basic realm wok
acl locked myportname locked
acl known proxy_auth REQUIRED
http_access deny locked !known
http_access allow all
""")
    os.chmod(folder, 0o777)
    os.chmod(users, 0o644)
    return start(["squid", "-N", "-f", config], port, folder), port, locked


def fetch(url, ca, **environment):
    """The client's exit status, and all that it prints."""
    clean = {k: v for k, v in os.environ.items() if "proxy" not in k.lower()}
    run = subprocess.run([CLIENT, "-n", "3", url], env={**clean, "SSL_CERT_FILE": ca, **environment},
                         capture_output=True, text=True, timeout=60)
    return run.returncode, run.stdout + run.stderr


def expect(name, condition, detail=""):
    print("%s %s" % ("ok  " if condition else "FAIL", name), "" if condition else detail)
    return bool(condition)


def check_plain(origin, ca, port, locked):
    url = "http://127.0.0.1:%d/a%%2Fb?c" % origin
    good = []
    Origin.seen.clear()
    status, text = fetch(url, ca, http_proxy="http://127.0.0.1:%d" % port)
    good.append(expect("absolute form", status == 0 and len(Origin.seen) == 3 and all(
        path == "/a%2Fb?c" and "Via" in headers for path, headers in Origin.seen), text))
    Origin.seen.clear()
    status, text = fetch(url, ca, http_proxy="http://me:s%%3Ae%%20cret@127.0.0.1:%d" % locked)
    good.append(expect("credentials, which the server does not see", status == 0 and len(Origin.seen) == 3
                       and not any("Proxy-Authorization" in h for _, h in Origin.seen), text))
    Origin.seen.clear()
    status, text = fetch(url, ca, http_proxy="http://me:wrong@127.0.0.1:%d" % locked)
    good.append(expect("a 407 for http:// is the response", "407" in text and not Origin.seen, text))
    status, text = fetch(url, ca, http_proxy="http://127.0.0.1:%d" % port, no_proxy="127.0.0.0/8")
    good.append(expect("exceptions", status == 0 and len(Origin.seen) == 3 and not any(
        "Via" in h for _, h in Origin.seen), text))
    return all(good)


def check_tunnel(origin, ca, port, locked):
    url = "https://localhost:%d/" % origin
    good = []
    Origin.seen.clear()
    status, text = fetch(url, ca, https_proxy="127.0.0.1:%d" % port)
    good.append(expect("a tunnel", status == 0 and len(Origin.seen) == 3 and not any(
        "Via" in h for _, h in Origin.seen), text))
    status, text = fetch(url, ca, https_proxy="http://me:s%%3Ae%%20cret@127.0.0.1:%d" % locked)
    good.append(expect("a tunnel for who is known", status == 0 and len(Origin.seen) == 6, text))
    status, text = fetch(url, ca, https_proxy="http://me:hunter2@127.0.0.1:%d" % locked)
    good.append(expect("a refused tunnel is an error that says 407, and no password",
                       status != 0 and "407" in text and "hunter2" not in text, text))
    status, text = fetch("https://localhost:1/", ca, https_proxy="127.0.0.1:%d" % port)
    good.append(expect("a tunnel to nobody is an error with the proxy's status",
                       status != 0 and " 503" in text, text))
    return all(good)


def make_certificate(folder):
    key, certificate = os.path.join(folder, "key"), os.path.join(folder, "cert")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key,
                    "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


def main():
    helper = "/usr/lib/squid/basic_ncsa_auth"
    if not shutil.which("squid") or not shutil.which("openssl") or not os.path.exists(helper):
        print("skipped: there is no squid, or no openssl")
        return 77
    folder = tempfile.mkdtemp()
    try:
        ca, context = make_certificate(folder)
        squid, port, locked = start_squid(folder, helper)
        try:
            good = check_plain(start_origin(), ca, port, locked)
            good = check_tunnel(start_origin(context), ca, port, locked) and good
        finally:
            end(squid)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
