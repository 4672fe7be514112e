/* SPDX-License-Identifier: MIT */
/* process_supervisor: keeps commands running, and starts those again that end, later each time they
 * fail soon. Shows child processes whose output is read while they run, signals as something to
 * wait for, and an end in order: the last one that was named is stopped first. Try:
 * process_supervisor 'ping localhost' 'date; sleep 1; exit 1'   then   Ctrl-C SIGHUP starts all of
 * them anew. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <wok/wok.h>

#define FIRST_PAUSE (100 * WOK_MS)
#define LONGEST_PAUSE (10 * WOK_SECOND)
#define LONG_ENOUGH (5 * WOK_SECOND) /* it ran: the next pause is the first one again */
#define GRACE (2 * WOK_SECOND)

struct service {
	const char *command;
	wok_process *process; /* NULL between two of them */
	int number;
};

/* What it says, line by line, until it says no more. */
static int pass_on(const struct service *service)
{
	wok_view line;
	int r;

	while ((r = wok_stream_next_line(wok_process_output(service->process), 0, &line)) > 0) {
		printf("%d: %.*s\n", service->number, (int) line.size, line.data);
		fflush(stdout);
	}
	return r;
}

static int run_once(struct service *service)
{
	const char *const argv[] = {"sh", "-c", service->command, NULL};
	WOK_AUTO(wok_process) *process = NULL; /* stops it, if we are cancelled */
	int status;

	WOK_TRY(wok_process_spawn(argv,
				  &(wok_process_options){
					  .input.kind = WOK_STDIO_NULL,
					  .output.kind = WOK_STDIO_PIPE,
					  .errors.kind = WOK_STDIO_OUTPUT,
					  .new_group = true, /* Ctrl-C is for us */
					  .grace = GRACE,
				  },
				  &process));
	service->process = process;
	int r = pass_on(service);
	if (r == 0)
		r = wok_process_wait(process, &status);
	service->process = NULL;
	if (r == 0)
		printf("%d: ended with %d\n", service->number, status);
	return r;
}

static int supervise(void *arg)
{
	wok_time pause = FIRST_PAUSE;

	for (;;) {
		wok_time begun = wok_now();
		WOK_TRY(run_once(arg));
		if (wok_now() - begun >= LONG_ENOUGH)
			pause = FIRST_PAUSE;
		WOK_TRY(wok_sleep(pause));
		pause = pause * 2 < LONGEST_PAUSE ? pause * 2 : LONGEST_PAUSE;
	}
}

/* Until a signal says that it is over. */
static int wait_for_the_end(struct service *services, int n)
{
	const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	WOK_AUTO(wok_signals) *signals = NULL;
	int r, number = 0;

	WOK_TRY(wok_signals_new(numbers, 3, &signals));
	while ((r = wok_signals_next(signals, &number)) > 0 && number == SIGHUP)
		for (int i = 0; i < n; i++)
			if (services[i].process)
				(void) wok_process_terminate(services[i].process);
	return r < 0 ? r : 0;
}

static int run(void *arg)
{
	char **commands = arg;
	struct service services[16] = {{0}};
	wok_task *tasks[16];
	int n = 0;

	for (; n < 16 && commands[n]; n++) {
		services[n] = (struct service){commands[n], NULL, n + 1};
		tasks[n] = wok_create_task(supervise, &services[n]);
	}
	int r = wait_for_the_end(services, n);
	while (n-- > 0) {
		wok_task_free(tasks[n]); /* cancels it, and waits until its process is gone */
		printf("%d: stopped\n", n + 1);
	}
	return r;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: process_supervisor COMMAND...\n");
		return 2;
	}
	int r = wok_run(run, argv + 1);
	if (r < 0)
		fprintf(stderr, "process_supervisor: %s\n", wok_errmsg(r));
	return r < 0;
}
