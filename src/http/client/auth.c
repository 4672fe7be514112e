/* SPDX-License-Identifier: MIT */
/* Challenges, and basic credentials: see http/client/auth.h. */
#include "http/client/auth.h"

#include <errno.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/h1_parts.h"

static const char *skip(const char *at, const char *end, bool commas)
{
	while (at < end && (wok__h1_is_blank(*at) || (commas && *at == ',')))
		at++;
	return at;
}

static const char *skip_token(const char *at, const char *end)
{
	return wok__h1_skip_class(at, end, WOK__H1_TOKEN_BYTE);
}

/* "abc==": what some schemes have instead of parameters. */
static const char *skip_token68(const char *at, const char *end)
{
	while (at < end && (wok__h1_is_class(*at, WOK__H1_TOKEN_BYTE) || *at == '/'))
		at++;
	while (at < end && *at == '=')
		at++;
	return at;
}

/* Whether a parameter begins here, and not the next challenge: "name =". */
static bool is_param(const char *at, const char *end)
{
	const char *behind = skip(skip_token(at, end), end, false);

	return behind < end && *behind == '=';
}

int wok__challenge_next(const char **at, const char *end, struct wok__challenge *ret_challenge)
{
	const char *from = skip(*at, end, true), *p = skip_token(from, end);
	struct wok__challenge challenge = {.scheme = {from, (size_t) (p - from)}};
	struct wok__param unused;

	if (from == end)
		return 0;
	if (p == from || (p < end && !wok__h1_is_blank(*p) && *p != ','))
		return -EINVAL;
	p = skip(p, end, false);
	challenge.params = (struct wok__params){p, p, ','};
	const char *token_end = skip(skip_token68(p, end), end, false);
	if (p < end && *p != ',' && (token_end == end || *token_end == ',')) {
		*at = token_end;
		*ret_challenge = challenge;
		return 1;
	}
	struct wok__params params = {p, end, ','};
	while (params.at < end && is_param(skip(params.at, end, true), end))
		if (wok__params_next(&params, &unused) < 0)
			return -EINVAL;
	if (params.at == p && p < end && *p != ',')
		return -EINVAL;
	challenge.params.end = params.at;
	*at = params.at;
	*ret_challenge = challenge;
	return 1;
}

static bool has_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text < ' ' || *text == 0x7f)
			return true;
	return false;
}

static void put_basic(struct wok__buffer *out, const struct wok__buffer *plain, const char *name)
{
	char *room;

	wok__buffer_text(out, name);
	wok__buffer_text(out, ": Basic ");
	room = wok__buffer_room(out, 4 * ((plain->size + 2) / 3));
	if (room)
		out->size += wok__base64_put(room, plain->data, plain->size);
	wok__buffer_text(out, "\r\n");
}

void wok__basic_put(struct wok__buffer *out, const char *name, const char *user,
		    const char *password)
{
	struct wok__buffer plain = {0};

	if (out->error < 0)
		return;
	if (strchr(user, ':') || has_control(user) || has_control(password)) {
		out->error = wok_fail(-EINVAL, "a user's name for basic credentials has no colon, "
					       "and neither it nor the password control bytes");
		return;
	}
	wok__buffer_text(&plain, user);
	wok__buffer_text(&plain, ":");
	wok__buffer_text(&plain, password);
	if (plain.error < 0)
		out->error = plain.error;
	else
		put_basic(out, &plain, name);
	if (plain.data)
		explicit_bzero(plain.data, plain.size);
	wok__buffer_free(&plain);
}
