/* SPDX-License-Identifier: MIT */
/* Saying who one is: see auth.h. The messages are those of protocol 3, section "Start-up". */
#include "db/postgres/auth.h"

#include <endian.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <string.h>
#include <wok/error.h>

/* What an Authentication message asks for. */
enum {
	ASKS_NOTHING = 0,
	ASKS_KERBEROS = 2,
	ASKS_PASSWORD = 3,
	ASKS_MD5 = 5,
	ASKS_GSS = 7,
	ASKS_SSPI = 9,
	ASKS_SASL = 10,
	ASKS_SASL_CONTINUE = 11,
	ASKS_SASL_FINAL = 12,
};

int wok__pg_auth_begin(struct wok__pg_auth *auth, const struct wok__pg_settings *settings,
		       size_t host, bool secure, const char *nonce)
{
	unsigned char random[WOK__PG_NONCE_SIZE / 4 * 3];

	memset(auth, 0, sizeof(*auth));
	auth->settings = settings;
	auth->password = wok__pg_password(settings, host);
	auth->secure = secure;
	auth->max_iterations = WOK__PG_MAX_ITERATIONS;
	if (nonce) {
		memcpy(auth->nonce, nonce, WOK__PG_NONCE_SIZE);
	} else {
		if (RAND_bytes(random, sizeof(random)) != 1)
			return wok_fail(-EIO, "OpenSSL has no random bytes");
		EVP_EncodeBlock((unsigned char *) auth->nonce, random, sizeof(random));
	}
	return 0;
}

void wok__pg_auth_clear(struct wok__pg_auth *auth)
{
	explicit_bzero(auth, sizeof(*auth));
}

/* require_auth: a server that asks for less than it should may be somebody else. */
static int allowed(const struct wok__pg_auth *auth, unsigned method, const char *name)
{
	if (auth->settings->require_auth & method)
		return 0;
	return wok_fail(-EACCES, "the server asks for %s, which require_auth does not allow", name);
}

static int need_password(const struct wok__pg_auth *auth)
{
	const char *refused = auth->settings->passfile_refused;

	if (auth->password)
		return 0;
	return wok_fail(
		-EACCES,
		"the server asks \"%s\" for a password, and there is none: set password= or "
		"PGPASSWORD, or use a password file%s%s",
		auth->settings->user, refused ? "; " : "", refused ? refused : "");
}

static int answer_password(struct wok__pg_auth *auth)
{
	WOK_TRY(allowed(auth, WOK__PG_AUTH_PASSWORD, "a password in clear text"));
	WOK_TRY(need_password(auth));
	if (!auth->secure && !auth->allow_cleartext)
		return wok_fail(-EACCES,
				"the server asks for the password in clear text over a connection "
				"that anybody may read: use sslmode=require, or another method in "
				"the server's pg_hba.conf");
	const size_t size = strlen(auth->password) + 1;
	if (size > sizeof(auth->answer))
		return wok_fail(WOK_ELIMIT, "the password has more than %zu bytes",
				sizeof(auth->answer) - 1);
	memcpy(auth->answer, auth->password, size);
	auth->answer_size = size;
	auth->state = WOK__PG_AUTH_SENT;
	return 1;
}

/* MD5 of two pieces, in hexadecimal. */
static int md5_hex(const char *a, size_t a_size, const char *b, size_t b_size, char hex[33])
{
	unsigned char hash[16];
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	const bool done = context && EVP_DigestInit_ex(context, EVP_md5(), NULL) == 1 &&
			  EVP_DigestUpdate(context, a, a_size) == 1 &&
			  EVP_DigestUpdate(context, b, b_size) == 1 &&
			  EVP_DigestFinal_ex(context, hash, NULL) == 1;

	EVP_MD_CTX_free(context);
	if (!done)
		return wok_fail(-ENOTSUP,
				"the server asks for md5, which this system's OpenSSL does not "
				"have: let the server use scram-sha-256");
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	return 0;
}

