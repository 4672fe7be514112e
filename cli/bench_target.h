/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_BENCH_TARGET_H
#define WOK_CLI_BENCH_TARGET_H
#include <wok/address.h>

#include "bench.h"

/* Where requests go, and what they are. */
struct bench_target {
	char address[WOK_ADDRESS_TEXT]; /* of the server, as wok_connect() has it */
	char *request;                  /* one behind the other, as often as they are pipelined */
	size_t request_size;            /* of one */
};

/* Find out where the server is, by connecting to it. Runs a loop. Returns 0; a negative errno. */
int bench_target_find(struct bench_target *target, const struct bench_options *options);

/* Compose the requests. Returns 0; -ENOMEM. */
int bench_target_write(struct bench_target *target, const struct bench_options *options);

void bench_target_clear(struct bench_target *target);

#endif
