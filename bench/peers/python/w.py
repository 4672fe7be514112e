"""Multi-call benchmark program: w.py PEER PROGRAM ARGS...
PEER: asyncio | uvloop (loop choice); '-streams' suffix: w6 with the streams API."""
import asyncio, collections, os, random, resource, sys, time

PEER, PROG = sys.argv[1], sys.argv[2]
A = sys.argv[3:]


def arg(i, d):
    return int(A[i]) if len(A) > i else d


def rss(peak):
    key = "VmHWM:" if peak else "VmRSS:"
    for l in open("/proc/self/status"):
        if l.startswith(key):
            return int(l.split()[1]) * 1024


def cpu_s():
    r = resource.getrusage(resource.RUSAGE_SELF)
    return r.ru_utime + r.ru_stime


def out(k, v):
    print(k, v, flush=True)


async def w1():
    n = arg(0, 1_000_000)

    async def f(i):
        return i

    t = time.perf_counter()
    left = n
    ct = asyncio.get_running_loop().create_task
    while left > 0:
        b = min(left, 1000)
        ts = [ct(f(i)) for i in range(b)]
        for x in ts:
            await x
        left -= b
    out("ns_per_task", round((time.perf_counter() - t) * 1e9 / n, 1))


async def w2():
    n = arg(0, 500_000)

    async def f(k):
        for _ in range(k):
            await asyncio.sleep(0)

    t = time.perf_counter()
    a, b = asyncio.create_task(f(n // 2)), asyncio.create_task(f(n // 2))
    await a
    await b
    out("ns_per_switch", round((time.perf_counter() - t) * 1e9 / n, 1))


async def w3():
    n = arg(0, 100_000)

    async def f():
        await asyncio.sleep(1)

    base = rss(False)
    t = time.perf_counter()
    ts = [asyncio.create_task(f()) for _ in range(n)]
    for x in ts:
        await x
    out("wall_s", round(time.perf_counter() - t, 4))
    out("bytes_per_task", round((rss(True) - base) / n))


async def w4():
    n = arg(0, 1_000_000)
    loop = asyncio.get_running_loop()
    done = loop.create_future()
    fired = 0

    def cb():
        nonlocal fired
        fired += 1
        if fired == n:
            done.set_result(None)

    rnd = random.Random(1).random
    c0, t = cpu_s(), time.perf_counter()
    for _ in range(n):
        loop.call_later(rnd(), cb)
    await done
    out("wall_s", round(time.perf_counter() - t, 4))
    out("cpu_s", round(cpu_s() - c0, 4))


async def w5():
    n = arg(0, 1_000_000)
    q = asyncio.Queue(maxsize=100)
    got = 0

    async def cons():
        nonlocal got
        while True:
            v = await q.get()
            if v is None:
                return
            got += 1

    t = time.perf_counter()
    cs = [asyncio.create_task(cons()) for _ in range(4)]
    for i in range(n):
        await q.put(i)
    for _ in cs:
        await q.put(None)
    for c in cs:
        await c
    assert got == n
    out("items_per_s", round(n / (time.perf_counter() - t)))


async def w6():
    port = arg(0, 9000)
    loop = asyncio.get_running_loop()
    if PEER.endswith("-streams"):
        import socket

        async def h(r, w):
            s = w.get_extra_info("socket")
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while True:
                    d = await r.read(65536)
                    if not d:
                        break
                    w.write(d)
            except ConnectionError:
                pass
            w.close()

        srv = await asyncio.start_server(h, "127.0.0.1", port, backlog=4096)
    else:

        class P(asyncio.Protocol):
            def connection_made(self, tr):
                self.w = tr.write

            def data_received(self, d):
                self.w(d)

        srv = await loop.create_server(P, "127.0.0.1", port, backlog=4096)
    out("ready", 1)
    async with srv:
        await srv.serve_forever()


async def w7():
    from aiohttp import web

    async def hello(_):
        return web.Response(text="hello")

    app = web.Application()
    app.router.add_get("/", hello)
    r = web.AppRunner(app, access_log=None)
    await r.setup()
    await web.TCPSite(r, "127.0.0.1", arg(0, 9000), backlog=4096).start()
    out("ready", 1)
    await asyncio.Event().wait()


async def client(url, n, c):
    import aiohttp

    it = iter(range(n))
    got = 0

    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=c), timeout=aiohttp.ClientTimeout(total=120)
    ) as s:

        async def worker():
            nonlocal got
            for _ in it:
                async with s.get(url) as r:
                    assert r.status == 200
                    await r.read()
                    got += 1

        c0, t = cpu_s(), time.perf_counter()
        await asyncio.gather(*[worker() for _ in range(c)])
        w = time.perf_counter() - t
        cpu = cpu_s() - c0
    assert got == n
    out("req_per_s", round(n / w))
    out("cpu_us_per_req", round(cpu * 1e6 / n, 2))
    out("wall_s", round(w, 4))


