/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_LISTEN_H
#define WOK_IO_LISTEN_H
#include <wok/net.h>

/* A socket that listens. */
struct wok__listening {
	int fd;
	wok_address address; /* with the port that it got */
	const char *path;    /* of a Unix socket whose file was made here, in text; or NULL */
};

/* Make one, or take over the one that text names: see wok_listen(). */
int wok__listening_open(const char *text, const wok_listen_options *options,
			struct wok__listening *ret_listening);

/*
 * The number of a descriptor that systemd handed over: the first, or the one of a name. -ENOENT
 * with a message.
 */
int wok__systemd_fd(const char *name);
#endif
