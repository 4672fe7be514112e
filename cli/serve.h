/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_SERVE_H
#define WOK_CLI_SERVE_H
/* `wok serve`: a folder on a port. */
#include <wok/http_static.h>

enum serve_log { SERVE_LOG_SHORT, SERVE_LOG_COMBINED, SERVE_LOG_JSON, SERVE_LOG_NONE };

struct serve_options {
	const char *folder;
	const char *address;
	const char *certificate, *key; /* PEM files; NULL: no TLS, or the key stands in the other */
	enum serve_log log;
	char cache_control[40]; /* "" for none */
	wok_http_static_options files;
};

/**
 * Read the command line; complain on stderr.
 *
 * argv:       borrowed; argv[0] is "serve"
 * Returns:    0; 1 if help was asked for, and given; -EINVAL
 */
int serve_options_parse(int argc, char **argv, struct serve_options *ret_options);

#endif
