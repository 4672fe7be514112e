/* SPDX-License-Identifier: MIT */
/*
 * Temporary files and folders: see wok/temp.h.
 *
 * The record that a thread fills owns all that it needs, and what it makes: so whoever lets go of
 * it last, a thread that nobody waits for any more included, closes and removes it. The folder is
 * held by a descriptor: neither a change of the process's folder nor a rename of this one misleads
 * the removal.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/temp.h>

#include "base/memory.h"
#include "base/message.h"
#include "io/disk.h"
#include "io/fs_path.h"
#include "io/fs_remove.h"
#include "loop/report.h"
#include "platform/path.h"
#include "platform/sys.h"

enum {
	RANDOM = 16, /* characters of 5 bits */
	MOST_TRIES = 100,
};

enum kind { UNNAMED, NAMED, FOLDER };

struct wok_temp {
	enum kind kind;
	int base;   /* where the folder's path begins */
	int folder; /* the folder that it is in */
	int fd;     /* until there is a file */
	char *name; /* the end of path: prefix, RANDOM characters, suffix */
	size_t random_at;
	bool exists; /* under this name, as far as we know */
	bool keep;
	bool closed;
	wok_file *file;
	wok_disk_options disk;
	char path[];
};

/* --- in a thread ------------------------------------------------------------------------------ */

static int choose_name(wok_temp *temp)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[RANDOM];

	WOK_TRY(wok__sys_random_bytes(bytes, sizeof(bytes)));
	for (int i = 0; i < RANDOM; i++)
		temp->name[temp->random_at + (size_t) i] = letters[bytes[i] & 31];
	return 0;
}

static int make_named(wok_temp *temp)
{
	if (temp->kind == FOLDER)
		return wok__sys_mkdirat(temp->folder, temp->name, 0700);
	temp->fd = wok__sys_openat(temp->folder, temp->name, O_RDWR | O_CREAT | O_EXCL, 0600);
	return temp->fd < 0 ? temp->fd : 0;
}

static int make_with_new_name(wok_temp *temp)
{
	int r = -EEXIST;

	for (int i = 0; r == -EEXIST && i < MOST_TRIES; i++) {
		WOK_TRY(choose_name(temp));
		r = make_named(temp);
	}
	temp->exists = r == 0;
	return r;
}

static int remove_named(wok_temp *temp)
{
	if (!temp->exists || temp->keep)
		return 0;
	int r = temp->kind == FOLDER ? wok__remove_tree(temp->folder, temp->name, false)
				     : wok__sys_unlinkat(temp->folder, temp->name, 0);
	if (r == -ENOENT)
		r = 0; /* somebody has renamed it, or removed it */
	temp->exists = r < 0;
	return r;
}

/* Not every file system has files without names. */
static int make_unnamed(wok_temp *temp)
{
	temp->fd = wok__sys_openat(temp->folder, ".", O_RDWR | O_TMPFILE, 0600);
	if (temp->fd != -EOPNOTSUPP && temp->fd != -EISDIR && temp->fd != -EINVAL)
		return temp->fd < 0 ? temp->fd : 0;
	WOK_TRY(make_with_new_name(temp));
	return remove_named(temp);
}

static int make(void *arg)
{
	wok_temp *temp = arg;
	int r = temp->folder = wok__sys_openat(temp->base, temp->path, O_PATH | O_DIRECTORY, 0);

	if (r >= 0)
		r = temp->kind == UNNAMED ? make_unnamed(temp) : make_with_new_name(temp);
	if (r < 0)
		return wok_fail(r, "cannot make a temporary %s in %s: %s",
				temp->kind == FOLDER ? "folder" : "file", temp->path,
				wok_strerror(r));
	temp->name[-1] = '/';
	return 0;
}

/* Whatever of it is there. */
static int remove_it(void *arg)
{
	wok_temp *temp = arg;
	int r = remove_named(temp);

	if (r < 0 && temp->kind == NAMED)
		wok_fail(r, "cannot remove %s: %s", temp->path, wok_strerror(r));
	if (temp->fd >= 0)
		(void) wok__sys_close(temp->fd);
	if (temp->folder >= 0)
		(void) wok__sys_close(temp->folder);
	temp->fd = temp->folder = -1;
	return r;
}

/* What was made comes too late, or nothing was. */
static void dispose(void *arg)
{
	wok_temp *temp = arg;

	WOK_IGNORE(remove_it(temp));
	wok__base_close(temp->base);
	wok_free(temp);
}

/* --- making ----------------------------------------------------------------------------------- */

