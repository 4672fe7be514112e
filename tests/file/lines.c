/* SPDX-License-Identifier: MIT */
/* Lines and chunks. */
#include "check.h"

/* Lines as one text, each in brackets, and what came at the end. */
static const char *all_lines(wok_file *file, char text[600])
{
	size_t n = 0;
	wok_view line;
	int r;

	while ((r = wok_file_next_line(file, &line)) != 0 && n < 500) {
		if (r < 0)
			n += (size_t) sprintf(text + n, "<%s>", wok_errname(r));
		else
			n += (size_t) sprintf(text + n, "[%.*s]", (int) line.size, line.data);
	}
	text[n] = '\0';
	return text;
}

/* The same lines, however they lie in the buffer. */
static void expect_lines(const char *content, wok_newlines newlines, const char *lines)
{
	char text[600];

	put_text("f", content);
	for (size_t size = 16; size < 40; size++) {
		const wok_file_options options = {.buffer_size = size, .newlines = newlines};
		WOK_AUTO(wok_file) *file = NULL;
		ASSERT_OK(wok_file_open_with(path_of("f"), "r", &options, &file));
		ASSERT_STR(all_lines(file, text), lines);
	}
}

TEST_TASK(lines_end_as_they_are_asked_to, "file-9", "filerow-6")
{
	const wok_newlines both = WOK_NEWLINES_BOTH, lf = WOK_NEWLINES_LF,
			   universal = WOK_NEWLINES_UNIVERSAL;

	expect_lines("", both, "");
	expect_lines("\n", both, "[]");
	expect_lines("no end", both, "[no end]");
	expect_lines("one\ntwo\n", both, "[one][two]");
	expect_lines("\n\na\n\n", both, "[][][a][]");
	expect_lines("one\r\ntwo\rthree\r\n\r\nlast\r", both, "[one][two\rthree][][last\r]");
	expect_lines("one\r\ntwo\n", lf, "[one\r][two]");
	expect_lines("one\r\ntwo\rthree\n\rfour\r\r\nfive\r", universal,
		     "[one][two][three][][four][][five]");
	expect_lines("0123456789abcde\r\n0123456789abcdef\r\nx\r\n", both,
		     "[0123456789abcde][0123456789abcdef][x]");
	expect_lines("0123456789abcde\r\n0123456789abcdef\rx\r\n", universal,
		     "[0123456789abcde][0123456789abcdef][x]");
	expect_lines("a line that is a good deal longer than the buffer\nand another such line, at "
		     "the end",
		     both,
		     "[a line that is a good deal longer than the buffer][and another such line, "
		     "at the end]");
}

TEST_TASK(a_line_may_hold_any_byte, "file-9")
{
	wok_view line;

	put_bytes("f", "a\0b\n\xff\n", 6);
	WOK_AUTO(wok_file) *file = open_file("f", "r");
	ASSERT_EQ(wok_file_next_line(file, &line), 1);
	ASSERT_EQ(line.size, 3);
	ASSERT_MEM(line.data, "a\0b", 3);
	ASSERT_EQ(wok_file_next_line(file, &line), 1);
	ASSERT_MEM(line.data, "\xff", 1);
	ASSERT_EQ(wok_file_next_line(file, &line), 0);
	ASSERT_EQ(wok_file_next_line(file, &line), 0);
}

