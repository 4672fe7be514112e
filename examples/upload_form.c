/* upload_form: sends files as a form, or stores those that others send. Shows a form both ways: its
 * parts are read while they go out, and written while they come in.
 * Try:         upload_form --serve 127.0.0.1:7003 /tmp/box   then
 *              upload_form http://127.0.0.1:7003/ /etc/hostname README.md
 *              curl -F file=@README.md http://127.0.0.1:7003/ */
#include <stdio.h>
#include <string.h>
#include <wok/http.h>
#include <wok/wok.h>

struct job {
	char **argv;
	int argc;
};

/* What a client calls its file is not to be trusted: letters, digits and the like alone stay. */
static void make_path(char *path, size_t size, const char *folder, const char *filename)
{
	int n = snprintf(path, size, "%s/upload-", folder);

	if (n > 0 && (size_t) n < size)
		snprintf(path + n, size - (size_t) n, "%s", filename);
	for (char *p = path + n; n > 0 && (size_t) n < size && *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_",
			    *p))
			*p = '_';
}

static int store(wok_http_request *request, void *folder)
{
	WOK_AUTO(wok_http_multipart) *form = NULL;
	wok_http_part part;
	unsigned files = 0;
	char path[512], text[64];
	int r;

	WOK_TRY(wok_http_multipart_open(request, NULL, &form));
	while ((r = wok_http_multipart_next(form, &part)) > 0) {
		if (!part.filename)
			continue; /* some other field of the form */
		make_path(path, sizeof(path), folder, part.filename);
		r = wok_http_multipart_save(form, path, NULL);
		if (r == -EEXIST)
			return wok_http_reply_text(request, 409, "That one is here already.\n");
		WOK_TRY(r);
		files++;
	}
	WOK_TRY(r);
	snprintf(text, sizeof(text), "%u stored.\n", files);
	return wok_http_reply_text(request, 201, text);
}

static int serve(char **argv)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	const wok_http_serve_options options = {.max_body = (size_t) 1 << 30};

	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "POST", "/", store, argv[1]));
	return wok_http_serve_main(app, argv[0], &options);
}

static int send_files(void *arg)
{
	const struct job *job = arg;
	WOK_AUTO(wok_http_form) *form = NULL;
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_http_options options = {0};
	wok_view answer;

	WOK_TRY(wok_http_form_new(&form));
	WOK_TRY(wok_http_form_add(form, "from", "upload_form"));
	for (int i = 1; i < job->argc; i++)
		WOK_TRY(wok_http_form_add_file(form, "file", job->argv[i], NULL, NULL));
	wok_http_form_body(form, &options);
	WOK_TRY(wok_http_post(NULL, job->argv[0], &options, &response));
	WOK_TRY(wok_http_body(response, &answer));
	fwrite(answer.data, 1, answer.size, stdout);
	return wok_http_status(response) == 201 ? 0 : 1;
}

int main(int argc, char **argv)
{
	int r = 1;

	if (argc == 4 && strcmp(argv[1], "--serve") == 0) {
		r = serve(argv + 2);
	} else if (argc > 2) {
		struct job job = {argv + 1, argc - 1};
		r = wok_run(send_files, &job);
	} else {
		fprintf(stderr, "usage: upload_form --serve ADDRESS FOLDER\n"
				"       upload_form URL FILE...\n");
	}
	if (r < 0)
		fprintf(stderr, "upload_form: %s\n", wok_errmsg(r));
	return r != 0;
}
