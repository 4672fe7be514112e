/* SPDX-License-Identifier: MIT */
/*
 * Agreeing on permessage-deflate: see http/websocket/deflate.h.
 *
 * A window of 8 bits, which a peer may ask for, is one that zlib does not write: then nothing is
 * compressed in that direction, as is everybody's right.
 */
#include <string.h>
#include <wok/error.h>

#include "http/h1_parts.h"
#include "http/websocket/deflate.h"

enum { BITS_LEAST = 8, BITS_MOST = 15, BITS_DEFAULT = 12, LEVEL_MOST = 9, MEM_LEVEL_DEFAULT = 5 };

/* The parameters of one offer or answer. Bits: 0 without the parameter, BITS_ANY without a value.
 */
enum { BITS_ANY = -1 };

struct parameters {
	bool server_no_takeover, client_no_takeover;
	int server_bits, client_bits;
};

static int or_default(int value, int otherwise)
{
	return value ? value : otherwise;
}

int wok__ws_deflate_check(const wok_ws_deflate_options *options)
{
	const int bits[] = {options->window_bits, options->peer_window_bits};

	for (int i = 0; i < 2; i++)
		if (bits[i] != 0 && (bits[i] <= BITS_LEAST || bits[i] > BITS_MOST))
			return wok_fail(-EINVAL, "a window of %d bits: 9 to 15 are possible",
					bits[i]);
	if (options->mem_level < 0 || options->mem_level > LEVEL_MOST || options->level < 0 ||
	    options->level > LEVEL_MOST)
		return wok_fail(-EINVAL, "level and mem_level of compression are 1 to 9");
	return 0;
}

/* --- one offer, parsed ------------------------------------------------------------------------ */

static struct wok__h1_span trim(struct wok__h1_span span)
{
	while (span.size > 0 && wok__h1_is_blank(span.data[0])) {
		span.data++;
		span.size--;
	}
	while (span.size > 0 && wok__h1_is_blank(span.data[span.size - 1]))
		span.size--;
	return span;
}

/* What stands before a byte; the rest begins behind it. */
static struct wok__h1_span split(struct wok__h1_span *rest, char at)
{
	const char *found = rest->size > 0 ? memchr(rest->data, at, rest->size) : NULL;
	struct wok__h1_span first = *rest;

	if (!found) {
		*rest = (struct wok__h1_span){NULL, 0};
		return trim(first);
	}
	first.size = (size_t) (found - first.data);
	rest->data = found + 1;
	rest->size -= first.size + 1;
	return trim(first);
}

/* "8" to "15", perhaps in quotes; 0 for anything else. */
static int parse_bits(struct wok__h1_span value)
{
	int bits = 0;

	if (value.size >= 2 && value.data[0] == '"' && value.data[value.size - 1] == '"') {
		value.data++;
		value.size -= 2;
	}
	if (value.size < 1 || value.size > 2 || value.data[0] == '0')
		return 0;
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] < '0' || value.data[i] > '9')
			return 0;
		bits = 10 * bits + (value.data[i] - '0');
	}
	return bits >= BITS_LEAST && bits <= BITS_MOST ? bits : 0;
}

static bool set_flag(bool *flag, bool has_value)
{
	bool good = !*flag && !has_value;

	*flag = true;
	return good;
}

static bool set_bits(int *bits, bool has_value, struct wok__h1_span value, bool value_needed)
{
	if (*bits != 0 || (!has_value && value_needed))
		return false;
	*bits = has_value ? parse_bits(value) : BITS_ANY;
	return *bits != 0;
}

static bool parse_parameter(struct wok__h1_span text, bool is_answer, struct parameters *p)
{
	bool has_value = text.size > 0 && memchr(text.data, '=', text.size) != NULL;
	struct wok__h1_span value = text, name = split(&value, '=');

	value = trim(value);
	if (wok__h1_is(name, "server_no_context_takeover"))
		return set_flag(&p->server_no_takeover, has_value);
	if (wok__h1_is(name, "client_no_context_takeover"))
		return set_flag(&p->client_no_takeover, has_value);
	if (wok__h1_is(name, "server_max_window_bits"))
		return set_bits(&p->server_bits, has_value, value, true);
	if (wok__h1_is(name, "client_max_window_bits"))
		return set_bits(&p->client_bits, has_value, value, is_answer);
	return false;
}

