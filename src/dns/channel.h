/* SPDX-License-Identifier: MIT */
#ifndef WOK_DNS_CHANNEL_H
#define WOK_DNS_CHANNEL_H
/*
 * A c-ares channel on a loop: see channel.c for how it is driven. An open one is called in one
 * place only, the channel's own callback on the loop, so c-ares is never entered from within
 * itself, and asks and answers on no task's stack. Its initialisation, which reads files, runs on
 * the caller's.
 */
#include "dns/config.h"
#include "loop/loop.h"

struct wok__dns_channel {
	struct wok__node link; /* its owner's */
	ares_channel ares;
	wok_loop *loop;
	struct wok__item item;   /* calls c-ares */
	struct wok__timer timer; /* the next of c-ares' timeouts */
	struct wok__list open;   /* sockets, in no particular order */
	struct wok__list spare;  /* records for those to come */
	size_t n_open;
	size_t asking; /* queries that c-ares has; its owner counts them */
	int error;     /* why all of them are given up: a socket cannot be waited for; 0 */
	bool scheduled;
	bool due;     /* the timer has fired */
	bool retired; /* goes when it has answered what it was asked */
	/* Called where c-ares may be: ask it more. */
	void (*more)(struct wok__dns_channel *channel);
	void *owner;
	char servers[256]; /* as text */
};

/* 0, or -ENOMEM, or -EINVAL with a message. On the caller's stack: see above. */
int wok__dns_channel_new(const struct wok__dns_settings *settings,
			 struct wok__dns_channel **ret_channel);

/* What is under way ends with ARES_EDESTRUCTION. */
void wok__dns_channel_free(struct wok__dns_channel *channel);

/* Have more() called, soon. */
void wok__dns_channel_kick(struct wok__dns_channel *channel);
#endif
