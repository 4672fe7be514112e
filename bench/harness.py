"""What bench/run.py measures with: pinned processes, and how noisy and how fast the machine is."""
import contextlib
import fcntl
import os
import resource
import signal
import socket
import subprocess
import tempfile
import time

TICK = os.sysconf("SC_CLK_TCK")
LOCK = os.path.join(tempfile.gettempdir(), "wok-bench.lock")


class Settings:
    """Where the programs are, and how hard to try for a quiet run."""
    folder = ""        # build/bench; the peers are in its peers/
    retries = 2        # more runs, if one was disturbed
    max_noise = 0.10   # of a CPU, used by others
    min_speed = 0.80   # of the fastest that this machine was seen to be
    patience = 10      # seconds to wait for others to be quiet, before each run
    seconds = "2"      # how long a server is under load
    smoke = False      # small, once: does it run?


class Failed(Exception):
    """A program that did not do what it should: its row says so, the others go on."""


def tool(name):
    return os.path.join(Settings.folder, "peers", "tools", name)


def pin(cpus):
    allowed = os.sched_getaffinity(0)

    def in_child():
        with contextlib.suppress(OSError):  # a machine with one CPU: all on it
            os.sched_setaffinity(0, set(cpus) & allowed or allowed)
        with contextlib.suppress(OSError):  # if memory ends, it is this one's fault
            with open("/proc/self/oom_score_adj", "w", encoding="ascii") as f:
                f.write("500")
    return in_child


def stat_of(pid):
    """The fields of /proc/PID/stat behind the name; None if it has gone."""
    with contextlib.suppress(OSError, IndexError):
        with open("/proc/%s/stat" % pid, encoding="utf-8", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()
    return None


def pids():
    return [int(p) for p in os.listdir("/proc") if p.isdigit()]


def family(root):
    """A process and its descendants."""
    children = {}
    for pid in pids():
        fields = stat_of(pid)
        if fields:
            children.setdefault(int(fields[1]), []).append(pid)
    found, todo = [], [root]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def cpu_seconds(processes):
    """Precise time on a CPU of the living threads of these processes."""
    total = 0
    for pid in processes:
        with contextlib.suppress(OSError):
            for thread in os.listdir("/proc/%d/task" % pid):
                with contextlib.suppress(OSError, IndexError):
                    path = "/proc/%d/task/%s/schedstat" % (pid, thread)
                    with open(path, encoding="ascii") as f:
                        total += int(f.read().split()[0])
    return total / 1e9


def used_by(servers):
    """CPU time of servers, of their children, and of those that have ended: PostgreSQL's sessions."""
    total = 0
    for server in servers:
        fields = stat_of(server.process.pid)
        total += cpu_seconds(family(server.process.pid))
        total += sum(int(f) for f in fields[13:15]) / TICK if fields else 0
    return total


def busy_seconds():
    """What all processes together used, and the hypervisor took; not interrupts, which may be ours."""
    with open("/proc/stat", encoding="ascii") as f:
        user, nice, system, _, _, _, _, steal = [int(x) for x in f.readline().split()[1:9]]
    return (user + nice + system + steal) / TICK


def wait_for_quiet():
    """A second in which nobody works, if there is one soon: what is under test waits for its load."""
    end = time.monotonic() + Settings.patience
    while time.monotonic() < end:
        before = busy_seconds()
        time.sleep(1)
        if busy_seconds() - before <= 2 * Settings.max_noise:
            return


def children():
    """The CPU time of our children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def speeds(cpus):
    """How fast each CPU is now, as a share of the fastest seen: hosts have slow phases."""
    path = os.path.join(Settings.folder, "fastest")
    best = float("inf")
    with contextlib.suppress(OSError, ValueError):
        with open(path, encoding="ascii") as f:
            best = float(f.read())
    found = []
    for cpu in cpus:
        done = subprocess.run([tool("speed")], stdout=subprocess.PIPE, encoding="ascii",
                              preexec_fn=pin([cpu]), check=True)
        us = float(done.stdout.split()[1])
        if us < best:
            best = us
            with open(path, "w", encoding="ascii") as f:
                f.write("%f\n" % us)
        found.append(best / us)
    return found


@contextlib.contextmanager
def alone():
    """Only one benchmark at a time, however many are started."""
    with open(LOCK, "a", encoding="ascii") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


class Server:
    """A program that listens on a port of 127.0.0.1, pinned to a CPU."""

    next_port = 21000 + os.getpid() % 3000

    def __init__(self, command, cpu, env=None):
        Server.next_port += 1
        self.port = Server.next_port
        self.log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [a.replace("PORT", str(self.port)) for a in command], stdout=subprocess.DEVNULL,
            stderr=self.log, preexec_fn=pin([cpu]), start_new_session=True, env=env)
        end = time.monotonic() + 15
        while True:
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                self.log.seek(0)
                said = self.log.read().decode("utf-8", "replace").strip().splitlines()
                raise Failed("%s did not come up: %s" % (command[0], (said or ["?"])[-1]))
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 0.5).close()
                break
            time.sleep(0.05)
        time.sleep(0.1)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.stop()


def lines(text):
    """The figures of a program: lines of "metric value"."""
    pairs = [line.split() for line in text.splitlines()]
    return {p[0]: float(p[1]) for p in pairs if len(p) >= 2}


def run_once(command, cpu, servers, parse, env, timeout):
    cpus = [0, 1] if servers else [cpu]
    before = speeds(cpus)
    busy, served, client, start = busy_seconds(), used_by(servers), children(), time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          encoding="utf-8", preexec_fn=pin([cpu]), start_new_session=True,
                          env=env) as process:
        try:
            out, err = process.communicate(timeout=timeout)
        except BaseException as reason:  # Ctrl-C, too: nothing is left running
            os.killpg(process.pid, signal.SIGKILL)  # its own session: only ours
            process.communicate()
            if isinstance(reason, subprocess.TimeoutExpired):
                raise Failed("not done after %d s" % timeout) from None
            raise
    wall, client, served = (time.monotonic() - start, children() - client,
                            used_by(servers) - served)
    others = busy_seconds() - busy - client - served
    if process.returncode:
        said = err.strip().splitlines() or ["?"]
        raise Failed("%s (status %d)" % (said[-1][:120], process.returncode))
    figures = parse(out)
    figures["server_cpu_s"], figures["noise"] = served, max(0, others) / wall
    figures["speed"] = min((a + b) / 2 for a, b in zip(before, speeds(cpus)))
    return figures


def measure(command, cpu=0, servers=(), parse=lines, env=None, timeout=200):
    """One run; again if others disturbed it, at most Settings.retries times: the quietest counts."""
    best = None
    for _ in range(Settings.retries + 1):
        wait_for_quiet()
        with alone():
            figures = run_once(command, cpu, servers, parse, env, timeout)
        if best is None or figures["noise"] - figures["speed"] < best["noise"] - best["speed"]:
            best = figures
        if best["noise"] <= Settings.max_noise and best["speed"] >= Settings.min_speed:
            break
    return best
