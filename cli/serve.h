/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_SERVE_H
#define WOK_CLI_SERVE_H
/* `wok serve`: a folder on a port. */
#include <wok/http_static.h>
#include <wok/tls.h>

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

/*
 * What TLS needs, made of the files that the options name. reload reads them again, or leaves all
 * as it was. NULL for free does nothing.
 */
struct serve_tls;
int serve_tls_new(const struct serve_options *options, struct serve_tls **ret_tls);
int serve_tls_reload(struct serve_tls *tls);
wok_tls_context *serve_tls_context(const struct serve_tls *tls);
void serve_tls_free(struct serve_tls *tls);

#endif
