/* SPDX-License-Identifier: MIT */
/* Events between a way's process and the lab: see lab_events.h. */
#include "lab_events.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A pipe takes at most so much in one piece, and all at once (PIPE_BUF); a line stays below. */
enum { MAX_LINE = 2048 };

void events_init(struct events *events, int fd, bool buffered)
{
	events->fd = fd;
	events->used = 0;
	events->buffered = buffered;
}

static void write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			_exit(EXIT_FAILURE); /* the lab is gone: there is nobody to work for */
		data += n;
		size -= (size_t) n;
	}
}

void events_flush(struct events *events)
{
	write_all(events->fd, events->buffer, events->used);
	events->used = 0;
}

WOK_PRINTF(2, 3) static void send_line(struct events *events, const char *format, ...)
{
	char line[MAX_LINE];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (n < 0)
		return;
	size_t size = (size_t) n < sizeof(line) - 2 ? (size_t) n : sizeof(line) - 2;
	/* One event, one line, and no escape sequence, whatever a server put into a message. */
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char) line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	}
	line[size++] = '\n';

	if (!events->buffered) {
		write_all(events->fd, line, size);
		return;
	}
	if (events->used + size > sizeof(events->buffer))
		events_flush(events);
	memcpy(events->buffer + events->used, line, size);
	events->used += size;
}

void events_begin(struct events *events, wok_time at)
{
	send_line(events, "begin %lld", (long long) at);
}

void events_start(struct events *events, size_t index, wok_time at)
{
	send_line(events, "start %zu %lld", index, (long long) at);
}

void events_first(struct events *events, size_t index, wok_time at)
{
	send_line(events, "first %zu %lld", index, (long long) at);
}

void events_fetched(struct events *events, size_t index, wok_time at)
{
	send_line(events, "fetched %zu %lld", index, (long long) at);
}

void events_failed(struct events *events, size_t index, wok_time at, const char *reason)
{
	send_line(events, "failed %zu %lld %s", index, (long long) at, reason);
}

void events_peak(struct events *events, uint64_t bytes)
{
	send_line(events, "peak %llu", (unsigned long long) bytes);
}

void events_hint(struct events *events, const char *text)
{
	send_line(events, "hint %s", text);
}

/* --- the receiving side ------------------------------------------------------------------- */

/* Take a number and the blank behind it. */
static bool take_number(char **text, uint64_t *ret)
{
	char *end;

	if (**text < '0' || **text > '9')
		return false;
	*ret = strtoull(*text, &end, 10);
	*text = *end == ' ' ? end + 1 : end;
	return *end == ' ' || *end == '\0';
}

/* Take a word and the blank behind it. */
static bool take_word(char **text, const char *word)
{
	size_t size = strlen(word);

	if (strncmp(*text, word, size) != 0 || (*text)[size] != ' ')
		return false;
	*text += size + 1;
	return true;
}

static int apply_request_event(char *line, struct way_result *result)
{
	static const char *const words[] = {"start", "first", "fetched", "failed"};
	uint64_t index, at;
	size_t word = 0;

	while (word < 4 && !take_word(&line, words[word]))
		word++;
	if (word == 4 || !take_number(&line, &index) || !take_number(&line, &at))
		return -EBADMSG;
	if (word == 0)
		way_result_started(result, index, (wok_time) at);
	else if (word == 1)
		way_result_first_byte(result, index, (wok_time) at);
	else if (word == 2)
		way_result_fetched(result, index, (wok_time) at);
	else
		way_result_failed(result, index, (wok_time) at, line);
	return 0;
}

static int apply_line(struct event_reader *reader, char *line, struct way_result *result)
{
	if (take_word(&line, "hint")) {
		snprintf(reader->hint, sizeof(reader->hint), "%s", line);
		return 0;
	}
	if (take_word(&line, "begin")) {
		uint64_t at;
		if (!take_number(&line, &at))
			return -EBADMSG;
		result->began = (wok_time) at;
		return 0;
	}
	if (take_word(&line, "peak"))
		return take_number(&line, &result->peak_memory) ? 0 : -EBADMSG;
	return apply_request_event(line, result);
}

/* Take all whole lines out of the buffer. */
static int apply_lines(struct event_reader *reader, struct way_result *result)
{
	char *line = reader->buffer;
	char *end;
	int r = 0;

	while ((end = memchr(line, '\n', reader->used - (size_t) (line - reader->buffer)))) {
		*end = '\0';
		if (r == 0)
			r = apply_line(reader, line, result);
		line = end + 1;
	}
	reader->used -= (size_t) (line - reader->buffer);
	memmove(reader->buffer, line, reader->used);
	return r;
}

int event_reader_read(struct event_reader *reader, int fd, struct way_result *result)
{
	if (reader->used == sizeof(reader->buffer))
		return -EBADMSG;
	ssize_t n = read(fd, reader->buffer + reader->used, sizeof(reader->buffer) - reader->used);
	if (n < 0)
		return errno == EINTR || errno == EAGAIN ? 1 : -errno;
	reader->used += (size_t) n;
	int r = apply_lines(reader, result);
	if (r < 0)
		return r;
	if (n == 0 && reader->used > 0)
		return -EBADMSG;
	return n > 0;
}