static const char *find_folder(const wok_temp_options *options)
{
	if (options->folder)
		return options->folder;
	const char *folder = secure_getenv("TMPDIR");
	return folder && folder[0] ? folder : "/tmp";
}

static wok_temp *new_record(const wok_temp_options *options, enum kind kind)
{
	const char *folder = find_folder(options);
	const char *prefix = options->prefix ? options->prefix : "wok-";
	const char *suffix = options->suffix ? options->suffix : "";
	size_t folder_size = strlen(folder), prefix_size = strlen(prefix);
	size_t size = folder_size + prefix_size + RANDOM + strlen(suffix) + 2;
	wok_temp *temp = wok__alloc_zeroed(sizeof(*temp) + size);

	if (!temp)
		return NULL;
	temp->kind = kind;
	temp->folder = temp->fd = -1;
	temp->disk = options->disk;
	temp->random_at = prefix_size;
	/* Until there is a name the path is the folder's. */
	memcpy(temp->path, folder, folder_size);
	temp->name = temp->path + folder_size + 1;
	snprintf(temp->name, size - folder_size - 1, "%s%*s%s", prefix, RANDOM, "", suffix);
	temp->base = wok__base_open(folder);
	return temp;
}

/* The thread is done: from here on the file has the descriptor. */
static int adopt(wok_temp *temp)
{
	const wok_file_options options = {.disk = temp->disk};

	if (temp->kind == FOLDER)
		return 0;
	WOK_TRY(wok_file_adopt(temp->fd, "w+", &options, &temp->file));
	temp->fd = -1;
	return 0;
}

static int dispose_now(void *arg)
{
	dispose(arg);
	return 0;
}

/* What was made is removed by a thread; there may be nothing. */
static void give_up(wok_temp *temp)
{
	if (temp->exists)
		WOK_IGNORE(wok__disk_finish(&temp->disk, "wok_temp", dispose_now, temp));
	else
		dispose(temp);
}

static int make_temp(const wok_temp_options *options, enum kind kind, wok_temp **ret_temp)
{
	const wok_temp_options defaults = {0};

	options = options ? options : &defaults;
	if ((options->prefix && strchr(options->prefix, '/')) ||
	    (options->suffix && strchr(options->suffix, '/')))
		return wok_fail(-EINVAL, "wok_temp: a prefix or suffix has no slash");
	wok_temp *temp = new_record(options, kind);
	if (!temp)
		return -ENOMEM;
	int r = wok__disk_run_owned(&temp->disk, "wok_temp", make, temp, dispose);
	if (r == -ECANCELED)
		return r;
	wok__base_close(temp->base);
	temp->base = AT_FDCWD;
	if (r >= 0)
		r = adopt(temp);
	if (r < 0) {
		give_up(temp);
		return r;
	}
	*ret_temp = temp;
	return 0;
}

int wok_temp_file_new(const wok_temp_options *options, wok_temp **ret_temp)
{
	return make_temp(options, NAMED, ret_temp);
}

int wok_temp_folder_new(const wok_temp_options *options, wok_temp **ret_temp)
{
	return make_temp(options, FOLDER, ret_temp);
}

int wok_temp_file_open(const wok_temp_options *options, wok_file **ret_file)
{
	wok_temp *temp;

	WOK_TRY(make_temp(options, UNNAMED, &temp));
	*ret_file = WOK_TAKE(temp->file);
	dispose(temp); /* there is nothing to remove */
	return 0;
}

/* --- using and ending ------------------------------------------------------------------------- */

const char *wok_temp_path(const wok_temp *temp)
{
	return temp->path;
}

wok_file *wok_temp_file(const wok_temp *temp)
{
	return temp->closed ? NULL : temp->file;
}

void wok_temp_keep(wok_temp *temp)
{
	temp->keep = true;
}

int wok_temp_close(wok_temp *temp)
{
	int r = 0;

	if (temp->closed)
		return -EBADF;
	temp->closed = true;
	if (temp->file)
		r = wok_file_close(temp->file);
	/* Who cares what is in a file that is to be removed? */
	if (!temp->keep)
		r = 0;
	int removed = wok__disk_finish(&temp->disk, "wok_temp_close", remove_it, temp);
	return r < 0 ? r : removed;
}

void wok_temp_free(wok_temp *temp)
{
	if (!temp)
		return;
	struct wok__saved_error saved = wok__error_save();
	int r = temp->closed ? 0 : wok_temp_close(temp);
	if (r < 0)
		wok__report(r, NULL, NULL, "a temporary file or folder remains: %s", wok_errmsg(r));
	wok_file_free(temp->file);
	wok__error_restore(saved);
	wok_free(temp);
}
