/* SPDX-License-Identifier: MIT */
/* The hashes of digest credentials, by OpenSSL: a build without TLS has no digest. */
#include <errno.h>
#include <wok/error.h>

#include "http/client/auth.h"

#ifdef WOK__WITH_TLS
#include <openssl/evp.h>

static const char *const names[] = {
	[WOK__DIGEST_MD5] = "MD5",
	[WOK__DIGEST_SHA_256] = "SHA256",
	[WOK__DIGEST_SHA_512_256] = "SHA512-256",
};

static int run(EVP_MD_CTX *context, const EVP_MD *kind, const struct wok__h1_span *parts,
	       char ret_hex[WOK__DIGEST_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";
	unsigned char hash[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!EVP_DigestInit_ex2(context, kind, NULL))
		return -ENOMEM;
	for (; parts->data; parts++)
		if (!EVP_DigestUpdate(context, parts->data, parts->size))
			return -ENOMEM;
	if (!EVP_DigestFinal_ex(context, hash, &size) || 2 * size > WOK__DIGEST_HEX)
		return -ENOMEM;
	for (size_t i = 0; i < size; i++) {
		ret_hex[2 * i] = digits[hash[i] >> 4];
		ret_hex[2 * i + 1] = digits[hash[i] & 15];
	}
	ret_hex[(size_t) 2 * size] = '\0';
	return 0;
}

int wok__digest_hex(enum wok__digest_hash hash, const struct wok__h1_span *parts,
		    char ret_hex[WOK__DIGEST_HEX + 1])
{
	EVP_MD *kind = EVP_MD_fetch(NULL, names[hash], NULL);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int r = -ENOMEM;

	if (!kind)
		r = wok_fail(-ENOTSUP,
			     "OpenSSL has no %s, which the server's digest "
			     "authentication asks for",
			     names[hash]);
	else if (context)
		r = run(context, kind, parts, ret_hex);
	EVP_MD_CTX_free(context);
	EVP_MD_free(kind);
	return r;
}
#else
int wok__digest_hex(enum wok__digest_hash hash, const struct wok__h1_span *parts,
		    char ret_hex[WOK__DIGEST_HEX + 1])
{
	(void) hash, (void) parts, (void) ret_hex;
	return wok_fail(-ENOTSUP, "the server asks for digest authentication, and this build of "
				  "wok has no TLS, whose hashes it needs");
}
#endif
