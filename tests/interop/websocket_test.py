#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""wok's WebSocket against other people's, in both roles, with and without compression: Debian's
python3-websockets, and npm's ws where its package is found.

usage: websocket_test.py BUILD [TEXT]

BUILD is the build folder, TEXT runs only tests whose name contains it. What is not installed is
left out, and named. For npm's ws, NODE_PATH has to name a folder with the package in it:
    npm install --prefix FOLDER ws;  NODE_PATH=FOLDER/node_modules tests/interop/websocket_test.py ...
Everything happens on the loopback interface, on free ports.
"""
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

from others import BUILD, HERE, Skipped, TIMEOUT, free_port, main, running, test

WOK = os.path.join(BUILD, "tests", "interop-websocket")


@contextlib.contextmanager
def wok_server(*words):
    """wok's echo server; its port. It has to end well."""
    process = subprocess.Popen([WOK, "serve", *words], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               start_new_session=True)
    try:
        line = process.stdout.readline().decode()
        yield int(re.search(r":(\d+)", line)[1])
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0 and not said, "the server said: %s" % said.decode()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def run(args, what):
    done = subprocess.run(args, capture_output=True, timeout=TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr.decode()[-1000:]
    deflated = "permessage-deflate" in done.stdout.decode()
    assert deflated == (what == "deflate"), "extensions: %s" % done.stdout.decode()


def talk_to(theirs):
    for what in ("plain", "deflate"):
        port = free_port()
        with tempfile.TemporaryDirectory() as folder:
            with running([*theirs, "serve", str(port), what], port, folder):
                run([WOK, "talk", "ws://127.0.0.1:%d/" % port, what], what)


def be_talked_to(theirs):
    for what in ("plain", "deflate"):
        with wok_server(what) as port:
            run([*theirs, "talk", str(port), what], what)


# --- python3-websockets ---------------------------------------------------------------------------

PYTHON = r"""
import asyncio, sys, websockets
what, port, deflate = sys.argv[1], int(sys.argv[2]), sys.argv[3]
options = {"max_size": 1 << 25, "compression": "deflate" if deflate == "deflate" else None}

async def echo(ws, path=None):
    async for message in ws:
        await ws.send(message)

async def serve():
    async with websockets.serve(echo, "127.0.0.1", port, **options):
        await asyncio.Future()

async def talk():
    async with websockets.connect("ws://127.0.0.1:%d/" % port, **options) as ws:
        for size in (0, 1, 125, 126, 127, 1000, 65535, 65536, 1000000):
            for message in ("\u00fc" * (size // 2), bytes([size % 256]) * size):
                await ws.send(message)
                assert await ws.recv() == message, size
        await ws.send(["gr", "", "\u00fc\u00df", "e"])
        assert await ws.recv() == "gr\u00fc\u00dfe"
        pong = await ws.ping(b"payload")
        await asyncio.wait_for(pong, 10)
        print([str(one.name) for one in ws.extensions])
        await ws.close(4001, "done")
        assert ws.close_code == 4001, ws.close_code

asyncio.run(serve() if what == "serve" else talk())
"""


def python():
    """A Python that has websockets: Debian's own, or the one that runs this."""
    for path in ("/usr/bin/python3", sys.executable):
        with contextlib.suppress(OSError):
            done = subprocess.run([path, "-c", "import websockets"], capture_output=True,
                                  check=False)
            if done.returncode == 0:
                return [path, "-c", PYTHON]
    raise Skipped("there is no python3-websockets here")


@test
def client_python_websockets():
    talk_to(python())


@test
def server_python_websockets():
    be_talked_to(python())


# --- npm's ws -------------------------------------------------------------------------------------

def node():
    path = shutil.which("node") or shutil.which("nodejs")
    if not path:
        raise Skipped("there is no node here")
    done = subprocess.run([path, "-e", "require('ws')"], capture_output=True, check=False)
    if done.returncode != 0:
        raise Skipped("node finds no package ws: see NODE_PATH above")
    return [path, os.path.join(HERE, "websocket_node.cjs")]


@test
def client_npm_ws():
    talk_to(node())


@test
def server_npm_ws():
    be_talked_to(node())


if __name__ == "__main__":
    sys.exit(main())
