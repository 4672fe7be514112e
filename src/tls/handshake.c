/* SPDX-License-Identifier: MIT */
/*
 * Making a stream into a TLS one: see wok/tls.h.
 *
 * The steps of a handshake run on the large stack: what goes on there depends on certificates that
 * a stranger sends. Between them the bytes are pumped, under the handshake's deadline.
 */
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>
#include <wok/big_stack.h>
#include <wok/error.h>
#include <wok/net.h>

#include "base/memory.h"
#include "base/message.h"
#include "task/park.h"
#include "tls/tls.h"

#define HANDSHAKE_DEFAULT (30 * WOK_SECOND)
#define CLOSE_DEFAULT (5 * WOK_SECOND)

/* --- a connection's life ---------------------------------------------------------------------- */

static struct wok__tls_setup *setup_of(wok_tls_context *context)
{
	pthread_mutex_lock(&context->mutex);
	struct wok__tls_setup *setup = context->setup;
	__atomic_add_fetch(&setup->refs, 1, __ATOMIC_RELAXED);
	pthread_mutex_unlock(&context->mutex);
	return setup;
}

static int make_ssl(struct wok__tls *tls)
{
	tls->ssl = SSL_new(tls->setup->ctx);
	BIO *bio = tls->ssl ? wok__tls_bio_new(tls) : NULL;

	if (!bio || SSL_set_app_data(tls->ssl, tls) != 1) {
		BIO_free(bio);
		return -ENOMEM;
	}
	SSL_set_bio(tls->ssl, bio, bio);
	return 0;
}

