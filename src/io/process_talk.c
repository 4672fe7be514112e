/* SPDX-License-Identifier: MIT */
/*
 * All that a process says: see wok_process_communicate(). A task for each pipe, so that none of
 * them fills up while another one is waited for.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>
#include <wok/scope.h>

#include "base/memory.h"
#include "io/process.h"
#include "task/park.h"

enum { ROOM_FIRST = 4096 };

struct feeding {
	wok_stream *stream;
	const void *data;
	size_t size;
};

struct collecting {
	wok_stream *stream;
	const char *what;
	size_t limit;
	char *data;
	size_t size, capacity;
};

/* Whoever does not want to hear the rest has heard enough. */
static int feed(void *arg)
{
	const struct feeding *self = arg;

	int r = self->size ? wok_stream_write_all(self->stream, self->data, self->size) : 0;
	if (r == 0 || r == -EPIPE) {
		(void) wok_stream_close(self->stream);
		r = 0;
	}
	return r;
}

/* Room for some more, and for the zero byte behind it. */
static int make_room(struct collecting *self)
{
	if (self->capacity - self->size > 1)
		return 0;
	return wok__grow((void **) &self->data, &self->capacity,
			 self->capacity ? self->capacity * 2 : ROOM_FIRST, 1);
}

static int collect(void *arg)
{
	struct collecting *self = arg;
	ssize_t n = 1;

	while (n > 0) {
		WOK_TRY(make_room(self));
		n = wok_stream_read(self->stream, self->data + self->size,
				    self->capacity - self->size - 1);
		if (n < 0)
			return (int) n;
		self->size += (size_t) n;
		if (self->size > self->limit)
			return wok_fail(WOK_ELIMIT,
					"a process put out more than %zu bytes of %s: see "
					"wok_process_options.max_output",
					self->limit, self->what);
	}
	self->data[self->size] = '\0';
	return 0;
}

/* All three at once, as far as there are pipes. */
static int talk(struct feeding *input, struct collecting *output, struct collecting *errors)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	if (input->stream)
		WOK_TRY(wok_scope_spawn(scope, feed, input));
	if (output->stream)
		WOK_TRY(wok_scope_spawn(scope, collect, output));
	if (errors->stream)
		WOK_TRY(wok_scope_spawn(scope, collect, errors));
	return wok_scope_join(scope);
}

int wok_process_communicate(wok_process *process, const void *input, size_t size,
			    wok_process_result *ret_result)
{
	struct feeding feeding = {process->streams[0], input, size};
	struct collecting output = {process->streams[1], "output", process->max_output, NULL, 0, 0};
	struct collecting errors = {process->streams[2], "errors", process->max_output, NULL, 0, 0};
	int status = 0;

	if (size > 0 && (!input || !feeding.stream))
		return wok_fail(-EINVAL, "wok_process_communicate: input, but no pipe for it");
	int r = wok__check();
	if (r == 0)
		r = talk(&feeding, &output, &errors);
	if (r == 0)
		r = wok_process_wait(process, &status);
	if (r < 0) {
		wok_free(output.data);
		wok_free(errors.data);
		return r;
	}
	*ret_result = (wok_process_result){
		.status = status,
		.output = {output.data, output.size},
		.errors = {errors.data, errors.size},
	};
	return 0;
}

int wok_process_run(const char *const *argv, const void *input, size_t size,
		    const wok_process_options *options, wok_process_result *ret_result)
{
	WOK_AUTO(wok_process) *process = NULL;
	wok_process_options own = options ? *options : (wok_process_options){0};

	if (input && own.input.kind == WOK_STDIO_INHERIT)
		own.input.kind = WOK_STDIO_PIPE;
	WOK_TRY(wok_process_spawn(argv, &own, &process));
	return wok_process_communicate(process, input, size, ret_result);
}

void wok_process_result_clear(wok_process_result *result)
{
	wok_free((void *) (uintptr_t) result->output.data);
	wok_free((void *) (uintptr_t) result->errors.data);
	*result = (wok_process_result){0};
}
