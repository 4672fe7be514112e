/* SPDX-License-Identifier: MIT */
/* What a connection has agreed on, and the peer's certificate, as texts. */
#include "tls/certificate.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>
#include <wok/error.h>

#include "base/memory.h"
#include "io/stream.h"
#include "tls/tls.h"

struct wok__tls *wok__tls_of(const wok_stream *stream)
{
	return wok__stream_self(stream, &wok__tls_ops);
}

const char *wok_tls_version(const wok_stream *stream)
{
	const struct wok__tls *tls = wok__tls_of(stream);

	return tls ? SSL_get_version(tls->ssl) : NULL;
}

const char *wok_tls_cipher(const wok_stream *stream)
{
	const struct wok__tls *tls = wok__tls_of(stream);
	const SSL_CIPHER *cipher = tls ? SSL_get_current_cipher(tls->ssl) : NULL;

	return cipher ? SSL_CIPHER_standard_name(cipher) : NULL;
}

const char *wok_tls_alpn(const wok_stream *stream)
{
	const struct wok__tls *tls = wok__tls_of(stream);

	return tls ? tls->alpn : NULL;
}

const char *wok_tls_server_name(const wok_stream *stream)
{
	const struct wok__tls *tls = wok__tls_of(stream);

	return tls ? SSL_get_servername(tls->ssl, TLSEXT_NAMETYPE_host_name) : NULL;
}

bool wok_tls_resumed(const wok_stream *stream)
{
	const struct wok__tls *tls = wok__tls_of(stream);

	return tls && SSL_session_reused(tls->ssl);
}

void wok__tls_print_name(BIO *out, const X509_NAME *name)
{
	/* RFC 2253's order and escapes, but letters beyond ASCII as they are. */
	X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
}

int wok__tls_print_names(BIO *out, const X509 *certificate)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int n = names ? sk_GENERAL_NAME_num(names) : 0;

	for (int i = 0; i < n; i++) {
		if (i > 0)
			BIO_puts(out, ", ");
		GENERAL_NAME_print(out, sk_GENERAL_NAME_value(names, i));
	}
	GENERAL_NAMES_free(names);
	return n;
}

static int64_t seconds(const ASN1_TIME *when)
{
	struct tm tm;

	return ASN1_TIME_to_tm(when, &tm) == 1 ? (int64_t) timegm(&tm) : 0;
}

static void print_hex(BIO *out, const unsigned char *digest, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		BIO_printf(out, "%02x", digest[i]);
}

static void print_fingerprint(BIO *out, const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (X509_digest(certificate, EVP_sha256(), digest, &size) == 1)
		print_hex(out, digest, size);
}

static void print_key_fingerprint(BIO *out, const X509 *certificate)
{
	unsigned char digest[EVP_MAX_MD_SIZE], *key = NULL;
	int key_size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &key);
	unsigned size = 0;

	if (key_size > 0 &&
	    EVP_Digest(key, (size_t) key_size, digest, &size, EVP_sha256(), NULL) == 1)
		print_hex(out, digest, size);
	OPENSSL_free(key);
}

/* Five texts in a row, each with its end. */
static int print_texts(BIO *out, const X509 *certificate)
{
	wok__tls_print_name(out, X509_get_subject_name(certificate));
	BIO_write(out, "", 1);
	wok__tls_print_name(out, X509_get_issuer_name(certificate));
	BIO_write(out, "", 1);
	wok__tls_print_names(out, certificate);
	BIO_write(out, "", 1);
	print_fingerprint(out, certificate);
	BIO_write(out, "", 1);
	print_key_fingerprint(out, certificate);
	return BIO_write(out, "", 1) == 1 ? 0 : -ENOMEM;
}

static const char *next_text(const char *text, const char *end)
{
	size_t size = strnlen(text, (size_t) (end - text));

	return text + size < end ? text + size + 1 : end - 1; /* at the last end: "" */
}

static int keep_texts(struct wok__tls *tls, BIO *out, const X509 *certificate)
{
	char *data = NULL;
	long size = BIO_get_mem_data(out, &data);

	if (size <= 0 || !(tls->texts = wok_alloc((size_t) size)))
		return -ENOMEM;
	memcpy(tls->texts, data, (size_t) size);
	const char *end = tls->texts + size;
	wok_tls_certificate *texts = &tls->certificate;
	texts->subject = tls->texts;
	texts->issuer = next_text(texts->subject, end);
	texts->names = next_text(texts->issuer, end);
	texts->fingerprint = next_text(texts->names, end);
	texts->key_fingerprint = next_text(texts->fingerprint, end);
	texts->not_before = seconds(X509_get0_notBefore(certificate));
	texts->not_after = seconds(X509_get0_notAfter(certificate));
	return 0;
}

static int describe(struct wok__tls *tls, const X509 *certificate)
{
	const char *before = wok__tls_enter();
	BIO *out = BIO_new(BIO_s_mem());
	int r = out ? print_texts(out, certificate) : -ENOMEM;

	if (r == 0)
		r = keep_texts(tls, out, certificate);
	BIO_free(out);
	ERR_clear_error();
	wok__tls_leave(before);
	return r;
}

int wok_tls_peer_certificate(const wok_stream *stream, wok_tls_certificate *ret_certificate)
{
	struct wok__tls *tls = wok__tls_of(stream);

	if (!tls)
		return wok_fail(-EINVAL, "wok_tls_peer_certificate: this is no TLS stream, or it "
					 "is closed");
	const X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
	if (!certificate)
		return 0;
	if (!tls->texts)
		WOK_TRY(describe(tls, certificate));
	*ret_certificate = tls->certificate;
	return 1;
}