int wok__tls_new(wok_tls_context *context, wok_stream *below, struct wok__tls **ret)
{
	struct wok__tls *tls = wok__alloc_zeroed(sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	__atomic_add_fetch(&context->refs, 1, __ATOMIC_RELAXED);
	tls->context = context;
	tls->setup = setup_of(context);
	tls->below = below;
	tls->borrowed = true; /* until all has gone well */
	tls->holders = 1;
	const char *before = wok__tls_enter();
	int r = make_ssl(tls);
	ERR_clear_error();
	wok__tls_leave(before);
	if (r < 0)
		wok__tls_let_go(tls);
	else
		*ret = tls;
	return r;
}

void wok__tls_let_go(struct wok__tls *tls)
{
	if (--tls->holders > 0)
		return;
	const char *before = wok__tls_enter();
	/* A session is as good as it was, though its first connection had no proper end. */
	if (tls->peered && !tls->broken)
		SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(tls->ssl);
	ERR_clear_error();
	wok__tls_leave(before);
	if (!tls->borrowed)
		wok_stream_free(tls->below);
	wok__tls_buffer_clear(&tls->incoming);
	wok__tls_buffer_clear(&tls->written);
	wok__tls_buffer_clear(&tls->passing);
	wok__tls_setup_unref(tls->setup);
	wok__tls_context_unref(tls->context);
	wok_free(tls->host);
	wok_free(tls->host_and_port);
	wok_free(tls->alpn);
	wok_free(tls->texts);
	wok_free(tls);
}

/* --- the handshake ---------------------------------------------------------------------------- */

struct step {
	struct wok__tls *tls;
	int want; /* SSL_ERROR_NONE: it is done; SSL_ERROR_WANT_READ */
};

static int step_on_big_stack(void *arg)
{
	struct step *step = arg;
	struct wok__tls *tls = step->tls;
	char doing[300];

	const char *before = wok__tls_enter();
	int r = SSL_do_handshake(tls->ssl);
	step->want = SSL_get_error(tls->ssl, r);
	if (r == 1 || step->want == SSL_ERROR_WANT_READ) {
		r = 0;
	} else {
		snprintf(doing, sizeof(doing), "the TLS handshake with %s",
			 tls->host ? tls->host : "a client");
		r = wok__tls_error(tls, doing);
	}
	wok__tls_leave(before);
	return r;
}

/* Pass on what a step has written; after a failed one that is an alert. */
static int pass_on_step(struct wok__tls *tls, int result)
{
	if (result == 0)
		return wok__tls_pass_on(tls);
	struct wok__saved_error saved = wok__error_save();
	WOK_IGNORE(wok__tls_pass_on(tls));
	wok__error_restore(saved);
	return result;
}

static int fill_for_step(struct wok__tls *tls)
{
	int r = wok__tls_fill(tls);

	if (r != WOK_EEOF)
		return r;
	return wok_fail(r, "%s hung up in the middle of the TLS handshake",
			tls->host ? tls->host : "a client");
}

/*
 * The last that a server writes in TLS 1.3 are tickets. Nobody waits for them: they go with its
 * first answer, or before it waits itself.
 */
static bool only_tickets_left(const struct wok__tls *tls, int want)
{
	return want == SSL_ERROR_NONE && SSL_is_server(tls->ssl) &&
	       SSL_version(tls->ssl) >= TLS1_3_VERSION;
}

static int shake_hands(struct wok__tls *tls)
{
	struct step step = {tls, SSL_ERROR_WANT_READ};

	for (;;) {
		int r = wok_on_big_stack(step_on_big_stack, &step);
		if (r == 0 && only_tickets_left(tls, step.want))
			return 0;
		WOK_TRY(pass_on_step(tls, r));
		if (step.want == SSL_ERROR_NONE)
			return 0;
		WOK_TRY(fill_for_step(tls));
	}
}

static int shake_hands_in_time(struct wok__tls *tls, const wok_tls_stream_options *options)
{
	wok_time limit =
		options->handshake_timeout ? options->handshake_timeout : HANDSHAKE_DEFAULT;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = -EINVAL;

	WOK_TIMEOUT (&timeout, limit) {
		r = shake_hands(tls);
	}
	int result = wok_timeout_result(&timeout, r);
	if (result == -ETIMEDOUT && r == -ECANCELED)
		return wok_fail(result, "the TLS handshake with %s took longer than %lld ms",
				tls->host ? tls->host : "a client", (long long) (limit / WOK_MS));
	return result;
}

/* What was agreed on above TLS, as a text. */
static int keep_alpn(struct wok__tls *tls)
{
	const unsigned char *name = NULL;
	unsigned size = 0;

	tls->peered = true;
	SSL_get0_alpn_selected(tls->ssl, &name, &size);
	if (size == 0)
		return 0;
	tls->alpn = wok_alloc(size + 1);
	if (!tls->alpn)
		return -ENOMEM;
	memcpy(tls->alpn, name, size);
	tls->alpn[size] = '\0';
	return 0;
}

/* --- both sides ------------------------------------------------------------------------------- */

static int resume_session(struct wok__tls *tls, uint16_t port)
{
	size_t size = strlen(tls->host) + 8;

	if (!tls->setup->resume)
		return 0;
	tls->host_and_port = wok_alloc(size);
	if (!tls->host_and_port)
		return -ENOMEM;
	snprintf(tls->host_and_port, size, "%s:%u", tls->host, port);
	SSL_SESSION *session = wok__tls_session_get(tls->context, tls->host_and_port);
	if (session)
		(void) SSL_set_session(tls->ssl, session); /* or else it is a full handshake */
	SSL_SESSION_free(session);
	ERR_clear_error();
	return 0;
}

static int offer_alpn(struct wok__tls *tls, const char *text)
{
	unsigned char *alpn = NULL;
	unsigned size = 0;

	WOK_TRY(wok__tls_encode_alpn(text, &alpn, &size));
	int failed = SSL_set_alpn_protos(tls->ssl, alpn, size);
	wok_free(alpn);
	return failed ? -ENOMEM : 0;
}

/* What the client and the server do differently before they begin. */
static int prepare(struct wok__tls *tls, const char *host, const wok_tls_stream_options *options)
{
	if (!host) {
		SSL_set_accept_state(tls->ssl);
		return 0;
	}
	WOK_TRY(wok__tls_expect(tls, host));
	if (options->alpn)
		WOK_TRY(offer_alpn(tls, options->alpn));
	WOK_TRY(resume_session(tls, options->port));
	SSL_set_connect_state(tls->ssl);
	return 0;
}

static int set_up(struct wok__tls *tls, const char *host, const wok_tls_stream_options *options,
		  wok_stream **ret_stream)
{
	WOK_TRY(wok__check());
	WOK_TRY(prepare(tls, host, options));
	WOK_TRY(shake_hands_in_time(tls, options));
	WOK_TRY(keep_alpn(tls));
	return wok_stream_new(&wok__tls_ops, tls, ret_stream);
}

static int make(wok_tls_context *context, wok_stream *below, const char *host,
		const wok_tls_stream_options *options, wok_stream **ret_stream)
{
	struct wok__tls *tls = NULL;

	WOK_TRY(wok__tls_new(context, below, &tls));
	int r = set_up(tls, host, options, ret_stream);
	if (r < 0)
		wok__tls_let_go(tls);
	else
		tls->borrowed = options->borrow;
	return r;
}

static int make_or_close(wok_tls_context *context, wok_stream *below, const char *host,
			 const wok_tls_stream_options *options, wok_stream **ret_stream)
{
	const wok_tls_stream_options defaults = {0};

	options = options ? options : &defaults;
	if (!below)
		return wok_fail(-EINVAL, "there is no stream to make a TLS one of");
	int r = !context || context->server != !host
			? wok_fail(-EINVAL, "wok_tls_connect() wants a context of "
					    "wok_tls_client_new(), wok_tls_accept() one of "
					    "wok_tls_server_new()")
			: make(context, below, host, options, ret_stream);
	if (r < 0 && options->borrow)
		(void) wok_stream_close(below);
	else if (r < 0)
		wok_stream_free(below);
	return r;
}

int wok_tls_connect(wok_tls_context *context, wok_stream *stream, const char *host,
		    const wok_tls_stream_options *options, wok_stream **ret_stream)
{
	return make_or_close(context, stream, host ? host : "", options, ret_stream);
}

int wok_tls_accept(wok_tls_context *context, wok_stream *stream,
		   const wok_tls_stream_options *options, wok_stream **ret_stream)
{
	return make_or_close(context, stream, NULL, options, ret_stream);
}

int wok_tls_dial(wok_tls_context *context, const char *host, uint16_t port,
		 const wok_tls_stream_options *options, wok_stream **ret_stream)
{
	wok_tls_stream_options own = options ? *options : (wok_tls_stream_options){0};
	wok_stream *below = NULL;

	own.borrow = false;
	own.port = port;
	WOK_TRY(wok_tcp_connect(host, port, &below));
	return wok_tls_connect(context, below, host, &own, ret_stream);
}

/* --- the end of both directions --------------------------------------------------------------- */

static int say_goodbye(wok_stream *stream)
{
	char dropped[2048];
	ssize_t n;
	int r = wok_stream_shutdown(stream);

	/* A peer that is gone may have said goodbye before. */
	if (r < 0 && r != -EALREADY && r != -EPIPE && r != -ECONNRESET)
		return r;
	while ((n = wok_stream_read(stream, dropped, sizeof(dropped))) > 0)
		;
	return (int) n;
}

int wok_tls_close(wok_stream *stream, wok_time limit)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = -EINVAL;

	if (!wok__tls_of(stream))
		return wok_fail(-EINVAL, "wok_tls_close: this is no TLS stream, or it is closed");
	WOK_TIMEOUT (&timeout, limit ? limit : CLOSE_DEFAULT) {
		r = say_goodbye(stream);
	}
	r = wok_timeout_result(&timeout, r);
	struct wok__saved_error saved = wok__error_save();
	(void) wok_stream_close(stream);
	wok__error_restore(saved);
	return r;
}
