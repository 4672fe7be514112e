/* SPDX-License-Identifier: MIT */
/* The options of `wok bench`: see bench.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wok/error.h>

#include "bench.h"
#include "page.h"
#include "take.h"
#include "text.h"

enum {
	MAX_CONNECTIONS = 100000,
	MAX_THREADS = 256,
	MAX_PIPELINE = 1024,
	MAX_BODY = 256 * 1024 * 1024,
	MAX_BATCH = 256 * 1024 * 1024,
};

#define MAX_TIME ((wok_time) 24 * 60 * WOK_MINUTE)

static const char help[] =
	"usage: wok bench [OPTION]... URL\n"
	"\n"
	"Load an HTTP/1.1 server, and tell how fast and how evenly it answers.\n"
	"\n"
	"  -c, --connections N   how many, each with one request at a time (64)\n"
	"  -d, --duration T      for how long, as 10s, 500ms, 2m (10s)\n"
	"  -n, --requests N      how many requests, instead of a time, or at most\n"
	"  -r, --rate N          so many requests a second, evenly spread, whatever the\n"
	"                        server does; latencies then count from the moment at\n"
	"                        which a request was due, so that a pause of the server\n"
	"                        shows in full (no coordinated omission)\n"
	"      --pipeline N      send so many requests at once on a connection (1)\n"
	"      --threads N       share the connections among so many threads (1)\n"
	"      --timeout T       for a connection, and for a response (10s)\n"
	"  -m, --method M        GET, or POST if there is a body\n"
	"  -H, --header 'N: V'   send this field, too; more than once for more\n"
	"      --body FILE       send this; - is standard input\n"
	"      --connect ADDRESS connect there, and not to the URL's host: host:port or\n"
	"                        unix:/path\n"
	"      --json            print one JSON object instead of the text\n"
	"      --html FILE       also write a page with pictures\n"
	"      --help            print this\n"
	"\n"
	"Exit status: 0 when each request was answered, with a status below 400; 1 when\n"
	"not; 2 for options that make no sense; 130 after Ctrl-C.\n";

#define NAME "bench"
#define reject(...) take_reject(NAME, __VA_ARGS__)

static int take_rate(const char *value, struct bench_options *options)
{
	if (text_to_delay(value, 1e-3, 1e7, &options->rate) < 0)
		return reject("--rate: \"%s\" is not a number of requests a second, up to "
			      "10000000",
			      value);
	return 0;
}

static int take_header(const char *line, struct bench_options *options)
{
	if (!take_is_header(line))
		return reject("--header: \"%s\" is not as \"Name: value\"", line);
	if (strncasecmp(line, "Content-Length:", 15) == 0 ||
	    strncasecmp(line, "Transfer-Encoding:", 18) == 0)
		return reject("--header: the size of the body is said already: \"%s\"", line);
	options->has_host |= strncasecmp(line, "Host:", 5) == 0;
	options->has_agent |= strncasecmp(line, "User-Agent:", 11) == 0;
	char *all = NULL;
	if (asprintf(&all, "%s%s\r\n", options->headers ? options->headers : "", line) < 0)
		return -ENOMEM;
	free(options->headers);
	options->headers = all;
	return 0;
}

static int take_body(const char *name, struct bench_options *options)
{
	free(options->body);
	options->body = NULL;
	int r = take_file(name, MAX_BODY, &options->body, &options->body_size);
	options->has_body = r == 0;
	return r < 0 ? reject("--body: %s: %s", name, wok_strerror(r)) : 0;
}

/* Letters of the options that have none. */
enum { PIPELINE = 256, THREADS, TIMEOUT, BODY, CONNECT, JSON, HTML };

static int take_value(int option, char *value, struct bench_options *options)
{
	switch (option) {
	case 'c':
		return take_number(NAME, "--connections", value, 1, MAX_CONNECTIONS,
				   &options->connections);
	case 'd':
		return take_time(NAME, "--duration", value, MAX_TIME, &options->duration);
	case 'n':
		return take_number(NAME, "--requests", value, 1, SIZE_MAX / 2, &options->requests);
	case 'r':
		return take_rate(value, options);
	case 'm':
		return take_method(NAME, value, &options->method);
	case 'H':
		return take_header(value, options);
	case PIPELINE:
		return take_number(NAME, "--pipeline", value, 1, MAX_PIPELINE, &options->pipeline);
	case THREADS:
		return take_number(NAME, "--threads", value, 1, MAX_THREADS, &options->threads);
	case TIMEOUT:
		return take_time(NAME, "--timeout", value, MAX_TIME, &options->timeout);
	case BODY:
		return take_body(value, options);
	case CONNECT:
		options->address = value;
		return 0;
	default:
		options->html = value;
		return page_check(value) < 0 ? reject("--html: %s", wok_errmsg(-EINVAL)) : 0;
	}
}

/* What the options say together. */
static int settle(struct bench_options *options)
{
	int r = url_parse(options->text, &options->url);
	if (r < 0)
		return reject("%s", wok_errmsg(r));
	if (options->rate > 0 && options->pipeline > 1)
		return reject("--pipeline: with --rate each request has its own moment");
	if (options->pipeline * (options->body_size + 1) > MAX_BATCH)
		return reject("--pipeline: so many of these bodies are more than %d MiB",
			      MAX_BATCH >> 20);
	if (options->threads > options->connections)
		return reject("--threads: a thread needs a connection at least, and there are %zu",
			      options->connections);
	if (options->duration == 0 && options->requests == 0)
		options->duration = 10 * WOK_SECOND;
	if (!options->method)
		options->method = options->has_body ? "POST" : "GET";
	return 0;
}

static int parse(int argc, char **argv, struct bench_options *options)
{
	static const struct option names[] = {
		{"connections", required_argument, NULL, 'c'},
		{"duration", required_argument, NULL, 'd'},
		{"requests", required_argument, NULL, 'n'},
		{"rate", required_argument, NULL, 'r'},
		{"method", required_argument, NULL, 'm'},
		{"header", required_argument, NULL, 'H'},
		{"pipeline", required_argument, NULL, PIPELINE},
		{"threads", required_argument, NULL, THREADS},
		{"timeout", required_argument, NULL, TIMEOUT},
		{"body", required_argument, NULL, BODY},
		{"connect", required_argument, NULL, CONNECT},
		{"html", required_argument, NULL, HTML},
		{"json", no_argument, NULL, JSON},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static const struct take take = {NAME, help, "c:d:n:r:m:H:", names};
	int option;

	while ((option = take_option(&take, argc, argv)) > 1) {
		if (option == JSON) {
			options->json = true;
			continue;
		}
		int r = take_value(option, optarg, options);
		if (r < 0)
			return r;
	}
	if (option != 0)
		return option;
	if (optind == argc)
		return reject("which URL?");
	if (optind + 1 < argc)
		return reject("one URL, not %d; is an option's value in two words?", argc - optind);
	options->text = argv[optind];
	return settle(options);
}

int bench_options_parse(int argc, char **argv, struct bench_options *ret_options)
{
	struct bench_options options = {
		.connections = 64,
		.threads = 1,
		.pipeline = 1,
		.timeout = 10 * WOK_SECOND,
		.argv = argv,
	};
	int r = parse(argc, argv, &options);

	if (r == 0)
		*ret_options = options;
	else
		bench_options_clear(&options);
	return r;
}

void bench_options_clear(struct bench_options *options)
{
	free(options->headers);
	free(options->body);
}
