/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_DNS_SERVER_H
#define WOK_TEST_DNS_SERVER_H
/*
 * Name servers on loopback, as tasks of the test's own loop, so that time can be the virtual one:
 * c-ares reads the clock by itself, but clock.c makes that the loop's. What they know is in
 * server.c; how they behave, a test sets while it runs.
 */
#include <stdio.h>
#include <wok/dns.h>
#include <wok/wok.h>

#include "harness/test.h"

enum { DNS_SERVERS = 2, DNS_LOG = 64 };

struct dns_server {
	int udp;
	int held; /* bound, to keep the port for TCP */
	uint16_t port;
	wok_listener *tcp;
	wok_task *tasks[2];
	/* How it behaves. */
	bool silent;        /* hears, and says nothing */
	int rcode;          /* of all its answers; 0: as they are */
	uint32_t ttl;       /* of addresses */
	uint32_t alias_ttl; /* of aliases */
	/* What it has seen. */
	size_t asked; /* by UDP: for IPv4 and IPv6, two a query */
	size_t asked_tcp;
	char log[DNS_LOG][64]; /* the first names that were asked for, for IPv4 */
	size_t n_log;
};

struct dns_test {
	struct dns_server servers[DNS_SERVERS];
	size_t n_servers;
	void (*body)(struct dns_test *test);
	void *arg; /* the body's */
};

/*
 * Run body as the main task of a loop whose resolver is as the options say (a copy; NULL for the
 * defaults), asking n_servers servers; once for each of n_seeds schedules.
 */
void dns_run(const wok_dns_options *options, size_t n_servers, size_t n_seeds,
	     void (*body)(struct dns_test *test));

/* The two halves of it: once a process, and then a run under conditions of one's own. */
void dns_use(struct dns_test *test, const wok_dns_options *options, size_t n_servers);
int dns_main(void *test);
void dns_end(struct dns_test *test);

/* A look-up for a task of its own. */
struct dns_asking {
	const char *host;
	int result;
	char first[WOK_ADDRESS_TEXT]; /* the first address with its port, as text */
	size_t n;
};

int dns_ask(void *asking); /* its result is the task's, too */

/* Look a name up now: the first address as text, or the error's name. It lives till the next call.
 */
const char *dns_first(const char *host);

/* How often a name was asked for, as the log has it. */
size_t dns_times(const struct dns_server *server, const char *name);

#define ASSERT_SAYS(code, word)                                                                    \
	do {                                                                                       \
		if (!strstr(wok_errmsg(code), (word)))                                             \
			FAIL("\"%s\" does not say \"%s\"", wok_errmsg(code), (word));              \
	} while (0)
#endif
