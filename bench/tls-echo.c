/* tls-echo: what TLS costs an echo server: wok's, and a blocking loop around OpenSSL. A client of
 * OpenSSL's alone connects again and again, resuming; only the server's CPU time counts.
 * Try:      tls-echo wok 100 50 65536   then   tls-echo c 100 50 65536
 *           (server, connections, messages on each, bytes of a message) */
#include "bench.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/tls.h>

enum { CHUNK = 64 << 10 };

static size_t connections, messages, message_size;
static char *certificate, *key; /* in PEM */

_Noreturn static void die(const char *what)
{
	fprintf(stderr, "tls-echo: %s failed\n", what);
	exit(1);
}

/* --- a certificate ---------------------------------------------------------------------------- */

static char *text_of(BIO *bio)
{
	char *data = NULL;
	long size = BIO_get_mem_data(bio, &data);
	char *text = calloc(1, (size_t) size + 1); /* there is no NUL to stop strndup() */

	if (text)
		memcpy(text, data, (size_t) size);
	BIO_free(bio);
	return text;
}

static void make_certificate(void)
{
	X509 *x509 = X509_new();
	EVP_PKEY *pkey = EVP_EC_gen("P-256");
	BIO *out = BIO_new(BIO_s_mem());

	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
	X509_set_pubkey(x509, pkey);
	if (X509_sign(x509, pkey, EVP_sha256()) <= 0 || !PEM_write_bio_X509(out, x509))
		die("the certificate");
	certificate = text_of(out);
	out = BIO_new(BIO_s_mem());
	if (!PEM_write_bio_PrivateKey(out, pkey, NULL, NULL, 0, NULL, NULL))
		die("the key");
	key = text_of(out);
	X509_free(x509);
	EVP_PKEY_free(pkey);
}

/* --- the servers: they write their port to the pipe first ------------------------------------- */

struct wok_server {
	int pipe;
	wok_listener *listener;
	wok_tls_context *context;
	size_t served;
};

static int echo(wok_stream *client, void *arg)
{
	const wok_tls_stream_options options = {.borrow = true};
	struct wok_server *server = arg;
	WOK_AUTO(wok_stream) *stream = NULL;
	static char data[CHUNK]; /* there is one connection at a time */
	ssize_t n;

	WOK_TRY(wok_tls_accept(server->context, client, &options, &stream));
	while ((n = wok_stream_read(stream, data, CHUNK)) > 0)
		WOK_TRY(wok_stream_write_all(stream, data, (size_t) n));
	if (n == 0)
		WOK_TRY(wok_stream_shutdown(stream));
	if (++server->served == connections)
		WOK_IGNORE(wok_listener_close(server->listener));
	return (int) n;
}

static int serve_by_wok(void *arg)
{
	struct wok_server *server = arg;
	const wok_tls_identity identity = {.certificate = certificate, .key = key};
	const wok_tls_options options = {.identities = &identity, .n_identities = 1};

	WOK_TRY(wok_tls_server_new(&options, &server->context));
	WOK_TRY(wok_listen("127.0.0.1:0", NULL, &server->listener));
	int port = wok_listener_port(server->listener);
	if (write(server->pipe, &port, sizeof(port)) != sizeof(port))
		return -EPIPE;
	double start = bench_cpu_seconds();
	int r = wok_serve_on(server->listener, echo, server, NULL);
	printf("server_cpu_s %.6f\n", bench_cpu_seconds() - start);
	wok_listener_free(server->listener);
	wok_tls_context_free(server->context);
	return r == -EBADF ? 0 : r;
}

static SSL_CTX *server_context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
	BIO *pem = BIO_new_mem_buf(certificate, -1), *key_pem = BIO_new_mem_buf(key, -1);
	X509 *x509 = PEM_read_bio_X509(pem, NULL, NULL, NULL);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(key_pem, NULL, NULL, NULL);

	if (SSL_CTX_use_cert_and_key(ctx, x509, pkey, NULL, 1) != 1)
		die("the server's context");
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	return ctx;
}

static void echo_blocking(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);
	static char data[CHUNK];
	int n;

	SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) != 1)
		die("SSL_accept");
	while ((n = SSL_read(ssl, data, CHUNK)) > 0)
		if (SSL_write(ssl, data, n) != n)
			die("SSL_write");
	SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
}

static void serve_by_c(int pipe)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;
	SSL_CTX *ctx = server_context();

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *) &address, size) < 0 || listen(listener, 128) < 0 ||
	    getsockname(listener, (void *) &address, &size) < 0)
		die("listen");
	int port = ntohs(address.sin_port);
	if (write(pipe, &port, sizeof(port)) != sizeof(port))
		die("write");
	double start = bench_cpu_seconds();
	for (size_t i = 0; i < connections; i++) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			die("accept");
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		echo_blocking(ctx, fd);
	}
	printf("server_cpu_s %.6f\n", bench_cpu_seconds() - start);
}

/* --- the client, the same for both ------------------------------------------------------------ */

static int connect_to(int port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t) port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (void *) &address, sizeof(address)) < 0)
		die("connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static void exchange(SSL *ssl, char *data)
{
	if (SSL_write(ssl, data, (int) message_size) != (int) message_size)
		die("the client's SSL_write");
	for (size_t done = 0; done < message_size;) {
		int n = SSL_read(ssl, data, (int) (message_size - done));
		if (n <= 0)
			die("the client's SSL_read");
		done += (size_t) n;
	}
}

/* One connection; the session for the next. */
static SSL_SESSION *converse(SSL_CTX *ctx, int port, SSL_SESSION *session, char *data)
{
	int fd = connect_to(port);
	SSL *ssl = SSL_new(ctx);

	SSL_set_fd(ssl, fd);
	if (session)
		SSL_set_session(ssl, session);
	if (SSL_connect(ssl) != 1)
		die("SSL_connect");
	if (session && !SSL_session_reused(ssl))
		die("resumption");
	SSL_SESSION_free(session);
	for (size_t i = 0; i < messages; i++)
		exchange(ssl, data);
	SSL_shutdown(ssl);
	session = SSL_get1_session(ssl);
	SSL_free(ssl);
	close(fd);
	return session;
}

static void be_the_client(int port)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL_SESSION *session = NULL;
	char *data = calloc(1, message_size);

	for (size_t i = 0; i < connections; i++)
		session = converse(ctx, port, session, data);
	SSL_SESSION_free(session);
	SSL_CTX_free(ctx);
	free(data);
}

static int be_the_server(const char *kind, int pipe)
{
	struct wok_server server = {.pipe = pipe};

	if (strcmp(kind, "wok") == 0)
		return bench_exit("tls-echo", wok_run(serve_by_wok, &server));
	serve_by_c(pipe);
	return 0;
}

int main(int argc, char **argv)
{
	int fds[2], port = 0, status = 1;

	if (argc != 5 || (strcmp(argv[1], "wok") != 0 && strcmp(argv[1], "c") != 0)) {
		fprintf(stderr, "usage: tls-echo wok|c CONNECTIONS MESSAGES BYTES\n");
		return 2;
	}
	connections = bench_count(argc, argv, 2);
	messages = bench_count(argc, argv, 3);
	message_size = bench_count(argc, argv, 4);
	make_certificate();
	if (pipe(fds) < 0)
		die("pipe");
	pid_t child = fork();
	if (child == 0)
		exit(be_the_server(argv[1], fds[1]));
	if (read(fds[0], &port, sizeof(port)) != sizeof(port))
		die("the server");
	be_the_client(port);
	waitpid(child, &status, 0);
	return status != 0;
}
