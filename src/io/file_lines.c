/* SPDX-License-Identifier: MIT */
/*
 * Lines and chunks of files: see wok/file.h.
 *
 * A line is handed out where it lies in the buffer, so it costs a search and no copy; the buffer
 * grows only for a line that does not fit. Bytes that were searched once are not searched again.
 * What a "\r" at the end of the buffer means is known when the next byte has come.
 */
#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "io/file.h"
#include "task/park.h"

static size_t buffered(const wok_file *file)
{
	return file->in_end - file->in_start;
}

/* --- as text ---------------------------------------------------------------------------------- */

static int not_text(const wok_file *file, size_t at)
{
	off_t where = file->offset - (off_t) buffered(file);

	if (file->polled)
		return wok_fail(-EILSEQ, "%s is not UTF-8: see byte %zu of this piece", file->path,
				at);
	return wok_fail(-EILSEQ,
			"%s is not UTF-8, in the piece that ends at byte %lld: see its "
			"byte %zu",
			file->path, (long long) where, at);
}

static int replace(wok_file *file, wok_view *piece)
{
	size_t need = wok_utf8_replace(piece->data, piece->size, NULL);

	if (wok__grow((void **) &file->text, &file->text_capacity, need, 1) < 0)
		return -ENOMEM;
	piece->size = wok_utf8_replace(piece->data, piece->size, file->text);
	piece->data = file->text;
	return 0;
}

/* Have a piece that was taken be what the option asks for. */
static int check_text(wok_file *file, wok_view *piece)
{
	size_t valid;

	if (file->check == WOK_TEXT_ANY || wok_utf8_check(piece->data, piece->size, &valid) == 0)
		return 0;
	return file->check == WOK_TEXT_STRICT ? not_text(file, valid) : replace(file, piece);
}

/* The mark that some programs put in front of a text; it may come in pieces. */
static void skip_mark(wok_file *file)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t there = buffered(file) < 3 ? buffered(file) : 3;

	if (!file->at_start)
		return;
	bool matches = memcmp(file->in + file->in_start, mark, there) == 0;
	if (matches && there < 3)
		return;
	file->at_start = false;
	if (matches && file->check != WOK_TEXT_ANY) {
		file->in_start += 3;
		file->in_scanned = 0;
	}
}

/* --- lines ------------------------------------------------------------------------------------ */

/* Where the line that is buffered ends: its size, and that of its end. */
struct found {
	size_t size, end;
};

static bool found_line(const wok_file *file, const char *at, bool ended, struct found *ret)
{
	const char *start = file->in + file->in_start;
	size_t size = (size_t) (at - start);

	if (*at == '\r') {
		bool last = size + 1 == buffered(file);
		if (last && !ended)
			return false; /* perhaps "\r\n" */
		*ret = (struct found){size, !last && at[1] == '\n' ? 2 : 1};
		return true;
	}
	bool with_cr = size > 0 && at[-1] == '\r' && file->newlines == WOK_NEWLINES_BOTH;
	*ret = with_cr ? (struct found){size - 1, 2} : (struct found){size, 1};
	return true;
}

static const char *search(const wok_file *file)
{
	size_t size = buffered(file) - file->in_scanned;

	if (size == 0)
		return NULL;
	const char *from = file->in + file->in_start + file->in_scanned;
	const char *lf = memchr(from, '\n', size);
	if (file->newlines != WOK_NEWLINES_UNIVERSAL)
		return lf;
	const char *cr = memchr(from, '\r', lf ? (size_t) (lf - from) : size);
	return cr ? cr : lf;
}

/* Look for the end of the line that the buffer begins with. */
static bool find_end(wok_file *file, bool ended, struct found *ret)
{
	const char *at = search(file);

	if (!at) {
		file->in_scanned = buffered(file);
		return false;
	}
	if (found_line(file, at, ended, ret))
		return true;
	file->in_scanned = (size_t) (at - (file->in + file->in_start));
	return false;
}

static void take(wok_file *file, size_t size)
{
	file->in_start += size;
	file->in_scanned = 0;
}

static int too_long(wok_file *file)
{
	file->skipping = true;
	return wok_fail(WOK_ELIMIT, "%s: a line of more than %zu bytes", file->path,
			file->max_line);
}

/* A line, or the rest at the end of the file, is taken out of the buffer. */
static int hand_out(wok_file *file, struct found found, wok_view *ret_line)
{
	if (found.size > file->max_line)
		return too_long(file);
	wok_view line = {file->in + file->in_start, found.size};
	take(file, found.size + found.end);
	WOK_TRY(check_text(file, &line));
	*ret_line = line;
	return 1;
}

/*
 * How large the buffer may become: for a line of the largest size and its end, and the byte behind
 * it that a "\r" waits for.
 */
