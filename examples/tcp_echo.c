/* SPDX-License-Identifier: MIT */
/* tcp_echo: sends back what each client says. Shows a listener and a task per connection.
 * Try:      tcp_echo 127.0.0.1:7000   then   nc 127.0.0.1 7000   then   Ctrl-C */
#include <stdio.h>
#include <wok/wok.h>

static int echo(wok_stream *client, void *unused)
{
	char buf[4096];
	ssize_t n;

	(void) unused;
	while ((n = wok_stream_read(client, buf, sizeof(buf))) > 0) {
		int r = wok_stream_write_all(client, buf, (size_t) n);
		if (r < 0)
			return r;
	}
	return (int) n; /* 0: client is done; negative: broken or cancelled */
}

int main(int argc, char **argv)
{
	int r = wok_serve_main(argc > 1 ? argv[1] : "127.0.0.1:7000", echo, NULL, NULL);
	if (r < 0)
		fprintf(stderr, "tcp_echo: %s\n", wok_errmsg(r));
	return r < 0;
}
