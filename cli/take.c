/* SPDX-License-Identifier: MIT */
/* What the commands take from a command line: see take.h. */
#include "take.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "text.h"

int take_reject(const char *command, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "wok %s: ", command);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\n(\"wok %s --help\" lists the options)\n", command);
	return -EINVAL;
}

int take_option(const struct take *take, int argc, char **argv)
{
	char letters[32];

	opterr = 0; /* our own messages say what to do */
	snprintf(letters, sizeof(letters), ":h%s", take->letters);
	int option = getopt_long(argc, argv, letters, take->names, NULL);
	if (option == -1)
		return 0;
	if (option == 'h')
		return fputs(take->help, stdout) < 0 ? -EINVAL : 1;
	if (option == ':')
		return take_reject(take->command, "%s needs a value", argv[optind - 1]);
	if (option == '?')
		return take_reject(take->command, "there is no option \"%s\", or it takes no value",
				   argv[optind - 1]);
	return option;
}

int take_number(const char *command, const char *option, const char *value, size_t min, size_t max,
		size_t *ret)
{
	if (text_to_count(value, min, max, ret) < 0)
		return take_reject(command, "%s: \"%s\" is not a number from %zu to %zu", option,
				   value, min, max);
	return 0;
}

int take_time(const char *command, const char *option, const char *value, wok_time max,
	      wok_time *ret)
{
	if (text_to_span(value, max, ret) < 0)
		return take_reject(command,
				   "%s: \"%s\" is no time, as 10s, 500ms or 2m, of at most %d "
				   "hours",
				   option, value, (int) (max / (60 * WOK_MINUTE)));
	return 0;
}

static const char token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			    "0123456789!#$%&'*+-.^_`|~";

bool take_is_token(const char *text)
{
	return *text && text[strspn(text, token)] == '\0';
}

int take_method(const char *command, const char *value, const char **ret)
{
	if (!take_is_token(value) || strcasecmp(value, "CONNECT") == 0)
		return take_reject(command,
				   "--method: \"%s\" is no method, or one for proxies only", value);
	*ret = value;
	return 0;
}

bool take_is_header(const char *line)
{
	size_t name = strspn(line, token);

	if (name == 0 || line[name] != ':')
		return false;
	for (const char *c = line + name; *c; c++) {
		if ((unsigned char) *c < ' ' && *c != '\t')
			return false;
		if (*c == 0x7f)
			return false;
	}
	return true;
}

/* Reads to the end; a byte more than max is a byte too many. */
static int read_all(int fd, size_t max, char **data, size_t *size)
{
	size_t room = 0;

	for (;;) {
		if (*size == room) {
			room = room > 0 ? room * 2 : (size_t) 64 * 1024;
			char *larger = realloc(*data, room);
			if (!larger)
				return -ENOMEM;
			*data = larger;
		}
		ssize_t n = read(fd, *data + *size, room - *size);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n == 0)
			return 0;
		*size += n > 0 ? (size_t) n : 0;
		if (*size > max)
			return -EFBIG;
	}
}

int take_file(const char *name, size_t max, char **ret_data, size_t *ret_size)
{
	bool is_stdin = strcmp(name, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
	char *data = NULL;
	size_t size = 0;
	if (fd < 0)
		return -errno;

	int r = read_all(fd, max, &data, &size);
	if (!is_stdin)
		close(fd);
	if (r < 0) {
		free(data);
		return r;
	}
	*ret_data = data;
	*ret_size = size;
	return 0;
}