TEST_TASK(behind_a_line_that_is_too_long_it_goes_on, "file-9")
{
	const size_t size = 10 << 20;
	const wok_file_options small = {.max_line = 20, .buffer_size = 32};
	char *data = malloc(size), text[600];
	wok_view line;

	memset(data, 'x', size);
	data[size - 1] = '\n';
	put_bytes("f", data, size);
	FILE *more = fopen(path_of("f"), "ae");
	fputs("short\n", more);
	fclose(more);
	WOK_AUTO(wok_file) *file = open_file("f", "r");
	ASSERT_ERR(wok_file_next_line(file, &line), WOK_ELIMIT);
	ASSERT(strstr(wok_errmsg(WOK_ELIMIT), path_of("f")));
	ASSERT_EQ(wok_file_next_line(file, &line), 1);
	ASSERT_MEM(line.data, "short", 5);
	ASSERT_EQ(wok_file_next_line(file, &line), 0);
	/* Its bytes are still there for a read. */
	ASSERT_EQ(wok_file_seek(file, 0, SEEK_SET), 0);
	ASSERT_ERR(wok_file_next_line(file, &line), WOK_ELIMIT);
	ASSERT_EQ(wok_file_read(file, data, 100), 100);
	ASSERT_EQ(wok_file_tell(file), 100);
	free(data);
	put_text("f", "12345678901234567890\n123456789012345678901\n12345678901234567890\r\n"
		      "1234567890123456789012345678901234567890\nx\n123456789012345678901");
	WOK_AUTO(wok_file) *limits = NULL;
	ASSERT_OK(wok_file_open_with(path_of("f"), "r", &small, &limits));
	ASSERT_STR(all_lines(limits, text), "[12345678901234567890]<WOK_ELIMIT>"
					    "[12345678901234567890]<WOK_ELIMIT>[x]<WOK_ELIMIT>");
}

struct feeder {
	int fd;
	const char *text;
};

/* A byte at a time. */
static int feed(void *arg)
{
	const struct feeder *self = arg;

	for (const char *at = self->text; *at; at++) {
		ASSERT_EQ(write(self->fd, at, 1), 1);
		WOK_TRY(wok_yield());
	}
	close(self->fd);
	return 0;
}

TEST_TASK(lines_come_from_a_pipe_byte_by_byte, "file-9", "file-10")
{
	const wok_file_options options = {.text = WOK_TEXT_STRICT,
					  .newlines = WOK_NEWLINES_UNIVERSAL};
	int fds[2];
	char text[600];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	struct feeder feeder = {fds[1], "\xef\xbb\xbfone\r\ntwö\rthree\n\nend"};
	WOK_AUTO(wok_task) *task = wok_create_task(feed, &feeder);
	WOK_AUTO(wok_file) *file = NULL;
	ASSERT_OK(wok_file_adopt(fds[0], "r", &options, &file));
	ASSERT_STR(all_lines(file, text), "[one][twö][three][][end]");
	ASSERT_OK(wok_await(task));
}

TEST_TASK(lines_cost_no_hop_while_they_are_in_the_buffer, "filerow-5")
{
	wok_thread_pool_info before, after;
	wok_view line;
	int lines = 0, r;

	FILE *made = fopen(path_of("f"), "we");
	for (int i = 0; i < 50000; i++)
		fprintf(made, "line %d\n", i);
	fclose(made);
	WOK_AUTO(wok_file) *file = open_file("f", "r");
	wok_thread_pool_get_info(NULL, &before);
	while ((r = wok_file_next_line(file, &line)) > 0)
		lines++;
	ASSERT_OK(r);
	ASSERT_EQ(lines, 50000);
	wok_thread_pool_get_info(NULL, &after);
	/* At most one for each 64 KiB, should the cache have lost them. */
	ASSERT(after.completed - before.completed <= 12);
}

static int take_all_lines(void *arg)
{
	wok_file *file = arg;
	wok_view line;
	int r, n = 0;

	while ((r = wok_file_next_line(file, &line)) > 0) {
		ASSERT(line.size > 5);
		ASSERT_MEM(line.data, "line ", 5);
		n++;
	}
	return r < 0 ? r : n;
}

TEST_TASK(tasks_that_share_a_file_share_its_lines, "filerow-5")
{
	FILE *made = fopen(path_of("f"), "we");
	for (int i = 0; i < 1000; i++)
		fprintf(made, "line %d\n", i);
	fclose(made);
	WOK_AUTO(wok_file) *file = NULL;
	ASSERT_OK(wok_file_open_with(path_of("f"), "r", &(wok_file_options){.buffer_size = 64},
				     &file));
	WOK_AUTO(wok_task) *a = wok_create_task(take_all_lines, file);
	WOK_AUTO(wok_task) *b = wok_create_task(take_all_lines, file);
	ASSERT_EQ(wok_await(a) + wok_await(b), 1000);
}

