/* SPDX-License-Identifier: MIT */
/* Contexts: see wok/tls.h. They are shared between threads, so they count with atomics. */
#include <openssl/err.h>
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "tls/tls.h"

/* Keys of session tickets, in OpenSSL 3: 16 bytes of name, 32 each for HMAC and AES. */
enum { TICKET_KEYS = 80 };

static int context_new(bool server, const wok_tls_options *options, wok_tls_context **ret_context)
{
	const wok_tls_options defaults = {0};
	wok_tls_context *context = wok__alloc_zeroed(sizeof(*context));

	if (!context)
		return -ENOMEM;
	int r = wok__tls_setup_new(server, options ? options : &defaults, &context->setup);
	if (r < 0) {
		wok_free(context);
		return r;
	}
	context->refs = 1;
	context->server = server;
	pthread_mutex_init(&context->mutex, NULL);
	*ret_context = context;
	return 0;
}

int wok_tls_client_new(const wok_tls_options *options, wok_tls_context **ret_context)
{
	return context_new(false, options, ret_context);
}

int wok_tls_server_new(const wok_tls_options *options, wok_tls_context **ret_context)
{
	return context_new(true, options, ret_context);
}

/*
 * A ticket says who the client has shown to be: where that counts, the old ones end with the setup.
 */
static void keep_ticket_keys(const struct wok__tls_setup *from, const struct wok__tls_setup *to)
{
	unsigned char keys[TICKET_KEYS];

	if (from->verify_client || to->verify_client)
		return;
	if (SSL_CTX_get_tlsext_ticket_keys(from->ctx, keys, sizeof(keys)) == 1)
		(void) SSL_CTX_set_tlsext_ticket_keys(to->ctx, keys, sizeof(keys));
	OPENSSL_cleanse(keys, sizeof(keys));
	ERR_clear_error();
}

int wok_tls_context_reload(wok_tls_context *context, const wok_tls_options *options)
{
	const wok_tls_options defaults = {0};
	struct wok__tls_setup *fresh = NULL;

	WOK_TRY(wok__tls_setup_new(context->server, options ? options : &defaults, &fresh));
	pthread_mutex_lock(&context->mutex);
	struct wok__tls_setup *old = context->setup;
	if (context->server)
		keep_ticket_keys(old, fresh);
	context->setup = fresh;
	wok__tls_sessions_clear(context);
	pthread_mutex_unlock(&context->mutex);
	wok__tls_setup_unref(old);
	return 0;
}

void wok__tls_context_unref(wok_tls_context *context)
{
	if (__atomic_sub_fetch(&context->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	wok__tls_sessions_clear(context);
	wok__tls_setup_unref(context->setup);
	pthread_mutex_destroy(&context->mutex);
	wok_free(context);
}

void wok_tls_context_free(wok_tls_context *context)
{
	if (context)
		wok__tls_context_unref(context);
}
