/* SPDX-License-Identifier: MIT */
/* The calls that wait, under the same conditions, row by row: see harness/uniform.h. */
#include "harness/uniform.h"
#include "ws/check.h"

static struct peer peer;
static char large[3000];

static void make(void)
{
	peer = (struct peer){.capacity = 1000,
			     .options = {.heartbeat = WOK_FOREVER,
					 .close_timeout = WOK_MINUTE,
					 .write_timeout = WOK_MINUTE}};
	peer_open(&peer);
}

static void clean(void)
{
	peer_free(&peer);
}

static int receive(void *unused)
{
	wok_ws_message message;
	int r = wok_ws_receive(peer.ws, &message);

	(void) unused;
	return r > 0 ? 0 : r;
}

static void say(void)
{
	peer_send(&peer, FIN | 1, "x");
}

static int send_large(void *unused)
{
	(void) unused;
	return wok_ws_send_binary(peer.ws, large, sizeof(large));
}

static int send_in_fragments(void *unused)
{
	(void) unused;
	return wok_ws_send_fragment(peer.ws, WOK_WS_BINARY, large, sizeof(large), true);
}

static void listen_well(void)
{
	char buf[4096];

	WOK_IGNORE(wok_stream_read_exactly(peer.far, buf, sizeof(large) + 4, NULL));
}

static int close_it(void *unused)
{
	(void) unused;
	return wok_ws_close(peer.ws, 1000, NULL);
}

static void say_goodbye(void)
{
	peer_send(&peer, FIN | 8, "\x03\xe8");
}

static void hang_up(void)
{
	wok_stream_close(peer.far);
}

static const struct uniform_row rows[] = {
	{"wok_ws_receive", receive, say, hang_up, WOK_EEOF, 0},
	{"wok_ws_send", send_large, listen_well, hang_up, -EPIPE, 0},
	{"wok_ws_send_fragment", send_in_fragments, listen_well, hang_up, -EPIPE, 0},
	{"wok_ws_close", close_it, say_goodbye, hang_up, WOK_EEOF, 0},
};

static const struct uniform_table table = {rows, sizeof(rows) / sizeof(rows[0]), make, clean};

UNIFORM_TESTS(&table)
