/* SPDX-License-Identifier: MIT */
/* What stands for HTTP/2 where libwok-http is built without nghttp2: see http/h2/h2.h. */
#include <wok/error.h>

#include "http/h2/h2.h"

bool wok__h2_supported(void)
{
	return false;
}
