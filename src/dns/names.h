/* SPDX-License-Identifier: MIT */
#ifndef WOK_DNS_NAMES_H
#define WOK_DNS_NAMES_H
/*
 * The names of a loop: those that are being looked up, and those whose answer is kept. A table by
 * name, and two queues: who waits to be asked for, and who was used when.
 */
#include <wok/event.h>
#include <wok/net.h>

#include "dns/channel.h"

enum wok__dns_state {
	WOK__DNS_QUEUED, /* in the queue, c-ares does not know of it */
	WOK__DNS_ASKED,  /* c-ares has it */
	WOK__DNS_KNOWN,  /* the answer is there, and does not change any more */
};

struct wok__dns_name {
	struct wok__dns_name *next; /* in its bucket */
	struct wok__node order;     /* QUEUED: in the queue; KNOWN and in the table: by last use */
	struct wok__dns *dns;
	struct wok__dns_channel *channel; /* ASKED: whose query it is */
	struct wok__timer limit;
	wok_event done;
	uint32_t refs; /* the table, c-ares, and each task that waits */
	uint32_t hash;
	enum wok__dns_state state : 8;
	bool in_table;
	int status;       /* what c-ares said */
	int code;         /* KNOWN: 0, or the error */
	wok_time ttl;     /* KNOWN: how long the answer is good, by itself */
	wok_time expires; /* KNOWN and in the table */
	size_t n;
	wok_address *list; /* without ports */
	char text[];       /* in small letters */
};

struct wok__dns_names {
	struct wok__dns_name **buckets;
	size_t n_buckets; /* a power of two */
	size_t n;
	size_t n_kept;         /* of them, KNOWN */
	struct wok__list used; /* the KNOWN ones, the last used in front */
	uint32_t seed;
};

/* 0 or -ENOMEM. */
int wok__dns_names_open(struct wok__dns_names *names);

/* All names must have left. */
void wok__dns_names_close(struct wok__dns_names *names);

/* A new name that its caller holds, in no table; NULL: out of memory. */
struct wok__dns_name *wok__dns_name_new(struct wok__dns *dns, const char *text);
void wok__dns_name_drop(struct wok__dns_name *name);

static inline struct wok__dns_name *wok__dns_name_keep(struct wok__dns_name *name)
{
	name->refs++;
	return name;
}

struct wok__dns_name *wok__dns_names_find(const struct wok__dns_names *names, const char *text);

/* The table holds a name, too, until it is removed. */
void wok__dns_names_add(struct wok__dns_names *names, struct wok__dns_name *name);
void wok__dns_names_remove(struct wok__dns_names *names, struct wok__dns_name *name);

/* A KNOWN name of the table was used, or has just become known. */
void wok__dns_names_use(struct wok__dns_names *names, struct wok__dns_name *name);
#endif
