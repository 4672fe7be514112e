/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_SIGN_H
#define WOK_HTTP_SERVER_SIGN_H
#include <wok/base.h>

enum { WOK__SIGNATURE_SIZE = 43 }; /* of 32 bytes, in base64url without padding */

/* HMAC-SHA256 over a name and a value. 0; -ENOTSUP in a build without OpenSSL; -ENOMEM. */
int wok__sign(wok_view key, const char *name, wok_view value,
	      char ret_signature[WOK__SIGNATURE_SIZE]);
#endif