/* One member of the list: whether it is permessage-deflate with parameters that make sense. */
static bool parse_member(struct wok__h1_span member, bool is_answer, struct parameters *p)
{
	struct wok__h1_span rest = member;

	*p = (struct parameters){0};
	if (!wok__h1_is(split(&rest, ';'), "permessage-deflate"))
		return false;
	while (rest.data)
		if (!parse_parameter(split(&rest, ';'), is_answer, p))
			return false;
	return true;
}

/* --- what both agree on ----------------------------------------------------------------------- */

static void put_bits(struct wok__buffer *out, const char *name, int bits)
{
	wok__buffer_text(out, name);
	wok__buffer_decimal(out, (uint64_t) bits);
}

static int least(int a, int b)
{
	return a < b ? a : b;
}

static void agree(const wok_ws_deflate_options *options, struct wok__ws_deflate *deflate)
{
	deflate->agreed = true;
	deflate->level = options->level;
	deflate->mem_level = or_default(options->mem_level, MEM_LEVEL_DEFAULT);
}

void wok__ws_deflate_offer(const wok_ws_deflate_options *options, struct wok__buffer *out)
{
	wok__buffer_text(out, "permessage-deflate");
	put_bits(out, "; client_max_window_bits=", or_default(options->window_bits, BITS_DEFAULT));
	put_bits(out,
		 "; server_max_window_bits=", or_default(options->peer_window_bits, BITS_DEFAULT));
	if (options->no_context_takeover)
		wok__buffer_text(out, "; client_no_context_takeover");
	if (options->peer_no_context_takeover)
		wok__buffer_text(out, "; server_no_context_takeover");
}

static void put_answer(const wok_ws_deflate_options *options, const struct parameters *offer,
		       struct wok__ws_deflate *deflate, struct wok__buffer *out)
{
	int client = or_default(options->peer_window_bits, BITS_DEFAULT);

	deflate->send_bits = least(or_default(options->window_bits, BITS_DEFAULT),
				   or_default(offer->server_bits, BITS_MOST));
	deflate->send_resets = options->no_context_takeover || offer->server_no_takeover;
	deflate->receive_resets = options->peer_no_context_takeover || offer->client_no_takeover;
	/* A client that does not mention its window cannot be asked for a small one. */
	deflate->receive_bits = offer->client_bits == 0 ? BITS_MOST
				: offer->client_bits == BITS_ANY
					? client
					: least(client, offer->client_bits);
	wok__buffer_text(out, "permessage-deflate");
	put_bits(out, "; server_max_window_bits=", deflate->send_bits);
	if (offer->client_bits != 0)
		put_bits(out, "; client_max_window_bits=", deflate->receive_bits);
	if (deflate->send_resets)
		wok__buffer_text(out, "; server_no_context_takeover");
	if (deflate->receive_resets)
		wok__buffer_text(out, "; client_no_context_takeover");
}

bool wok__ws_deflate_accept(const wok_ws_deflate_options *options, struct wok__h1_span offers,
			    struct wok__ws_deflate *deflate, struct wok__buffer *out)
{
	struct wok__h1_span member;
	struct parameters offer;

	while (wok__h1_list_next(&offers, &member)) {
		if (!parse_member(member, false, &offer))
			continue;
		agree(options, deflate);
		put_answer(options, &offer, deflate, out);
		return true;
	}
	return false;
}

bool wok__ws_deflate_agree(const wok_ws_deflate_options *options, struct wok__h1_span answer,
			   struct wok__ws_deflate *deflate)
{
	int offered = or_default(options->peer_window_bits, BITS_DEFAULT);
	struct wok__h1_span member, another;
	struct parameters p;

	if (!wok__h1_list_next(&answer, &member) || wok__h1_list_next(&answer, &another))
		return false;
	if (!parse_member(member, true, &p))
		return false;
	if (p.server_bits > offered || (p.server_bits == 0 && offered < BITS_MOST))
		return false;
	if (options->peer_no_context_takeover && !p.server_no_takeover)
		return false;
	agree(options, deflate);
	deflate->send_bits = least(or_default(options->window_bits, BITS_DEFAULT),
				   or_default(p.client_bits, BITS_MOST));
	deflate->receive_bits = or_default(p.server_bits, BITS_MOST);
	deflate->send_resets = options->no_context_takeover || p.client_no_takeover;
	deflate->receive_resets = p.server_no_takeover;
	return true;
}
