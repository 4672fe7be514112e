/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_APP_H
#define WOK_HTTP_SERVER_APP_H
#include <wok/http_server.h>

#include "http/h1.h"

struct wok__route {
	char *method; /* "*": any */
	char *path;   /* of a prefix without its star */
	size_t path_size;
	bool prefix;
	wok_http_handler *handler;
	void *arg;
};

/* What an app keeps for its routes. */
struct wok__owned {
	void *object;
	wok_free_fn *free;
};

/* The routes that are exact come first, then the prefixes from the longest to the shortest. */
struct wok_http_app {
	struct wok__route *routes;
	size_t n, capacity;
	struct wok__owned *owned; /* freed with the app */
	size_t n_owned, owned_capacity;
};

/*
 * The route for a request; NULL with 404 or 405 in ret_status. HEAD is answered by a route for GET.
 */
const struct wok__route *wok__app_find(const wok_http_app *app, const char *method,
				       const char *path, int *ret_status);

/* Give the app an object, that is freed with it; -ENOMEM, and it stays the caller's. */
int wok__app_own(wok_http_app *app, void *object, wok_free_fn *free);

/* The methods that a path has routes for, as "GET, HEAD, POST"; cut off if it does not fit. */
void wok__app_allowed(const wok_http_app *app, const char *path, char *text, size_t size);
#endif
