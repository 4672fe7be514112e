/* SPDX-License-Identifier: MIT */
/* Folders that are served: see wok_http_static(). */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/server/connection.h"
#include "http/static/file.h"
#include "http/static/listing.h"
#include "http/static/mime.h"
#include "http/static/path.h"
#include "platform/sys.h"

enum { MAX_LISTING_DEFAULT = 10000 };

struct folder {
	int base; /* where a relative path begins, wherever the process goes later; AT_FDCWD */
	char *path;
	wok_http_static_options options; /* with the defaults filled in */
	struct wok__mime mime;
};

/* --- a request -------------------------------------------------------------------------------- */

/*
 * To the same path with a slash, or links on a page would lead to the folder above. The last name
 * alone says that, whatever a proxy has put before the path; the dot keeps a colon in it harmless.
 */
static int redirect(wok_http_request *request)
{
	const char *name = strrchr(wok_http_request_path(request), '/') + 1;
	const char *query = wok_http_request_query(request);
	size_t size = strlen(name) + strlen(query) + sizeof(".//?");
	char *location = wok_alloc(size);

	if (!location)
		return -ENOMEM;
	snprintf(location, size, "./%s/%s%s", name, query[0] ? "?" : "", query);
	const wok_http_header header = {"Location", location};
	int r = wok_http_reply(request, &(wok_http_reply_options){
						.status = 301, .headers = &header, .n_headers = 1});
	wok_free(location);
	return r;
}

static int redirect_route(wok_http_request *request, void *unused)
{
	(void) unused;
	return redirect(request);
}

static int send_listing(wok_http_request *request, const struct wok__locate *locate, int fd,
			const wok_http_static_options *options)
{
	/* Nothing but its own style: whatever a name may smuggle in, it does not run. */
	static const wok_http_header headers[] = {
		{"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"},
		{"Cache-Control", "no-cache"},
	};
	bool top = strcmp(locate->path, ".") == 0;
	const char *path = wok_http_request_path(request);
	size_t prefix = strlen(path) - strlen(wok_http_request_rest(request));
	char title[2 * PATH_MAX];
	struct wok__buffer page = {0};

	snprintf(title, sizeof(title), "%.*s%s%s", (int) prefix, path, top ? "" : locate->path,
		 top ? "" : "/");
	int r = wok__listing_make(
		&(struct wok__listing){
			.locate = locate,
			.fd = fd,
			.title = title,
			.top = top,
			.dot_files = options->dot_files,
			.max = options->max_listing,
		},
		&page);
	if (r == 0)
		r = wok_http_reply(request, &(wok_http_reply_options){
						    .content_type = "text/html; charset=utf-8",
						    .headers = headers,
						    .n_headers = 2,
						    .body = page.data,
						    .body_size = page.size,
					    });
	wok__buffer_free(&page);
	return r;
}

static int send_located(wok_http_request *request, const struct folder *folder,
			const struct wok__locate *locate, const struct wok__located *located)
{
	const wok_http_static_options *options = &folder->options;
	const char *name = located->index ? options->index : locate->path;

	if (located->folder && !locate->is_folder)
		return redirect(request);
	if (!located->folder || located->index)
		return wok__file_send(request, located, wok__mime_of(&folder->mime, name),
				      &options->file);
	if (options->listing)
		return send_listing(request, locate, located->fd, options);
	return wok__reply_error(request, 404, 0);
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		(void) wok__sys_close(fd);
}

static int serve_path(wok_http_request *request, void *arg)
{
	const struct folder *folder = arg;
	struct wok__static_path path;
	struct wok__located located;
	int status =
		wok__static_path(wok_http_request_rest(request), folder->options.dot_files, &path);

	if (status != 0)
		return wok__reply_error(request, status, 0);
	struct wok__locate locate = {
		.base = folder->base,
		.root = folder->path,
		.folder = -1,
		.links = folder->options.links,
		.path = path.text,
		.index = folder->options.index[0] ? folder->options.index : NULL,
		.is_folder = path.folder,
	};
	if (folder->options.file.precompressed)
		locate.n_siblings = wok__siblings_for(
			wok_http_request_header(request, "Accept-Encoding"), locate.siblings);
	int r = wok__locate(&locate, &located);
	if (r == 0) {
		r = send_located(request, folder, &locate, &located);
		close_if_open(located.fd);
	} else {
		r = wok__file_refuse(request, r);
	}
	close_if_open(locate.folder);
	return r;
}

