/* SPDX-License-Identifier: MIT */
/* Where requests go, and what they are: see bench_target.h. */
#include "bench_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/wok.h>

#include "text.h"

struct search {
	struct bench_target *target;
	const struct bench_options *options;
};

/* Find out where the server is, by connecting to it: later connections look up no name. */
static int find_server(void *arg)
{
	struct search *search = arg;
	struct bench_target *target = search->target;
	const struct bench_options *options = search->options;
	WOK_AUTO(wok_stream) *stream = NULL;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_address address;
	size_t port = 0;
	int r = 0;

	WOK_TRY(text_to_count(options->url.port, 1, 65535, &port));
	WOK_TIMEOUT (&timeout, options->timeout) {
		r = options->address ? wok_connect(options->address, NULL, &stream)
				     : wok_tcp_connect(options->url.host, (uint16_t) port, &stream);
	}
	r = wok_timeout_result(&timeout, r);
	if (r == -ETIMEDOUT)
		return wok_fail(r, "no connection to %s within %s",
				options->address ? options->address : options->url.authority,
				text_latency(options->timeout).s);
	WOK_TRY(r);
	if (options->address && strncmp(options->address, "unix:", 5) == 0) {
		if (strlen(options->address) >= sizeof(target->address))
			return -ENAMETOOLONG;
		memcpy(target->address, options->address, strlen(options->address) + 1);
		return 0;
	}
	WOK_TRY(wok_stream_peer_address(stream, &address));
	wok_address_text(&address, target->address);
	return 0;
}

int bench_target_find(struct bench_target *target, const struct bench_options *options)
{
	return wok_run(find_server, &(struct search){target, options});
}

int bench_target_write(struct bench_target *target, const struct bench_options *options)
{
	char *head = NULL;
	char length[48] = "", agent[64] = "";

	if (options->has_body)
		snprintf(length, sizeof(length), "Content-Length: %zu\r\n", options->body_size);
	if (!options->has_agent)
		snprintf(agent, sizeof(agent), "User-Agent: wok-bench/%s\r\n", wok_version());
	int head_size = asprintf(
		&head, "%s %s HTTP/1.1\r\n%s%s%s%s%s%s\r\n", options->method, options->url.target,
		options->has_host ? "" : "Host: ", options->has_host ? "" : options->url.authority,
		options->has_host ? "" : "\r\n", agent, length,
		options->headers ? options->headers : "");
	if (head_size < 0)
		return -ENOMEM;
	target->request_size = (size_t) head_size + options->body_size;
	target->request = malloc(options->pipeline * target->request_size);
	for (size_t i = 0; target->request && i < options->pipeline; i++) {
		char *to = target->request + i * target->request_size;
		memcpy(to, head, (size_t) head_size);
		if (options->body_size > 0)
			memcpy(to + head_size, options->body, options->body_size);
	}
	free(head);
	return target->request ? 0 : -ENOMEM;
}

void bench_target_clear(struct bench_target *target)
{
	free(target->request);
}
