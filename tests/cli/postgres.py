# SPDX-License-Identifier: MIT
"""A PostgreSQL server of the tests' own, as tests/pg/cluster.h has one for those in C."""
import contextlib
import glob
import os
import pwd
import shutil
import socket
import subprocess
import tempfile


def programs():
    """The folder of initdb and pg_ctl; None where PostgreSQL is not installed."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    folder = os.environ.get("WOK_PG_BIN") or (os.path.dirname(found[-1]) if found else None)
    return folder if folder and os.access(os.path.join(folder, "initdb"), os.X_OK) else None


def server_user():
    """Who may run a server: not root."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    return None


@contextlib.contextmanager
def cluster():
    """The DSN of a private server; it is stopped and removed at the end. None: there is none."""
    folder, bin_folder, user = tempfile.mkdtemp(prefix="wok-pg-"), programs(), server_user()
    if not bin_folder:
        os.rmdir(folder)
        yield None
        return
    if user:
        os.chown(folder, user.pw_uid, user.pw_gid)
    who = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(name, *words):
        with open(os.path.join("/tmp", os.path.basename(folder) + ".log"), "ab") as log:
            subprocess.run([os.path.join(bin_folder, name), *words], check=True, cwd=folder,
                           stdin=subprocess.DEVNULL, stdout=log, stderr=log, **who)

    data = os.path.join(folder, "data")
    try:
        run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale=C.UTF-8", "--no-sync")
        run("pg_ctl", "-D", data, "-l", os.path.join(folder, "log"), "-w", "-t", "60", "-o",
            "-p %d -c listen_addresses=127.0.0.1 -c unix_socket_directories=%s -c fsync=off "
            "-c shared_buffers=16MB -c dynamic_shared_memory_type=mmap" % (port, folder), "start")
        try:
            yield "postgresql://postgres@127.0.0.1:%d/postgres" % port
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.unlink(os.path.join("/tmp", os.path.basename(folder) + ".log"))


def query(dsn, sql):
    """What psql says, a list of lines, '|' between fields."""
    done = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", sql, dsn], text=True,
                          check=True, stdout=subprocess.PIPE)
    return done.stdout.splitlines()
