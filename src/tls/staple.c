/* SPDX-License-Identifier: MIT */
/*
 * Stapled OCSP responses: see tls/staple.h.
 *
 * The client's check runs inside of the handshake, before it says that it is done, so a server
 * whose certificate is revoked never gets a byte of what is above TLS, and learns why. A resumed
 * session shows no certificate: its check was that of the handshake that it came from.
 */
#include "tls/staple.h"

#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <wok/error.h>

#include "tls/pem.h"

enum {
	SLACK = 5 * 60,         /* seconds by which clocks may differ */
	AGE_MAX = 7 * 24 * 3600 /* seconds, of a response that does not say when the next comes */
};

/* The feature of RFC 7633 that stands for a stapled response. */
enum { STATUS_REQUEST = 5 };

/* --- servers ---------------------------------------------------------------------------------- */

int wok__tls_staple_load(const char *file, struct wok__tls_identity *to)
{
	BIO *bio = NULL;

	WOK_TRY(wok__tls_open(file, NULL, &bio));
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE_bio(bio, NULL);
	BIO_free(bio);
	if (!response)
		return wok__tls_setup_error(-EINVAL, file);
	int status = OCSP_response_status(response);
	to->staple_size = i2d_OCSP_RESPONSE(response, &to->staple);
	OCSP_RESPONSE_free(response);
	if (to->staple_size <= 0)
		return -ENOMEM;
	if (status != OCSP_RESPONSE_STATUS_SUCCESSFUL)
		return wok_fail(-EINVAL, "%s is an OCSP responder's error: \"%s\"", file,
				OCSP_response_status_str(status));
	return 0;
}

static const struct wok__tls_identity *chosen_identity(const struct wok__tls_setup *setup, SSL *ssl)
{
	const X509 *chosen = SSL_get_certificate(ssl);

	for (size_t i = 0; i < setup->n_identities; i++)
		if (setup->identities[i].certificate == chosen)
			return &setup->identities[i];
	return NULL;
}

static int send_staple(SSL *ssl, void *arg)
{
	const struct wok__tls_identity *identity = chosen_identity(arg, ssl);

	if (!identity || !identity->staple)
		return SSL_TLSEXT_ERR_NOACK;
	unsigned char *copy = OPENSSL_memdup(identity->staple, (size_t) identity->staple_size);
	if (!copy)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, identity->staple_size);
	return SSL_TLSEXT_ERR_OK;
}

void wok__tls_staple_offer(struct wok__tls_setup *setup)
{
	SSL_CTX_set_tlsext_status_cb(setup->ctx, send_staple);
	SSL_CTX_set_tlsext_status_arg(setup->ctx, setup);
}

/* --- clients ---------------------------------------------------------------------------------- */

/* What a response says of a certificate; why it is of no use, or NULL. */
struct verdict {
	X509 *leaf;
	X509 *issuer;
	bool found;
	bool revoked;
	const char *useless;
};

/* Responders name certificates by hashes, and choose which. */
static bool is_about(const OCSP_SINGLERESP *single, const struct verdict *verdict)
{
	OCSP_CERTID *id = (OCSP_CERTID *) OCSP_SINGLERESP_get0_id(single);
	ASN1_OBJECT *hash = NULL;

	OCSP_id_get0_info(NULL, &hash, NULL, NULL, id);
	const EVP_MD *md = EVP_get_digestbyobj(hash);
	OCSP_CERTID *own = md ? OCSP_cert_to_id(md, verdict->leaf, verdict->issuer) : NULL;
	bool same = own && OCSP_id_cmp(own, id) == 0;
	OCSP_CERTID_free(own);
	return same;
}

static void judge_single(OCSP_SINGLERESP *single, struct verdict *verdict)
{
	ASN1_GENERALIZEDTIME *from = NULL, *until = NULL;
	int reason;
	int status = OCSP_single_get0_status(single, &reason, NULL, &from, &until);

	verdict->found = true;
	if (OCSP_check_validity(from, until, SLACK, until ? -1 : AGE_MAX) != 1)
		verdict->useless = "it has expired, or is not valid yet";
	else if (status == V_OCSP_CERTSTATUS_REVOKED)
		verdict->revoked = true;
	else if (status != V_OCSP_CERTSTATUS_GOOD)
		verdict->useless = "the CA does not know the certificate";
}

