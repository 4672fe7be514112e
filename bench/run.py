#!/usr/bin/env python3
"""Runs the workloads on each of wok's backends and on each peer that is here, and prints a table.

usage: bench/run.py FOLDER [--bench w1,w2] [--runs N] [--peers go,epoll] [--cases 500] [--smoke]
       bench/run.py FOLDER --backends        only names the backends that wok has here

FOLDER is build/bench, with the peers in FOLDER/peers (bench/peers/build.sh). The table also goes to
FOLDER/results.md, each single run to FOLDER/runs.jsonl. "make bench" calls this. --smoke: once each,
small, wok and the raw C peers only: it tells that everything runs, not how fast.
"""
import argparse
import json
import os
import platform
import resource
import signal
import statistics
import subprocess
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import workloads  # noqa: E402
from harness import Failed, Settings  # noqa: E402

BACKENDS = ("epoll", "io_uring")
RAW = ("epoll", "uring", "fcontext", "sync", "ucontext")  # bare C: what the machine can do


def backends():
    """The backends that wok has here: each must be able to run a task."""
    found = []
    for name in BACKENDS:
        done = subprocess.run([os.path.join(Settings.folder, "w1-spawn"), "1"],
                              env=dict(os.environ, WOK_BACKEND=name), stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, encoding="utf-8", check=False)
        if done.returncode == 0:
            found.append(name)
        else:
            print("bench: no backend %s: %s" % (name, done.stderr.strip()), file=sys.stderr)
    if not found:
        sys.exit("bench: wok runs on no backend")
    return found


def said(command):
    """The first line that a command prints; "" if there is no such command."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              encoding="utf-8", check=False)
    except OSError:
        return ""
    return (done.stdout.splitlines() or [""])[0]


def machine():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        models = [line.split(":")[1].strip() for line in f if line.startswith("model name")]
    return "%d CPUs, %s, Linux %s, %s" % (os.cpu_count(), (models or [platform.machine()])[0],
                                          platform.release(), said(["cc", "--version"]))


def versions():
    packages = ("libuv1-dev liburing-dev libboost-context1.74-dev libcurl4-openssl-dev "
                "librust-tokio-dev librust-hyper-dev python3-uvloop python3-aiohttp nginx-light wrk "
                "postgresql-15 libpq-dev python3-asyncpg libsqlite3-dev python3-aiosqlite")
    found = [said(["go", "version"]), said(["/usr/bin/python3", "--version"])]
    for name in packages.split():
        version = said(["dpkg-query", "-W", "-f", "${Version}\n", name])
        if version:
            found.append("%s %s" % (name, version))
    return ", ".join(f for f in found if f)


def number(value):
    if value >= 1000:
        return "{:,.0f}".format(value)
    return "%.3g" % value if value < 100 else "%.0f" % value


class Results:
    """workload -> case -> participant -> the figures of each round, or why there are none."""

    def __init__(self):
        self.runs = {}
        self.failures = {}

    def add(self, workload, case, who, figures):
        self.runs.setdefault(workload, {}).setdefault(case, {}).setdefault(who, []).append(figures)

    def values(self, workload, case, who, key):
        rounds = self.runs.get(workload, {}).get(case, {}).get(who, [])
        return [f[key] for f in rounds if key in f]

    def ratio(self, workload, case, wok, peers, key, best):
        """The median over the rounds of wok's value by the best one of peers in the same round."""
        of = self.runs.get(workload, {}).get(case, {})
        ratios = []
        for turn, ours in enumerate(of.get(wok, [])):
            rounds = [of[p][turn] for p in peers if turn < len(of.get(p, []))]
            theirs = [figures[key] for figures in rounds if key in figures]
            if key in ours and theirs:
                ratios.append(ours[key] / best(theirs))
        return statistics.median(ratios) if ratios else None


def take_rounds(results, name, options, woks):
    """Rounds are outermost: a slow phase of the machine meets all that are compared."""
    w = workloads.WORKLOADS[name]
    peers = [p for p in w.peers if not options.peers or p in options.peers]
    if options.smoke:
        peers = [p for p in peers if p in RAW]
    there = [p for p in peers if workloads.program(p, w.program)]
    missing = [p for p in peers if p not in there]
    if missing:
        print("%s: not here, left out: %s" % (name, " ".join(missing)))
    cases = workloads.SMOKE[name] if options.smoke else w.cases
    if w.left_out():
        print("%s: left out: %s" % (name, w.left_out()))
        return
    for turn in range(options.runs):
        for case in [c for c in cases if not options.cases or c in options.cases]:
            for who in woks + there:
                try:
                    figures = w.run(who, case)
                except Failed as failure:
                    results.failures[name, case, who] = str(failure)
                    figures = {}
                    print("%s %s %s: %s" % (name, case, who, failure), flush=True)
                else:
                    print("%s round %d %s %-16s %s" % (name, turn + 1, case, who, " ".join(
                        "%s=%.4g" % pair for pair in figures.items())), flush=True)
                results.add(name, case, who, figures)
                with open(os.path.join(Settings.folder, "runs.jsonl"), "a",
                          encoding="utf-8") as f:
                    f.write(json.dumps(dict(figures, workload=name, case=case, who=who)) + "\n")


