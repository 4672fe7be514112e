/* SPDX-License-Identifier: MIT */
/*
 * wok's client for http1_test.py: sends a request some times over, some at once, and prints a line
 * for each response: its status, the size of its body, the body's CRC-32, and the headers that were
 * asked for. The last line tells how many connections that took.
 *
 *     interop-client [-X METHOD] [-H "Name: value"]... [-d FILE | -s FILE] [-n TIMES] [-c AT_ONCE]
 *                    [-p HEADER]... URL
 *
 * -d sends the file with its length, -s in chunks.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wok/http_client.h>
#include <wok/wok.h>

enum { MOST = 16 };

struct work {
	const char *method, *url, *file;
	bool chunked;
	wok_http_header headers[MOST];
	size_t n_headers;
	const char *shown[MOST];
	size_t n_shown;
	size_t times, at_once;
	wok_http_session *session;
	char *body;
	size_t body_size;
};

static uint32_t crc_table[256];

static void make_crc_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		crc_table[i] = i;
		for (int bit = 0; bit < 8; bit++)
			crc_table[i] = crc_table[i] >> 1 ^ (crc_table[i] & 1 ? 0xedb88320 : 0);
	}
}

static uint32_t add_to_crc(uint32_t crc, const char *data, size_t size)
{
	crc = ~crc;
	for (size_t i = 0; i < size; i++)
		crc = crc >> 8 ^ crc_table[(crc ^ (unsigned char) data[i]) & 0xff];
	return ~crc;
}

static void print_response(const struct work *work, const wok_http_response *response, size_t size,
			   uint32_t crc)
{
	printf("%d %zu %08x", wok_http_status(response), size, crc);
	for (size_t i = 0; i < work->n_shown; i++) {
		const char *value = wok_http_header_value(response, work->shown[i]);
		printf(" [%s]", value ? value : "");
	}
	printf("\n");
}

struct upload {
	int fd;
};

static ssize_t read_upload(void *arg, void *data, size_t size)
{
	const struct upload *upload = arg;

	return read(upload->fd, data, size < 5000 ? size : 5000);
}

static int run_once(const struct work *work, struct upload *upload)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	static char buf[1 << 16];
	size_t size = 0;
	uint32_t crc = 0;
	ssize_t n;
	const wok_http_options options = {
		.timeout = 20 * WOK_SECOND,
		.headers = work->headers,
		.n_headers = work->n_headers,
		.body = work->chunked ? NULL : work->body,
		.body_size = work->chunked ? 0 : work->body_size,
		.body_read = work->chunked ? read_upload : NULL,
		.body_arg = upload,
	};

	WOK_TRY(wok_http_fetch(work->session, work->method, work->url, &options, &response));
	/* The buffer is everybody's: nothing waits between the read and the sum. */
	while ((n = wok_http_read(response, buf, sizeof(buf))) > 0) {
		crc = add_to_crc(crc, buf, (size_t) n);
		size += (size_t) n;
	}
	if (n < 0)
		return (int) n;
	print_response(work, response, size, crc);
	return 0;
}

static int run_one(void *element)
{
	const struct work *work = *(struct work **) element;
	struct upload upload = {-1};

	if (work->chunked) {
		upload.fd = open(work->file, O_RDONLY | O_CLOEXEC);
		if (upload.fd < 0)
			return -errno;
	}
	int r = run_once(work, &upload);
	if (upload.fd >= 0)
		close(upload.fd);
	if (r < 0)
		fprintf(stderr, "interop-client: %s\n", wok_errmsg(r));
	return r;
}

static int load_body(struct work *work)
{
	if (!work->file || work->chunked)
		return 0;
	return wok_read_file(work->file, &work->body, &work->body_size);
}

static int run(void *arg)
{
	struct work *work = arg;
	struct work **all = calloc(work->times, sizeof(struct work *));
	wok_http_stats stats;
	int r = load_body(work);

	if (r == 0)
		r = wok_http_session_new(NULL, &work->session);
	for (size_t i = 0; i < work->times; i++)
		all[i] = work;
	if (r == 0)
		r = wok_for_each(run_one, all, work->times, work->at_once, WOK_COLLECT);
	wok_http_session_stats(work->session, &stats);
	printf("connections %llu\n", (unsigned long long) stats.created);
	wok_http_session_free(work->session);
	free(all);
	wok_free(work->body);
	return r;
}

static void add_header(struct work *work, char *line)
{
	char *colon = strchr(line, ':');

	if (!colon || work->n_headers == MOST)
		return;
	*colon = '\0';
	work->headers[work->n_headers++] =
		(wok_http_header){line, colon + 1 + strspn(colon + 1, " ")};
}

int main(int argc, char **argv)
{
	struct work work = {.method = "GET", .times = 1, .at_once = 1};
	int option;

	while ((option = getopt(argc, argv, "X:H:d:s:n:c:p:")) != -1) {
		if (option == 'X')
			work.method = optarg;
		else if (option == 'H')
			add_header(&work, optarg);
		else if (option == 'd' || option == 's')
			work.file = optarg;
		else if (option == 'n')
			work.times = strtoul(optarg, NULL, 10);
		else if (option == 'c')
			work.at_once = strtoul(optarg, NULL, 10);
		else if (option == 'p' && work.n_shown < MOST)
			work.shown[work.n_shown++] = optarg;
		else
			return 2;
		work.chunked |= option == 's';
	}
	if (optind + 1 != argc)
		return 2;
	work.url = argv[optind];
	make_crc_table();
	return wok_run(run, &work) == 0 ? 0 : 1;
}
