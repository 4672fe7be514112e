/* SPDX-License-Identifier: MIT */
/* The options of `wok serve`: see serve.h. */
#include <stdio.h>
#include <string.h>
#include <wok/error.h>

#include "serve.h"
#include "take.h"
#include "text.h"

enum { YEAR = 365 * 24 * 60 * 60 };

static const char help[] =
	"usage: wok serve [OPTION]... [FOLDER]\n"
	"\n"
	"Serve the files of FOLDER (the current one) over HTTP, until Ctrl-C. A folder is\n"
	"its index.html, or a page that shows what is in it.\n"
	"\n"
	"  -l, --listen ADDRESS  where (127.0.0.1:8000, for this machine alone; 0.0.0.0:8000\n"
	"                        for all who can reach it; [::1]:8000; unix:/path; port 0\n"
	"                        takes any free one)\n"
	"      --tls-cert FILE   speak TLS, with this certificate and what leads to its CA\n"
	"      --tls-key FILE    its key, if that does not stand in the same file\n"
	"      --index NAME      the file that stands for its folder (index.html)\n"
	"      --no-listing      no pages: a folder without an index is not found\n"
	"      --hidden          serve, and show, what begins with a dot\n"
	"      --links WHICH     follow symbolic links: \"inside\" as long as they stay in the\n"
	"                        folder (the default), \"none\", \"all\"\n"
	"      --precompressed   for FILE send FILE.br, FILE.zst or FILE.gz if it is there,\n"
	"                        to who takes it\n"
	"      --cache SECONDS   clients may keep a file for so long without asking again\n"
	"      --types FILE      more types by names' ends, as /etc/mime.types has them\n"
	"      --log FORMAT      what stderr says of each request: \"short\" (the default),\n"
	"                        \"combined\", \"json\", \"none\"\n"
	"      --help            print this\n"
	"\n"
	"SIGHUP reads the certificate again. Exit status: 0 after Ctrl-C or SIGTERM, 1 if it\n"
	"cannot serve, 2 for options that make no sense.\n";

#define NAME "serve"
#define reject(...) take_reject(NAME, __VA_ARGS__)

/* The index of a word in a list that ends with NULL. */
static int take_word(const char *option, const char *word, const char *const *words)
{
	for (int i = 0; words[i]; i++) {
		if (strcmp(words[i], word) == 0)
			return i;
	}
	return reject("%s: there is no \"%s\"; \"wok serve --help\" says what there is", option,
		      word);
}

static int take_cache(const char *value, struct serve_options *options)
{
	size_t seconds;

	if (text_to_count(value, 0, YEAR, &seconds) < 0)
		return reject("--cache: \"%s\" is not a number of seconds from 0 to %d", value,
			      YEAR);
	snprintf(options->cache_control, sizeof(options->cache_control), "max-age=%zu", seconds);
	return 0;
}

enum { CERTIFICATE = 256, KEY, INDEX, LINKS, CACHE, TYPES, LOG, NO_LISTING, HIDDEN, PRECOMPRESSED };

static int take_choice(int option, const char *value, struct serve_options *options)
{
	/* In the order of their enums. */
	static const char *const links[] = {"inside", "none", "all", NULL};
	static const char *const logs[] = {"short", "combined", "json", "none", NULL};
	int r = option == LINKS ? take_word("--links", value, links)
				: take_word("--log", value, logs);

	if (r < 0)
		return r;
	if (option == LINKS)
		options->files.links = (wok_http_links) r;
	else
		options->log = (enum serve_log) r;
	return 0;
}

static int take_value(int option, const char *value, struct serve_options *options)
{
	switch (option) {
	case 'l':
		options->address = value;
		return 0;
	case CERTIFICATE:
		options->certificate = value;
		return 0;
	case KEY:
		options->key = value;
		return 0;
	case INDEX:
		options->files.index = value;
		return 0;
	case TYPES:
		options->files.types_file = value;
		return 0;
	case CACHE:
		return take_cache(value, options);
	default:
		return take_choice(option, value, options);
	}
}

static bool take_flag(int option, struct serve_options *options)
{
	options->files.listing &= option != NO_LISTING;
	options->files.dot_files |= option == HIDDEN;
	options->files.file.precompressed |= option == PRECOMPRESSED;
	return option >= NO_LISTING;
}

static int settle(int n, char **rest, struct serve_options *options)
{
	if (n > 1)
		return reject("one folder, not %d; is an option's value in two words?", n);
	if (n == 1)
		options->folder = rest[0];
	if (options->key && !options->certificate)
		return reject("--tls-key: it needs --tls-cert, too");
	return 0;
}

int serve_options_parse(int argc, char **argv, struct serve_options *ret_options)
{
	static const struct option names[] = {
		{"listen", required_argument, NULL, 'l'},
		{"tls-cert", required_argument, NULL, CERTIFICATE},
		{"tls-key", required_argument, NULL, KEY},
		{"index", required_argument, NULL, INDEX},
		{"links", required_argument, NULL, LINKS},
		{"cache", required_argument, NULL, CACHE},
		{"types", required_argument, NULL, TYPES},
		{"log", required_argument, NULL, LOG},
		{"no-listing", no_argument, NULL, NO_LISTING},
		{"hidden", no_argument, NULL, HIDDEN},
		{"precompressed", no_argument, NULL, PRECOMPRESSED},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static const struct take take = {NAME, help, "l:", names};
	struct serve_options options = {
		.folder = ".", .address = "127.0.0.1:8000", .files = {.listing = true}};
	int option, r = 0;

	while (r == 0 && (option = take_option(&take, argc, argv)) > 1) {
		if (!take_flag(option, &options))
			r = take_value(option, optarg, &options);
	}
	if (option != 0 && r == 0)
		return option;
	if (r == 0)
		r = settle(argc - optind, argv + optind, &options);
	if (r == 0)
		*ret_options = options;
	return r;
}
