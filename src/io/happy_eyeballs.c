/* SPDX-License-Identifier: MIT */
/*
 * Connecting to a host that has several addresses: Happy Eyeballs, RFC 8305, section 5.
 *
 * The families take turns, beginning with that of the resolver's first address. An attempt begins
 * when the one before it has failed, or has had its time; those under way go on beside it. The
 * first that stands wins, and the others are cancelled. Each attempt is a child of one scope, so
 * whatever happens here, none of them outlives the call.
 */
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/event.h>
#include <wok/scope.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "io/socket.h"
#include "loop/loop.h"

#define ATTEMPT_DELAY (250 * WOK_MS)

struct attempt {
	struct race *race;
	const wok_address *address;
	int result; /* -EINPROGRESS: it was not begun, or has not ended */
};

struct race {
	const wok_connect_options *options;
	struct attempt *attempts;
	size_t n;
	size_t running;
	wok_event ended; /* an attempt has */
	int winner;      /* its descriptor, or -1 */
	int fatal;       /* an error that the next address would meet, too; or 0 */
};

/* Only these errors are about one address: after any other the next one is not tried. */
static bool is_about_the_address(int code)
{
	return code == -ECONNREFUSED || code == -ETIMEDOUT || code == -EHOSTUNREACH ||
	       code == -ENETUNREACH || code == -EADDRNOTAVAIL || code == -ECONNRESET ||
	       code == -EAFNOSUPPORT || code == -EACCES || code == -EPERM || code == -ENETDOWN ||
	       code == -EHOSTDOWN;
}

/* "[::1]:80: Connection refused; 127.0.0.1:80: Connection refused" */
static int tell(const char *host, const struct race *race, int code)
{
	char text[512] = "", address[WOK_ADDRESS_TEXT];
	size_t size = 0;

	for (size_t i = 0; i < race->n && size < sizeof(text); i++) {
		const struct attempt *attempt = &race->attempts[i];
		if (attempt->result == -EINPROGRESS)
			continue;
		int n = snprintf(text + size, sizeof(text) - size, "%s%s: %s", size ? "; " : "",
				 wok_address_text(attempt->address, address),
				 wok_strerror(attempt->result));
		size += (size_t) n;
	}
	return wok_fail(code, "cannot connect to %s (%s)", host, text);
}

static int run_attempt(void *arg)
{
	struct attempt *attempt = arg;
	struct race *race = attempt->race;
	int fd = wok__socket_connect(attempt->address, race->options);

	race->running--;
	if (fd < 0) {
		attempt->result = fd;
		if (fd != -ECANCELED && !is_about_the_address(fd))
			race->fatal = fd;
	} else if (race->winner < 0) {
		race->winner = fd;
	} else {
		(void) wok__io_close(wok__loop, fd); /* both stood in one tick */
	}
	wok_event_set(&race->ended);
	return 0;
}

/* Wait until an attempt has ended, for at most a time: 0, also when that is over. */
static int wait_for_one(struct race *race, wok_time limit)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	wok_event_clear(&race->ended);
	WOK_TIMEOUT (&timeout, limit) {
		r = wok_event_wait(&race->ended);
	}
	r = wok_timeout_result(&timeout, r);
	return r == -ETIMEDOUT ? 0 : r;
}

static bool is_decided(const struct race *race)
{
	return race->winner >= 0 || race->fatal < 0;
}

static int run_race(struct race *race, wok_scope *scope)
{
	wok_time delay = race->options->attempt_delay;

	delay = delay ? delay : ATTEMPT_DELAY;
	for (size_t i = 0; i < race->n && !is_decided(race); i++) {
		race->running++;
		int r = wok_scope_spawn(scope, run_attempt, &race->attempts[i]);
		if (r < 0)
			return r;
		if (i + 1 < race->n)
			WOK_TRY(wait_for_one(race, delay));
	}
	while (race->running > 0 && !is_decided(race))
		WOK_TRY(wait_for_one(race, WOK_FOREVER));
	return 0;
}

static int race_in_scope(struct race *race)
{
	wok_scope *scope;

	WOK_TRY(wok_scope_new(&scope));
	int r = run_race(race, scope);
	wok_scope_free(scope); /* cancels and joins the losers */
	if (r < 0 && race->winner >= 0)
		(void) wok__io_close(wok__loop, race->winner);
	return r;
}

/* Whether an address may be tried: if the options name a family, only that. */
static bool is_wanted(const wok_address *address, const wok_connect_options *options)
{
	int family = options->local ? options->local->storage.ss_family : options->family;

	return family == 0 || family == address->storage.ss_family;
}

/* The next wanted address that is (or is not) of a family, from *at on; NULL if there is none. */
static const wok_address *next_of(const wok_addresses *addresses, size_t *at, int family, bool same,
				  const wok_connect_options *options)
{
	while (*at < addresses->n) {
		const wok_address *address = &addresses->list[(*at)++];
		if ((address->storage.ss_family == family) == same && is_wanted(address, options))
			return address;
	}
	return NULL;
}

/* The families take turns; within each the resolver's order is kept. */
static void order(struct race *race, const wok_addresses *addresses)
{
	int first = addresses->n ? addresses->list[0].storage.ss_family : AF_UNSPEC;
	size_t next[2] = {0, 0};
	bool same = true;

	for (;;) {
		const wok_address *address =
			next_of(addresses, &next[same], first, same, race->options);
		if (!address) {
			same = !same;
			address = next_of(addresses, &next[same], first, same, race->options);
		}
		if (!address)
			return;
		race->attempts[race->n++] = (struct attempt){race, address, -EINPROGRESS};
		same = !same;
	}
}

static int connect_to(const char *host, struct race *race)
{
	struct attempt *first = &race->attempts[0];
	int r;

	if (race->n == 0)
		return wok_fail(WOK_ENAME, "%s has no address that the options allow", host);
	if (race->n == 1) { /* nothing to race: no task is needed */
		r = first->result = wok__socket_connect(first->address, race->options);
		return r >= 0 || r == -ECANCELED ? r : tell(host, race, r);
	}
	WOK_TRY(race_in_scope(race));
	if (race->winner >= 0)
		return race->winner;
	return tell(host, race, race->fatal < 0 ? race->fatal : race->attempts[race->n - 1].result);
}

int wok__connect_any(const char *host, const wok_addresses *addresses,
		     const wok_connect_options *options)
{
	struct attempt few[4]; /* most hosts need no memory */
	struct race race = {.options = options, .attempts = few, .winner = -1};

	if (addresses->n > sizeof(few) / sizeof(few[0]))
		race.attempts = wok_alloc(addresses->n * sizeof(*race.attempts));
	if (!race.attempts)
		return -ENOMEM;
	order(&race, addresses);
	int r = connect_to(host, &race);
	if (race.attempts != few)
		wok_free(race.attempts);
	return r;
}
