# SPDX-License-Identifier: MIT
"""For gdb: what all tasks are doing, in a process that runs or in the memory of one that has died.

    gdb -x tools/gdb-wok.py PROGRAM CORE
    (gdb) wok-tasks               each kind of task, counted
    (gdb) wok-tasks all           each task, with its address

wok must have been built with -g. What is read is what wok_dump_tasks() reads: the pages of task
headers of each loop.
"""
import collections

import gdb

LIMIT = 100000  # tasks, in case the lists are broken
STATES = {0: "has not begun", 1: "waits for its turn", 2: "runs", 4: "has ended"}
PARKED, DONE = 3, 4


def text(pointer):
    """A C string, or what there is instead."""
    if not pointer:
        return "?"
    try:
        return pointer.string(errors="replace")
    except gdb.MemoryError:
        return "?"


def offset(kind, field):
    return gdb.lookup_type(kind)[field].bitpos // 8


def headers(run):
    """The tasks of a run that have not ended, page by page."""
    page_type = gdb.lookup_type("struct wok__slab_page")
    task_type = gdb.lookup_type("struct wok_task")
    first = offset("struct wok__slab_page", "headers")
    per_page = (16384 - page_type.sizeof) // task_type.sizeof
    head = run["headers"]["pages"]["head"].address
    node = head["next"]
    seen = 0
    while node and node != head and seen < LIMIT:
        page = int(node) - offset("struct wok__slab_page", "link")
        for i in range(per_page):
            address = page + first + i * task_type.sizeof
            task = gdb.Value(address).cast(task_type.pointer()).dereference()
            if task["run"] and int(task["state"]) != DONE:
                yield task
        seen += per_page
        node = node["next"]


def doing(task):
    state, parker = int(task["state"]), task["parker"]
    if state != PARKED or not parker:
        return STATES.get(state, "waits")
    words = "waits for " + text(parker["what"])
    if parker["holder"] and parker["holder"].dereference():
        words += " that %s holds" % text(parker["holder"].dereference()["name"])
    return words


def describe(task):
    site = task["site"]
    return "%s (%s:%d) %s" % (text(task["name"]), text(site["file"]), int(site["line"]),
                              doing(task))


def runs():
    """(thread, run) of each loop."""
    roster = gdb.parse_and_eval("wok__roster")
    for i in range(*roster.type.range()):
        entry = roster[i]
        pointer = int(entry["run"])
        if not pointer:
            continue
        run = gdb.Value(pointer).cast(gdb.lookup_type("struct wok__run").pointer())
        yield int(entry["thread"]), run.dereference()


class Tasks(gdb.Command):
    """What the tasks of all of wok's loops are doing; with "all", one by one."""

    def __init__(self):
        super().__init__("wok-tasks", gdb.COMMAND_STATUS)

    def invoke(self, arguments, from_tty):
        for thread, run in runs():
            tasks = list(headers(run))
            print("%d tasks on the loop of thread %d" % (len(tasks), thread))
            if arguments.strip() == "all":
                for task in tasks:
                    print("  %#x %s" % (int(task.address), describe(task)))
                continue
            for words, n in collections.Counter(map(describe, tasks)).most_common():
                print("%8d x %s" % (n, words))


Tasks()
