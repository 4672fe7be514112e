/* SPDX-License-Identifier: MIT */
/*
 * A new process: see exec/process_pool.h.
 *
 * Nothing restarts by itself: a process is started when a job needs one. So a loop of crashes needs
 * somebody who keeps asking, and is slowed down by making him wait: after a few deaths in a row,
 * longer and longer. If processes do not even become ready, and that again and again, then jobs are
 * refused at once for a while, and then one attempt is made; that is a circuit breaker (Nygard,
 * Release It!, 2007).
 */
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>

#include "base/memory.h"
#include "base/time.h"
#include "exec/process_pool.h"
#include "platform/process.h"
#include "platform/sys.h"

enum {
	FREE_DEATHS = 3, /* in a row, before there is a pause */
	BAD_STARTS = 5,  /* in a row, before jobs are refused */
};
#define FIRST_PAUSE (10 * WOK_MS)
#define LONGEST_PAUSE WOK_SECOND
#define COOLING (5 * WOK_SECOND)

/* --- not too often ---------------------------------------------------------------------------- */

void wok__process_note_death(struct wok__process *process)
{
	wok_process_pool *pool = process->pool;

	pool->n_deaths++;
	pool->died_at = wok_now();
	pool->info.died++;
}

static wok_time pause_after(unsigned n_deaths)
{
	if (n_deaths < FREE_DEATHS)
		return 0;
	unsigned doubled = n_deaths - FREE_DEATHS;
	return doubled < 7 ? FIRST_PAUSE << doubled : LONGEST_PAUSE;
}

static int may_start(const wok_process_pool *pool)
{
	wok_time cooled = wok__time_add(pool->died_at, COOLING);

	if (pool->n_bad_starts >= BAD_STARTS && wok_now() < cooled)
		return wok_fail(-EAGAIN,
				"no worker could be started, %u times in a row; the last: %s",
				pool->n_bad_starts, pool->bad_start);
	wok_time pause = pause_after(pool->n_deaths);
	return pause == 0 ? 0 : wok_sleep_until(wok__time_add(pool->died_at, pause));
}

/* --- starting --------------------------------------------------------------------------------- */

/* What a new process gets: its ends of sockets and pipes. */
struct ends {
	int control;
	int output[2];
};

static void close_ends(struct ends *ends)
{
	const int fds[] = {ends->control, ends->output[0], ends->output[1]};

	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			wok__sys_close(fds[i]);
}

static int open_pipes(struct wok__process *process, struct ends *ends)
{
	for (int i = 0; i < 2 && process->pipes; i++) {
		int fds[2];
		int r = wok__sys_pipe(fds);
		if (r < 0)
			return r;
		process->pipes[i].fd = fds[0];
		process->pipes[i].size = 0;
		ends->output[i] = fds[1];
	}
	return 0;
}

static int open_control(struct wok__process *process, struct ends *ends)
{
	int fds[2];

	int r = wok__sys_packet_pair(fds);
	if (r < 0)
		return r;
	process->socket = fds[0];
	ends->control = fds[1];
	return 0;
}

static int spawn(struct wok__process *process, const struct ends *ends)
{
	const char *program = process->pool->options.program;
	char *const argv[] = {(char *) (program ? program : program_invocation_name),
			      (char *) WOK__WORKER_ARGUMENT, NULL};
	const struct wok__spawn what = {
		.program = program ? program : "/proc/self/exe",
		.argv = argv,
		.control = ends->control,
		.standard = {-1, ends->output[0], ends->output[1]},
	};

	int r = wok__sys_spawn(&what, &process->pid);
	if (r < 0)
		return r;
	process->pool->info.started++;
	r = wok__sys_pidfd_open(process->pid);
	if (r < 0) {
		wok__sys_kill_child(process->pid);
		process->pid = 0;
		return r;
	}
	process->pidfd = r;
	process->n_jobs = 0;
	process->pool->info.workers++;
	return 0;
}

