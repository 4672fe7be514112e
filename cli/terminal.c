/* SPDX-License-Identifier: MIT */
/* What a stream's reader can see: see terminal.h. */
#include "terminal.h"

#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"

bool terminal_is(FILE *stream)
{
	const char *kind = getenv("TERM");

	return isatty(fileno(stream)) && kind && *kind && strcmp(kind, "dumb") != 0;
}

int terminal_width(FILE *stream)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size;
	size_t width;

	if (ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col < 20 ? 20 : size.ws_col;
	if (columns && text_to_count(columns, 20, 1000, &width) == 0)
		return (int) width;
	return 80;
}

bool terminal_utf8(void)
{
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

bool terminal_colours(FILE *stream)
{
	const char *no_color = getenv("NO_COLOR");

	return terminal_is(stream) && !(no_color && *no_color);
}