def rows_of(results, name, case, metric, woks):
    """The table's rows for a metric: the best on top."""
    rows = []
    for who in results.runs[name][case]:
        values = results.values(name, case, who, metric.key)
        if values:
            rows.append((statistics.median(values), who, values))
    rows.sort(reverse=metric.more)
    for median, who, values in rows:
        ratios = []
        for wok in woks:
            r = results.ratio(name, case, wok, [who], metric.key, min)
            ratios.append("-" if r is None or who == wok else "%.2f" % r)
        shown = "**%s**" % who if who in woks else who + (" (raw)" if who in RAW else "")
        yield "| %s %s | %s | %s | %s %s | %s..%s | %s | %.2f | %.2f |" % (
            name.upper(), case, metric.name, shown, number(median), metric.unit,
            number(min(values)), number(max(values)), " | ".join(ratios),
            statistics.median(results.values(name, case, who, "noise")),
            statistics.median(results.values(name, case, who, "speed")))


def table(results, woks):
    yield "| case | figure | program | median | min..max | %s | noise | speed |" % \
        " | ".join(w + " by it" for w in woks)
    yield "|---|---|---|---|---|%s---|---|" % ("---|" * len(woks))
    for name in results.runs:
        for case in results.runs[name]:
            for metric in workloads.WORKLOADS[name].metrics:
                yield from rows_of(results, name, case, metric, woks)


def goals(results, woks):
    yield "| goal | %s |" % " | ".join(woks)
    yield "|---|%s" % ("---|" * len(woks))
    for name in results.runs:
        w = workloads.WORKLOADS[name]
        for goal in w.goals:
            case = goal.case or w.cases[0]
            metric = next(m for m in w.metrics if m.key == goal.metric)
            cells = []
            for wok in woks:
                if goal.peers:
                    got = results.ratio(name, case, wok, goal.peers, goal.metric,
                                        max if metric.more else min)
                else:
                    values = results.values(name, case, wok, goal.metric)
                    got = statistics.median(values) if values else None
                met = got is not None and (got >= goal.factor if metric.more
                                           else got <= goal.factor)
                cells.append("-" if got is None else "%s, %s" % (number(got),
                                                                 "met" if met else "not met"))
            against = "× %s" % " or ".join(goal.peers) if goal.peers else metric.unit
            yield "| %s %s: %s at %s %s %s | %s |" % (
                name.upper(), case, metric.name, "least" if metric.more else "most",
                number(goal.factor), against, " | ".join(cells))


def report(results, woks, options, load):
    out = ["# Benchmarks", "", "Machine: %s." % machine(), "", "Peers: %s." % versions(), "",
           "Load averages: %s at the start, %s at the end%s." % (
               load, load_average(),
               "; the benchmarks ran ahead of the rest" if options.nice < 0 else ""), "",
           "Medians of %d rounds; \"wok-X by it\" is wok's figure by the row's, the median of the "
           "rounds' ratios. noise: CPUs that other processes used; speed: the machine's, of the "
           "fastest it was seen to be." % options.runs, ""]
    out += list(table(results, woks))
    for name, w in workloads.WORKLOADS.items():
        if name in results.runs:
            out += [""] if out[-1].startswith("|") else []
            out.append("- %s: %s" % (name.upper(), w.title))
    if not options.smoke:
        out += [""] + list(goals(results, woks))
    for (name, case, who), why in sorted(results.failures.items()):
        out += ["", "%s %s %s: %s" % (name.upper(), case, who, why)]
    return "\n".join(out) + "\n"


def load_average():
    return "%.2f" % os.getloadavg()[0]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", help="build/bench")
    parser.add_argument("--bench", default="", help="workloads, as w1,w2; all by default")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peers", default="", help="only these; \"none\" for wok alone")
    parser.add_argument("--cases", default="")
    parser.add_argument("--seconds", default="2", help="how long a server is under load")
    parser.add_argument("--retries", type=int, default=2, help="after a disturbed run")
    parser.add_argument("--patience", type=float, default=10,
                        help="seconds to wait before each run for others to be quiet")
    parser.add_argument("--nice", type=int, default=0,
                        help="below 0, as root: ahead of others, on a machine that is not ours alone")
    parser.add_argument("--smoke", action="store_true")
    parser.add_argument("--backends", action="store_true")
    options = parser.parse_args()
    for field in ("bench", "peers", "cases"):
        setattr(options, field, getattr(options, field).replace(",", " ").split())
    unknown = [n for n in options.bench if n not in workloads.WORKLOADS]
    if unknown:
        parser.error("no workload %s; there are %s" % (unknown[0], " ".join(workloads.WORKLOADS)))
    return options


def main():
    options = arguments()
    Settings.folder = os.path.abspath(options.folder)
    Settings.smoke, Settings.retries = options.smoke, options.retries
    Settings.patience = options.patience
    Settings.seconds = "0.2" if options.smoke else options.seconds
    if options.backends:
        print("\n".join(backends()))
        return 0
    if options.smoke:
        options.runs, Settings.retries, Settings.patience = 1, 0, 0
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(1))  # so that servers are stopped
    if options.nice:
        os.setpriority(os.PRIO_PROCESS, 0, options.nice)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    woks = ["wok-" + b for b in backends()]
    results, load = Results(), load_average()
    for name in options.bench or workloads.WORKLOADS:
        take_rounds(results, name, options, woks)
    text = report(results, woks, options, load)
    print("\n" + text)
    with open(os.path.join(Settings.folder, "results.md"), "w", encoding="utf-8") as f:
        f.write(text)
    ours = [k for k in results.failures if k[2] in woks]
    return 1 if ours else 0


sys.exit(main())
