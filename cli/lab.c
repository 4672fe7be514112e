/* SPDX-License-Identifier: MIT */
/*
 * `wok lab`: starts the server, runs the ways one after another, shows and reports what they did.
 *
 * The server and each way are processes of their own: a way's peak memory is then its own, and what
 * is measured shares nothing with what measures it. So this process has no loop of wok's either; it
 * reads events from one pipe at a time.
 *
 * Ctrl-C reaches only this process (see child.h). It ends the way that runs, then the server, and
 * reports what was fetched until then. A second one stops being patient.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/loop.h>

#include "child.h"
#include "command.h"
#include "lab_events.h"
#include "lab_options.h"
#include "progress.h"
#include "report.h"
#include "terminal.h"

enum {
	TICK = 100,         /* milliseconds between two looks at the clock */
	PATIENCE = 2000,    /* milliseconds that a child gets to end by itself */
	START_TIME = 10000, /* milliseconds that the server gets to start */
	PIPE_SIZE = 1024 * 1024,
};

struct lab {
	struct lab_options options;
	pid_t server;  /* 0: none of ours */
	int server_fd; /* closing it ends the server; -1 */
	char *url;     /* what is fetched, malloc'd */
	struct way_result results[N_WAYS];
	size_t n_results;
	int reported; /* exit status so far: 0, or 1 for what was already explained on stderr */
};

/* How often somebody wants us to end. Written by the signal handler only. */
static volatile sig_atomic_t interrupts;

static void note_interrupt(int signal)
{
	(void) signal;
	interrupts++;
}

/* SIGTERM and SIGHUP are as Ctrl-C: whoever ends the lab wants no children left. */
static void catch_signals(void)
{
	struct sigaction action = {.sa_handler = note_interrupt};

	sigemptyset(&action.sa_mask); /* no SA_RESTART: poll is to return */
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN); /* "wok lab | head": an error of fflush, not a death */
}

static int complain(struct lab *lab, const char *what, int r)
{
	/* -ECHILD is ours: the server's process is no more. What it said stands above. */
	fprintf(stderr, "wok lab: %s: %s\n", what,
		r == -ECHILD ? "it ended before it listened" : wok_strerror(r));
	lab->reported = EXIT_FAILURE;
	return r;
}

/* --- the server --------------------------------------------------------------------------- */

/* Wait for the line with the port that the server sends when it listens. */
static int read_port(int fd, size_t *ret_port)
{
	char line[16];
	size_t used = 0;

	while (used < sizeof(line) - 1) {
		struct pollfd ready = {.fd = fd, .events = POLLIN};
		int r = poll(&ready, 1, START_TIME);
		if (r < 0)
			return -errno; /* EINTR: Ctrl-C */
		if (r == 0)
			return -ETIMEDOUT;
		ssize_t n = read(fd, line + used, sizeof(line) - 1 - used);
		if (n <= 0)
			return n < 0 ? -errno : -ECHILD; /* it has ended, and said why */
		used += (size_t) n;
		if (line[used - 1] != '\n')
			continue;
		line[used - 1] = '\0';
		return text_to_count(line, 1, 65535, ret_port);
	}
	return -EBADMSG;
}

static int start_server(struct lab *lab, size_t *ret_port)
{
	static const char *const argv[] = {"wok", "lab-server", "--for-lab", NULL};
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return -errno;
	int r = child_start(argv, ends[1], &lab->server);
	close(ends[1]);
	lab->server_fd = ends[0];
	if (r < 0) {
		lab->server = 0;
		return r;
	}
	return read_port(lab->server_fd, ret_port);
}

static void end_server(struct lab *lab)
{
	if (lab->server_fd >= 0)
		close(lab->server_fd);
	lab->server_fd = -1;
	if (lab->server == 0)
		return;
	int status = child_end(lab->server, PATIENCE);
	lab->server = 0;
	struct child_fate fate = child_fate(status);
	if (*fate.s) {
		fprintf(stderr, "wok lab: the lab's own server %s\n", fate.s);
		lab->reported = EXIT_FAILURE;
	}
}

/* Make sure that there is something to fetch: lab->url. */
static int prepare(struct lab *lab)
{
	struct text delay = text_delay(lab->options.delay);
	size_t port = 0;
	int r;

	if (lab->options.server) {
		r = asprintf(&lab->url, "%s/delay/%s", lab->options.server, delay.s);
	} else {
		r = start_server(lab, &port);
		if (r < 0)
			return r == -EINTR ? r : complain(lab, "the server does not start", r);
		r = asprintf(&lab->url, "http://127.0.0.1:%zu/delay/%s", port, delay.s);
	}
	if (r < 0) {
		lab->url = NULL;
		return complain(lab, "preparing the URL", -ENOMEM);
	}
	return 0;
}

/* --- a way -------------------------------------------------------------------------------- */

/* A way's process, seen from the lab. */
struct way_process {
	pid_t pid;
	int events;    /* the reading end of its pipe */
	int told;      /* of the interrupts, how many were passed on */
	uint64_t peak; /* its memory when it was interrupted; 0 */
	struct event_reader reader;
};

static int start_way(const struct lab *lab, enum lab_way way, struct way_process *process)
{
	struct text limit, n, delay = text_delay(lab->options.delay);
	int ends[2];

	snprintf(n.s, sizeof(n.s), "%zu", lab->options.urls);
	snprintf(limit.s, sizeof(limit.s), "%zu", lab->options.limit);
	const char *const argv[] = {"wok", "lab-way", lab_way_word(way), lab->url,
				    n.s,   limit.s,   delay.s,           NULL};
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* So that a way never waits for the lab to draw. A smaller pipe would do, too. */
	(void) fcntl(ends[0], F_SETPIPE_SZ, PIPE_SIZE);
	int r = child_start(argv, ends[1], &process->pid);
	close(ends[1]);
	if (r < 0)
		close(ends[0]);
	else
		process->events = ends[0];
	return r;
}