async def w8():
    await client(A[0], arg(1, 20000), arg(2, 64))


async def w9():
    n = arg(1, 10)
    await client(A[0], n, n)


PGQ = {
    "one": ("SELECT 1+1", ()),
    "pgtype": (
        "select typname, typnamespace, typowner, typlen, typbyval, typcategory, typispreferred, "
        "typisdefined, typdelim, typrelid, typelem, typarray from pg_type "
        "where typtypmod = $1 and typisdefined = $2",
        (-1, True),
    ),
    "series": ("SELECT i FROM generate_series(1, 1000) AS i", ()),
}


async def w10():
    import asyncpg

    host, qn, conns, secs = A[0], A[1], arg(2, 10), float(A[3])
    cs = [
        await asyncpg.connect(host=host, user="bench", database="postgres", ssl=False)
        for _ in range(conns)
    ]
    tot = [0, 0]
    recs = [(i, i * 2, "row %d" % i) for i in range(1000)]
    t0 = time.perf_counter()
    end = t0 + secs

    async def run(c, k):
        q = r = 0
        if qn in PGQ:
            sql, args = PGQ[qn]
            while time.perf_counter() < end:
                r += len(await c.fetch(sql, *args))
                q += 1
        elif qn == "batch":
            while time.perf_counter() < end:
                await c.executemany(
                    f"INSERT INTO bench_{k} (a,b,c) VALUES ($1,$2,$3)", recs
                )
                r += 1000
                q += 1
        elif qn == "copy":
            while time.perf_counter() < end:
                await c.copy_records_to_table(
                    f"bench_{k}", records=recs * 10, columns=["a", "b", "c"]
                )
                r += 10000
                q += 1
        tot[0] += q
        tot[1] += r

    if qn in ("batch", "copy"):
        for k, c in enumerate(cs):
            await c.execute(
                f"DROP TABLE IF EXISTS bench_{k}; CREATE UNLOGGED TABLE bench_{k}(a int4, b int4, c text)"
            )
    c0 = cpu_s()
    t0 = time.perf_counter()
    end = t0 + secs
    await asyncio.gather(*[run(c, k) for k, c in enumerate(cs)])
    w = time.perf_counter() - t0
    cpu = cpu_s() - c0
    out("queries_per_s", round(tot[0] / w, 1))
    out("rows_per_s", round(tot[1] / w))
    out("cpu_us_per_query", round(cpu * 1e6 / tot[0], 2))
    for c in cs:
        await c.close()


async def w11():
    import aiosqlite

    op, n, path = A[0], arg(1, 100_000), A[2]
    async with aiosqlite.connect(path) as db:
        await db.execute("PRAGMA journal_mode=WAL")
        await db.execute("PRAGMA synchronous=NORMAL")
        await db.execute(
            "CREATE TABLE IF NOT EXISTS kv(id INTEGER PRIMARY KEY, v TEXT)"
        )
        c0 = cpu_s()
        if op == "insert":
            await db.execute("DELETE FROM kv")
            await db.commit()
            t = time.perf_counter()
            for i in range(n):
                await db.execute("INSERT INTO kv VALUES(?,?)", (i, "value of row"))
            await db.commit()
        else:
            x = 1
            t = time.perf_counter()
            for i in range(n):
                x = (x * 1103515245 + 12345) & 0x7FFFFFFF
                async with db.execute("SELECT v FROM kv WHERE id=?", (x % n,)) as c:
                    assert (await c.fetchone()) is not None
        out("ops_per_s", round(n / (time.perf_counter() - t)))
        out("cpu_us_per_op", round((cpu_s() - c0) * 1e6 / n, 3))


async def w12():
    import aiofiles

    op, path = A[0], A[1]
    if op == "many":
        n = arg(2, 10000)
        c0, t = cpu_s(), time.perf_counter()
        it = iter(range(n))

        async def worker():
            tot = 0
            for i in it:
                async with aiofiles.open(f"{path}/f{i}", "rb") as f:
                    tot += len(await f.read())
            return tot

        tot = sum(await asyncio.gather(*[worker() for _ in range(16)]))
        w = time.perf_counter() - t
        assert tot == n * 4096
        out("files_per_s", round(n / w))
        out("GB_per_s", round(tot / w / 1e9, 3))
    else:
        c0, t = cpu_s(), time.perf_counter()
        tot = 0
        async with aiofiles.open(f"{path}/big", "rb", buffering=0) as f:
            while d := await f.read(1 << 20):
                tot += len(d)
        w = time.perf_counter() - t
        out("GB_per_s", round(tot / w / 1e9, 3))
    out("cpu_s", round(cpu_s() - c0, 4))


main = globals()["w" + PROG[1:].split("-")[0]]()
if PEER.startswith("uvloop"):
    import uvloop

    uvloop.install()
asyncio.run(main)
