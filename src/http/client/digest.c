/* SPDX-License-Identifier: MIT */
/*
 * Digest authentication: RFC 7616. A challenge is kept, so that later requests answer it at once,
 * counting its nonce. The server may say that a nonce is stale: then the same credentials are tried
 * with the new one; a second challenge without that means that they are wrong.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "http/client/auth.h"

enum { ATTEMPTS_MAX = 3 };

static const char *const hash_names[] = {
	[WOK__DIGEST_MD5] = "MD5",
	[WOK__DIGEST_SHA_256] = "SHA-256",
	[WOK__DIGEST_SHA_512_256] = "SHA-512-256",
};

enum { HASHES = sizeof(hash_names) / sizeof(hash_names[0]) };

/* --- challenges ------------------------------------------------------------------------------- */

/* "SHA-256-sess"; false for one that is not known. */
static bool read_algorithm(const char *text, struct wok__digest *digest)
{
	for (int i = 0; i < HASHES; i++) {
		size_t size = strlen(hash_names[i]);
		if (strncasecmp(text, hash_names[i], size) != 0)
			continue;
		digest->hash = (enum wok__digest_hash) i;
		digest->session = strcasecmp(text + size, "-sess") == 0;
		if (digest->session || text[size] == '\0')
			return true;
	}
	return false;
}

/* "auth,auth-int" */
static void read_qop(const char *text, struct wok__digest *digest)
{
	struct wok__params list = {text, text + strlen(text), ','};
	struct wok__param one;

	digest->qop = true;
	while (wok__params_next(&list, &one) > 0) {
		digest->qop_auth = digest->qop_auth || wok__h1_is(one.name, "auth");
		digest->qop_auth_int = digest->qop_auth_int || wok__h1_is(one.name, "auth-int");
	}
}

/* False for a challenge that cannot be answered. */
static bool read_param(const struct wok__param *param, struct wok__digest *digest)
{
	char text[WOK__DIGEST_TEXT];

	if (!param->value.data)
		return true;
	if (wok__h1_is(param->name, "realm"))
		return wok__param_text(param, digest->realm, sizeof(digest->realm)) >= 0;
	if (wok__h1_is(param->name, "nonce"))
		return wok__param_text(param, digest->nonce, sizeof(digest->nonce)) >= 0;
	if (wok__h1_is(param->name, "opaque")) {
		digest->has_opaque = true;
		return wok__param_text(param, digest->opaque, sizeof(digest->opaque)) >= 0;
	}
	if (wok__param_text(param, text, sizeof(text)) < 0)
		return true; /* of no meaning here */
	if (wok__h1_is(param->name, "algorithm"))
		return read_algorithm(text, digest);
	if (wok__h1_is(param->name, "qop"))
		read_qop(text, digest);
	else if (wok__h1_is(param->name, "stale"))
		digest->stale = strcasecmp(text, "true") == 0;
	else if (wok__h1_is(param->name, "userhash"))
		digest->userhash = strcasecmp(text, "true") == 0;
	return true;
}

static bool read_challenge(const struct wok__challenge *challenge, struct wok__digest *ret_digest)
{
	struct wok__digest digest = {.ready = true};
	struct wok__params params = challenge->params;
	struct wok__param param;
	int r;

	while ((r = wok__params_next(&params, &param)) > 0)
		if (!read_param(&param, &digest))
			return false;
	if (r < 0 || digest.nonce[0] == '\0' ||
	    (digest.qop && !digest.qop_auth && !digest.qop_auth_int))
		return false;
	*ret_digest = digest;
	return true;
}

static int new_cnonce(struct wok__digest *digest)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char random[16];

	if (getrandom(random, sizeof(random), 0) != (ssize_t) sizeof(random))
		return wok_fail(-errno, "there are no random numbers for digest authentication");
	for (size_t i = 0; i < sizeof(random); i++) {
		digest->cnonce[2 * i] = digits[random[i] >> 4];
		digest->cnonce[2 * i + 1] = digits[random[i] & 15];
	}
	digest->cnonce[2 * sizeof(random)] = '\0';
	return 0;
}

