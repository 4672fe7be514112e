"""The workloads W1 to W12: who takes part, how one run goes, what it is measured by."""
import os
import re
import shutil
import subprocess

import postgres
from harness import Failed, Server, Settings, lines, measure, pin, tool

PYTHON = ("asyncio", "uvloop")
TENTH = dict.fromkeys(PYTHON, 10)  # where the count does not matter, that they take no minute


class Metric:
    def __init__(self, key, unit, more=False, show=None):
        self.key, self.unit, self.more = key, unit, more
        self.name = show or unit


class Goal:
    """wok's metric is to be at most (or, where more is better, at least) factor x the best of peers."""

    def __init__(self, metric, peers, factor, case=None, note=""):
        self.metric, self.peers, self.factor, self.case, self.note = \
            metric, peers.split(), factor, case, note


class Workload:
    def __init__(self, title, program, run, cases, metrics, peers, goals=(), needs=None):
        self.title, self.program, self.run, self.cases = title, program, run, cases
        self.metrics, self.peers, self.goals = metrics, peers.split(), goals
        self.needs = needs

    def left_out(self):
        """Why it cannot run here; "" if it can."""
        if not os.access(os.path.join(Settings.folder, self.program), os.X_OK):
            return "wok was built without what %s needs" % self.program
        return self.needs() if self.needs else ""


def program(peer, name):
    """(command, environment) of a participant; wok-X is wok on its backend X. None: not here."""
    env = None
    if peer.startswith("wok-"):
        path = os.path.join(Settings.folder, name)
        env = dict(os.environ, WOK_BACKEND=peer[4:])
    else:
        path = os.path.join(Settings.folder, "peers", peer, name)
    return ([path], env) if os.access(path, os.X_OK) else None


def count(case):
    return int(case.rstrip("s").replace("k", "000").replace("M", "000000"))


def plain(name, fewer=None):
    """A program that takes a count: fewer says for whom it is to be divided by how much."""
    def run(peer, case):
        command, env = program(peer, name)
        n = count(case) // (fewer or {}).get(peer, 1)
        return measure(command + [str(n)], env=env)
    return run


def sleepers(peer, case):
    if case == "1M":
        if peer in PYTHON:
            raise Failed("left out: it takes 20 s")
        with open("/proc/meminfo", encoding="ascii") as f:
            if int(re.search(r"MemAvailable: +(\d+)", f.read())[1]) < 8 << 20:
                raise Failed("left out: less than 8 GiB of memory is free")
    return plain("w3-sleepers")(peer, case)


def echo(peer, case):
    """Cases: connections; "50s": server and load on the same CPU, which is the least noisy."""
    command, env = program(peer, "w6-echo")
    with Server(command + ["PORT"], 0, env) as server:
        load = [tool("load"), str(server.port), str(count(case)), Settings.seconds, "64",
                str(server.process.pid)]
        return measure(load, cpu=0 if case.endswith("s") else 1, servers=[server])


def wrk_figures(text):
    unit = {"us": 1, "ms": 1e3, "s": 1e6}
    figures = {"requests": float(re.search(r"(\d+) requests in", text)[1]),
               "req_per_s": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])}
    for share in ("50", "99"):
        value = re.search(share + r"%\s+([\d.]+)(us|ms|s)\b", text)
        figures["p%s_us" % share] = float(value[1]) * unit[value[2]]
    if re.search("Non-2xx|Socket errors", text):
        raise Failed("wrk: " + re.search("(Non-2xx|Socket errors).*", text)[0])
    return figures


def http_server(peer, case):
    connections = count(case[1:])
    command, env = program(peer, "w7-http-server")
    with Server(command + ["PORT"], 0, env) as server:
        url = "http://127.0.0.1:%d/" % server.port
        if shutil.which("wrk") and not Settings.smoke:  # wrk counts in whole seconds
            load = ["wrk", "-t1", "-c%d" % connections, "--latency", url]
            subprocess.run(load + ["-d1"], stdout=subprocess.DEVNULL, preexec_fn=pin([1]),
                           check=False)
            figures = measure(load + ["-d" + Settings.seconds], cpu=1, servers=[server],
                              parse=wrk_figures)
        else:
            n = 1000 if Settings.smoke else 400000
            raw = program("epoll", "w8-http-client")[0]
            figures = measure(raw + [url, str(n), str(connections)], cpu=1, servers=[server])
            figures["requests"] = n
    figures["server_us_per_req"] = figures["server_cpu_s"] * 1e6 / figures["requests"]
    return figures


def pipelined(peer, case):
    """One request after another on each connection, then 16 in a piece: how many times as many?"""
    connections = count(case[1:])
    command, env = program(peer, "w7-http-server")
    if not shutil.which("wrk"):
        raise Failed("left out: there is no wrk")
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "pipeline.lua")
    seconds = "1" if Settings.smoke else Settings.seconds
    with Server(command + ["PORT"], 0, env) as server:
        load = ["wrk", "-t1", "-c%d" % connections, "--latency", "-d" + seconds,
                "http://127.0.0.1:%d/" % server.port]
        plainly = measure(load, cpu=1, servers=[server], parse=wrk_figures)
        figures = measure(load + ["-s", script], cpu=1, servers=[server], parse=wrk_figures)
    figures["times_plain"] = figures["req_per_s"] / plainly["req_per_s"]
    figures["server_us_per_req"] = figures["server_cpu_s"] * 1e6 / figures["requests"]
    return figures


