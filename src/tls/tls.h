/* SPDX-License-Identifier: MIT */
#ifndef WOK_TLS_TLS_H
#define WOK_TLS_TLS_H
/*
 * The parts of libwok-tls. A context has a setup, which is constant; reloading gives it another. A
 * connection holds the setup that it was made of, and the context, for its sessions.
 *
 * OpenSSL never waits here. It reads out of a buffer and writes into one; the bytes are pumped
 * between its calls, by whichever task wants something. So each call of OpenSSL is one step on a
 * loop of one thread, in a no-wait section, and a reader and a writer may be parked at once. The
 * lock is for those who pass on what was written.
 */
#include <openssl/ssl.h>
#include <pthread.h>
#include <wok/event.h>
#include <wok/lock.h>
#include <wok/stream.h>
#include <wok/timeout.h>
#include <wok/tls.h>

#include "tls/buffer.h"

/* One that a context offers. */
struct wok__tls_identity {
	X509 *certificate;
	EVP_PKEY *key;
	STACK_OF(X509) * chain;
	unsigned char *staple; /* an OCSP response in DER; NULL */
	int staple_size;
};

struct wok__tls_setup {
	int refs; /* atomic */
	SSL_CTX *ctx;
	BIO_METHOD *bio;
	struct wok__tls_identity *identities;
	size_t n_identities;
	unsigned char *alpn; /* as it goes over the wire */
	unsigned alpn_size;
	int key_log; /* a descriptor, or -1 */
	bool server;
	bool verify;
	bool verify_host;
	bool verify_client;
	bool require_staple;
	bool resume;
	size_t max_sessions;
};

int wok__tls_setup_new(bool server, const wok_tls_options *options, struct wok__tls_setup **ret);
void wok__tls_setup_unref(struct wok__tls_setup *setup);

/* "h2,http/1.1" as lengths and names, the caller's to free; -EINVAL with a message. */
int wok__tls_encode_alpn(const char *text, unsigned char **ret_alpn, unsigned *ret_size);

/* Sessions that a client may resume, the newest in front. */
struct wok__tls_session {
	struct wok__tls_session *next;
	SSL_SESSION *session;
	char host_and_port[];
};

struct wok_tls_context {
	int refs; /* atomic */
	bool server;
	pthread_mutex_t mutex; /* for what follows */
	struct wok__tls_setup *setup;
	struct wok__tls_session *sessions;
	size_t n_sessions;
};

void wok__tls_context_unref(wok_tls_context *context);

/* Keep a session, whose reference is handed over. No memory: it is dropped. */
void wok__tls_session_put(wok_tls_context *context, const struct wok__tls_setup *setup,
			  const char *host_and_port, SSL_SESSION *session);
/* A session to resume, the caller's to free; NULL. */
SSL_SESSION *wok__tls_session_get(wok_tls_context *context, const char *host_and_port);
/* With the mutex held, or nobody else around. */
void wok__tls_sessions_clear(wok_tls_context *context);

enum { WOK__TLS_PROBLEM_MAX = 320 };

/* A connection. Held by its stream, and by each call that is in it. */
struct wok__tls {
	SSL *ssl;
	wok_stream *below;
	bool borrowed;
	bool closed;
	bool shut;   /* close_notify is written, or on its way */
	bool peered; /* the handshake is over */
	int broken;  /* why nothing more can be read or written; 0 */
	int holders;
	struct wok__tls_buffer incoming; /* for OpenSSL to read */
	size_t wanted;                   /* how much it would have liked to read at last */
	bool comes_much;
	bool filling;                   /* a task waits for bytes from below */
	wok_event filled;               /* others who want them */
	wok_lock sending;               /* who passes on what was written */
	struct wok__tls_buffer written; /* by OpenSSL */
	struct wok__tls_buffer passing; /* what is being passed on: stays where it is meanwhile */
	wok_tls_context *context;
	struct wok__tls_setup *setup;
	char *host;          /* a client's, for messages; NULL */
	char *host_and_port; /* of a client's session; NULL */
	char *alpn;
	char problem[WOK__TLS_PROBLEM_MAX]; /* with the peer's certificate, or why it is broken */
	char *texts;                        /* of the peer's certificate, once it was asked for */
	wok_tls_certificate certificate;
};

/* The connection of a stream; NULL if it is none of ours, or closed. */
struct wok__tls *wok__tls_of(const wok_stream *stream);

/* A connection before its handshake, and its end; what is below is the caller's matter. */
int wok__tls_new(wok_tls_context *context, wok_stream *below, struct wok__tls **ret);
void wok__tls_let_go(struct wok__tls *tls);

/* The method of the BIO between OpenSSL and a connection; NULL without memory. */
BIO_METHOD *wok__tls_bio_method(void);
BIO *wok__tls_bio_new(struct wok__tls *tls);

/*
 * Wait for bytes from below, if there are none: 0, or an error; WOK_EEOF at the end. While another
 * task does, wait for it: 0, and then there may be none.
 */
int wok__tls_fill(struct wok__tls *tls);
/* Wait until all that OpenSSL has written is passed on; sending is held. */
int wok__tls_pass_on(struct wok__tls *tls);
bool wok__tls_has_written(const struct wok__tls *tls);

/* Read and write, for a stream. */
extern const wok_stream_ops wok__tls_ops;

/*
 * Verifying: tell OpenSSL whom to expect, and note what is wrong with whom it got.
 */
int wok__tls_expect(struct wok__tls *tls, const char *host);
int wok__tls_verified(int good, X509_STORE_CTX *store);

/*
 * The code of OpenSSL's last error, with a message. doing: "the TLS handshake with example.com".
 * The queue of errors is empty afterwards.
 */
int wok__tls_error(const struct wok__tls *tls, const char *doing);
/* The same for what has no connection: a file, an option. */
int wok__tls_setup_error(int code, const char *what);

/* Around each call of OpenSSL's: nobody waits in it, and old errors are gone. */
const char *wok__tls_enter(void);
void wok__tls_leave(const char *before);
#endif