/* The strongest of one field; what cannot be read ends it. */
static void read_field(const char *value, struct wok__digest *best)
{
	const char *end = value + strlen(value);
	struct wok__challenge challenge;
	struct wok__digest digest;

	while (wok__challenge_next(&value, end, &challenge) > 0)
		if (wok__h1_is(challenge.scheme, "digest") && read_challenge(&challenge, &digest) &&
		    (!best->ready || digest.hash > best->hash))
			*best = digest;
}

int wok__digest_challenged(struct wok__digest *digest, const struct wok__head *head,
			   const char *field, unsigned attempts)
{
	const struct wok__h1_span nothing[] = {{"", 0}, {0}};
	struct wok__digest best = {0};
	char unused[WOK__DIGEST_HEX + 1];
	wok_http_header header;

	for (size_t i = 0; wok__head_at(head, i, &header); i++)
		if (strcasecmp(header.name, field) == 0)
			read_field(header.value, &best);
	if (!best.ready || attempts >= ATTEMPTS_MAX || (attempts > 0 && !best.stale)) {
		digest->ready = false;
		return 0;
	}
	WOK_TRY(wok__digest_hex(best.hash, nothing, unused)); /* whether it can be answered */
	WOK_TRY(new_cnonce(&best));
	*digest = best;
	return 1;
}

void wok__digest_info(struct wok__digest *digest, const char *value)
{
	struct wok__params params = {value, value + strlen(value), ','};
	struct wok__param param;
	char nonce[WOK__DIGEST_TEXT];

	while (digest->ready && wok__params_next(&params, &param) > 0)
		if (wok__h1_is(param.name, "nextnonce") && param.value.data &&
		    wok__param_text(&param, nonce, sizeof(nonce)) > 0) {
			memcpy(digest->nonce, nonce, sizeof(nonce));
			digest->count = 0;
			return;
		}
}

/* --- answers ---------------------------------------------------------------------------------- */

static struct wok__h1_span span(const char *text)
{
	return (struct wok__h1_span){text, strlen(text)};
}

/* H(a ":" b ...), of up to six parts. */
static int hash_of(const struct wok__digest *digest, const struct wok__h1_span *parts, size_t n,
		   char ret_hex[WOK__DIGEST_HEX + 1])
{
	struct wok__h1_span all[12] = {0};

	for (size_t i = 0; i < n; i++) {
		all[2 * i] = parts[i];
		if (i + 1 < n)
			all[2 * i + 1] = span(":");
	}
	return wok__digest_hex(digest->hash, all, ret_hex);
}

static int hash_user(const struct wok__digest *digest, const struct wok__digest_request *request,
		     char ret_hex[WOK__DIGEST_HEX + 1])
{
	const struct wok__h1_span secret[] = {span(request->user), span(digest->realm),
					      span(request->password)};

	WOK_TRY(hash_of(digest, secret, 3, ret_hex));
	if (!digest->session)
		return 0;
	char first[WOK__DIGEST_HEX + 1];
	memcpy(first, ret_hex, sizeof(first));
	const struct wok__h1_span session[] = {span(first), span(digest->nonce),
					       span(digest->cnonce)};
	return hash_of(digest, session, 3, ret_hex);
}

static int hash_request(const struct wok__digest *digest, const struct wok__digest_request *request,
			bool with_body, char ret_hex[WOK__DIGEST_HEX + 1])
{
	struct wok__h1_span parts[3] = {span(request->method), request->target};
	char body[WOK__DIGEST_HEX + 1];

	if (with_body) {
		const struct wok__h1_span whole = {request->body ? request->body : "",
						   request->body_size};
		WOK_TRY(hash_of(digest, &whole, 1, body));
		parts[2] = span(body);
	}
	return hash_of(digest, parts, with_body ? 3 : 2, ret_hex);
}

struct answer {
	const char *qop; /* NULL: as RFC 2069 had it */
	char count[9];
	char response[WOK__DIGEST_HEX + 1];
	char user[WOK__DIGEST_HEX + 1]; /* its hash, with userhash */
};

static int make_answer(struct wok__digest *digest, const struct wok__digest_request *request,
		       struct answer *answer)
{
	char user[WOK__DIGEST_HEX + 1], what[WOK__DIGEST_HEX + 1];

