/* SPDX-License-Identifier: MIT */
/* A pool's options: checked, with the defaults filled in, copied. See wok/process_pool.h. */
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "exec/process_pool.h"
#include "exec/worker.h"

#define SIZE_DEFAULT ((size_t) 1 << 30)
#define GRACE_DEFAULT (2 * WOK_SECOND)
#define START_DEFAULT (30 * WOK_SECOND)

int wok__process_options_check(const wok_process_pool_options *options)
{
	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_process_pool_new: this thread runs no loop");
	if (!options->program && !wok__worker_was_asked())
		return wok_fail(-EINVAL, "wok_process_pool_new: main() must begin with \"if "
					 "(wok_worker(argc, argv)) return 0;\", for workers are "
					 "copies of this program");
	if (options->initializer_size > WOK__INITIALIZER_MAX ||
	    (options->initializer_size > 0 && !options->initializer))
		return wok_fail(-EINVAL,
				"wok_process_pool_new: an initializer's argument has at "
				"most %d bytes",
				WOK__INITIALIZER_MAX);
	if (options->initializer &&
	    (options->initializer[0] == '\0' || strlen(options->initializer) > WOK__PACKET_NAME))
		return wok_fail(-EINVAL, "wok_process_pool_new: a job's name has 1 to %d bytes",
				WOK__PACKET_NAME);
	if (options->job_timeout < 0 || options->kill_grace < 0 || options->start_timeout < 0 ||
	    options->max_cpu < 0 || options->workers > 65536)
		return wok_fail(-EINVAL, "wok_process_pool_new: times cannot be negative, and "
					 "65536 workers are the most");
	return 0;
}

static void fill_in(wok_process_pool_options *options)
{
	if (options->max_queued == 0)
		options->max_queued = WOK_UNLIMITED;
	if (options->max_input == 0)
		options->max_input = SIZE_DEFAULT;
	if (options->max_output == 0)
		options->max_output = SIZE_DEFAULT;
	if (options->kill_grace == 0)
		options->kill_grace = GRACE_DEFAULT;
	if (options->start_timeout == 0)
		options->start_timeout = START_DEFAULT;
	if (options->on_line)
		options->capture_output = true;
}

void wok__process_options_clear(wok_process_pool_options *copy)
{
	wok_free((void *) copy->program);
	wok_free((void *) copy->initializer);
	wok_free((void *) copy->initializer_input);
}

int wok__process_options_copy(wok_process_pool_options *copy,
			      const wok_process_pool_options *options)
{
	*copy = *options;
	fill_in(copy);
	copy->program = options->program ? wok__strdup(options->program) : NULL;
	copy->initializer = options->initializer ? wok__strdup(options->initializer) : NULL;
	copy->initializer_input = NULL;
	if (options->initializer_size > 0) {
		void *input = wok_alloc(options->initializer_size);
		if (input)
			memcpy(input, options->initializer_input, options->initializer_size);
		copy->initializer_input = input;
	}
	bool whole = !copy->program == !options->program &&
		     !copy->initializer == !options->initializer &&
		     (copy->initializer_input || options->initializer_size == 0);
	return whole ? 0 : -ENOMEM;
}
