/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_URL_H
#define WOK_HTTP_URL_H
/*
 * What a request needs of a URL. The target is sent byte by byte as it was given: percent signs are
 * nobody's to change, or signed URLs break. Only bytes that cannot stand in a request at all, a
 * space and what is not ASCII, are written as %XX; control characters are refused.
 */
#include <stdint.h>
#include <sys/types.h>

#include "http/h1.h"

enum wok__scheme { WOK__HTTP, WOK__HTTPS, WOK__WS, WOK__WSS };

/* All parts lie in one block; behind host, user, password and fragment stands a NUL. */
struct wok__url {
	char *text; /* the URL without user, password, zone and fragment: for messages, Referer */
	struct wok__h1_span host;      /* to connect to: lower case, ASCII; "::1", "fe80::1%eth0" */
	struct wok__h1_span authority; /* as the Host header has it: no zone, no default port */
	struct wok__h1_span target;    /* path and query as they stand; begins with "/" */
	const char *user, *password;   /* decoded; NULL if there are none. Never in a message */
	const char *fragment;          /* as it stands, without "#"; NULL if there is none */
	enum wok__scheme scheme;
	bool secure; /* https, wss */
	uint16_t port;
};

/* 0; -ENOMEM; -EINVAL, or -EPROTONOSUPPORT for another scheme, with a message that names the URL
 * but not its password; -ENOTSUP for an international name in a build without libidn2. */
int wok__url_parse(const char *text, struct wok__url *ret_url);
void wok__url_free(struct wok__url *url); /* one that is all zero, too */

/* Scheme (ws counts as http), host and port: what credentials must not leave. */
bool wok__url_same_origin(const struct wok__url *a, const struct wok__url *b);

/* "http", "https", "ws", "wss". */
const char *wok__scheme_name(enum wok__scheme scheme);
uint16_t wok__scheme_port(enum wok__scheme scheme);

/*
 * Where a redirect leads: as wok_url_join(), and what the Location has no fragment for gets the
 * base's. Released by wok_free().
 */
int wok__url_redirect(const char *base, const char *location, char **ret_url);

/* A name as DNS knows it, by UTS 46: at most size - 1 bytes and a NUL. 0; -EINVAL; -ENOTSUP. */
int wok__idn_to_ascii(const char *name, char *ret_ascii, size_t size);

/* Decode "%XX" in place, and say how many bytes are left; -EINVAL if two digits do not follow. */
ssize_t wok__percent_decode(char *text, size_t size);

/* A message for what is wrong with a URL, in which no user name and no password stands. */
int wok__bad_url(int code, const char *url, const char *why);
#endif
