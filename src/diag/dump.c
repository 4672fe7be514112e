/* SPDX-License-Identifier: MIT */
/*
 * What all tasks are doing: see wok/dump.h.
 *
 * This runs in a signal handler, on the thread whose loop it looks at: so nothing of that changes
 * meanwhile, but it may be in the middle of a change. Therefore the tree of tasks is left alone.
 * The pages of task headers are gone through instead: they are only ever added while a loop lives,
 * and a header says by itself whether it is in use. Whatever a header points to was there before
 * the pointer was.
 *
 * Other threads' loops do change meanwhile: each such thread is sent the same signal, marked, and
 * writes down its own.
 *
 * Ten thousand tasks of a server are a handful of lines: those that were started at one place and
 * wait for one thing are counted. There is room for so many kinds; the rest is one number.
 */
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include <wok/dump.h>

#include "loop/signal_watch.h"
#include "platform/sys.h"
#include "task/park.h"
#include "task/roster.h"
#include "task/run.h"

enum {
	KINDS_MAX = 64,
	TEXT_MAX = 60, /* of a name or a place */
	BUFFER_SIZE = 1024,
};

/* Tasks that are alike. */
struct kind {
	const char *name;
	const wok_site *site;
	const char *what;              /* is waited for; NULL */
	const struct wok_task *holder; /* who has it; NULL */
	enum wok__task_state state;
	size_t n;
};

struct kinds {
	struct kind kinds[KINDS_MAX];
	size_t n;
	size_t others; /* tasks for which there was no room */
	size_t all;
};

/* --- writing, without stdio ------------------------------------------------------------------- */

struct out {
	int fd;
	int error;
	size_t size;
	char buffer[BUFFER_SIZE];
};

static void flush(struct out *out)
{
	for (size_t done = 0; done < out->size && out->error == 0;) {
		ssize_t n = write(out->fd, out->buffer + done, out->size - done);
		if (n > 0)
			done += (size_t) n;
		else if (n == 0 || errno != EINTR)
			out->error = n == 0 ? -EIO : -errno;
	}
	out->size = 0;
}

static void put_some(struct out *out, const char *text, size_t most)
{
	for (size_t i = 0; text[i] && i < most; i++) {
		if (out->size == sizeof(out->buffer))
			flush(out);
		out->buffer[out->size++] = text[i];
	}
}

static void put(struct out *out, const char *text)
{
	put_some(out, text, TEXT_MAX);
}

static void put_number(struct out *out, size_t number, size_t width)
{
	char digits[24], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = (char) ('0' + number % 10);
		number /= 10;
	} while (number > 0);
	while (at > digits && (size_t) (digits + sizeof(digits) - 1 - at) < width)
		*--at = ' ';
	put(out, at);
}

/* --- counting --------------------------------------------------------------------------------- */

static bool same(const struct kind *a, const struct kind *b)
{
	return a->name == b->name && a->site == b->site && a->what == b->what &&
	       a->holder == b->holder && a->state == b->state;
}

static void count_kind(struct kinds *kinds, const struct kind *kind)
{
	kinds->all++;
	for (size_t i = 0; i < kinds->n; i++) {
		if (same(&kinds->kinds[i], kind)) {
			kinds->kinds[i].n++;
			return;
		}
	}
	if (kinds->n == KINDS_MAX) {
		kinds->others++;
		return;
	}
	kinds->kinds[kinds->n] = *kind;
	kinds->kinds[kinds->n++].n = 1;
}

static void count_task(const struct wok_task *task, void *arg)
{
	const struct wok__parker *parker = task->parker;
	struct kind kind = {.name = task->name, .site = task->site, .state = task->state};

	/* It is being made, or was woken just now. */
	if (!kind.name || !kind.site)
		return;
	if (parker && kind.state == WOK__TASK_PARKED) {
		kind.what = parker->what;
		kind.holder = parker->holder ? *parker->holder : NULL;
	}
	count_kind(arg, &kind);
}