/* A place keeps these for its next process. */
static int allocate(struct wok__process *process)
{
	if (!process->body)
		process->body = wok_alloc(WOK__PACKET_BODY);
	if (!process->body)
		return -ENOMEM;
	if (!process->pool->options.capture_output || process->pipes)
		return 0;
	process->pipes = wok_alloc(2 * sizeof(*process->pipes));
	if (!process->pipes)
		return -ENOMEM;
	process->pipes[0].fd = process->pipes[1].fd = -1;
	return 0;
}

/* --- the first words -------------------------------------------------------------------------- */

static int check_hello(const wok_process_pool *pool, const struct wok__received *packet)
{
	struct wok__hello ours, theirs;

	memcpy(&theirs, packet->data, sizeof(theirs));
	theirs.wok[sizeof(theirs.wok) - 1] = '\0';
	wok__hello_fill(&ours);
	if (theirs.version != ours.version || strcmp(theirs.wok, ours.wok) != 0)
		return wok_fail(-ENOEXEC, "the worker has wok %s, this program has %s", theirs.wok,
				ours.wok);
	if (pool->options.other_build)
		return 0;
	if (theirs.build_size != ours.build_size ||
	    memcmp(theirs.build, ours.build, sizeof(ours.build)) != 0)
		return wok_fail(-ENOEXEC,
				"%s is another build than this program: start this one anew, or "
				"set other_build",
				pool->options.program ? pool->options.program : "the worker");
	return 0;
}

/* A page that both have mapped; the descriptor goes along with the setup. */
static int share_mark(struct wok__process *process)
{
	void *mark = NULL;
	int fd = wok__sys_memory("wok-mark");
	if (fd < 0)
		return fd;
	int r = wok__sys_memory_resize(fd, sizeof(*process->mark));
	if (r == 0)
		r = wok__sys_memory_seal_size(fd);
	if (r == 0)
		r = wok__sys_map(fd, sizeof(*process->mark), true, &mark);
	if (r < 0) {
		wok__sys_close(fd);
		return r;
	}
	process->mark = mark;
	return fd;
}

static int send_setup(struct wok__process *process)
{
	const wok_process_pool_options *options = &process->pool->options;
	const char *initializer = options->initializer ? options->initializer : "";
	const struct wok__setup setup = {
		.max_memory = options->max_memory,
		.max_cpu_seconds = (uint64_t) ((options->max_cpu + WOK_SECOND - 1) / WOK_SECOND),
		.max_fds = options->max_fds,
		.nice = options->nice,
		.captured = process->pipes != NULL,
	};
	const struct wok__packet head = {
		.kind = WOK__PACKET_SETUP,
		.name_size = (uint16_t) strlen(initializer),
		.size = sizeof(setup) + options->initializer_size,
	};

	int fd = share_mark(process);
	if (fd < 0)
		return fd;
	memcpy(process->body, &setup, sizeof(setup));
	if (options->initializer_size > 0)
		memcpy(process->body + sizeof(setup), options->initializer_input,
		       options->initializer_size);
	int r = wok__packet_send(process->socket, &head, initializer, process->body, fd,
				 MSG_DONTWAIT);
	wok__sys_close(fd);
	return r == -ECONNRESET ? -EPIPE : r;
}

static int check_ready(const wok_process_pool *pool, const struct wok__received *packet)
{
	int code = packet->head.code;

	if (code >= 0)
		return 0;
	if (code == -ECANCELED)
		code = WOK_ETASKCANCELED;
	return wok_fail(code, "a new worker could not begin%s%s: %.*s",
			pool->options.initializer ? " with " : "",
			pool->options.initializer ? pool->options.initializer : "",
			(int) packet->head.size, packet->data);
}

static int receive(struct wok__process *process, wok_time deadline, struct wok__received *packet)
{
	int r = wok__process_receive(process, deadline, "a worker process to be ready", packet);

	if (r == 0 && packet->memory >= 0) {
		wok__sys_close(packet->memory);
		return -EPROTO;
	}
	return r;
}

/*
 * 0: it is ready, or *ret_refused says why it must not be used. An error: what happened to it. The
 * two are apart, for an initializer may fail with any code.
 */