def idle(peer, case):
    """http-N: connections that were used once, and are kept alive."""
    kind, n = case.split("-")
    command, env = program(peer, "idle-connections")
    return measure(command + [str(count(n)), kind], env=env)


def http_client(peer, case):
    """Against nginx, or where there is none the raw server, on the other CPU."""
    nginx = program("nginx", "w7-http-server")
    command, path = (nginx[0], "/r200") if nginx else (program("epoll", "w7-http-server")[0], "/")
    n = 1000 if Settings.smoke else 20000 if peer in PYTHON else 100000
    with Server(command + ["PORT"], 1) as server:
        url = "http://127.0.0.1:%d%s" % (server.port, path)
        command, env = program(peer, "w8-http-client")
        return measure(command + [url, str(n), str(count(case[1:]))], servers=[server], env=env)


def fan_out(peer, case):
    with Server([tool("delayd"), "PORT", "1000"], 1) as server:
        command, env = program(peer, "w9-fanout")
        url = "http://127.0.0.1:%d/" % server.port
        return measure(command + [url, str(count(case))], servers=[server], env=env)


def postgres_missing():
    return "" if postgres.programs() else "PostgreSQL is not installed"


def queries(peer, case):
    """Ten connections to a server on the other CPU, by its Unix socket."""
    if peer == "epoll" and case in ("batch", "copy"):
        raise Failed("left out: raw epoll is the limit of queries only")
    command, env = program(peer, "w10-pg")
    server = postgres.server()
    return measure(command + [server.folder, case, "10", Settings.seconds], servers=[server],
                   env=env)


def rows(peer, case):
    """insert-..., select-...: how wok does it; the peers know one way each."""
    command, env = program(peer, "w11-sqlite")
    what = case if peer.startswith("wok-") else case.split("-")[0]
    if what != case and peer in PYTHON:
        raise Failed("left out: it is for SQLite itself to compare")
    n = 1000 if Settings.smoke else 20000 if peer in PYTHON else 100000
    path = os.path.join(Settings.folder, "w11.db")
    for end in ("", "-wal", "-shm"):
        if os.path.exists(path + end):
            os.unlink(path + end)
    if what.startswith("select"):
        subprocess.run([os.path.join(Settings.folder, "w11-sqlite"), "insert-many", str(n), path],
                       check=True, stdout=subprocess.DEVNULL)
    return measure(command + [what, str(n), path], env=env)


def files(peer, case):
    """many-N, big-MIB, lines-MIB; what is read is made once, by wok, and is in the page cache then."""
    what, n = case.split("-")
    if what == "lines" and peer in ("go", "libuv", "asyncio"):
        raise Failed("left out: lines are for C's getline() to compare")
    folder = os.path.join(Settings.folder, "files-" + n)
    if not os.path.exists(os.path.join(folder, "made")):
        os.makedirs(folder, exist_ok=True)
        size = ["1", n] if what != "many" else [n, "1"]
        subprocess.run([os.path.join(Settings.folder, "w12-files"), "make", folder] + size,
                       check=True)
        open(os.path.join(folder, "made"), "w", encoding="utf-8").close()
    command, env = program(peer, "w12-files")
    return measure(command + [what, folder] + ([n] if what == "many" else []), env=env)


SERVER_CPU = Metric("server_us_per_req", "µs", show="server CPU a request")
CLIENT_CPU = Metric("cpu_us_per_req", "µs", show="client CPU a request")
REQUESTS = Metric("req_per_s", "/s", more=True, show="requests")
WALL = Metric("wall_s", "s", show="wall time")

QUERY_CPU = Metric("cpu_us_per_query", "µs", show="client CPU a query")
QUERIES = ["one", "pgtype", "series", "batch", "copy"]

