/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_STATIC_MIME_H
#define WOK_HTTP_STATIC_MIME_H
/* What a file is, by the end of its name. */
#include <stdbool.h>
#include <stddef.h>

/* Whether a type is text that has no charset of its own yet. */
bool wok__mime_is_text(const char *type);

/* Types that were given, or read from a file such as /etc/mime.types; they go before wok's own. */
struct wok__mime_entry {
	char *suffix;     /* in lower case */
	const char *type; /* in the same memory */
};

struct wok__mime {
	struct wok__mime_entry *entries; /* in the order of their suffixes */
	size_t n, capacity;
};

/* A suffix that is there already gets the new type. -ENOMEM. */
int wok__mime_add(struct wok__mime *mime, const char *suffix, const char *type);

/* Lines of "type suffix suffix ..."; # begins a comment. -errno of the file; -ENOMEM. Blocks. */
int wok__mime_load(struct wok__mime *mime, const char *path);

void wok__mime_free(struct wok__mime *mime);

/* By what stands behind the last dot, in any case; "application/octet-stream". mime: may be NULL */
const char *wok__mime_of(const struct wok__mime *mime, const char *path);
#endif