static int greet(struct wok__process *process, int *ret_refused)
{
	wok_process_pool *pool = process->pool;
	wok_time deadline = wok__time_add(wok_now(), pool->options.start_timeout);
	struct wok__received packet;

	WOK_TRY(receive(process, deadline, &packet));
	if (packet.head.kind != WOK__PACKET_HELLO || packet.head.size != sizeof(struct wok__hello))
		return -EPROTO;
	*ret_refused = check_hello(pool, &packet);
	if (*ret_refused < 0)
		return 0;
	int r = send_setup(process);
	*ret_refused = r == -EPIPE ? 0 : r;
	if (r < 0)
		return r == -EPIPE ? r : 0;
	WOK_TRY(receive(process, deadline, &packet));
	if (packet.head.kind != WOK__PACKET_READY)
		return -EPROTO;
	*ret_refused = check_ready(pool, &packet);
	return 0;
}

/* --- when it goes wrong ----------------------------------------------------------------------- */

static int note_bad_start(struct wok__process *process, int r)
{
	wok_process_pool *pool = process->pool;

	wok__process_note_death(process);
	pool->n_bad_starts++;
	snprintf(pool->bad_start, sizeof(pool->bad_start), "%s", wok_errmsg(r));
	return r;
}

/* It did not come to be ready. */
static int give_up(struct wok__process *process, int r)
{
	const wok_process_pool_options *options = &process->pool->options;
	struct wok__saved_error saved = wok__error_save();
	char text[160];

	wok__process_end(process, r == -EPIPE ? WOK__END_ASK : WOK__END_KILL);
	wok__error_restore(saved);
	int pid = (int) process->ended_pid;
	process->try_again = r == -EPIPE;
	if (r == -EPIPE)
		r = wok_fail(WOK_EWORKER, "%s before it was ready%s",
			     wok__process_epitaph(process, text),
			     options->program ? ": does its main() call wok_worker()?" : "");
	else if (r == -EPROTO)
		r = wok_fail(WOK_EWORKER, "worker %d broke the protocol at its start", pid);
	else if (r == -ETIMEDOUT)
		r = wok_fail(WOK_EWORKER, "worker %d was not ready after %lld ms: it was ended",
			     pid, (long long) (options->start_timeout / WOK_MS));
	else
		return r; /* nothing of its doing: a cancel, no memory to wait */
	return note_bad_start(process, r);
}

/* It is not what it should be, or could not do what it should; the message says so. */
static int refuse(struct wok__process *process, int r)
{
	struct wok__saved_error saved = wok__error_save();

	wok__process_end(process, WOK__END_ASK);
	wok__error_restore(saved);
	return note_bad_start(process, r);
}

/* It could not even be started. */
static int not_started(struct wok__process *process, int r)
{
	if (process->socket >= 0)
		wok__sys_close(process->socket);
	process->socket = -1;
	for (int i = 0; i < 2 && process->pipes; i++) {
		if (process->pipes[i].fd >= 0)
			wok__sys_close(process->pipes[i].fd);
		process->pipes[i].fd = -1;
	}
	return wok_fail(r, "cannot start a worker process: %s", wok_strerror(r));
}

static int spawn_connected(struct wok__process *process)
{
	struct ends ends = {-1, {-1, -1}};

	int r = allocate(process);
	if (r == 0)
		r = open_control(process, &ends);
	if (r == 0)
		r = open_pipes(process, &ends);
	if (r == 0)
		r = spawn(process, &ends);
	close_ends(&ends);
	return r < 0 ? not_started(process, r) : 0;
}

static int start(struct wok__process *process)
{
	int refused = 0;

	WOK_TRY(spawn_connected(process));
	int r = greet(process, &refused);
	if (r < 0)
		return give_up(process, r);
	if (refused < 0)
		return refuse(process, refused);
	process->pool->n_bad_starts = 0;
	return 0;
}

int wok__process_ready(struct wok__process *process)
{
	if (wok__process_alive(process))
		return 0;
	int r = may_start(process->pool);
	if (r == -EAGAIN) {
		const char *why = wok_errmsg(r);
		return wok_fail(WOK_EWORKER, "%s", why);
	}
	return r < 0 ? r : start(process);
}
