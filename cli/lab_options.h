/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_LAB_OPTIONS_H
#define WOK_CLI_LAB_OPTIONS_H
#include "lab_result.h"

/* What `wok lab` was asked to do. */
struct lab_options {
	size_t urls;
	double delay; /* seconds */
	size_t limit;
	const char *server; /* a base URL without a slash at its end; NULL: the embedded server */
	enum lab_way ways[N_WAYS];
	size_t n_ways;
	bool json;
	const char *html; /* the file's name; NULL: none */
	char **argv;      /* the command line, for the report */
};

/**
 * Read the command line; complain on stderr.
 *
 * argv:       borrowed; argv[0] is "lab"
 * Returns:    0; 1 if help was asked for, and given; -EINVAL
 */
int lab_options_parse(int argc, char **argv, struct lab_options *ret_options);

#endif
