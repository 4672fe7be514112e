/* SPDX-License-Identifier: MIT */
/* TLS for a client's connections: see http/client/secure.h. */
#include "http/client/secure.h"

#include "http/alpn.h"

#include <strings.h>
#include <wok/error.h>
#include <wok/tls.h>

#ifdef WOK__WITH_TLS

int wok__secure_open(wok_http_session *session)
{
	return session->tls ? 0 : wok_tls_client_new(session->options.tls, &session->tls);
}

void wok__secure_close(wok_http_session *session)
{
	wok_tls_context_free(session->tls);
}

/* Whether the server has a certificate or a key that was named. */
static int check_pins(const char *const *pins, const char *host, const wok_stream *stream)
{
	wok_tls_certificate certificate;
	int r = wok_tls_peer_certificate(stream, &certificate);

	if (r < 0)
		return r;
	for (; r > 0 && *pins; pins++)
		if (strcasecmp(*pins, certificate.fingerprint) == 0 ||
		    strcasecmp(*pins, certificate.key_fingerprint) == 0)
			return 0;
	return wok_fail(WOK_ECERTIFICATE,
			"%s shows a certificate that is not pinned: \"%.100s\", its SHA-256 is %s, "
			"that of its key %s",
			host, r > 0 ? certificate.subject : "none",
			r > 0 ? certificate.fingerprint : "-",
			r > 0 ? certificate.key_fingerprint : "-");
}

int wok__secure_connect(const struct wok__secure *secure, wok_stream **stream, bool *ret_resumed)
{
	const wok_tls_stream_options options = {
		.handshake_timeout = secure->limit, .port = secure->port, .alpn = secure->alpn};
	const char *const *pins = secure->no_pins ? NULL : secure->session->options.pins;
	wok_stream *below = WOK_TAKE(*stream), *secured = NULL;

	int r = wok__secure_open(secure->session);
	if (r < 0) {
		wok_stream_free(below);
		return r;
	}
	WOK_TRY(wok_tls_connect(secure->session->tls, below, secure->host, &options, &secured));
	r = pins ? check_pins(pins, secure->host, secured) : 0;
	if (r < 0) {
		wok_stream_free(secured);
		return r;
	}
	*ret_resumed = wok_tls_resumed(secured);
	*stream = secured;
	return 0;
}

const char *wok__http_alpn(const wok_stream *stream)
{
	return wok_tls_alpn(stream);
}

#else

static int unsupported(void)
{
	return wok_fail(-EPROTONOSUPPORT, "this build of wok has no TLS: it needs OpenSSL 3");
}

int wok__secure_open(wok_http_session *session)
{
	(void) session;
	return unsupported();
}

void wok__secure_close(wok_http_session *session)
{
	(void) session;
}

int wok__secure_connect(const struct wok__secure *secure, wok_stream **stream, bool *ret_resumed)
{
	(void) secure;
	(void) ret_resumed;
	wok_stream_free(WOK_TAKE(*stream));
	return unsupported();
}

const char *wok__http_alpn(const wok_stream *stream)
{
	(void) stream;
	return NULL;
}

#endif
