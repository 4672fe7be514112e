/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_TLS_STAPLES_H
#define WOK_TEST_TLS_STAPLES_H
/* OCSP responses, made when a test asks for them, good and bad. */
#include "tls/certs.h"

struct staple_spec {
	const struct cert *cert;   /* whom it is about */
	const struct cert *issuer; /* of cert; NULL: root_ca() */
	const struct cert *signer; /* NULL: the issuer */
	int status;                /* V_OCSP_CERTSTATUS_GOOD and so on */
	long from, until;          /* seconds from now; 0: an hour ago, in an hour */
	bool endless;              /* it does not say when the next one comes */
	bool sha256;               /* how it names the certificate; else by SHA-1 */
};

/* A file with such a response in DER; the caller unlinks it, and frees the name. */
char *staple_file(const struct staple_spec *spec);
/* The same with these bytes. */
char *file_of_bytes(const void *data, size_t size);
#endif
