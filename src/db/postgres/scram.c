/* SPDX-License-Identifier: MIT */
/*
 * SCRAM-SHA-256 without channel binding: RFC 5802, RFC 7677. The user name in it is empty: the
 * server knows it from the start-up message. A password is used as its bytes are, without SASLprep
 * (RFC 4013): what that changes (other spaces, composed letters) libpq prepares, so such a password
 * has to be given here in its prepared form.
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/thread.h>

#include "db/postgres/auth.h"

#define MECHANISM "SCRAM-SHA-256"

enum { HASH = WOK__PG_HASH_SIZE, SALT_MAX = 256, MESSAGE_MAX = 2048, THREAD_FROM = 10000 };

/* "n,,n=,r=" and the nonce: the part behind "n,," goes into what is signed. */
static int client_first_bare(const struct wok__pg_auth *auth, char *text, size_t size)
{
	return snprintf(text, size, "n=,r=%s", auth->nonce);
}

int wok__pg_scram_first(struct wok__pg_auth *auth)
{
	char *at = auth->answer;
	char bare[100];
	const int length = client_first_bare(auth, bare, sizeof(bare)) + 3;

	at = (char *) memcpy(at, MECHANISM, sizeof(MECHANISM)) + sizeof(MECHANISM);
	*at++ = 0; /* the length, in network order; it is below 256 */
	*at++ = 0;
	*at++ = 0;
	*at++ = (char) length;
	at += sprintf(at, "n,,%s", bare);
	auth->answer_size = (size_t) (at - auth->answer);
	return 0;
}

/* --- hashing -----------------------------------------------------------------------------------
 */

static int no_crypto(void)
{
	return wok_fail(-EIO, "OpenSSL could not compute SHA-256");
}

static int hmac(const unsigned char key[HASH], const void *data, size_t size,
		unsigned char ret_mac[HASH])
{
	unsigned length;

	return HMAC(EVP_sha256(), key, HASH, data, size, ret_mac, &length) ? 0 : no_crypto();
}

struct salting {
	const char *password;
	unsigned char salt[SALT_MAX];
	int salt_size;
	uint32_t iterations;
	unsigned char salted[HASH];
};

static int salt_password(void *arg)
{
	struct salting *salting = arg;

	return PKCS5_PBKDF2_HMAC(salting->password, (int) strlen(salting->password), salting->salt,
				 salting->salt_size, (int) salting->iterations, EVP_sha256(), HASH,
				 salting->salted) == 1
		       ? 0
		       : -EIO;
}

/* --- the server's first message: "r=NONCE,s=SALT,i=ITERATIONS" ----------------------------------
 */

static int bad_message(const char *what)
{
	return wok_fail(WOK_EPEER, "SCRAM: the server's message is wrong: %s", what);
}

/* The value of the attribute at *at, made a text; *at goes behind it. NULL: it is another one. */
static char *attribute(char **at, char name)
{
	char *value = *at;

	if (value[0] != name || value[1] != '=')
		return NULL;
	value += 2;
	char *end = value + strcspn(value, ",");
	*at = end + (*end != '\0');
	*end = '\0';
	return value;
}

/* base64 with its "=" at the end; the size, or -1. */
static int from_base64(const char *text, unsigned char *data, size_t max)
{
	const size_t size = strlen(text);

	if (size == 0 || size % 4 != 0 || size / 4 * 3 > max)
		return -1;
	const size_t pads = (text[size - 1] == '=') + (text[size - 2] == '=');
	if (strcspn(text, "=") != size - pads)
		return -1;
	return EVP_DecodeBlock(data, (const unsigned char *) text, (int) size) < 0
		       ? -1
		       : (int) (size / 4 * 3 - pads);
}

/* text: taken apart. */
static int read_first(const struct wok__pg_auth *auth, char *text, const char **ret_nonce,
		      struct salting *salting)
{
	const char *nonce = attribute(&text, 'r');
	const char *salt = nonce ? attribute(&text, 's') : NULL;
	const char *iterations = salt ? attribute(&text, 'i') : NULL;
	unsigned long n = 0;

