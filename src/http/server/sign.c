/* SPDX-License-Identifier: MIT */
/* Signatures of cookies: see http/server/sign.h. */
#include "http/server/sign.h"

#include <limits.h>
#include <string.h>
#include <wok/error.h>

#include "http/buffer.h"

#ifdef WOK__WITH_TLS
#include <openssl/evp.h>
#include <openssl/hmac.h>

static void put_base64url(const unsigned char *data, char *out)
{
	static const char signs[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned n = 0;
	size_t at = 0;

	for (size_t i = 0; i < 32; i++) {
		bits = bits << 8 | data[i];
		for (n += 8; n >= 6; n -= 6)
			out[at++] = signs[bits >> (n - 6) & 63];
	}
	out[at] = signs[bits << (6 - n) & 63];
}

int wok__sign(wok_view key, const char *name, wok_view value,
	      char ret_signature[WOK__SIGNATURE_SIZE])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct wok__buffer text = {0};

	/* The name is part of it: a value is good for its own cookie only. */
	wok__buffer_text(&text, name);
	wok__buffer_text(&text, "=");
	wok__buffer_add(&text, value.data, value.size);
	int r = text.error;
	if (r == 0 &&
	    (key.size > INT_MAX || !HMAC(EVP_sha256(), key.data, (int) key.size,
					 (unsigned char *) text.data, text.size, mac, NULL)))
		r = -ENOMEM;
	wok__buffer_free(&text);
	if (r == 0)
		put_base64url(mac, ret_signature);
	return r;
}

#else

int wok__sign(wok_view key, const char *name, wok_view value,
	      char ret_signature[WOK__SIGNATURE_SIZE])
{
	(void) key;
	(void) name;
	(void) value;
	(void) ret_signature;
	return wok_fail(-ENOTSUP, "this build of wok has no OpenSSL, and signs nothing");
}

#endif
