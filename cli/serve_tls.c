/* SPDX-License-Identifier: MIT */
/* The certificate of `wok serve`: see serve.h. */
#include <errno.h>
#include <stdlib.h>
#include <wok/error.h>
#include <wok/tls.h>

#include "serve.h"

#ifdef WOK__WITH_TLS

struct serve_tls {
	wok_tls_identity identity;
	wok_tls_context *context;
};

static wok_tls_options options_of(const struct serve_tls *tls)
{
	return (wok_tls_options){
		.identities = &tls->identity, .n_identities = 1, .alpn = "h2,http/1.1"};
}

int serve_tls_new(const struct serve_options *options, struct serve_tls **ret_tls)
{
	struct serve_tls *tls = calloc(1, sizeof(*tls));

	if (!tls)
		return -ENOMEM;
	tls->identity = (wok_tls_identity){
		.certificate_file = options->certificate,
		.key_file = options->key,
	};
	const wok_tls_options made = options_of(tls);
	int r = wok_tls_server_new(&made, &tls->context);
	if (r < 0) {
		free(tls);
		return r;
	}
	*ret_tls = tls;
	return 0;
}

void serve_tls_free(struct serve_tls *tls)
{
	if (tls)
		wok_tls_context_free(tls->context);
	free(tls);
}

wok_tls_context *serve_tls_context(const struct serve_tls *tls)
{
	return tls->context;
}

int serve_tls_reload(struct serve_tls *tls)
{
	const wok_tls_options options = options_of(tls);

	return wok_tls_context_reload(tls->context, &options);
}

#else

int serve_tls_new(const struct serve_options *options, struct serve_tls **ret_tls)
{
	(void) options;
	(void) ret_tls;
	return wok_fail(-ENOTSUP, "this wok was built without OpenSSL: it cannot speak TLS");
}

void serve_tls_free(struct serve_tls *tls)
{
	(void) tls;
}

wok_tls_context *serve_tls_context(const struct serve_tls *tls)
{
	(void) tls;
	return NULL;
}

int serve_tls_reload(struct serve_tls *tls)
{
	(void) tls;
	return 0;
}

#endif