	if (!iterations)
		return bad_message("it should be r=...,s=...,i=...");
	if (strncmp(nonce, auth->nonce, WOK__PG_NONCE_SIZE) != 0 ||
	    strlen(nonce) <= WOK__PG_NONCE_SIZE)
		return bad_message("its nonce does not begin with ours, and more");
	salting->salt_size = from_base64(salt, salting->salt, sizeof(salting->salt));
	if (salting->salt_size <= 0)
		return bad_message("its salt is not in base64");
	for (; *iterations >= '0' && *iterations <= '9'; iterations++)
		n = n > INT32_MAX ? n : n * 10 + (unsigned long) (*iterations - '0');
	if (*iterations || n == 0)
		return bad_message("its iterations are no number");
	if (n > auth->max_iterations)
		return wok_fail(WOK_ELIMIT,
				"SCRAM: the server asks for %lu iterations; the limit is %u", n,
				auth->max_iterations);
	salting->iterations = (uint32_t) n;
	*ret_nonce = nonce;
	return 0;
}

/* ClientProof, and what the server has to answer, for what both have said. */
static int prove(struct wok__pg_auth *auth, const unsigned char salted[HASH], const char *said,
		 unsigned char ret_proof[HASH])
{
	unsigned char client[HASH], stored[HASH], signature[HASH], server[HASH];

	WOK_TRY(hmac(salted, "Client Key", 10, client));
	if (EVP_Digest(client, HASH, stored, NULL, EVP_sha256(), NULL) != 1)
		return no_crypto();
	WOK_TRY(hmac(stored, said, strlen(said), signature));
	for (int i = 0; i < HASH; i++)
		ret_proof[i] = client[i] ^ signature[i];
	WOK_TRY(hmac(salted, "Server Key", 10, server));
	return hmac(server, said, strlen(said), auth->server_signature);
}

int wok__pg_scram_continue(struct wok__pg_auth *auth, const char *body, size_t size)
{
	char first[MESSAGE_MAX], said[3 * MESSAGE_MAX], bare[100];
	struct salting salting = {.password = auth->password};
	unsigned char proof[HASH], proof64[4 * ((HASH + 2) / 3) + 1];
	const char *nonce;

	if (size >= sizeof(first) || memchr(body, '\0', size))
		return bad_message("it is too long, or has a NUL");
	memcpy(first, body, size);
	first[size] = '\0';
	client_first_bare(auth, bare, sizeof(bare));
	int length = snprintf(said, sizeof(said), "%s,%s,c=biws,r=", bare, first);
	WOK_TRY(read_first(auth, first, &nonce, &salting));
	snprintf(said + length, sizeof(said) - (size_t) length, "%s", nonce);

	int r = salting.iterations >= THREAD_FROM ? wok_to_thread(salt_password, &salting)
						  : salt_password(&salting);
	if (r == -EIO)
		r = no_crypto();
	if (r == 0)
		r = prove(auth, salting.salted, said, proof);
	explicit_bzero(&salting, sizeof(salting));
	if (r < 0)
		return r;
	EVP_EncodeBlock(proof64, proof, HASH);
	auth->answer_size = (size_t) snprintf(auth->answer, sizeof(auth->answer),
					      "c=biws,r=%s,p=%s", nonce, proof64);
	return 0;
}

/* "v=SIGNATURE", or "e=reason" */
int wok__pg_scram_final(struct wok__pg_auth *auth, const char *body, size_t size)
{
	char text[200], *at = text;
	unsigned char signature[3 * WOK__PG_HASH_SIZE];

	if (size >= sizeof(text) || memchr(body, '\0', size))
		return bad_message("its end is too long, or has a NUL");
	memcpy(text, body, size);
	text[size] = '\0';
	const char *value = attribute(&at, 'v');
	if (!value)
		return bad_message("it has no signature at the end");
	if (from_base64(value, signature, sizeof(signature)) != HASH ||
	    CRYPTO_memcmp(signature, auth->server_signature, HASH) != 0)
		return wok_fail(WOK_EPEER,
				"SCRAM: the server does not know the password: it may be "
				"somebody else");
	return 0;
}
