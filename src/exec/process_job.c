/* SPDX-License-Identifier: MIT */
/* One job in one process: see exec/process_pool.h. */
#include <string.h>
#include <sys/socket.h>
#include <wok/error.h>

#include "base/memory.h"
#include "base/time.h"
#include "exec/process_pool.h"
#include "platform/process.h"
#include "platform/sys.h"

enum { PIECE = 1 << 20 }; /* copied at a time: then the loop's other tasks run */

/* --- there ------------------------------------------------------------------------------------ */

/* Copy a large argument into memory that can be passed. */
static int write_memory(int fd, const char *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t piece = size - at < PIECE ? size - at : PIECE;
		ssize_t n = wok__sys_pwrite(fd, data + at, piece, (off_t) at);
		if (n < 0)
			return (int) n;
		at += (size_t) n;
		if (size > PIECE)
			WOK_TRY(wok_yield());
	}
	return wok__sys_memory_seal(fd);
}

static int make_memory(struct wok__job *job)
{
	int fd = wok__sys_memory("wok-argument");
	int r = fd < 0 ? fd : write_memory(fd, job->input, job->input_size);

	if (r == -ECANCELED) {
		wok__sys_close(fd);
		return r;
	}
	if (r < 0) {
		if (fd >= 0)
			wok__sys_close(fd);
		return wok_fail(r, "no memory to pass the %zu bytes of %s's argument: %s",
				job->input_size, job->name, wok_strerror(r));
	}
	job->memory = fd;
	return 0;
}

static int send_job(struct wok__process *process, struct wok__job *job)
{
	const struct wok__packet head = {
		.kind = WOK__PACKET_JOB,
		.name_size = (uint16_t) strlen(job->name),
		.serial = process->serial,
		.size = job->input_size,
		.limit = job->max_output,
	};
	int r = 0;

	if (job->memory < 0 && job->input_size >= WOK__PACKET_INLINE)
		r = make_memory(job);
	if (r == 0)
		r = wok__packet_send(process->socket, &head, job->name, job->input, job->memory,
				     MSG_DONTWAIT);
	if ((r == -EMSGSIZE || r == -ENOBUFS || r == -EAGAIN) && job->memory < 0 &&
	    job->input_size > 0) {
		/* The system's limits for sockets are low. */
		r = make_memory(job);
		if (r == 0)
			r = wok__packet_send(process->socket, &head, job->name, NULL, job->memory,
					     MSG_DONTWAIT);
	}
	return r == -ECONNRESET ? -EPIPE : r;
}

/* --- and back --------------------------------------------------------------------------------- */

/* Read it as a file is read: even if it were not sealed, nothing worse than an end could come. */
static int read_memory(int fd, char *data, size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t piece = size - at < PIECE ? size - at : PIECE;
		ssize_t n = wok__sys_pread(fd, data + at, piece, (off_t) at);
		if (n <= 0)
			return n < 0 ? (int) n : -EPROTO;
		at += (size_t) n;
		/* The result is here: a cancel does not take it away any more. */
		if (size > PIECE) {
			wok__task_ready(wok__current());
			wok__task_switch_out(wok__current());
		}
	}
	return 0;
}

static int copy_result(const struct wok__received *packet, void *output)
{
	if (packet->head.in_memory)
		return read_memory(packet->memory, output, packet->head.size);
	if (packet->head.size > 0)
		memcpy(output, packet->data, packet->head.size);
	return 0;
}

static int take_allocated(struct wok__job *job, const struct wok__received *packet)
{
	size_t size = packet->head.size;
	void *output = NULL;

	if (size > 0 && !(output = wok_alloc(size)))
		return wok_fail(-ENOMEM, "no memory for the %zu bytes of %s's result", size,
				job->name);
	int r = copy_result(packet, output);
	if (r < 0) {
		wok_free(output);
		return r;
	}
	job->output = output;
	job->output_size = size;
	return 0;
}

/* The result of a job that went well; 0 for a whole one. -EPROTO if the worker cheats. */
static int take_output(struct wok__job *job, const struct wok__received *packet)
{
	size_t size = packet->head.size;

	if (packet->head.in_memory)
		WOK_TRY(wok__sys_memory_check(packet->memory, size));
	if (size > job->max_output)
		return wok_fail(WOK_ELIMIT, "%s: a result of %zu bytes, where %zu are allowed",
				job->name, size, job->max_output);
	if (job->allocate)
		return take_allocated(job, packet);
	if (size != job->output_size)
		return wok_fail(-EMSGSIZE, "%s: a result of %zu bytes, where %zu were expected",
				job->name, size, job->output_size);
	return copy_result(packet, job->output);
}

