/* SPDX-License-Identifier: MIT */
/* OpenSSL's errors as wok's: a code, and a message with what to do. */
#include <openssl/err.h>
#include <openssl/sslerr.h>
#include <wok/error.h>

#include "tls/tls.h"

/* Reasons that need more words than OpenSSL has for them. */
static const struct {
	int reason;
	int code;
	const char *text;
} explained[] = {
	{SSL_R_WRONG_VERSION_NUMBER, WOK_EPEER, "the peer does not speak TLS: is the port right?"},
	{SSL_R_HTTP_REQUEST, WOK_EPEER, "the client speaks HTTP without TLS"},
	{SSL_R_HTTPS_PROXY_REQUEST, WOK_EPEER, "the client takes this for an HTTP proxy"},
	{SSL_R_UNSUPPORTED_PROTOCOL, WOK_EPEER,
	 "no version of TLS in common: the peer must speak 1.2 at least (see min_version)"},
	{SSL_R_TLSV1_ALERT_PROTOCOL_VERSION, WOK_EPEER,
	 "no version of TLS in common: the peer refuses those that are offered (see min_version, "
	 "max_version)"},
	{SSL_R_NO_SHARED_CIPHER, WOK_EPEER, "no cipher in common, or no certificate for one"},
	{SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, WOK_EPEER,
	 "the peer finds nothing in common: ciphers, kinds of keys, or a certificate that it "
	 "wants of us (see identities)"},
	{SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE, WOK_ECERTIFICATE,
	 "the client has shown no certificate, and one is required"},
	{SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED, WOK_EPEER,
	 "the peer requires a certificate of us: give one in identities"},
	{SSL_R_TLSV1_ALERT_UNKNOWN_CA, WOK_EPEER,
	 "the peer does not trust the CA of our certificate"},
	{SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, WOK_EPEER, "the peer refuses our certificate"},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, WOK_EPEER, "the peer refuses our certificate"},
	{SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, WOK_EPEER,
	 "the peer says that our certificate has expired"},
	{SSL_R_TLSV1_BAD_CERTIFICATE_STATUS_RESPONSE, WOK_EPEER,
	 "the peer refuses our certificate for its OCSP response, or for want of one (see "
	 "staple_file)"},
	{SSL_R_NO_APPLICATION_PROTOCOL, WOK_EPEER, "no protocol above in common (see alpn)"},
	{SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL, WOK_EPEER,
	 "no protocol above in common (see alpn)"},
	{SSL_R_UNEXPECTED_EOF_WHILE_READING, WOK_EEOF, "the connection ended"},
};

static const char *reason_text(unsigned long error)
{
	const char *text = ERR_reason_error_string(error);

	return text ? text : "an error without a name";
}

static bool is_memory(unsigned long error)
{
	return ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
}

/* Take the queue's first error; whether one of them is that there is no memory. */
static unsigned long take_errors(bool *ret_memory)
{
	unsigned long first = ERR_get_error(), next = first;

	*ret_memory = false;
	for (; next; next = ERR_get_error())
		*ret_memory |= is_memory(next);
	return first;
}

int wok__tls_error(const struct wok__tls *tls, const char *doing)
{
	bool memory;
	unsigned long error = take_errors(&memory);

	/* An error without a name is the buffer's, which could not grow. */
	if (memory || !error)
		return wok_fail(-ENOMEM, "%s failed: out of memory", doing);
	if (tls->problem[0] && !tls->peered)
		return wok_fail(WOK_ECERTIFICATE, "%s failed: %s", doing, tls->problem);
	for (size_t i = 0; i < sizeof(explained) / sizeof(explained[0]); i++)
		if (ERR_GET_LIB(error) == ERR_LIB_SSL &&
		    ERR_GET_REASON(error) == explained[i].reason)
			return wok_fail(explained[i].code, "%s failed: %s (%s)", doing,
					explained[i].text, reason_text(error));
	return wok_fail(WOK_EPEER, "%s failed: %s", doing, reason_text(error));
}

int wok__tls_setup_error(int code, const char *what)
{
	bool memory;
	unsigned long error = take_errors(&memory);

	if (memory)
		return wok_fail(-ENOMEM, "%s: out of memory", what);
	return wok_fail(code, "%s: %s", what, error ? reason_text(error) : wok_strerror(code));
}
