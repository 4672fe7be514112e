/* SPDX-License-Identifier: MIT */
/* What stands for HTTP/2 where libwok-http is built without nghttp2: see http/h2/h2.h. */
#include <wok/error.h>

#include "http/h2/h2.h"
#include "http/server/connection.h"

bool wok__h2_supported(void)
{
	return false;
}

int wok__h2_serve(struct wok__connection *connection)
{
	(void) connection;
	return wok_fail(-EPROTONOSUPPORT, "HTTP/2 is not built in");
}
