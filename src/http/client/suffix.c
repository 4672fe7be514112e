/* SPDX-License-Identifier: MIT */
/*
 * Public suffixes, by libpsl: a cookie for "co.uk" would be sent to half of Britain. Without libpsl
 * only names of one label are known to be such.
 */
#include <string.h>

#include "http/client/cookie.h"

#ifdef WOK__WITH_PSL
#include <libpsl.h>

bool wok__is_public_suffix(const char *domain)
{
	const psl_ctx_t *psl = psl_builtin();

	if (!strchr(domain, '.'))
		return true;
	return psl && psl_is_public_suffix(psl, domain);
}
#else
bool wok__is_public_suffix(const char *domain)
{
	return !strchr(domain, '.');
}
#endif
