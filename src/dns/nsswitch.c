/* SPDX-License-Identifier: MIT */
/*
 * nsswitch.conf(5): "hosts: files mdns4_minimal [NOTFOUND=return] dns". What stands in brackets
 * says what to do with a service's result; between files and dns alone c-ares does what it means.
 */
#include "dns/nsswitch.h"

#include <string.h>

static const char separators[] = " \t\r:";

static wok_view next_line(wok_view *text)
{
	const char *end = memchr(text->data, '\n', text->size);
	wok_view line = {text->data, end ? (size_t) (end - text->data) : text->size};
	size_t passed = line.size + (end ? 1 : 0);
	const char *comment = memchr(line.data, '#', line.size);

	text->data += passed;
	text->size -= passed;
	if (comment)
		line.size = (size_t) (comment - line.data);
	return line;
}

/* The next word, or bracket, of a line; its size is 0 at the end. */
static wok_view next_word(wok_view *line)
{
	while (line->size > 0 && strchr(separators, line->data[0]) && line->data[0]) {
		line->data++;
		line->size--;
	}
	wok_view word = {line->data, 0};
	bool bracket = line->size > 0 && line->data[0] == '[';
	while (word.size < line->size) {
		char c = line->data[word.size];
		if (bracket ? c == ']' : c == '[' || (c && strchr(separators, c)))
			break;
		word.size++;
	}
	if (bracket && word.size < line->size)
		word.size++;
	line->data += word.size;
	line->size -= word.size;
	return word;
}

static bool is(wok_view word, const char *text)
{
	return word.size == strlen(text) && memcmp(word.data, text, word.size) == 0;
}

wok_view wok__nsswitch_more(wok_view text)
{
	while (text.size > 0) {
		wok_view line = next_line(&text), word = next_word(&line);
		if (!is(word, "hosts"))
			continue;
		while ((word = next_word(&line)).size > 0)
			if (word.data[0] != '[' && !is(word, "files") && !is(word, "dns"))
				return word;
	}
	return (wok_view){NULL, 0};
}
