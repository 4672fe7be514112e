/* SPDX-License-Identifier: MIT */
#ifndef WOK_EXEC_WORKER_H
#define WOK_EXEC_WORKER_H
#include <wok/worker.h>

/* What a job has put out: in a buffer, or when that is full, in memory of its own. */
struct wok_output {
	char *data;
	size_t size, capacity;
	size_t limit;
	int memory; /* its descriptor; -1: data is a buffer */
	int error;  /* the first failure */
};

/* The buffer is as large as a packet's payload may be, and is used again for each job. */
void wok__output_open(struct wok_output *output, void *buffer, size_t limit);

/* Drop what is there. */
void wok__output_clear(struct wok_output *output);

/* Nothing more comes: seal memory, so that it can be passed on. 0, or the first failure. */
int wok__output_finish(struct wok_output *output);

wok_worker_fn *wok__worker_find(const char *name, size_t size);

/* Whether main() has called wok_worker(): whether copies of this program can be workers. */
bool wok__worker_was_asked(void);
#endif
