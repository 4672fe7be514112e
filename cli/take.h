/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_TAKE_H
#define WOK_CLI_TAKE_H
#include <getopt.h>
#include <stdbool.h>
#include <stddef.h>
#include <wok/base.h>

/*
 * What the commands take from a command line. Each function that says what is wrong with an option
 * says it on stderr, after the command's name, and returns -EINVAL.
 */

/* What a command takes. */
struct take {
	const char *command;
	const char *help;
	const char *letters; /* as getopt(3) has them, without the colon in front */
	const struct option *names;
};

/*
 * The next option: its letter, with its value in optarg; 0 behind the last, with optind at what
 * follows; 1 when help was wanted, and was printed; -EINVAL.
 */
int take_option(const struct take *take, int argc, char **argv);

/* Say what is wrong. */
int take_reject(const char *command, const char *format, ...) WOK_PRINTF(2, 3);

/* The value of an option: 0, or -EINVAL. */
int take_number(const char *command, const char *option, const char *value, size_t min, size_t max,
		size_t *ret);
int take_time(const char *command, const char *option, const char *value, wok_time max,
	      wok_time *ret);
int take_method(const char *command, const char *value, const char **ret);

/* Whether a text is a token, as a method and a field's name are. */
bool take_is_token(const char *text);

/* Whether a text is "Name: value", and can be sent. */
bool take_is_header(const char *line);

/**
 * Read a file as a whole.
 *
 * name:       "-" is standard input
 * ret_data:   malloc'd
 * Returns:    0; -EFBIG if it is larger than max; -ENOMEM; a negative errno
 */
int take_file(const char *name, size_t max, char **ret_data, size_t *ret_size);

#endif