/* --- the text --------------------------------------------------------------------------------- */

static void put_doing(struct out *out, const struct kind *kind)
{
	if (kind->state == WOK__TASK_NEW) {
		put(out, " has not begun");
	} else if (kind->state == WOK__TASK_RUNNING) {
		put(out, " runs");
	} else if (!kind->what) {
		put(out, " waits for its turn");
	} else {
		put(out, " waits for ");
		put(out, kind->what);
	}
	if (kind->holder && kind->holder->name) {
		put(out, " that ");
		put(out, kind->holder->name);
		put(out, " holds");
	}
}

/* The end of a path says more than its begin. */
static const char *place(const char *file)
{
	size_t size = strlen(file);

	return size > TEXT_MAX ? file + size - TEXT_MAX : file;
}

static void put_kind(struct out *out, const struct kind *kind)
{
	put_number(out, kind->n, 8);
	put(out, " x ");
	put(out, kind->name);
	put(out, " (");
	put(out, place(kind->site->file));
	put(out, ":");
	put_number(out, (size_t) kind->site->line, 0);
	put(out, ")");
	put_doing(out, kind);
	put(out, "\n");
}

static void put_head(struct out *out, const struct wok__run *run, size_t n_tasks)
{
	put(out, "wok: ");
	put_number(out, n_tasks, 0);
	put(out, n_tasks == 1 ? " task" : " tasks");
	put(out, " on the loop of thread ");
	put_number(out, (size_t) wok__sys_gettid(), 0);
	put(out, " (");
	put(out, run->loop.backend->name);
	put(out, ", ");
	put_number(out, run->loop.timers.n, 0);
	put(out, " timers, ");
	put_number(out, run->loop.io_pending, 0);
	put(out, " waits for the kernel)\n");
}

static int dump(const struct wok__run *run, int fd)
{
	struct kinds kinds = {.n = 0};
	struct out out = {.fd = fd};

	wok__slab_each(&run->headers, count_task, &kinds);
	put_head(&out, run, kinds.all);
	for (size_t i = 0; i < kinds.n; i++)
		put_kind(&out, &kinds.kinds[i]);
	if (kinds.others > 0) {
		put_number(&out, kinds.others, 8);
		put(&out, " tasks of other kinds\n");
	}
	flush(&out);
	return out.error;
}

int wok_dump_tasks(int fd)
{
	const struct wok__run *run = wok__run_of(wok__loop);
	int saved = errno;

	if (!run)
		return -EINVAL;
	int r = dump(run, fd);
	errno = saved;
	return r;
}

/* --- by a signal ------------------------------------------------------------------------------ */

static atomic_int signal_fds[WOK__SIGNAL_LAST + 1];
/* Its address marks the signals that one thread sends to the others. */
static const char marked;

static void on_signal(int number, const siginfo_t *info)
{
	int here = wok__sys_gettid();

	(void) wok_dump_tasks(atomic_load(&signal_fds[number]));
	if (info->si_code == SI_QUEUE && info->si_value.sival_ptr == &marked)
		return;
	for (int i = 0; i < WOK__ROSTER_MAX; i++) {
		int thread = atomic_load(&wok__roster[i].thread);
		if (thread != 0 && thread != here)
			(void) wok__sys_signal_thread(thread, number, &marked);
	}
}

int wok_dump_on_signal(int number, int fd)
{
	if (number <= 0 || number > WOK__SIGNAL_LAST)
		return wok_fail(-EINVAL, "wok_dump_on_signal: %d is no signal", number);
	if (fd < 0)
		return wok__signal_watch_direct(number, NULL);
	int before = atomic_exchange(&signal_fds[number], fd);
	int r = wok__signal_watch_direct(number, on_signal);
	if (r < 0)
		atomic_store(&signal_fds[number], before);
	return r;
}