/* What the worker said becomes the job's result; -EPROTO if it makes no sense. */
static int take_result(struct wok__process *process, struct wok__job *job,
		       const struct wok__received *packet)
{
	int code = packet->head.code;

	if (packet->head.kind != WOK__PACKET_RESULT || packet->head.serial != process->serial ||
	    packet->head.name_size > 0)
		return -EPROTO;
	if (code >= 0) {
		int r = take_output(job, packet);
		job->result = r < 0 ? r : code;
		return r == -EPROTO ? r : 0;
	}
	if (packet->head.in_memory || packet->head.size > WOK__PACKET_MESSAGE)
		return -EPROTO;
	/* Here it would say that the caller was cancelled. */
	if (code == -ECANCELED)
		code = WOK_ETASKCANCELED;
	job->result = wok_fail(code, "%.*s", (int) packet->head.size, packet->data);
	return 0;
}

/* --- when it goes wrong ----------------------------------------------------------------------- */

/* A process that says its job's end by dying. */
static int died(struct wok__process *process, struct wok__job *job)
{
	char text[160];

	process->try_again = atomic_load(&process->mark->begun) != process->serial;
	wok__process_end(process, WOK__END_ASK);
	wok__process_note_death(process);
	if (process->forced)
		return wok_fail(WOK_EWORKER, "worker %d closed its socket while it ran %s",
				(int) process->ended_pid, job->name);
	wok__process_epitaph(process, text);
	return wok_fail(WOK_EWORKER, "%s while it ran %s", text, job->name);
}

static int broke_protocol(struct wok__process *process, struct wok__job *job)
{
	wok__process_end(process, WOK__END_KILL);
	wok__process_note_death(process);
	return wok_fail(WOK_EWORKER, "worker %d broke the protocol while it ran %s: it was ended",
			(int) process->ended_pid, job->name);
}

/* No result came: the process cannot go on with another job. */
static int give_up(struct wok__process *process, struct wok__job *job, int r)
{
	if (r == -EPIPE)
		return died(process, job);
	if (r == -EPROTO)
		return broke_protocol(process, job);
	struct wok__saved_error saved = wok__error_save();
	wok__process_end(process, WOK__END_TERM);
	wok__error_restore(saved);
	if (r == -ETIMEDOUT)
		return wok_fail(r, "%s took longer than %lld ms: worker %d was ended", job->name,
				(long long) (job->timeout / WOK_MS), (int) process->ended_pid);
	if (r == -ESHUTDOWN)
		return wok_fail(r, "the process pool was freed while it ran %s", job->name);
	return r;
}

/* It has done its share: the next job gets a fresh one. */
static void retire_if_due(struct wok__process *process)
{
	uint64_t most = process->pool->options.max_tasks_per_child;

	if (most == 0 || process->n_jobs < most)
		return;
	struct wok__saved_error saved = wok__error_save();
	wok__process_end(process, WOK__END_ASK);
	wok__error_restore(saved);
}

/* 0: the job has its result. *ret_lost: the process is of no use any more. */
static int converse(struct wok__process *process, struct wok__job *job, bool *ret_lost)
{
	wok_time limit = job->timeout > 0 ? job->timeout : WOK_FOREVER;
	wok_time deadline = wok__time_add(wok_now(), limit);
	struct wok__received packet;

	int r = send_job(process, job);
	*ret_lost = r == -EPIPE;
	if (r < 0)
		return r;
	*ret_lost = true;
	r = wok__process_receive(process, deadline, "a worker process's result", &packet);
	if (r < 0)
		return r;
	r = take_result(process, job, &packet);
	if (packet.memory >= 0)
		wok__sys_close(packet.memory);
	*ret_lost = r < 0;
	return r;
}

int wok__process_run(struct wok__process *process, struct wok__job *job)
{
	bool lost;

	process->serial = ++process->pool->serial;
	job->memory = -1;
	int r = converse(process, job, &lost);
	if (job->memory >= 0)
		wok__sys_close(job->memory);
	if (lost) {
		r = give_up(process, job, r);
		process->pool->info.failed += !process->try_again;
	}
	if (r < 0)
		return r;
	process->n_jobs++;
	process->pool->n_deaths = 0;
	process->pool->info.completed++;
	wok__process_take_output(process);
	retire_if_due(process);
	return job->result;
}
