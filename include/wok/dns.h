/* SPDX-License-Identifier: MIT */
#ifndef WOK_DNS_H
#define WOK_DNS_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Looking up names on the loop, by c-ares: a library of its own, libwok-dns. It takes the place of
 * getaddrinfo(3) in a thread behind wok_lookup() and all that connects by name, so that ten
 * thousand look-ups need no thread. The hosts file, /etc/resolv.conf and the order of the addresses
 * (RFC 6724) are as with getaddrinfo. Each loop keeps the answers for as long as they are good, and
 * tasks that ask for one name at the same time share one query.
 */

/* How to look up. Zero in a field means the default. */
typedef struct {
	/* Whom to ask: "192.0.2.1,[2001:db8::1]:5353". Those of resolv.conf */
	const char *servers;
	/* Appended to short names: "example.com,example.org"; "" for none. Those of resolv.conf */
	const char *domains;
	/* A name with so many dots is tried as it is before the domains; resolv.conf's, or 1 */
	int ndots;
	/* Read in place of /etc/resolv.conf. */
	const char *resolv_conf;
	/* How long a server may take for the first answer; it doubles with each round. 2 s */
	wok_time timeout;
	/* How often each server is asked; 3. */
	int tries;
	/* How long a look-up may take in all, on the loop's clock; 30 s. */
	wok_time limit;
	/*
	 * Names that are asked for at once; more wait their turn. 80: their answers fit into a
	 * socket's buffer as the system makes it.
	 */
	size_t max_queries;
	/* Names that a loop remembers; 1024. The one that was not used for longest goes first. */
	size_t max_entries;
	/* An answer is kept for as long as it says, but no longer than this; 5 minutes. */
	wok_time max_ttl;
	/* That there is no such name is kept for so long; 1 s. Below zero: not at all. */
	wok_time negative_ttl;
	bool no_cache; /* remember nothing; tasks that ask at the same time still share a query */
	bool no_hosts; /* leave the hosts file alone */
	/* Do it also where /etc/nsswitch.conf asks for more than files and DNS. */
	bool force;
} wok_dns_options;

/**
 * Look up names by c-ares from now on. Process-wide, and settled once a loop has run. Where the
 * "hosts" line of /etc/nsswitch.conf asks for what c-ares cannot do (as mdns, myhostname, resolve
 * and ldap), getaddrinfo(3) in a thread stays, unless options->force is set. c-ares takes its
 * memory from wok's allocator from now on: if that is one of your own, others who use c-ares in
 * this process must not have begun before.
 *
 * options:    NULL for the defaults; copied
 * Returns:    0; 1 if getaddrinfo stays because of nsswitch.conf: wok_dns_get_info() tells why;
 *             -EBUSY after the first run; -EINVAL, -ENAMETOOLONG for options that make no sense,
 *             with a message; -ENOMEM
 * Checkpoint: never
 * Threads:    any, before the first run
 */
int wok_dns_use(const wok_dns_options *options) WOK_MUST_CHECK;

/* What a loop's look-ups say of themselves. */
typedef struct {
	const char *fallback; /* what nsswitch.conf asks for: getaddrinfo stays; NULL */
	uint64_t queries;     /* names that c-ares was asked for, each for IPv4 and IPv6 */
	uint64_t hits;        /* look-ups that found an answer which was kept */
	uint64_t misses;      /* look-ups that began a query */
	uint64_t shared;      /* look-ups that joined a query which was under way */
	uint64_t timeouts;    /* queries that got no answer in time */
	uint64_t evicted;     /* answers that gave way though they were still good */
	size_t in_flight;     /* queries under way */
	size_t queued;        /* names whose query has not begun */
	size_t entries;       /* answers kept */
	size_t sockets;       /* open */
} wok_dns_info;

/**
 * Describe the current loop's look-ups.
 *
 * Returns:    0; -EINVAL outside of a loop
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_dns_get_info(wok_dns_info *ret_info) WOK_MUST_CHECK;

/**
 * Forget answers: the next look-up asks anew. What is under way is answered, and not kept.
 *
 * host:       a name as it was given to wok_lookup(); NULL for all names, and then resolv.conf is
 *             read anew, too (as it is when it changes)
 * Returns:    nothing
 * Checkpoint: never
 * Threads:    the loop's
 */
void wok_dns_flush(const char *host);

WOK_END_DECLS
#endif
