/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_AUTH_H
#define WOK_DB_POSTGRES_AUTH_H
/*
 * Saying who one is: the server asks by Authentication messages ('R'), and each is answered by one
 * message 'p', or by none. No I/O here: the bodies of messages in, the bodies of answers out.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/postgres/settings.h"

enum {
	WOK__PG_NONCE_SIZE = 24, /* in base64: 18 random bytes */
	WOK__PG_HASH_SIZE = 32,
	WOK__PG_ANSWER_MAX = 4096,
};

struct wok__pg_auth {
	const struct wok__pg_settings *settings;
	const char *password; /* NULL: there is none */
	bool secure;          /* nobody listens: TLS, or a Unix socket */
	bool allow_cleartext; /* an option: send a password as it is even if somebody may listen */
	uint32_t max_iterations; /* that a server may ask of SCRAM */
	/* The body of the answer, for a message 'p'. */
	char answer[WOK__PG_ANSWER_MAX];
	size_t answer_size;
	/* SCRAM's state. */
	enum {
		WOK__PG_AUTH_ASKED,    /* nothing yet */
		WOK__PG_AUTH_SASL,     /* the first message was sent */
		WOK__PG_AUTH_PROOF,    /* the proof was sent */
		WOK__PG_AUTH_VERIFIED, /* the server has proved that it knows the password, too */
		WOK__PG_AUTH_SENT,     /* a password was sent, in one form or another */
	} state;
	char nonce[WOK__PG_NONCE_SIZE + 1];
	unsigned char server_signature[WOK__PG_HASH_SIZE];
};

/* How many iterations SCRAM does at most unless an option says otherwise; servers have 4096. */
#define WOK__PG_MAX_ITERATIONS 100000

/*
 * Begin. secure: see above. nonce: for tests, of WOK__PG_NONCE_SIZE characters; NULL: a random one.
 */
int wok__pg_auth_begin(struct wok__pg_auth *auth, const struct wok__pg_settings *settings,
		       size_t host, bool secure, const char *nonce);

/*
 * The body of an Authentication message. 0: it is done, the server lets us in; 1: send
 * answer, as the body of a message 'p'; 2: nothing to send, more comes. WOK_EPEER: the server
 * breaks the protocol, or does not prove who it is; -EACCES: a password is needed and there is
 * none, or the method is not allowed here; -ENOTSUP: no method that is known here. Checkpoint:
 * SCRAM with many iterations computes in a thread: as always with those.
 */
int wok__pg_auth_step(struct wok__pg_auth *auth, const char *body, size_t size);

/* Forget all secrets. */
void wok__pg_auth_clear(struct wok__pg_auth *auth);

/* scram.c */
int wok__pg_scram_first(struct wok__pg_auth *auth);
int wok__pg_scram_continue(struct wok__pg_auth *auth, const char *body, size_t size);
int wok__pg_scram_final(struct wok__pg_auth *auth, const char *body, size_t size);
#endif
