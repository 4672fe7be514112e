/* SPDX-License-Identifier: MIT */
/*
 * The blocking client: see blocking_client.h. Plain sockets, no loop and nothing of wok but the
 * error messages. Small but honest HTTP/1.1: keep-alive, a body by length, by chunks or to the end
 * of the connection, interim answers skipped, and one more try on a fresh connection if a kept one
 * turns out to have been closed meanwhile.
 */
#include "blocking_client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/loop.h>

#include "text.h"

enum { MAX_HEAD_LINES = 128 };

/* How a body's end is found. */
enum framing {
	BODY_NONE,      /* the status allows none */
	BODY_LENGTH,    /* Content-Length */
	BODY_CHUNKED,   /* Transfer-Encoding: chunked */
	BODY_TO_THE_END /* none of these: all until the connection closes */
};

struct head {
	int status;
	enum framing framing;
	uint64_t length;
	bool keep_alive;
};

void blocking_client_init(struct blocking_client *client, wok_time timeout)
{
	client->fd = -1;
	client->timeout = timeout;
	client->reused = false;
	client->begin = client->end = 0;
}

void blocking_client_close(struct blocking_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	blocking_client_init(client, client->timeout);
}

/* --- the connection ----------------------------------------------------------------------- */

/* A negative errno, EAGAIN being what a socket with a timeout gives when time is up. */
static int socket_error(const char *what)
{
	int code = errno == EAGAIN || errno == EINPROGRESS ? ETIMEDOUT : errno;

	return wok_fail(-code, "%s: %s", what, wok_strerror(-code));
}

static int connect_to(const struct addrinfo *address, wok_time timeout, int *ret_fd)
{
	struct timeval limit = {
		.tv_sec = (time_t) (timeout / WOK_SECOND),
		.tv_usec = (suseconds_t) (timeout % WOK_SECOND / WOK_US),
	};
	int on = 1;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return socket_error("socket");

	/* The send timeout also limits connect. */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0 ||
	    connect(fd, address->ai_addr, address->ai_addrlen) < 0) {
		int r = socket_error("connect");
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

static int client_connect(struct blocking_client *client, const struct url *url)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_family = AF_UNSPEC};
	struct addrinfo *addresses;
	int r = WOK_ENAME;

	int error = getaddrinfo(url->host, url->port, &hints, &addresses);
	if (error != 0)
		return wok_fail(WOK_ENAME, "%s: %s", url->host,
				error == EAI_SYSTEM ? strerror(errno) : gai_strerror(error));
	for (const struct addrinfo *a = addresses; a; a = a->ai_next) {
		r = connect_to(a, client->timeout, &client->fd);
		if (r == 0)
			break;
	}
	freeaddrinfo(addresses);
	client->reused = false;
	return r;
}