/* Pass Ctrl-C on: the first time politely, then not. */
static void pass_interrupt_on(struct way_process *process)
{
	if (interrupts == process->told)
		return;
	/* A process that dies of the signal cannot tell any more. */
	if (process->told == 0)
		process->peak = child_peak_memory(process->pid);
	kill(process->pid, process->told == 0 ? SIGINT : SIGKILL);
	process->told = interrupts;
}

/* Read events until the process closes its pipe, which it does at the latest when it ends. */
static int follow(struct way_process *process, struct way_result *result, struct progress *progress)
{
	wok_time patient_until = 0;
	int r = 1;

	while (r > 0) {
		struct pollfd ready = {.fd = process->events, .events = POLLIN};
		if (poll(&ready, 1, TICK) > 0)
			r = event_reader_read(&process->reader, process->events, result);
		pass_interrupt_on(process);
		if (process->told > 0 && patient_until == 0)
			patient_until = wok_now() + PATIENCE * WOK_MS;
		if (process->told > 0 && wok_now() > patient_until)
			break; /* it does not listen; child_end will be plainer */
		progress_update(progress, result);
	}
	return r < 0 ? r : 0;
}

/* Why requests have no end: what became of the process. */
static const char *explain(const struct way_process *process, int r, int status, char *reason,
			   size_t size)
{
	struct child_fate fate = child_fate(status);

	if (process->told > 0)
		return "interrupted";
	if (*fate.s)
		snprintf(reason, size, "the way's process %s", fate.s);
	else
		snprintf(reason, size, "the way's process did not tell (%s)",
			 r < 0 ? wok_strerror(r) : "it ended early");
	return reason;
}

static int run_way(struct lab *lab, enum lab_way way, struct progress *progress)
{
	struct way_result *result = &lab->results[lab->n_results];
	struct way_process process = {.events = -1};
	char reason[128];

	int r = way_result_init(result, way, lab->options.limit, lab->options.urls);
	if (r < 0)
		return complain(lab, "a result", r);
	lab->n_results++;
	r = start_way(lab, way, &process);
	if (r < 0) {
		way_result_close(result, 0, "its process does not start");
		return complain(lab, result->title.s, r);
	}
	progress_begin(progress, result);
	r = follow(&process, result, progress);
	close(process.events);
	int status = child_end(process.pid, PATIENCE);
	if (result->peak_memory == 0)
		result->peak_memory = process.peak;
	way_result_close(result, wok_now(), explain(&process, r, status, reason, sizeof(reason)));
	progress_end(progress, result);
	if (*process.reader.hint && result->failed > 0) {
		fprintf(stderr, "wok lab: %s: %s\n", result->title.s, process.reader.hint);
		lab->reported = EXIT_FAILURE;
	}
	return 0;
}

/* --- the report --------------------------------------------------------------------------- */

/* Say on stderr what failed: each reason once, with how many met it. */
static void report_failures(struct lab *lab)
{
	for (size_t i = 0; i < lab->n_results; i++) {
		const struct way_result *result = &lab->results[i];
		for (size_t j = 0; j < result->n_failures; j++) {
			const struct failure *failure = &result->failures[j];
			/* wok's own messages name the URL already. */
			bool named = strstr(failure->reason, lab->url) != NULL;
			fprintf(stderr, "wok lab: %s: %s%s%s (%s of %s requests)\n",
				result->title.s, named ? "" : lab->url, named ? "" : ": ",
				failure->reason, text_count(failure->count).s,
				text_count(result->n).s);
		}
		if (result->other_failures > 0)
			fprintf(stderr, "wok lab: %s: %s more failed for other reasons\n",
				result->title.s, text_count(result->other_failures).s);
		if (result->failed > 0)
			lab->reported = EXIT_FAILURE;
	}
}

static void report(struct lab *lab)
{
	int r = 0;

	fflush(stderr);
	if (lab->options.json) {
		r = report_json(stdout, lab->results, lab->n_results);
		if (r < 0)
			complain(lab, "writing the JSON", r);
	} else if (lab->n_results > 0) {
		if (terminal_is(stderr))
			fputc('\n', stdout);
		report_table(stdout, lab->results, lab->n_results);
		report_waterfall(stdout, lab->results, lab->n_results);
	}
	fflush(stdout); /* before the failures, if both go to one terminal */
	report_failures(lab);
	if (lab->options.html && lab->n_results > 0) {
		r = report_html(&lab->options, lab->url, lab->results, lab->n_results);
		if (r < 0)
			complain(lab, lab->options.html, r);
	}
}

static void run(struct lab *lab)
{
	struct progress progress;

	progress_init(&progress, stderr);
	if (prepare(lab) == 0) {
		for (size_t i = 0; i < lab->options.n_ways && interrupts == 0; i++) {
			if (run_way(lab, lab->options.ways[i], &progress) < 0)
				break;
		}
	}
	end_server(lab);
	report(lab);
}

int lab_main(int argc, char **argv)
{
	struct lab lab = {.server_fd = -1};

	int r = lab_options_parse(argc, argv, &lab.options);
	if (r != 0)
		return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	catch_signals();
	run(&lab);
	for (size_t i = 0; i < lab.n_results; i++)
		way_result_clear(&lab.results[i]);
	free(lab.url);
	return interrupts > 0 ? EXIT_INTERRUPTED : lab.reported;
}
