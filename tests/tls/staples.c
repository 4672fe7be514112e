/* SPDX-License-Identifier: MIT */
/* OCSP responses for tests: see tls/staples.h. */
#include "tls/staples.h"

#include <openssl/ocsp.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/test.h"

char *file_of_bytes(const void *data, size_t size)
{
	char *path = write_file("", NULL);
	FILE *file = fopen(path, "w");

	ASSERT(file && fwrite(data, 1, size, file) == size);
	fclose(file);
	return path;
}

static OCSP_BASICRESP *make_basic(const struct staple_spec *spec)
{
	const struct cert *issuer = spec->issuer ? spec->issuer : root_ca();
	const struct cert *signer = spec->signer ? spec->signer : issuer;
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(spec->sha256 ? EVP_sha256() : EVP_sha1(),
					  spec->cert->x509, issuer->x509);
	ASN1_TIME *from = X509_gmtime_adj(NULL, spec->from ? spec->from : -3600);
	ASN1_TIME *until = X509_gmtime_adj(NULL, spec->until ? spec->until : 3600);
	bool revoked = spec->status == V_OCSP_CERTSTATUS_REVOKED;

	ASSERT(OCSP_basic_add1_status(basic, id, spec->status, 0, revoked ? from : NULL, from,
				      spec->endless ? NULL : until));
	ASSERT_EQ(OCSP_basic_sign(basic, signer->x509, signer->pkey, EVP_sha256(), NULL, 0), 1);
	OCSP_CERTID_free(id);
	ASN1_TIME_free(from);
	ASN1_TIME_free(until);
	return basic;
}

char *staple_file(const struct staple_spec *spec)
{
	OCSP_BASICRESP *basic = make_basic(spec);
	OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	unsigned char *der = NULL;
	int size = i2d_OCSP_RESPONSE(response, &der);

	ASSERT(size > 0);
	char *path = file_of_bytes(der, (size_t) size);
	OPENSSL_free(der);
	OCSP_RESPONSE_free(response);
	OCSP_BASICRESP_free(basic);
	return path;
}