/* --- text ---------------------------------------------------------------------------------------
 */

TEST_TASK(text_is_whole_wherever_the_buffer_ends, "file-10", "filerow-6")
{
	static const char text[] = "\xef\xbb\xbf文件1 的内容\n第二行 é 😀 end\n😀😀😀😀";
	wok_view piece;
	char got[200];

	put_text("f", text);
	for (size_t size = 16; size < 40; size++) {
		const wok_file_options options = {.buffer_size = size, .text = WOK_TEXT_STRICT};
		WOK_AUTO(wok_file) *file = NULL;
		size_t n = 0, valid;
		int r;
		ASSERT_OK(wok_file_open_with(path_of("f"), "r", &options, &file));
		while ((r = wok_file_next_chunk(file, &piece)) > 0) {
			ASSERT_OK(wok_utf8_check(piece.data, piece.size, &valid));
			memcpy(got + n, piece.data, piece.size);
			n += piece.size;
		}
		ASSERT_OK(r);
		got[n] = '\0';
		ASSERT_STR(got, text + 3);
		ASSERT_EQ(wok_file_seek(file, 0, SEEK_SET), 0);
		ASSERT_EQ(wok_file_next_line(file, &piece), 1);
		ASSERT_MEM(piece.data, "文件1 的内容", piece.size);
	}
}

TEST_TASK(what_is_no_text_is_an_error_or_replaced, "file-10", "filerow-6")
{
	char text[600];
	wok_view chunk;

	put_text("f", "good\nb\xff"
		      "d\n\xe4\xb8\nfine\ncut\xe4");
	WOK_AUTO(wok_file) *strict = NULL;
	ASSERT_OK(wok_file_open_with(path_of("f"), "r",
				     &(wok_file_options){.text = WOK_TEXT_STRICT}, &strict));
	ASSERT_STR(all_lines(strict, text), "[good]<EILSEQ><EILSEQ>[fine]<EILSEQ>");
	ASSERT_EQ(wok_file_seek(strict, 0, SEEK_SET), 0);
	ASSERT_ERR(wok_file_next_chunk(strict, &chunk), -EILSEQ);
	WOK_AUTO(wok_file) *lenient = NULL;
	ASSERT_OK(wok_file_open_with(path_of("f"), "r",
				     &(wok_file_options){.text = WOK_TEXT_REPLACE}, &lenient));
	ASSERT_STR(all_lines(lenient, text), "[good][b\xef\xbf\xbd"
					     "d][\xef\xbf\xbd][fine]"
					     "[cut\xef\xbf\xbd]");
	WOK_AUTO(wok_file) *bytes = open_file("f", "r");
	ASSERT_STR(all_lines(bytes, text), "[good][b\xff"
					   "d][\xe4\xb8][fine][cut\xe4]");
}

TEST_TASK(a_mark_is_left_out_of_text_only_and_at_the_start_only, "file-10")
{
	char text[600];

	put_text("f", "\xef\xbb\xbfone\n\xef\xbb\xbftwo\n");
	WOK_AUTO(wok_file) *file = NULL;
	ASSERT_OK(wok_file_open_with(path_of("f"), "r",
				     &(wok_file_options){.text = WOK_TEXT_STRICT}, &file));
	ASSERT_STR(all_lines(file, text), "[one][\xef\xbb\xbftwo]");
	WOK_AUTO(wok_file) *bytes = open_file("f", "r");
	ASSERT_STR(all_lines(bytes, text), "[\xef\xbb\xbfone][\xef\xbb\xbftwo]");
	put_text("f", "\xef\xbb");
	WOK_AUTO(wok_file) *half = NULL;
	ASSERT_OK(wok_file_open_with(path_of("f"), "r",
				     &(wok_file_options){.text = WOK_TEXT_STRICT}, &half));
	ASSERT_STR(all_lines(half, text), "<EILSEQ>");
}
