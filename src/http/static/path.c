/* SPDX-License-Identifier: MIT */
/* Paths below a folder: see http/static/path.h. */
#include "http/static/path.h"

#include <string.h>

enum { BAD_REQUEST = 400, NOT_FOUND = 404, TOO_LONG = 414 };

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that stands at a place, and how many that are; 0 for what is none. */
static int take_byte(const char *at, char *ret_byte)
{
	int high, low;

	*ret_byte = *at;
	if (*at != '%')
		return *at != '\0';
	high = digit_of(at[1]);
	low = high < 0 ? -1 : digit_of(at[2]);
	if (low < 0)
		return 0;
	*ret_byte = (char) (high << 4 | low);
	return *ret_byte == '\0' ? 0 : 3;
}

/* A name without its NUL is in the path now. */
static int check_name(const char *name, size_t size, bool dot_files)
{
	bool dots = size <= 2 && memcmp(name, "..", size) == 0; /* and none at all */

	if (dots || memchr(name, '/', size) || memchr(name, '\\', size))
		return NOT_FOUND;
	return name[0] == '.' && !dot_files ? NOT_FOUND : 0;
}

/* Decode a name to the end of the path. */
static int take_name(const char **at, bool dot_files, struct wok__static_path *path, size_t *used)
{
	char *name = path->text + *used;
	size_t size = 0;

	while (**at != '/' && **at != '\0') {
		if (*used + size + 1 >= sizeof(path->text))
			return TOO_LONG;
		int n = take_byte(*at, &name[size++]);
		if (n == 0)
			return BAD_REQUEST;
		*at += n;
	}
	*used += size;
	return check_name(name, size, dot_files);
}

int wok__static_path(const char *rest, bool dot_files, struct wok__static_path *ret_path)
{
	const char *at = rest;
	size_t used = 0;

	ret_path->folder = true;
	while (*at != '\0') {
		int status = take_name(&at, dot_files, ret_path, &used);
		if (status != 0)
			return status;
		ret_path->folder = *at == '/';
		if (*at == '/' && *++at != '\0')
			ret_path->text[used++] = '/';
	}
	if (used == 0)
		ret_path->text[used++] = '.';
	ret_path->text[used] = '\0';
	return 0;
}