/* "md5" and md5(md5(password, user), salt) */
static int answer_md5(struct wok__pg_auth *auth, const char *salt, size_t size)
{
	const char *user = auth->settings->user;
	char inner[33];

	if (size != 4)
		return wok_fail(WOK_EPEER, "the salt of md5 has %zu bytes instead of 4", size);
	WOK_TRY(allowed(auth, WOK__PG_AUTH_MD5, "md5"));
	WOK_TRY(need_password(auth));
	WOK_TRY(md5_hex(auth->password, strlen(auth->password), user, strlen(user), inner));
	memcpy(auth->answer, "md5", 3);
	WOK_TRY(md5_hex(inner, 32, salt, 4, auth->answer + 3));
	auth->answer_size = 3 + 32 + 1;
	auth->state = WOK__PG_AUTH_SENT;
	return 1;
}

/* A list of names, each with its NUL, an empty one at the end. */
static bool offers(const char *list, size_t size, const char *name)
{
	while (size > 0 && *list) {
		const size_t length = strnlen(list, size);

		if (length == size)
			return false;
		if (strcmp(list, name) == 0)
			return true;
		list += length + 1;
		size -= length + 1;
	}
	return false;
}

static int answer_sasl(struct wok__pg_auth *auth, const char *list, size_t size)
{
	if (!offers(list, size, "SCRAM-SHA-256"))
		return wok_fail(-ENOTSUP, "the server offers no method that is known here; it "
					  "should offer SCRAM-SHA-256");
	WOK_TRY(allowed(auth, WOK__PG_AUTH_SCRAM, "SCRAM-SHA-256"));
	WOK_TRY(need_password(auth));
	WOK_TRY(wok__pg_scram_first(auth));
	auth->state = WOK__PG_AUTH_SASL;
	return 1;
}

/* The server lets us in. Whom it did not ask, it may have been told to; whom it half asked, not. */
static int accept(const struct wok__pg_auth *auth)
{
	switch (auth->state) {
	case WOK__PG_AUTH_ASKED:
		return allowed(auth, WOK__PG_AUTH_NONE, "nothing");
	case WOK__PG_AUTH_VERIFIED:
	case WOK__PG_AUTH_SENT:
		return 0;
	default:
		return wok_fail(WOK_EPEER,
				"the server lets us in without a proof that it knows the password: "
				"it may be somebody else");
	}
}

static int out_of_order(uint32_t what)
{
	return wok_fail(WOK_EPEER, "the server asks for authentication %u out of order", what);
}

static int continue_sasl(struct wok__pg_auth *auth, uint32_t what, const char *body, size_t size)
{
	if (what == ASKS_SASL_CONTINUE && auth->state == WOK__PG_AUTH_SASL) {
		WOK_TRY(wok__pg_scram_continue(auth, body, size));
		auth->state = WOK__PG_AUTH_PROOF;
		return 1;
	}
	if (what == ASKS_SASL_FINAL && auth->state == WOK__PG_AUTH_PROOF) {
		WOK_TRY(wok__pg_scram_final(auth, body, size));
		auth->state = WOK__PG_AUTH_VERIFIED;
		return 2;
	}
	return out_of_order(what);
}

int wok__pg_auth_step(struct wok__pg_auth *auth, const char *body, size_t size)
{
	uint32_t what;

	if (size < sizeof(what))
		return wok_fail(WOK_EPEER, "an Authentication message has %zu bytes", size);
	memcpy(&what, body, sizeof(what));
	what = be32toh(what);
	body += sizeof(what);
	size -= sizeof(what);
	if (what == ASKS_NOTHING)
		return accept(auth);
	if (what == ASKS_SASL_CONTINUE || what == ASKS_SASL_FINAL)
		return continue_sasl(auth, what, body, size);
	if (auth->state != WOK__PG_AUTH_ASKED)
		return out_of_order(what); /* one method, once */
	switch (what) {
	case ASKS_PASSWORD:
		return answer_password(auth);
	case ASKS_MD5:
		return answer_md5(auth, body, size);
	case ASKS_SASL:
		return answer_sasl(auth, body, size);
	case ASKS_KERBEROS:
	case ASKS_GSS:
	case ASKS_SSPI:
		return wok_fail(-ENOTSUP, "the server asks for Kerberos, GSSAPI or SSPI, which is "
					  "not built: use scram-sha-256 in its pg_hba.conf");
	default:
		return wok_fail(-ENOTSUP,
				"the server asks for authentication %u, which is not known "
				"here",
				what);
	}
}