WORKLOADS = {
    "w1": Workload("spawn and await a task, a thousand alive", "w1-spawn", plain("w1-spawn", TENTH),
                   ["1M"], [Metric("ns_per_task", "ns", show="a task")], "tokio go uvloop asyncio",
                   [Goal("ns_per_task", "tokio", 0.6)]),
    "w2": Workload("yield to another task", "w2-switch",
                   plain("w2-switch", TENTH), ["5M"],
                   [Metric("ns_per_switch", "ns", show="a switch")],
                   "fcontext ucontext tokio go uvloop asyncio",
                   [Goal("ns_per_switch", "fcontext", 3), Goal("ns_per_switch", "go", 0.2)]),
    "w3": Workload("sleep 1 s, all at once", "w3-sleepers", sleepers, ["100k", "1M"],
                   [WALL, Metric("bytes_per_task", "B", show="memory a task")],
                   "tokio go uvloop",
                   [Goal("wall_s", "tokio", 1.5, "1M"),
                    Goal("bytes_per_task", "", 4.6 * 1024, "1M")]),
    "w4": Workload("timers within 1 s", "w4-timers", plain("w4-timers"), ["1M"],
                   [Metric("cpu_s", "s", show="CPU time")], "libuv tokio go uvloop",
                   [Goal("cpu_s", "libuv", 0.8)]),
    "w5": Workload("a queue of 100, four consumers", "w5-queue", plain("w5-queue", TENTH), ["1M"],
                   [Metric("items_per_s", "/s", more=True, show="items")],
                   "tokio go uvloop asyncio", [Goal("items_per_s", "go", 1.5)]),
    "w6": Workload("TCP echo, 64 bytes, a task a connection", "w6-echo", echo,
                   ["50s", "500", "5000"], [SERVER_CPU, REQUESTS],
                   "epoll uring libuv tokio go uvloop uvloop-streams asyncio-streams",
                   [Goal("server_us_per_req", "epoll uring", 1.1, "500"),
                    Goal("server_us_per_req", "epoll uring", 1.1, "5000")]),
    "w7": Workload("HTTP server, hello, keep-alive", "w7-http-server", http_server, ["c64"],
                   [REQUESTS, SERVER_CPU], "epoll nginx tokio go uvloop asyncio",
                   [Goal("req_per_s", "nginx tokio go", 1), Goal("server_us_per_req",
                                                                 "nginx tokio go", 1)]),
    "pipelined": Workload("HTTP server, hello, 16 requests in a piece by one after another",
                          "w7-http-server", pipelined, ["c64"],
                          [REQUESTS, SERVER_CPU, Metric("times_plain", "×", more=True,
                                                        show="by one after another")],
                          "epoll nginx tokio go", [Goal("times_plain", "", 3)]),
    "idle": Workload("HTTP connections that are kept alive, idle for a second",
                     "idle-connections", idle, ["http-10k"],
                     [Metric("server_bytes_per_connection", "B", show="memory a connection")], "",
                     [Goal("server_bytes_per_connection", "", 8192)]),
    "w8": Workload("HTTP client, 64 requests at once", "w8-http-client", http_client, ["c64"],
                   [REQUESTS, CLIENT_CPU], "epoll curl tokio go uvloop asyncio",
                   [Goal("req_per_s", "epoll", 0.75), Goal("req_per_s", "tokio", 1.25)]),
    "w9": Workload("URLs that take 1 s, all at once", "w9-fanout", fan_out, ["10000"],
                   [WALL, CLIENT_CPU], "epoll curl tokio go uvloop asyncio",
                   [Goal("wall_s", "epoll", 1.1)]),
    "w10": Workload("PostgreSQL, ten connections by a Unix socket, client CPU a query", "w10-pg",
                    queries, QUERIES, [QUERY_CPU, Metric("queries_per_s", "/s", more=True,
                                                         show="queries")],
                    "libpq epoll uvloop asyncio",
                    [Goal("cpu_us_per_query", "libpq uvloop", 0.5, case) for case in QUERIES] +
                    [Goal("queries_per_s", "libpq uvloop", 1, case) for case in QUERIES],
                    needs=postgres_missing),
    "w11": Workload("SQLite, one row after another: inserts in a transaction, selects", "w11-sqlite",
                    rows, ["insert", "select", "insert-many", "insert-loop", "select-loop"],
                    [Metric("ops_per_s", "/s", more=True, show="rows"),
                     Metric("cpu_us_per_op", "µs", show="CPU a row")], "sync uvloop asyncio",
                    [Goal("ops_per_s", "uvloop asyncio", 6, case)
                     for case in ("insert", "select")] +
                    [Goal("ops_per_s", "sync", 0.8, case)
                     for case in ("insert-many", "insert-loop", "select-loop")]),
    "w12": Workload("files from the page cache: 4 KiB each; 1 GiB; its lines", "w12-files", files,
                    ["many-10000", "big-1024", "lines-1024"],
                    [Metric("files_per_s", "/s", more=True, show="files"),
                     Metric("GB_per_s", "GB/s", more=True, show="bytes")],
                    "sync go libuv asyncio",
                    [Goal("GB_per_s", "sync", 0.85, "many-10000"),
                     Goal("GB_per_s", "sync", 0.85, "big-1024"),
                     Goal("GB_per_s", "sync", 1 / 1.3, "lines-1024")]),
}

# Sizes at which it shows only that everything runs.
SMOKE = {"w1": ["10k"], "w2": ["50k"], "w3": ["1k"], "w4": ["10k"], "w5": ["10k"], "w6": ["50"],
         "w7": ["c64"], "pipelined": ["c8"], "idle": ["http-100"], "w8": ["c64"], "w9": ["100"],
         "w10": QUERIES, "w11": ["insert", "select", "insert-many", "insert-loop", "select-loop"],
         "w12": ["many-100", "big-16", "lines-16"]}

__all__ = ["Failed", "Goal", "Metric", "SMOKE", "WORKLOADS", "lines", "program"]
