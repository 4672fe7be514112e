/* SPDX-License-Identifier: MIT */
/* The options of `wok fetch`: see fetch.h. */
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "database.h"
#include "fetch.h"
#include "take.h"
#include "text.h"

enum { MAX_CONCURRENCY = 10000, MAX_RETRIES = 1000, MAX_DATA = 256 * 1024 * 1024 };

#define MAX_TIME ((wok_time) 365 * 24 * 60 * WOK_MINUTE)

static const char help[] =
	"usage: wok fetch [OPTION]... [URL]...\n"
	"\n"
	"Download URLs, many at once: one to standard output, several into files.\n"
	"\n"
	"  -i, --input FILE      read more URLs, a line each; - is standard input\n"
	"  -o, --output FILE     write there (one URL); - is standard output\n"
	"  -d, --dir DIR         write files there (., for several URLs), named as the server\n"
	"                        or else the URL says\n"
	"  -f, --force           overwrite files that are there\n"
	"      --resume          go on with what an earlier run has left, and pass over what\n"
	"                        is complete\n"
	"      --jsonl           tell of each URL in a line of JSON on standard output; bodies\n"
	"                        are kept only with -d or -o\n"
	"      --db DATABASE     keep what became of each URL in the table wok_fetch there:\n"
	"                        postgresql://... is a server, else it is a file of SQLite;\n"
	"                        bodies are kept only with --db-body, -d or -o; with --resume\n"
	"                        what an earlier run has got is passed over\n"
	"      --db-body         keep bodies in that table, too\n"
	"  -c, --concurrency N   how many at once (16)\n"
	"      --per-host N      connections to one host at most (no limit)\n"
	"      --rate BYTES      a second, of all together, as 500k or 2M (no limit)\n"
	"      --retries N       further tries of what may pass: a lost connection, a status\n"
	"                        as 429 or 503 (3)\n"
	"      --retry-wait T    before the first of them, doubled for each further (1s); a\n"
	"                        server's Retry-After counts if it is longer\n"
	"      --timeout T       how long nothing may come (60s)\n"
	"      --max-time T      for a URL, retries included (no limit)\n"
	"  -X, --method M        GET, or POST if there is data\n"
	"  -H, --header 'N: V'   send this field, too; more than once for more\n"
	"      --data TEXT       send this, as a form does; @FILE sends a file's content\n"
	"      --compressed      let the server compress, and write what it was before; such a\n"
	"                        body is never gone on with\n"
	"      --proxy URL       go through this one, and not those of the environment\n"
	"                        (http_proxy ...); an empty one is none\n"
	"      --insecure        believe any server to be who it says, with https\n"
	"      --cacert FILE     believe whom these CAs vouch for, in PEM, and nobody else\n"
	"  -q, --quiet           no progress and no summary on standard error\n"
	"      --help            print this\n"
	"\n"
	"Exit status: 0 when all was fetched, 1 when not, 2 for options that make no sense,\n"
	"130 after Ctrl-C. Redirects are followed; a status from 300 on counts as a failure.\n";

WOK_PRINTF(1, 2) static int reject(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	take_reject("fetch", format, args);
	va_end(args);
	return -EINVAL;
}

static int take_number(const char *name, const char *value, size_t min, size_t max, size_t *ret)
{
	if (text_to_count(value, min, max, ret) < 0)
		return reject("%s: \"%s\" is not a number from %zu to %zu", name, value, min, max);
	return 0;
}

static int take_time(const char *name, const char *value, wok_time *ret)
{
	if (text_to_span(value, MAX_TIME, ret) < 0)
		return reject("%s: \"%s\" is no time, as 10s, 500ms or 2m", name, value);
	return 0;
}