static size_t room_for_line(const wok_file *file)
{
	size_t most = file->max_line < SIZE_MAX / 2 ? file->max_line + 3 : SIZE_MAX / 2;

	return most > file->buffer_size ? most : file->buffer_size;
}

/* More bytes for a line; when it is longer than allowed, that ends the wait. */
static int more(wok_file *file)
{
	size_t there = buffered(file);

	if (there > file->max_line && there - file->max_line > 2)
		return too_long(file);
	/* The usual line fits into the buffer; it becomes larger for one that does not. */
	bool full = there == file->in_capacity;
	size_t most = full && there >= file->buffer_size ? room_for_line(file) : file->buffer_size;
	return wok__file_fill(file, most);
}

/* Go behind the end of a line that was too long. 1: there is something; 0: the end. */
static int skip_rest(wok_file *file)
{
	struct found found;

	while (file->skipping) {
		if (find_end(file, false, &found)) {
			take(file, found.size + found.end);
			file->skipping = false;
			break;
		}
		/* A "\r" at the end may have its "\n" still to come. */
		size_t kept = file->in_scanned < buffered(file) ? 1 : 0;
		take(file, buffered(file) - kept);
		int r = wok__file_fill(file, file->buffer_size);
		if (r < 0)
			return r;
		if (r == 0) {
			take(file, buffered(file));
			file->skipping = false;
			return 0;
		}
	}
	return 1;
}

static int wait_for_line(wok_file *file, wok_view *ret_line)
{
	struct found found;
	int r = skip_rest(file);

	while (r > 0 && !find_end(file, false, &found)) {
		r = more(file);
		if (r > 0)
			skip_mark(file);
	}
	if (r < 0)
		return r;
	if (r > 0 || find_end(file, true, &found))
		return hand_out(file, found, ret_line);
	found = (struct found){buffered(file), 0};
	return found.size > 0 ? hand_out(file, found, ret_line) : 0;
}

WOK__OUT_OF_LINE static int next_line(wok_file *file, wok_view *ret_line)
{
	WOK_TRY(wok__file_begin_turn(file, WOK__FILE_READING));
	int r = file->polled ? 0 : wok__file_drain(file);
	if (r == 0)
		r = wait_for_line(file, ret_line);
	wok__file_end_turn(file, WOK__FILE_READING);
	return r;
}

/*
 * The usual case in line: the line is there, and no other task is in a call. Others may run before
 * it is looked for, not after: it would not stay where it is.
 */
int wok_file_next_line(wok_file *file, wok_view *ret_line)
{
	struct found found;

	WOK_TRY(wok__quick_check());
	wok__quick_spend();
	if (file->closed || file->skipping || !wok__file_idle(file, WOK__FILE_READING) ||
	    (file->out_used > 0 && !file->polled) || buffered(file) == 0 ||
	    !find_end(file, false, &found))
		return next_line(file, ret_line);
	return hand_out(file, found, ret_line);
}

/* --- chunks ----------------------------------------------------------------------------------- */

/* How much of what is buffered can be handed out: all, but for a character that is cut off. */
static size_t whole_characters(const wok_file *file)
{
	size_t valid, size = buffered(file);

	if (file->check == WOK_TEXT_ANY)
		return size;
	/* Only the end matters: look at the last bytes that can be the start of one. */
	for (size_t back = 1; back <= 3 && back <= size; back++) {
		const char *at = file->in + file->in_end - back;
		if (((unsigned char) *at & 0xc0) == 0x80)
			continue;
		return wok_utf8_check(at, back, &valid) == -EAGAIN ? size - back : size;
	}
	return size;
}

static int next_chunk(wok_file *file, wok_view *ret_chunk)
{
	int r = 1;

	file->skipping = false;
	while (r > 0 && (file->in_start == file->in_end || whole_characters(file) == 0)) {
		r = wok__file_fill(file, file->buffer_size);
		if (r > 0)
			skip_mark(file);
	}
	if (r < 0 || buffered(file) == 0)
		return r;
	wok_view chunk = {file->in + file->in_start,
			  r > 0 ? whole_characters(file) : buffered(file)};
	take(file, chunk.size);
	WOK_TRY(check_text(file, &chunk));
	*ret_chunk = chunk;
	return 1;
}

int wok_file_next_chunk(wok_file *file, wok_view *ret_chunk)
{
	WOK_TRY(wok__file_begin_turn(file, WOK__FILE_READING));
	bool there = buffered(file) > 0;
	int r = file->polled ? 0 : wok__file_drain(file);
	if (r == 0)
		r = next_chunk(file, ret_chunk);
	if (there)
		wok__spend();
	wok__file_end_turn(file, WOK__FILE_READING);
	return r;
}
