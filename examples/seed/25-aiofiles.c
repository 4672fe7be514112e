/* SPDX-License-Identifier: MIT */
/* 25-aiofiles: section 9, files. Shows whole files written and read at the same time, as text.
 * Try:         25-aiofiles   (it writes file1.txt to file3.txt here) */
#include <stdio.h>
#include <string.h>
#include <wok/wok.h>

struct file {
	const char *path;
	char *content; /* to be written; then what was read */
};

static int read_file(void *arg)
{
	const wok_read_file_options utf8 = {.text = WOK_TEXT_STRICT};
	struct file *file = arg;

	return wok_read_file_with(file->path, &utf8, &file->content, NULL);
}

static int write_file(void *arg)
{
	struct file *file = arg;

	return wok_write_file(file->path, file->content, strlen(file->content));
}

static int async_main(void *unused)
{
	char lines[600] = "";
	struct file files[] = {{"file1.txt", "文件1 的内容"},
			       {"file2.txt", lines},
			       {"file3.txt", "文件3\n第二行"}};

	(void) unused;
	for (int i = 0; i < 12; i++)
		strcat(lines, "一二三四五六七八九十");
	WOK_TRY(wok_for_each(write_file, files, 3, WOK_UNLIMITED, 0));

	/* 并发读取多个文件 */
	for (int i = 0; i < 3; i++)
		files[i].content = NULL;
	int r = wok_for_each(read_file, files, 3, WOK_UNLIMITED, 0);
	for (int i = 0; i < 3; i++) {
		const char *text = files[i].content ? files[i].content : "";
		/* A hundred characters, which are more bytes. */
		printf("%.*s\n", (int) wok_utf8_prefix(text, strlen(text), 100), text);
		wok_free(files[i].content);
	}
	return r;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "25-aiofiles: %s\n", wok_errmsg(r));
	return r < 0;
}
