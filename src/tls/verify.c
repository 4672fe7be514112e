/* SPDX-License-Identifier: MIT */
/*
 * Who the peer is. OpenSSL decides, names and addresses included; here it is told whom to expect,
 * and what it finds is put into words while the certificate that is to blame is at hand.
 */
#include <arpa/inet.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "tls/certificate.h"
#include "tls/tls.h"

enum { HOST_MAX = 255, NAMES_SHOWN = 120 };

static bool is_address(const char *host)
{
	unsigned char address[16];

	return inet_pton(AF_INET, host, address) == 1 || inet_pton(AF_INET6, host, address) == 1;
}

static int expect_name(struct wok__tls *tls, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(tls->ssl);
	bool address = is_address(name);

	/* An address is not asked for by name (RFC 6066). */
	if (!address && SSL_set_tlsext_host_name(tls->ssl, name) != 1)
		return -ENOMEM;
	if (!tls->setup->verify_host)
		return 0;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	int good = address ? X509_VERIFY_PARAM_set1_ip_asc(param, name)
			   : X509_VERIFY_PARAM_set1_host(param, name, 0);
	return good == 1 ? 0 : -ENOMEM;
}

int wok__tls_expect(struct wok__tls *tls, const char *host)
{
	char name[HOST_MAX + 2];
	size_t size = strlen(host);

	if (size > 0 && host[size - 1] == '.') /* "example.com." is the same without its root */
		size--;
	if (size == 0 || size > HOST_MAX)
		return wok_fail(-EINVAL, "\"%s\" is no host name: 1 to %d bytes", host, HOST_MAX);
	memcpy(name, host, size);
	name[size] = '\0';
	tls->host = wok__strdup(name);
	return tls->host ? expect_name(tls, name) : -ENOMEM;
}

/* A text that was written to a BIO, at most so much of it. */
static const char *shown(BIO *out, char text[NAMES_SHOWN])
{
	char *data = NULL;
	long size = out ? BIO_get_mem_data(out, &data) : 0;

	if (size >= NAMES_SHOWN)
		snprintf(text, NAMES_SHOWN, "%.*s...", NAMES_SHOWN - 4, data);
	else
		snprintf(text, NAMES_SHOWN, "%.*s", (int) size, data ? data : "");
	BIO_free(out);
	return text;
}

static const char *names_of(const X509 *certificate, char text[NAMES_SHOWN])
{
	BIO *out = BIO_new(BIO_s_mem());

	if (out && wok__tls_print_names(out, certificate) == 0)
		BIO_puts(out, "nobody");
	return shown(out, text);
}

static const char *name_text(const X509_NAME *name, char text[NAMES_SHOWN])
{
	BIO *out = BIO_new(BIO_s_mem());

	if (out)
		wok__tls_print_name(out, name);
	return shown(out, text);
}

static const char *time_text(const ASN1_TIME *when, char text[NAMES_SHOWN])
{
	BIO *out = BIO_new(BIO_s_mem());

	if (out)
		ASN1_TIME_print(out, when);
	return shown(out, text);
}

/* What is wrong with a certificate, and what to do about it. */
static void explain(char *problem, size_t size, int error, const X509 *certificate,
		    const char *host)
{
	char text[NAMES_SHOWN], subject[NAMES_SHOWN];

	name_text(X509_get_subject_name(certificate), subject);
	switch (error) {
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		snprintf(problem, size,
			 "its certificate is for %s, not for %s: connect by a name that it has",
			 names_of(certificate, text), host);
		break;
	case X509_V_ERR_CERT_HAS_EXPIRED:
		snprintf(problem, size,
			 "the certificate of %s has expired on %s: it has to be renewed (or the "
			 "clock here is wrong)",
			 subject, time_text(X509_get0_notAfter(certificate), text));
		break;
	case X509_V_ERR_CERT_NOT_YET_VALID:
		snprintf(problem, size,
			 "the certificate of %s is not valid before %s: is the clock here right?",
			 subject, time_text(X509_get0_notBefore(certificate), text));
		break;
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
		snprintf(problem, size,
			 "the certificate of %s is self-signed: if it is the right one, give it "
			 "as ca_file",
			 subject);
		break;
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
		snprintf(problem, size,
			 "the CA %s is not trusted here: if it should be, give it as ca_file",
			 subject);
		break;
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
		snprintf(problem, size,
			 "the certificate of %s is signed by %s, which is not trusted here: give "
			 "that as ca_file, or let the peer send its whole chain",
			 subject, name_text(X509_get_issuer_name(certificate), text));
		break;
	default:
		snprintf(problem, size, "the certificate of %s: %s", subject,
			 X509_verify_cert_error_string(error));
	}
}

int wok__tls_verified(int good, X509_STORE_CTX *store)
{
	if (good)
		return 1;
	SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct wok__tls *tls = SSL_get_app_data(ssl);
	const X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);

	if (certificate && error != X509_V_ERR_OUT_OF_MEM)
		explain(tls->problem, sizeof(tls->problem), error, certificate,
			tls->host ? tls->host : "a client");
	return 0;
}