static int send_all(struct blocking_client *client, const char *data, size_t size)
{
	while (size > 0) {
		/* Without MSG_NOSIGNAL a server that has closed would kill the process. */
		ssize_t n = send(client->fd, data, size, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return socket_error("send");
		data += n;
		size -= (size_t) n;
	}
	return 0;
}

static int send_request(struct blocking_client *client, const struct url *url)
{
	char *request;
	int n = asprintf(&request,
			 "GET %s HTTP/1.1\r\n"
			 "Host: %s\r\n"
			 "User-Agent: wok-lab\r\n"
			 "Accept: */*\r\n"
			 "\r\n",
			 url->target, url->authority);
	if (n < 0)
		return -ENOMEM;

	int r = send_all(client, request, (size_t) n);
	free(request);
	return r;
}

/* Wait for bytes behind those that are buffered: 1, 0 at the end of the connection, or an error. */
static int fill(struct blocking_client *client)
{
	if (client->begin > 0) {
		memmove(client->buffer, client->buffer + client->begin,
			client->end - client->begin);
		client->end -= client->begin;
		client->begin = 0;
	}
	if (client->end == sizeof(client->buffer))
		return wok_fail(WOK_ELIMIT, "malformed answer: a line of more than %zu bytes",
				sizeof(client->buffer));

	ssize_t n;
	do
		n = recv(client->fd, client->buffer + client->end,
			 sizeof(client->buffer) - client->end, 0);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return socket_error("recv");
	client->end += (size_t) n;
	return n > 0;
}

/* --- the head ----------------------------------------------------------------------------- */

/* Take a line that ends with CRLF (or LF, as servers of old do): *ret_line without its end. */
static int next_line(struct blocking_client *client, char **ret_line)
{
	size_t seen = 0;

	for (;;) {
		char *from = client->buffer + client->begin;
		size_t size = client->end - client->begin;
		char *end = memchr(from + seen, '\n', size - seen);
		if (end) {
			client->begin += (size_t) (end - from) + 1;
			*end = '\0';
			if (end > from && end[-1] == '\r')
				end[-1] = '\0';
			*ret_line = from;
			return 0;
		}
		seen = size;
		int r = fill(client);
		if (r < 0)
			return r;
		if (r == 0) {
			(void) wok_fail(WOK_EEOF, "the server closed the connection %s",
					size > 0 ? "in the middle of a line"
						 : "before the answer was whole");
			return WOK_EEOF;
		}
	}
}

/* "HTTP/1.1 200 OK" */
static int parse_status(const char *line, struct head *head)
{
	size_t status;
	char digits[4] = {0};

	if (strncmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') ||
	    line[8] != ' ' || strlen(line) < 12 || (line[12] != ' ' && line[12] != '\0'))
		return wok_fail(WOK_EPEER, "malformed answer: it begins with \"%.40s\"", line);
	memcpy(digits, line + 9, 3);
	if (text_to_count(digits, 100, 999, &status) < 0)
		return wok_fail(WOK_EPEER, "malformed answer: the status is \"%s\"", digits);
	head->status = (int) status;
	head->keep_alive = line[7] == '1';
	return 0;
}

static int apply_length(const char *value, struct head *head)
{
	size_t length;

	if (text_to_count(value, 0, SIZE_MAX >> 1, &length) < 0 ||
	    (head->framing == BODY_LENGTH && head->length != length))
		return wok_fail(WOK_EPEER, "malformed answer: Content-Length \"%.40s\"", value);
	if (head->framing != BODY_CHUNKED)
		head->framing = BODY_LENGTH;
	head->length = length;
	return 0;
}

static int apply_field(char *line, struct head *head)
{
	char *value = strchr(line, ':');

	if (!value || value == line)
		return wok_fail(WOK_EPEER, "malformed answer: a header without a colon");
	*value++ = '\0';
	value += strspn(value, " \t");
	for (char *end = value + strlen(value); end > value && (end[-1] == ' ' || end[-1] == '\t');)
		*--end = '\0';

	if (strcasecmp(line, "Content-Length") == 0)
		return apply_length(value, head);
	if (strcasecmp(line, "Transfer-Encoding") == 0) {
		if (strcasecmp(value, "chunked") != 0)
			return wok_fail(WOK_EPEER, "the answer's coding \"%.40s\" is unknown",
					value);
		head->framing = BODY_CHUNKED;
	} else if (strcasecmp(line, "Connection") == 0) {
		if (strcasecmp(value, "close") == 0)
			head->keep_alive = false;
		else if (strcasecmp(value, "keep-alive") == 0)
			head->keep_alive = true;
	}
	return 0;
}

static int read_head_once(struct blocking_client *client, struct head *head)
{
	char *line;

	*head = (struct head){.framing = BODY_TO_THE_END};
	int r = next_line(client, &line);
	if (r < 0)
		return r;
	r = parse_status(line, head);
	if (r < 0)
		return r;
	for (int i = 0; i < MAX_HEAD_LINES; i++) {
		r = next_line(client, &line);
		if (r < 0)
			return r;
		if (*line == '\0')
			return 0;
		r = apply_field(line, head);
		if (r < 0)
			return r;
	}
	return wok_fail(WOK_ELIMIT, "malformed answer: more than %d headers", MAX_HEAD_LINES);
}

static int read_head(struct blocking_client *client, struct head *head)
{
	int r;

	do /* an interim answer, as 103, comes before the real one */
		r = read_head_once(client, head);
	while (r == 0 && head->status < 200);
	if (r == 0 && (head->status == 204 || head->status == 304))
		head->framing = BODY_NONE;
	return r;
}

/* --- the body ----------------------------------------------------------------------------- */

/* Take size bytes; more is known of the answer, so an end is a failure. */
static int skip_bytes(struct blocking_client *client, uint64_t size)
{
	uint64_t left = size;

	for (;;) {
		size_t buffered = client->end - client->begin;
		size_t n = left < buffered ? (size_t) left : buffered;
		client->begin += n;
		left -= n;
		if (left == 0)
			return 0;
		int r = fill(client);
		if (r < 0)
			return r;
		if (r == 0)
			return wok_fail(WOK_EEOF,
					"the server closed the connection half-way, "
					"after %llu of %llu bytes",
					(unsigned long long) (size - left),
					(unsigned long long) size);
	}
}

static int skip_to_the_end(struct blocking_client *client, uint64_t *ret_size)
{
	uint64_t size = 0;
	int r;

	do {
		size += client->end - client->begin;
		client->begin = client->end = 0;
		r = fill(client);
	} while (r > 0);
	if (r == 0)
		*ret_size = size;
	return r;
}

static int parse_chunk_size(const char *line, uint64_t *ret_size)
{
	char *end;

	errno = 0;
	uint64_t size = strtoull(line, &end, 16);
	size_t digits = strspn(line, "0123456789abcdefABCDEF");
	if (digits == 0 || errno != 0 || end != line + digits || size > SIZE_MAX >> 1 ||
	    (*end != '\0' && *end != ';' && *end != ' '))
		return wok_fail(WOK_EPEER, "malformed answer: chunk size \"%.40s\"", line);
	*ret_size = size;
	return 0;
}

/* One chunk with its line end: its size, 0 for the last one. */
static int skip_chunk(struct blocking_client *client, uint64_t *ret_size)
{
	char *line;

	int r = next_line(client, &line);
	if (r < 0)
		return r;
	r = parse_chunk_size(line, ret_size);
	if (r < 0 || *ret_size == 0)
		return r;
	r = skip_bytes(client, *ret_size);
	if (r < 0)
		return r;
	r = next_line(client, &line);
	if (r < 0)
		return r;
	if (*line != '\0')
		return wok_fail(WOK_EPEER, "malformed answer: a chunk is longer than it says");
	return 0;
}

static int skip_chunks(struct blocking_client *client, uint64_t *ret_size)
{
	uint64_t chunk = 0, size = 0;
	char *line;
	int r;

	do {
		r = skip_chunk(client, &chunk);
		if (r < 0)
			return r;
		size += chunk;
	} while (chunk > 0);
	do /* trailers, up to an empty line */
		r = next_line(client, &line);
	while (r == 0 && *line != '\0');
	if (r == 0)
		*ret_size = size;
	return r;
}

static int skip_body(struct blocking_client *client, const struct head *head, uint64_t *ret_size)
{
	switch (head->framing) {
	case BODY_NONE:
		*ret_size = 0;
		return 0;
	case BODY_LENGTH:
		*ret_size = head->length;
		return skip_bytes(client, head->length);
	case BODY_CHUNKED:
		return skip_chunks(client, ret_size);
	case BODY_TO_THE_END:
		return skip_to_the_end(client, ret_size);
	}
	return -EINVAL;
}

/* --- a request ---------------------------------------------------------------------------- */

/* Send on the open connection and wait for the first byte: -ESTALE if it had been closed. */
static int begin(struct blocking_client *client, const struct url *url)
{
	int r = send_request(client, url);
	if (r == 0)
		r = fill(client);
	if (client->reused && (r == 0 || r == -EPIPE || r == -ECONNRESET))
		return -ESTALE;
	if (r == 0)
		return wok_fail(WOK_EEOF, "the server closed the connection without an answer");
	return r < 0 ? r : 0;
}

static int get_once(struct blocking_client *client, const struct url *url,
		    struct blocking_reply *reply)
{
	struct head head;
	int r = 0;

	if (client->fd < 0)
		r = client_connect(client, url);
	if (r < 0)
		return r;
	r = begin(client, url);
	if (r < 0)
		return r;
	reply->first_byte = wok_now();
	r = read_head(client, &head);
	if (r < 0)
		return r;
	r = skip_body(client, &head, &reply->body_size);
	if (r < 0)
		return r;

	reply->status = head.status;
	client->reused = true;
	if (!head.keep_alive || head.framing == BODY_TO_THE_END || client->begin != client->end)
		blocking_client_close(client);
	return 0;
}

int blocking_client_get(struct blocking_client *client, const struct url *url,
			struct blocking_reply *ret_reply)
{
	struct blocking_reply reply = {0};

	int r = get_once(client, url, &reply);
	if (r == -ESTALE) {
		blocking_client_close(client);
		r = get_once(client, url, &reply);
	}
	if (r < 0)
		blocking_client_close(client); /* in the middle of something: of no more use */
	else
		*ret_reply = reply;
	return r;
}
