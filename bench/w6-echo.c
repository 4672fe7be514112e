/* W6: a TCP echo server, a task for each connection.
 * Try:      w6-echo 7000   then   nc 127.0.0.1 7000 */
#include "bench.h"

static int echo(wok_stream *client, void *unused)
{
	char data[4096];
	ssize_t n;

	(void) unused;
	while ((n = wok_stream_read(client, data, sizeof(data))) > 0)
		WOK_TRY(wok_stream_write_all(client, data, (size_t) n));
	return (int) n;
}

int main(int argc, char **argv)
{
	char address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%zu", bench_count(argc, argv, 1));
	return bench_exit("w6-echo", wok_serve_main(address, echo, NULL, NULL));
}
