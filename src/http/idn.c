/* SPDX-License-Identifier: MIT */
/*
 * International host names, by libidn2. Non-transitional UTS 46, as browsers do it: "fass" with a
 * sharp s is a name of its own, and upper case and full-width letters are mapped.
 */
#include <errno.h>
#include <string.h>
#include <wok/error.h>

#include "http/url.h"

#ifdef WOK__WITH_IDN2
#include <idn2.h>

int wok__idn_to_ascii(const char *name, char *ret_ascii, size_t size)
{
	char *ascii = NULL;
	int r = idn2_to_ascii_8z(name, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);

	if (r == IDN2_MALLOC)
		return -ENOMEM;
	if (r != IDN2_OK)
		return wok_fail(-EINVAL, "the host's name cannot be looked up: %s",
				idn2_strerror(r));
	size_t n = strlen(ascii);
	if (n < size)
		memcpy(ret_ascii, ascii, n + 1);
	idn2_free(ascii);
	return n < size ? 0 : wok_fail(-EINVAL, "the host's name has more than 255 bytes");
}
#else
int wok__idn_to_ascii(const char *name, char *ret_ascii, size_t size)
{
	(void) name, (void) ret_ascii, (void) size;
	return wok_fail(-ENOTSUP, "the host has letters beyond ASCII, and this build of wok has no "
				  "libidn2; write the name as \"xn--...\"");
}
#endif
