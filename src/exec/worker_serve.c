/* SPDX-License-Identifier: MIT */
/*
 * A worker: see wok/worker.h, and exec/process_packet.h for what is said.
 *
 * It is a plain, blocking program on one thread: receive, run, answer. It ends when the socket
 * does, so a pool that dies, however, takes its workers along as soon as their jobs end; the signal
 * at the parent's death is for jobs that do not.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <wok/error.h>

#include "base/memory.h"
#include "exec/process_packet.h"
#include "exec/worker.h"
#include "loop/report.h"
#include "platform/process.h"
#include "platform/sys.h"

static bool asked;

struct serving {
	struct wok__worker_mark *mark;
	char in[WOK__PACKET_BODY] __attribute__((aligned(16)));
	char out[WOK__PACKET_INLINE];
};

bool wok__worker_was_asked(void)
{
	return asked;
}

static int send_code(enum wok__packet_kind kind, uint64_t serial, int code)
{
	const char *message = code < 0 ? wok_errmsg(code) : "";
	const struct wok__packet head = {
		.kind = (uint16_t) kind,
		.serial = serial,
		.code = code,
		.size = strnlen(message, WOK__PACKET_MESSAGE),
	};

	return wok__packet_send(WOK__CONTROL_FD, &head, NULL, message, -1, 0);
}

/* --- a job ------------------------------------------------------------------------------------ */

/* Memory that the pool had to pass: the job reads it where it is. */
static int map_input(const struct wok__received *packet, const void **ret_input)
{
	void *input = NULL;

	*ret_input = packet->data;
	if (!packet->head.in_memory)
		return 0;
	int r = wok__sys_map(packet->memory, packet->head.size, false, &input);
	if (r < 0)
		return wok_fail(r, "no memory for a job's argument of %zu bytes: %s",
				(size_t) packet->head.size, wok_strerror(r));
	*ret_input = input;
	return 0;
}

static int call(const struct wok__received *packet, struct wok_output *output)
{
	size_t size = packet->head.size;
	const void *input;
	wok_worker_fn *fn = wok__worker_find(packet->name, packet->head.name_size);

	if (!fn)
		return wok_fail(-ENOENT, "%.*s: the worker has no job of that name",
				(int) packet->head.name_size, packet->name);
	int r = map_input(packet, &input);
	if (r < 0)
		return r;
	r = fn(size > 0 ? input : NULL, size, output);
	if (packet->head.in_memory)
		munmap((void *) input, size);
	/* A result that is not whole is none. */
	return r >= 0 && output->error < 0 ? output->error : r;
}

static int send_result(const struct wok__packet *head, struct wok_output *output)
{
	struct wok__packet packet = *head;
	const void *data = output->data;

	packet.size = output->size;
	int r = wok__packet_send(WOK__CONTROL_FD, &packet, NULL, data, output->memory, 0);
	if (r != -EMSGSIZE && r != -ENOBUFS)
		return r;
	/* The system's limits for sockets are low: it goes as memory, however small. */
	int memory = wok__sys_memory("wok-result");
	if (memory < 0)
		return memory;
	if (wok__sys_pwrite(memory, data, output->size, 0) == (ssize_t) output->size &&
	    wok__sys_memory_seal(memory) == 0)
		r = wok__packet_send(WOK__CONTROL_FD, &packet, NULL, NULL, memory, 0);
	wok__sys_close(memory);
	return r;
}

static int run_job(struct serving *serving, const struct wok__received *packet)
{
	struct wok__packet head = {.kind = WOK__PACKET_RESULT, .serial = packet->head.serial};
	struct wok_output output;

	atomic_store(&serving->mark->begun, packet->head.serial);
	wok__output_open(&output, serving->out, packet->head.limit);
	int r = call(packet, &output);
	if (packet->memory >= 0)
		wok__sys_close(packet->memory);
	(void) fflush(stdout);
	if (r >= 0) {
		head.code = r;
		r = wok__output_finish(&output);
	}
	r = r < 0 ? send_code(WOK__PACKET_RESULT, head.serial, r) : send_result(&head, &output);
	if (output.data)
		wok__output_clear(&output);
	else if (output.memory >= 0)
		wok__sys_close(output.memory);
	return r;
}

/* --- the beginning ---------------------------------------------------------------------------- */