	if (digest->qop && !digest->qop_auth && !request->body && request->body_size > 0)
		return wok_fail(-ENOTSUP, "the server wants a digest of the body (auth-int), which "
					  "must be in memory for that");
	answer->qop = digest->qop_auth ? "auth" : digest->qop ? "auth-int" : NULL;
	bool with_body = answer->qop && !digest->qop_auth;
	snprintf(answer->count, sizeof(answer->count), "%08x", ++digest->count);
	WOK_TRY(hash_user(digest, request, user));
	WOK_TRY(hash_request(digest, request, with_body, what));
	const struct wok__h1_span with[] = {span(user),
					    span(digest->nonce),
					    span(answer->count),
					    span(digest->cnonce),
					    span(answer->qop ? answer->qop : ""),
					    span(what)};
	const struct wok__h1_span without[] = {span(user), span(digest->nonce), span(what)};
	WOK_TRY(hash_of(digest, answer->qop ? with : without, answer->qop ? 6 : 3,
			answer->response));
	if (!digest->userhash)
		return 0;
	const struct wok__h1_span name[] = {span(request->user), span(digest->realm)};
	return hash_of(digest, name, 2, answer->user);
}

static void put_quoted(struct wok__buffer *out, const char *before, struct wok__h1_span value)
{
	wok__buffer_text(out, before);
	wok__buffer_text(out, "=\"");
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] == '"' || value.data[i] == '\\')
			wok__buffer_text(out, "\\");
		wok__buffer_add(out, value.data + i, 1);
	}
	wok__buffer_text(out, "\"");
}

static bool is_ascii(const char *text)
{
	for (; *text; text++)
		if ((unsigned char) *text >= 0x80)
			return false;
	return true;
}

/* RFC 7616 section 3.4: a name that is not ASCII is escaped, as RFC 8187 has it. */
static void put_user(struct wok__buffer *out, const struct wok__digest *digest, const char *user,
		     const struct answer *answer)
{
	static const char digits[] = "0123456789ABCDEF";

	if (digest->userhash || is_ascii(user)) {
		put_quoted(out, "Digest username", span(digest->userhash ? answer->user : user));
		return;
	}
	wok__buffer_text(out, "Digest username*=UTF-8''");
	for (; *user; user++) {
		unsigned char c = (unsigned char) *user;
		if (c < 0x80 && (wok__h1_valid_token(user, 1) && !strchr("*'%", c)))
			wok__buffer_add(out, user, 1);
		else
			wok__buffer_add(out, (char[]){'%', digits[c >> 4], digits[c & 15]}, 3);
	}
}

static void put_value(struct wok__buffer *out, const struct wok__digest *digest,
		      const struct wok__digest_request *request, const struct answer *answer)
{
	put_user(out, digest, request->user, answer);
	put_quoted(out, ", realm", span(digest->realm));
	put_quoted(out, ", nonce", span(digest->nonce));
	put_quoted(out, ", uri", request->target);
	put_quoted(out, ", response", span(answer->response));
	wok__buffer_text(out, ", algorithm=");
	wok__buffer_text(out, hash_names[digest->hash]);
	wok__buffer_text(out, digest->session ? "-sess" : "");
	if (answer->qop) {
		wok__buffer_text(out, ", qop=");
		wok__buffer_text(out, answer->qop);
		wok__buffer_text(out, ", nc=");
		wok__buffer_text(out, answer->count);
	}
	if (answer->qop || digest->session)
		put_quoted(out, ", cnonce", span(digest->cnonce));
	if (digest->has_opaque)
		put_quoted(out, ", opaque", span(digest->opaque));
	if (digest->userhash)
		wok__buffer_text(out, ", userhash=true");
	wok__buffer_add(out, "", 1);
}

int wok__digest_put(struct wok__digest *digest, const struct wok__digest_request *request,
		    const char *name, struct wok__buffer *out)
{
	struct wok__buffer value = {0};
	struct answer answer = {0};

	WOK_TRY(make_answer(digest, request, &answer));
	put_value(&value, digest, request, &answer);
	if (value.error < 0)
		out->error = out->error < 0 ? out->error : value.error;
	else
		wok__buffer_field(out, name, value.data);
	wok__buffer_free(&value);
	return out->error;
}
