/* SPDX-License-Identifier: MIT */
/* The jobs that a worker knows, by name: see wok_worker_register(). */
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "base/settle.h"
#include "exec/process_packet.h"
#include "exec/worker.h"

struct job {
	struct job *next;
	wok_worker_fn *fn;
	size_t size;
	char name[];
};

/* Process-wide, and never changed after the first run. */
static struct job *jobs;

wok_worker_fn *wok__worker_find(const char *name, size_t size)
{
	for (const struct job *job = jobs; job; job = job->next)
		if (job->size == size && memcmp(job->name, name, size) == 0)
			return job->fn;
	return NULL;
}

int wok_worker_register(const char *name, wok_worker_fn *fn)
{
	size_t size = strlen(name);

	if (wok__settled())
		return wok_fail(-EBUSY, "%s: jobs are registered before the first run", name);
	if (size == 0 || size > WOK__PACKET_NAME)
		return wok_fail(-EINVAL, "a job's name has 1 to %d bytes", WOK__PACKET_NAME);
	if (wok__worker_find(name, size))
		return wok_fail(-EEXIST, "%s: there is a job of that name already", name);
	struct job *job = wok_alloc(sizeof(*job) + size);
	if (!job)
		return -ENOMEM;
	job->fn = fn;
	job->size = size;
	memcpy(job->name, name, size);
	job->next = jobs;
	jobs = job;
	return 0;
}
