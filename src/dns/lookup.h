/* SPDX-License-Identifier: MIT */
#ifndef WOK_DNS_LOOKUP_H
#define WOK_DNS_LOOKUP_H
/* What a loop knows of names. Made with its first look-up; goes with the loop. */
#include "dns/names.h"

struct wok__dns {
	struct wok__ending ending;
	struct wok__dns_names names;
	struct wok__list queue;    /* names that are not asked for so far, the oldest in front */
	struct wok__list channels; /* the current one, and retired ones */
	struct wok__dns_channel *channel; /* the current one; NULL */
	size_t n_queued;
	size_t n_asked;
	wok_dns_info counts; /* those that only grow */
	/* When resolv.conf was looked at, and what it was. */
	wok_time looked_at;
	uint64_t file_mark;
};

/* The resolver's function: see wok_resolver. */
int wok__dns_lookup(const char *host, uint16_t port, wok_addresses *ret_addresses);

/* Put a name into the queue; it ends with done set. 0 or -ENOMEM. */
int wok__dns_ask(struct wok__dns *dns, struct wok__dns_name *name);

/* Its last waiter has left: it need not be asked for, if it was not. */
void wok__dns_withdraw(struct wok__dns_name *name);

/* Ask c-ares for what is in the queue, as far as the limits allow. */
void wok__dns_ask_queued(struct wok__dns_channel *channel);

/* Leave the message of a name that has no addresses; its code. */
int wok__dns_fail(const struct wok__dns_name *name);
#endif
