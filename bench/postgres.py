"""A PostgreSQL server of the benchmarks' own: made when it is first asked for, gone at the end."""
import atexit
import contextlib
import glob
import os
import pwd
import shutil
import subprocess
import tempfile
import time

from harness import Failed, pin

USER = "bench"  # its superuser


def programs():
    """The folder of initdb and postgres, of the newest version; None: there is none."""
    found = glob.glob("/usr/lib/postgresql/*/bin/postgres")
    path = shutil.which("postgres") or (max(found) if found else None)
    folder = os.path.dirname(os.path.realpath(path)) if path else None
    return folder if folder and os.path.exists(os.path.join(folder, "initdb")) else None


def owner():
    """PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise Failed("neither the user postgres nor nobody is there to run PostgreSQL")


class Postgres:
    """In a folder of its own, whose Unix socket is the only way in; on the CPU 1, without fsync."""

    running = None

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="wok-bench-")
        atexit.register(self.stop)
        self.process = None
        runs_as, folder, data = owner(), programs(), os.path.join(self.folder, "data")
        if runs_as:
            os.chown(self.folder, runs_as["user"], runs_as["group"])
        subprocess.run([os.path.join(folder, "initdb"), "-D", data, "-U", USER, "-A", "trust",
                        "--locale=C", "-E", "UTF8", "--no-sync"], check=True, cwd="/",
                       stdout=subprocess.DEVNULL, **runs_as)
        settings = ("fsync=off", "listen_addresses=", "shared_buffers=256MB", "autovacuum=off",
                    "max_wal_size=4GB", "jit=off", "unix_socket_directories=" + self.folder)
        command = [os.path.join(folder, "postgres"), "-D", data]
        for setting in settings:
            command += ["-c", setting]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd="/",
                                        stderr=subprocess.DEVNULL, preexec_fn=pin([1]), **runs_as)
        end = time.monotonic() + 20
        while not os.path.exists(os.path.join(self.folder, ".s.PGSQL.5432")):
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failed("PostgreSQL did not come up")
            time.sleep(0.05)
        time.sleep(0.3)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)


def server():
    if not Postgres.running:
        Postgres.running = Postgres()
    return Postgres.running