/* "500k", "2M", "1.5G": powers of 1024, as files are counted. */
static int take_rate(const char *value, struct fetch_options *options)
{
	static const char units[] = "kMG";
	size_t digits = strspn(value, "0123456789.");
	char number[32];
	double rate, factor = 1;

	const char *unit = value[digits] ? strchr(units, value[digits]) : NULL;
	for (const char *u = units; unit && u <= unit; u++)
		factor *= 1024;
	bool good = digits > 0 && digits < sizeof(number) &&
		    (!value[digits] || (unit && !value[digits + 1]));
	if (good) {
		memcpy(number, value, digits);
		number[digits] = '\0';
		good = text_to_delay(number, 0, 1e6, &rate) == 0 && rate * factor >= 1;
	}
	if (!good)
		return reject("--rate: \"%s\" is no number of bytes a second, as 500k or 2M",
			      value);
	options->rate = (size_t) (rate * factor);
	return 0;
}

static int take_header(const char *line, struct fetch_options *options)
{
	if (!take_is_header(line))
		return reject("--header: \"%s\" is not as \"Name: value\"", line);
	wok_http_header *more = realloc(options->headers, (options->n_headers + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	options->headers = more;
	char *name = strdup(line);
	if (!name)
		return -ENOMEM;
	char *value = strchr(name, ':');
	*value++ = '\0';
	value += strspn(value, " \t");
	options->headers[options->n_headers++] = (wok_http_header){name, value};
	return 0;
}

static int take_data(const char *value, struct fetch_options *options)
{
	free(options->data);
	options->data = NULL;
	if (*value != '@') {
		options->data = strdup(value);
		options->data_size = strlen(value);
		return options->data ? 0 : -ENOMEM;
	}
	int r = take_file(value + 1, MAX_DATA, &options->data, &options->data_size);
	return r < 0 ? reject("--data: %s: %s", value + 1, wok_strerror(r)) : 0;
}

static int take_method(const char *value, struct fetch_options *options)
{
	if (!take_is_token(value) || strcasecmp(value, "CONNECT") == 0)
		return reject("--method: \"%s\" is no method, or none for a download", value);
	options->method = value;
	return 0;
}

static int take_folder(const char *value, struct fetch_options *options)
{
	struct stat status;

	if (stat(value, &status) < 0)
		return reject("--dir: %s: %s", value, wok_strerror(-errno));
	if (!S_ISDIR(status.st_mode))
		return reject("--dir: %s is no folder", value);
	options->folder = value;
	return 0;
}

static int take_db(const char *value, struct fetch_options *options)
{
	if (!*value)
		return reject("--db: it needs a file's name, or postgresql://...");
	const char *missing = database_missing(value);
	if (missing)
		return reject("--db: %s", missing);
	options->db = value;
	return 0;
}

/* Letters of the options that have none. */
enum {
	PER_HOST = 256,
	RATE,
	RETRIES,
	RETRY_WAIT,
	TIMEOUT,
	MAX_TIME_,
	DATA,
	RESUME,
	JSONL,
	INSECURE,
	CACERT,
	COMPRESSED,
	PROXY,
	DB,
	DB_BODY,
};

/* A flag. Returns false if it is none. */
static bool take_flag(int option, struct fetch_options *options)
{
	switch (option) {
	case 'f':
		return options->force = true;
	case 'q':
		return options->quiet = true;
	case RESUME:
		return options->resume = true;
	case JSONL:
		return options->jsonl = true;
	case COMPRESSED:
		return options->compressed = true;
	case INSECURE:
		return options->insecure = true;
	case DB_BODY:
		return options->db_body = true;
	default:
		return false;
	}
}

static int take_value(int option, char *value, struct fetch_options *options)
{
	switch (option) {
	case 'i':
		options->input = value;
		return 0;
	case 'o':
		options->output = value;
		return *value ? 0 : reject("--output: it needs a file's name");
	case 'd':
		return take_folder(value, options);
	case 'c':
		return take_number("--concurrency", value, 1, MAX_CONCURRENCY,
				   &options->concurrency);
	case 'X':
		return take_method(value, options);
	case 'H':
		return take_header(value, options);
	case PER_HOST:
		return take_number("--per-host", value, 1, MAX_CONCURRENCY, &options->per_host);
	case RATE:
		return take_rate(value, options);
	case RETRIES:
		return take_number("--retries", value, 0, MAX_RETRIES, &options->retries);
	case RETRY_WAIT:
		return take_time("--retry-wait", value, &options->pause);
	case TIMEOUT:
		return take_time("--timeout", value, &options->timeout);
	case PROXY:
		options->proxy = value;
		return 0;
	case DB:
		return take_db(value, options);
	case CACERT:
		options->cacert = value;
		return 0;
	case MAX_TIME_:
		return take_time("--max-time", value, &options->max_time);
	default:
		return take_data(value, options);
	}
}

/* What the options say together. */
static int settle(struct fetch_options *options)
{
	bool one = options->n_urls == 1 && !options->input;

	if (options->n_urls == 0 && !options->input)
		return reject("which URL? (-i FILE reads them from a file)");
	if (options->output && options->folder)
		return reject("--output and --dir: one place or the other");
	if (options->output && !one)
		return reject(
			"--output: one file is for one URL; several go into a folder (--dir)");
	if (options->jsonl && options->output && strcmp(options->output, "-") == 0)
		return reject("--jsonl and --output -: both would go to standard output");
	if (options->db_body && !options->db)
		return reject("--db-body: that needs a database (--db)");
	if (options->resume && options->db_body && (options->output || options->folder))
		return reject("--resume and --db-body: of a file's rest there is no whole body");
	if (!options->output && !options->folder && !options->jsonl && !options->db)
		*(one ? &options->output : &options->folder) = one ? "-" : ".";
	if (options->resume && !options->db && !options->folder &&
	    (!options->output || *options->output == '-'))
		return reject(
			"--resume: that needs a file (--output or --dir), or a database (--db)");
	if (!options->method)
		options->method = options->data ? "POST" : "GET";
	return 0;
}

static int parse(int argc, char **argv, struct fetch_options *options)
{
	static const struct option names[] = {
		{"input", required_argument, NULL, 'i'},
		{"output", required_argument, NULL, 'o'},
		{"dir", required_argument, NULL, 'd'},
		{"force", no_argument, NULL, 'f'},
		{"resume", no_argument, NULL, RESUME},
		{"jsonl", no_argument, NULL, JSONL},
		{"concurrency", required_argument, NULL, 'c'},
		{"per-host", required_argument, NULL, PER_HOST},
		{"rate", required_argument, NULL, RATE},
		{"retries", required_argument, NULL, RETRIES},
		{"retry-wait", required_argument, NULL, RETRY_WAIT},
		{"timeout", required_argument, NULL, TIMEOUT},
		{"max-time", required_argument, NULL, MAX_TIME_},
		{"method", required_argument, NULL, 'X'},
		{"header", required_argument, NULL, 'H'},
		{"data", required_argument, NULL, DATA},
		{"compressed", no_argument, NULL, COMPRESSED},
		{"proxy", required_argument, NULL, PROXY},
		{"db", required_argument, NULL, DB},
		{"db-body", no_argument, NULL, DB_BODY},
		{"insecure", no_argument, NULL, INSECURE},
		{"cacert", required_argument, NULL, CACERT},
		{"quiet", no_argument, NULL, 'q'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":hi:o:d:fc:X:H:q", names, NULL)) != -1) {
		if (option == 'h')
			return fputs(help, stdout) < 0 ? -EINVAL : 1;
		if (option == ':')
			return reject("%s needs a value", argv[optind - 1]);
		if (option == '?')
			return reject("there is no option \"%s\", or it takes no value",
				      argv[optind - 1]);
		if (take_flag(option, options))
			continue;
		int r = take_value(option, optarg, options);
		if (r < 0)
			return r;
	}
	options->urls = argv + optind;
	options->n_urls = (size_t) (argc - optind);
	return settle(options);
}

int fetch_options_parse(int argc, char **argv, struct fetch_options *ret_options)
{
	struct fetch_options options = {
		.concurrency = 16,
		.retries = 3,
		.pause = WOK_SECOND,
		.timeout = WOK_MINUTE,
		.max_time = WOK_FOREVER,
	};
	int r = parse(argc, argv, &options);

	if (r == 0)
		*ret_options = options;
	else
		fetch_options_clear(&options);
	return r;
}

void fetch_options_clear(struct fetch_options *options)
{
	for (size_t i = 0; i < options->n_headers; i++)
		free((char *) options->headers[i].name);
	free(options->headers);
	free(options->data);
}
