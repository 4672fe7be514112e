/* SPDX-License-Identifier: MIT */
/* tls_echo: sends back what each client says, by TLS. Shows a context, the handshake, and an end
 * that both sides know of. SIGHUP is another program's matter: see wok_tls_context_reload().
 * Try:      openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=me \
 *               -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -keyout key.pem -out cert.pem
 *           tls_echo cert.pem key.pem 127.0.0.1:7443
 *           tls_echo --ask localhost 7443 cert.pem hello */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/tls.h>
#include <wok/wok.h>

static int echo(wok_stream *client, void *context)
{
	/* wok_serve() frees the connection, so it is only lent. */
	const wok_tls_stream_options options = {.borrow = true};
	WOK_AUTO(wok_stream) *stream = NULL;
	char buf[4096];
	ssize_t n;

	int r = wok_tls_accept(context, client, &options, &stream);
	if (r == WOK_EPEER) {
		printf("%s\n", wok_errmsg(r)); /* anybody may come by and talk nonsense */
		return 0;
	}
	if (r < 0)
		return r;
	printf("%s, %s%s\n", wok_tls_version(stream), wok_tls_cipher(stream),
	       wok_tls_resumed(stream) ? ", resumed" : "");
	while ((n = wok_stream_read(stream, buf, sizeof(buf))) > 0) {
		r = wok_stream_write_all(stream, buf, (size_t) n);
		if (r < 0)
			return r;
	}
	return n < 0 ? (int) n : wok_tls_close(stream, 0); /* 0: it said goodbye; so do we */
}

static int serve(char **args)
{
	const wok_tls_identity identity = {.certificate_file = args[0], .key_file = args[1]};
	const wok_tls_options options = {.identities = &identity, .n_identities = 1};
	WOK_AUTO(wok_tls_context) *context = NULL;

	int r = wok_tls_server_new(&options, &context);
	return r < 0 ? r : wok_serve_main(args[2], echo, context, NULL);
}

/* Host, port, CA, text: say the text, and print what comes back. */
static int ask(void *arg)
{
	char **args = arg, buf[4096];
	const wok_tls_options options = {.ca_file = args[2]};
	WOK_AUTO(wok_tls_context) *context = NULL;
	WOK_AUTO(wok_stream) *stream = NULL;
	wok_tls_certificate peer;
	ssize_t n;

	WOK_TRY(wok_tls_client_new(&options, &context));
	WOK_TRY(wok_tls_dial(context, args[0], (uint16_t) atoi(args[1]), NULL, &stream));
	WOK_TRY(wok_tls_peer_certificate(stream, &peer));
	printf("this is %s: %s\n", peer.subject, peer.names);
	WOK_TRY(wok_stream_write_all(stream, args[3], strlen(args[3])));
	WOK_TRY(wok_stream_shutdown(stream)); /* that is all; the answer still comes */
	while ((n = wok_stream_read(stream, buf, sizeof(buf))) > 0)
		printf("%.*s\n", (int) n, buf);
	return (int) n; /* 0: all of it; WOK_EEOF: it was cut short */
}

int main(int argc, char **argv)
{
	int r = -EINVAL;

	if (argc == 6 && strcmp(argv[1], "--ask") == 0)
		r = wok_run(ask, argv + 2);
	else if (argc == 4)
		r = serve(argv + 1);
	else
		fprintf(stderr, "usage: tls_echo CERT KEY ADDRESS | --ask HOST PORT CA TEXT\n");
	if (r < 0)
		fprintf(stderr, "tls_echo: %s\n", wok_errmsg(r));
	return r < 0;
}
