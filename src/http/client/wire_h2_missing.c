/* SPDX-License-Identifier: MIT */
/* What stands for the wire of HTTP/2 where libwok-http is built without nghttp2: see client/wire.h.
 */
#include <wok/error.h>

#include "http/client/wire.h"

static int refuse(struct wok__connection *connection)
{
	(void) connection;
	return wok_fail(-EPROTONOSUPPORT, "HTTP/2 is not built in");
}

const struct wok__wire wok__wire_h2 = {.open = refuse};