/*
 * The issuer itself may sign, which the handshake has verified; or one whom it has charged with
 * that, which OpenSSL verifies.
 */
static bool is_signed(OCSP_BASICRESP *basic, const struct verdict *verdict, X509_STORE *store)
{
	STACK_OF(X509) *issuers = sk_X509_new_null();
	bool good = issuers && sk_X509_push(issuers, verdict->issuer) > 0 &&
		    OCSP_basic_verify(basic, issuers, store, OCSP_TRUSTOTHER) == 1;

	sk_X509_free(issuers);
	return good;
}

static void judge_basic(OCSP_BASICRESP *basic, X509_STORE *store, struct verdict *verdict)
{
	if (!is_signed(basic, verdict, store)) {
		verdict->useless = "it is not signed by the certificate's CA";
		return;
	}
	for (int i = 0; i < OCSP_resp_count(basic); i++)
		if (is_about(OCSP_resp_get0(basic, i), verdict))
			judge_single(OCSP_resp_get0(basic, i), verdict);
	if (!verdict->found)
		verdict->useless = "it is about another certificate";
}

static void judge(SSL *ssl, X509_STORE *store, struct verdict *verdict)
{
	const unsigned char *der = NULL;
	long size = SSL_get_tlsext_status_ocsp_resp(ssl, &der);

	if (size <= 0 || !der) {
		verdict->useless = "none came";
		return;
	}
	OCSP_RESPONSE *response = d2i_OCSP_RESPONSE(NULL, &der, size);
	OCSP_BASICRESP *basic =
		response && OCSP_response_status(response) == OCSP_RESPONSE_STATUS_SUCCESSFUL
			? OCSP_response_get1_basic(response)
			: NULL;
	if (basic)
		judge_basic(basic, store, verdict);
	else
		verdict->useless = "it cannot be read, or is a responder's error";
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(response);
}

/* RFC 7633: the certificate itself says that it comes with a response, or not at all. */
static bool must_staple(const X509 *leaf)
{
	TLS_FEATURE *features = X509_get_ext_d2i(leaf, NID_tlsfeature, NULL, NULL);
	bool must = false;

	for (int i = 0; i < sk_ASN1_INTEGER_num(features); i++)
		must |= ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == STATUS_REQUEST;
	TLS_FEATURE_free(features);
	return must;
}

/*
 * A response that is of no use has left errors behind, which are not the handshake's. But for want
 * of memory no certificate is taken for a good one.
 */
static bool lacked_memory(void)
{
	bool lacked = false;

	for (unsigned long error = ERR_get_error(); error; error = ERR_get_error())
		lacked |= ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE;
	return lacked;
}

static int check_staple(SSL *ssl, void *arg)
{
	const struct wok__tls_setup *setup = arg;
	struct wok__tls *tls = SSL_get_app_data(ssl);
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	int n = sk_X509_num(chain);

	if (SSL_session_reused(ssl) || n <= 0)
		return 1;
	/* A certificate that is trusted itself stands alone, as its own issuer. */
	struct verdict verdict = {.leaf = sk_X509_value(chain, 0),
				  .issuer = sk_X509_value(chain, n > 1)};
	judge(ssl, SSL_CTX_get_cert_store(setup->ctx), &verdict);
	bool required = setup->require_staple || must_staple(verdict.leaf);
	if (lacked_memory()) {
		ERR_raise(ERR_LIB_SSL, ERR_R_MALLOC_FAILURE);
		return -1;
	}
	if (verdict.revoked)
		snprintf(tls->problem, sizeof(tls->problem),
			 "the CA says that its certificate is revoked: it has to be replaced");
	else if (verdict.useless && required)
		snprintf(tls->problem, sizeof(tls->problem),
			 "its certificate needs a valid OCSP response%s, and %s: the server has to "
			 "staple a fresh one",
			 setup->require_staple ? " (require_staple)" : " by its own word",
			 verdict.useless);
	else
		return 1;
	return 0;
}

int wok__tls_staple_ask(struct wok__tls_setup *setup)
{
	if (SSL_CTX_set_tlsext_status_type(setup->ctx, TLSEXT_STATUSTYPE_ocsp) != 1)
		return -ENOMEM;
	SSL_CTX_set_tlsext_status_cb(setup->ctx, check_staple);
	SSL_CTX_set_tlsext_status_arg(setup->ctx, setup);
	return 0;
}
