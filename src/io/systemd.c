/* SPDX-License-Identifier: MIT */
/*
 * Sockets that systemd made and hands over: the protocol of sd_listen_fds(3). LISTEN_PID is whom
 * they are for, LISTEN_FDS how many there are, from 3 on, LISTEN_FDNAMES what they are called.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wok/error.h>

#include "io/listen.h"

enum { FIRST_FD = 3, FDS_MAX = 4096 };

static long number_in(const char *variable)
{
	const char *text = getenv(variable);
	char *end;

	if (!text || *text < '0' || *text > '9')
		return -1;
	long number = strtol(text, &end, 10);
	return *end ? -1 : number;
}

/* The place of a name in "http:https:admin", or -1. */
static int place_of(const char *name, const char *names)
{
	size_t size = strlen(name);

	for (int place = 0;; place++) {
		size_t this = strcspn(names, ":");
		if (this == size && memcmp(names, name, size) == 0)
			return place;
		if (!names[this])
			return -1;
		names += this + 1;
	}
}

int wok__systemd_fd(const char *name)
{
	const char *names = getenv("LISTEN_FDNAMES");
	long n = number_in("LISTEN_FDS");

	if (n <= 0 || n > FDS_MAX || number_in("LISTEN_PID") != (long) getpid())
		return wok_fail(-ENOENT, "systemd handed over no socket to this process: "
					 "is it started by a .socket unit?");
	if (!*name)
		return FIRST_FD;
	int place = names ? place_of(name, names) : -1;
	if (place < 0 || place >= n)
		return wok_fail(-ENOENT, "systemd handed over no socket named \"%s\": it has %s",
				name, names ? names : "no names (FileDescriptorName=)");
	return FIRST_FD + place;
}