/* --- the route -------------------------------------------------------------------------------- */

static void release(void *arg)
{
	struct folder *folder = arg;

	close_if_open(folder->base);
	wok_free(folder->path);
	wok__mime_free(&folder->mime);
	wok_free(folder);
}

static int load_types(struct folder *folder, const wok_http_static_options *options)
{
	int r = options->types_file ? wok__mime_load(&folder->mime, options->types_file) : 0;

	if (r < 0)
		return wok_fail(r, "cannot read the types in \"%s\": %s", options->types_file,
				strerror(-r));
	for (size_t i = 0; i < options->n_types; i++)
		WOK_TRY(wok__mime_add(&folder->mime, options->types[i].suffix,
				      options->types[i].type));
	return 0;
}

static int check_index(const char *index)
{
	if (strchr(index, '/') || strlen(index) > NAME_MAX)
		return wok_fail(-EINVAL, "wok_http_static: \"%.80s\" is no name for an index",
				index);
	return 0;
}

/* Remember where the folder is, if there is one. */
static int check_path(struct folder *folder, const char *path)
{
	int r = path[0] == '/' ? AT_FDCWD : wok__locate_folder(AT_FDCWD, ".", false);

	if (r >= 0 || r == AT_FDCWD) {
		folder->base = r;
		r = wok__locate_folder(folder->base, path, false);
	}
	if (r < 0)
		return wok_fail(r, "cannot serve the folder \"%s\": %s", path, strerror(-r));
	(void) wok__sys_close(r);
	folder->path = wok__strdup(path);
	return folder->path ? 0 : -ENOMEM;
}

static int fill(struct folder *folder, const char *path, const wok_http_static_options *given)
{
	static const wok_http_static_options defaults;
	wok_http_static_options options = given ? *given : defaults;

	options.index = options.index ? options.index : "index.html";
	options.max_listing = options.max_listing ? options.max_listing : MAX_LISTING_DEFAULT;
	options.file.status = 0;
	folder->options = options;
	WOK_TRY(check_index(options.index));
	WOK_TRY(load_types(folder, &options));
	return check_path(folder, path);
}

/* "/files/" and all below it; and "/files", unless somebody answers that. */
static int add_routes(wok_http_app *app, const char *prefix, struct folder *folder)
{
	size_t size = strlen(prefix);
	char *path = wok_alloc(size + 2);
	int r;

	if (!path)
		return -ENOMEM;
	snprintf(path, size + 2, "%s*", prefix);
	r = wok_http_route(app, "GET", path, serve_path, folder);
	path[size - 1] = '\0';
	if (r == 0 && size > 1) {
		r = wok_http_route(app, "GET", path, redirect_route, NULL);
		r = r == -EEXIST ? 0 : r;
	}
	wok_free(path);
	return r;
}

int wok_http_static(wok_http_app *app, const char *prefix, const char *path,
		    const wok_http_static_options *options)
{
	size_t size = strlen(prefix);
	struct folder *folder;

	if (size == 0 || prefix[0] != '/' || prefix[size - 1] != '/')
		return wok_fail(-EINVAL, "the prefix \"%s\" of a folder must begin and end with /",
				prefix);
	folder = wok__alloc_zeroed(sizeof(*folder));
	if (!folder)
		return -ENOMEM;
	folder->base = AT_FDCWD;
	int r = fill(folder, path, options);
	if (r == 0)
		r = wok__app_own(app, folder, release);
	if (r < 0) {
		release(folder);
		return r;
	}
	return add_routes(app, prefix, folder); /* it is the app's now, whatever comes of it */
}
