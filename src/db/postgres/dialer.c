/* SPDX-License-Identifier: MIT */
/* How a server was reached: see dialer.h. */
#include "db/postgres/dialer.h"

#include "base/memory.h"

int wok__pg_dialer_new(const char *dsn, struct wok__pg_dialer **ret_dialer)
{
	struct wok__pg_dialer *dialer = wok__alloc_zeroed(sizeof(*dialer));

	if (!dialer)
		return -ENOMEM;
	int r = wok__pg_settings_read(dsn, &dialer->settings);
	if (r < 0) {
		wok_free(dialer);
		return r;
	}
	*ret_dialer = dialer;
	return 0;
}

void wok__pg_dialer_free(struct wok__pg_dialer *dialer)
{
	if (!dialer)
		return;
	wok__pg_settings_free(dialer->settings);
	wok_free(dialer);
}

int wok__pg_dialer_dial(const struct wok__pg_dialer *dialer, wok_stream **ret_stream)
{
	struct wok__pg_way way = dialer->way;
	bool encrypted;

	/* A server that has spoken TLS once has to again: the key to cancel with is a secret. */
	way.tls = way.required = dialer->encrypted;
	return wok__pg_dial(dialer->settings, &way, ret_stream, &encrypted);
}
