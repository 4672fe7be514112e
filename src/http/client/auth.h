/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_AUTH_H
#define WOK_HTTP_CLIENT_AUTH_H
/*
 * Credentials: basic, digest (RFC 7616), the challenges that ask for them, and the netrc file that
 * they may come from. Who may get which credentials, the hops of a request decide.
 */
#include <wok/base.h>

#include "http/buffer.h"
#include "http/message.h"
#include "http/params.h"

/* --- challenges ------------------------------------------------------------------------------- */

/* One of a list: 'Digest realm="a", nonce="b", Basic realm="c"'. The parts point into the text. */
struct wok__challenge {
	struct wok__h1_span scheme;
	struct wok__params params; /* separated by commas */
};

/* 1 with the next challenge, *at moved behind it; 0 at the end; -EINVAL for nonsense. */
int wok__challenge_next(const char **at, const char *end, struct wok__challenge *ret_challenge);

/* --- basic ------------------------------------------------------------------------------------ */

/* The field "name: Basic ..."; an error of the buffer for a user with a colon, or control bytes. */
void wok__basic_put(struct wok__buffer *out, const char *name, const char *user,
		    const char *password);

/* --- digest ----------------------------------------------------------------------------------- */

enum { WOK__DIGEST_HEX = 64, WOK__DIGEST_TEXT = 512 };

enum wok__digest_hash { WOK__DIGEST_MD5, WOK__DIGEST_SHA_256, WOK__DIGEST_SHA_512_256 };

/* What a server has asked for, kept so that the next request need not be asked again. All zero at
 * first; holds no memory. */
struct wok__digest {
	bool ready; /* a challenge is there: send a field with each request */
	bool session, userhash, has_opaque, stale;
	bool qop, qop_auth, qop_auth_int; /* any; which */
	enum wok__digest_hash hash;
	uint32_t count; /* requests with this nonce */
	char realm[WOK__DIGEST_TEXT], nonce[WOK__DIGEST_TEXT], opaque[WOK__DIGEST_TEXT];
	char cnonce[WOK__DIGEST_TEXT]; /* set anew with each nonce */
};

/*
 * A response has asked for credentials. Takes the strongest digest challenge that its heads have.
 *
 * field:      "WWW-Authenticate" or "Proxy-Authenticate"
 * attempts:   how often this request has been sent with an answer to a challenge
 * Returns:    1: send the request again, with wok__digest_put(); 0: there is no such challenge, or
 *             the credentials are refused: the response is the answer; -ENOTSUP without TLS
 */
int wok__digest_challenged(struct wok__digest *digest, const struct wok__head *head,
			   const char *field, unsigned attempts);

/* What the answer is for. */
struct wok__digest_request {
	const char *user, *password;
	const char *method;
	struct wok__h1_span target; /* as it is sent */
	const void *body;           /* NULL if it is not in memory: then there is no auth-int */
	size_t body_size;
};

/* The field "name: Digest ..."; counts the nonce. 0; -ENOMEM, -EINVAL, -ENOTSUP. */
int wok__digest_put(struct wok__digest *digest, const struct wok__digest_request *request,
		    const char *name, struct wok__buffer *out);

/* The value of Authentication-Info: the nonce for the next request, if there is one. */
void wok__digest_info(struct wok__digest *digest, const char *value);

/* Hexadecimal and lower case, with a NUL; -ENOTSUP without TLS. parts end with NULL data. */
int wok__digest_hex(enum wok__digest_hash hash, const struct wok__h1_span *parts,
		    char ret_hex[WOK__DIGEST_HEX + 1]);

/* --- netrc ------------------------------------------------------------------------------------ */

struct wok__netrc {
	char *text; /* NULL: there is no file */
	size_t size;
};

/* What a file has for a host. */
struct wok__netrc_entry {
	char user[256], password[256];
	bool has_password;
};

/*
 * Read the file that NETRC names, or ~/.netrc; that there is none is no error. One that others can
 * read is reported. Checkpoint: always. 0; -ENOMEM; -ECANCELED; WOK_ELIMIT; -errno of the file.
 */
int wok__netrc_load(struct wok__netrc *netrc);
void wok__netrc_free(struct wok__netrc *netrc);

/*
 * What it says for a host: the first entry for it, else the default.
 *
 * user:       only the entry of this user; NULL: any
 */
bool wok__netrc_find(const struct wok__netrc *netrc, const char *host, const char *user,
		     struct wok__netrc_entry *ret_entry);
#endif
