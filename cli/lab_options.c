/* SPDX-License-Identifier: MIT */
/* The options of `wok lab`: see lab_options.h. */
#include "lab_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/error.h>

#include "page.h"
#include "take.h"
#include "url.h"

enum { MAX_URLS = 100000, MAX_DELAY = 10 };

static const char help[] =
	"usage: wok lab [OPTION]...\n"
	"\n"
	"Fetch URLs that each take a while, in several ways, and show how long each way\n"
	"takes: one after another; all at once on wok; at most so many at once on wok.\n"
	"The URLs are those of a server that the lab starts on a loopback port.\n"
	"\n"
	"  --urls N        how many URLs (10; at most 100000)\n"
	"  --delay S       how long each takes, in seconds (1; 0 to 10, as 0.25)\n"
	"  --limit K       how many at once in the way \"limited\" (5)\n"
	"  --ways LIST     which ways, with commas between them: sequential, threads,\n"
	"                  concurrent, limited (all but threads)\n"
	"  --server URL    a server of yours, as httpbin, instead of the lab's own;\n"
	"                  the lab fetches URL/delay/S\n"
	"  --json          print one JSON object instead of the table and the picture\n"
	"  --html FILE     also write a page with the table and the picture\n"
	"  --help          print this\n"
	"\n"
	"Exit status: 0 when all was fetched, 1 when not, 2 for options that make no\n"
	"sense, 130 after Ctrl-C.\n";

#define NAME "lab"
#define reject(...) take_reject(NAME, __VA_ARGS__)

static int take_ways(const char *list, struct lab_options *options)
{
	options->n_ways = 0;
	for (;;) {
		size_t size = strcspn(list, ",");
		char word[16] = "";
		if (size < sizeof(word))
			memcpy(word, list, size);
		enum lab_way way = lab_way_of(word);
		if (way == N_WAYS)
			return reject("--ways: there is no way \"%.*s\"; there are sequential, "
				      "threads, concurrent, limited",
				      (int) size, list);
		for (size_t i = 0; i < options->n_ways; i++) {
			if (options->ways[i] == way)
				return reject("--ways: \"%s\" stands there twice", word);
		}
		options->ways[options->n_ways++] = way;
		if (list[size] == '\0')
			return 0;
		list += size + 1;
	}
}

static int take_server(char *text, struct lab_options *options)
{
	struct url url;

	/* "http://host/" and "http://host" are the same base. */
	size_t size = strlen(text);
	while (size > strlen("http://") && text[size - 1] == '/')
		text[--size] = '\0';
	int r = url_parse(text, &url);
	if (r < 0)
		return reject("--server: %s", wok_errmsg(r));
	if (strchr(url.target, '?'))
		return reject("--server: %s: the lab appends /delay/S, so there can be no query",
			      text);
	options->server = text;
	return 0;
}

static int take_html(const char *name, struct lab_options *options)
{
	if (page_check(name) < 0)
		return reject("--html: %s", wok_errmsg(-EINVAL));
	options->html = name;
	return 0;
}

/* An option with a value. */
static int take_value(int option, char *value, struct lab_options *options)
{
	switch (option) {
	case 'u':
		return take_number(NAME, "--urls", value, 1, MAX_URLS, &options->urls);
	case 'd':
		if (text_to_delay(value, 0, MAX_DELAY, &options->delay) < 0)
			return reject("--delay: \"%s\" is not a number of seconds from 0 to %d",
				      value, MAX_DELAY);
		return 0;
	case 'l':
		return take_number(NAME, "--limit", value, 1, MAX_URLS, &options->limit);
	case 'w':
		return take_ways(value, options);
	case 's':
		return take_server(value, options);
	default:
		return take_html(value, options);
	}
}

int lab_options_parse(int argc, char **argv, struct lab_options *ret_options)
{
	static const struct option names[] = {
		{"urls", required_argument, NULL, 'u'},
		{"delay", required_argument, NULL, 'd'},
		{"limit", required_argument, NULL, 'l'},
		{"ways", required_argument, NULL, 'w'},
		{"server", required_argument, NULL, 's'},
		{"html", required_argument, NULL, 'f'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	static const struct take take = {NAME, help, "", names};
	struct lab_options options = {
		.urls = 10,
		.delay = 1,
		.limit = 5,
		.ways = {WAY_SEQUENTIAL, WAY_CONCURRENT, WAY_LIMITED},
		.n_ways = 3,
		.argv = argv,
	};
	int option;

	while ((option = take_option(&take, argc, argv)) > 1) {
		if (option == 'j') {
			options.json = true;
			continue;
		}
		int r = take_value(option, optarg, &options);
		if (r < 0)
			return r;
	}
	if (option != 0)
		return option;
	if (optind < argc)
		return reject("\"%s\" is not an option, and the lab takes nothing else",
			      argv[optind]);
	*ret_options = options;
	return 0;
}