static int limit(int what, uint64_t most, const char *name)
{
	struct rlimit now;

	if (most == 0)
		return 0;
	if (getrlimit(what, &now) < 0)
		return -errno;
	if (most > now.rlim_max)
		most = now.rlim_max;
	/* A CPU limit that is only soft can be caught; the kill a second later cannot. */
	rlim_t hard = what == RLIMIT_CPU && most < now.rlim_max ? most + 1 : most;
	if (setrlimit(what, &(struct rlimit){most, hard}) < 0)
		return wok_fail(-errno, "a worker could not limit its %s: %s", name,
				wok_strerror(-errno));
	return 0;
}

static int set_up(const struct wok__setup *setup)
{
	if (setup->captured)
		(void) setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	errno = 0;
	if (setup->nice != 0 && nice(setup->nice) == -1 && errno != 0)
		return wok_fail(-errno, "a worker could not change its nice value by %d: %s",
				(int) setup->nice, wok_strerror(-errno));
	WOK_TRY(limit(RLIMIT_NOFILE, setup->max_fds, "descriptors"));
	WOK_TRY(limit(RLIMIT_CPU, setup->max_cpu_seconds, "CPU time"));
	return limit(RLIMIT_AS, setup->max_memory, "memory");
}

static int run_initializer(struct serving *serving, const struct wok__received *packet)
{
	struct wok_output output;
	size_t size = packet->head.size - sizeof(struct wok__setup);

	if (packet->head.name_size == 0)
		return 0;
	wok_worker_fn *fn = wok__worker_find(packet->name, packet->head.name_size);
	if (!fn)
		return wok_fail(-ENOENT, "%.*s: the worker has no job of that name",
				(int) packet->head.name_size, packet->name);
	wok__output_open(&output, serving->out, SIZE_MAX);
	int r = fn(size > 0 ? packet->data + sizeof(struct wok__setup) : NULL, size, &output);
	wok__output_clear(&output); /* nobody asked for it */
	(void) fflush(stdout);
	return r;
}

static int take_setup(struct serving *serving, const struct wok__received *packet)
{
	struct wok__setup setup;
	void *mark;

	if (packet->head.kind != WOK__PACKET_SETUP || packet->head.size < sizeof(setup))
		return -EPROTO;
	int r = wok__sys_map(packet->memory, sizeof(*serving->mark), true, &mark);
	wok__sys_close(packet->memory);
	if (r < 0)
		return r;
	serving->mark = mark;
	memcpy(&setup, packet->data, sizeof(setup));
	r = set_up(&setup);
	if (r == 0)
		r = run_initializer(serving, packet);
	int sent = send_code(WOK__PACKET_READY, 0, r);
	return r < 0 ? r : sent;
}

static int say_hello(void)
{
	struct wok__hello hello;
	const struct wok__packet head = {.kind = WOK__PACKET_HELLO, .size = sizeof(hello)};

	wok__hello_fill(&hello);
	return wok__packet_send(WOK__CONTROL_FD, &head, NULL, &hello, -1, 0);
}

/* Until the pool is gone, or says what cannot be understood. */
static void serve(struct serving *serving)
{
	struct wok__received packet;

	int r = say_hello();
	if (r == 0)
		r = wok__packet_receive(WOK__CONTROL_FD, serving->in, 0, &packet);
	if (r == 0)
		r = take_setup(serving, &packet);
	while (r >= 0) {
		r = wok__packet_receive(WOK__CONTROL_FD, serving->in, 0, &packet);
		if (r == 0)
			r = packet.head.kind == WOK__PACKET_JOB ? run_job(serving, &packet)
								: -EPROTO;
	}
	if (serving->mark)
		munmap(serving->mark, sizeof(*serving->mark));
}

static bool has_control(void)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(WOK__CONTROL_FD, SOL_SOCKET, SO_TYPE, &type, &size) == 0 &&
	       type == SOCK_SEQPACKET;
}

bool wok_worker(int argc, char **argv)
{
	asked = true;
	if (argc != 2 || strcmp(argv[1], WOK__WORKER_ARGUMENT) != 0)
		return false;
	if (!has_control()) {
		wok__report(-EINVAL, NULL, NULL,
			    "%s: " WOK__WORKER_ARGUMENT " is for processes that a pool starts",
			    argv[0]);
		return true;
	}
	struct serving *serving = wok__alloc_zeroed(sizeof(*serving));
	if (!serving)
		return true; /* the pool sees the end */
	wok__sys_close_from(WOK__CONTROL_FD + 1);
	(void) fcntl(WOK__CONTROL_FD, F_SETFD, FD_CLOEXEC);
	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	serve(serving);
	wok__sys_close(WOK__CONTROL_FD);
	wok_free(serving);
	return true;
}
