/* SPDX-License-Identifier: MIT */
/* Reports as pages: see page.h. */
#include "page.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/loop.h>

static const char common_style[] =
	":root{color-scheme:light dark;--page:#fbfaf7;--ink:#22262b;--soft:#5f6670;--line:#e2dfd7;"
	"--bad:#c9302c}\n"
	"@media(prefers-color-scheme:dark){:root{--page:#16181b;--ink:#e7e5e0;--soft:#9aa1ab;"
	"--line:#2f3338;--bad:#f0685f}}\n"
	"*{box-sizing:border-box}\n"
	"body{margin:0;background:var(--page);color:var(--ink);"
	"font:16px/1.55 system-ui,-apple-system,\"Segoe UI\",Roboto,\"Noto Sans\",sans-serif}\n"
	"main{max-width:60rem;margin:0 auto;padding:3rem 1.25rem 4rem}\n"
	"h1{font-size:clamp(1.55rem,4.5vw,2.3rem);line-height:1.2;font-weight:650;"
	"letter-spacing:-.015em;margin:0 0 .75rem;text-wrap:balance}\n"
	"h2{font-size:1.05rem;font-weight:650;margin:3rem 0 .75rem}\n"
	"p{margin:0 0 1rem;max-width:42rem}\n"
	".brand{color:var(--soft);font-size:.85rem;font-weight:600;letter-spacing:.04em;"
	"margin-bottom:.5rem}\n"
	".soft,figcaption{color:var(--soft);font-size:.9rem;max-width:42rem}\n"
	"table{border-collapse:collapse;width:100%;margin:2rem 0 0;"
	"font-variant-numeric:tabular-nums}\n"
	"th,td{text-align:right;padding:.55rem 0 .55rem .75rem;border-bottom:1px solid var(--line);"
	"vertical-align:baseline}\n"
	"th:first-child,td:first-child{text-align:left;padding-left:0}\n"
	"thead th{color:var(--soft);font-size:.85rem;font-weight:500}\n"
	"tbody th{font-weight:500}\n"
	"figure{margin:0}\n"
	"svg{display:block;overflow:visible;font:12px system-ui,sans-serif;"
	"font-variant-numeric:tabular-nums}\n"
	"text{fill:var(--ink)}\n"
	".tick,.number{fill:var(--soft)}.number{font-size:11px;text-anchor:end}\n"
	".grid{stroke:var(--line)}\n"
	"figcaption{margin-top:1rem}\n"
	"dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.3rem 1.25rem;margin:0;"
	"font-size:.9rem}\n"
	"dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}\n"
	"code{font:.9em ui-monospace,\"DejaVu Sans Mono\",Menlo,monospace}\n"
	".failures{border-left:3px solid var(--bad);padding-left:1rem;overflow-wrap:anywhere;"
	"margin-top:2rem}.failures p{margin:.25rem 0}\n"
	"@media(max-width:30rem){main{padding-top:2rem}th,td{font-size:.85rem;padding-left:.4rem}"
	"tbody th::before{margin-right:.35rem}}\n"
	"@media print{main{padding:0}}\n";

int page_check(const char *name)
{
	struct stat status;
	char *copy = strdup(name);
	if (!copy)
		return -ENOMEM;

	const char *folder = dirname(copy);
	int r = 0;
	if (*name == '\0')
		r = wok_fail(-EINVAL, "it needs a file's name");
	else if (stat(name, &status) == 0 && !S_ISREG(status.st_mode))
		r = wok_fail(-EINVAL, "%s is not a regular file", name);
	else if (access(folder, W_OK | X_OK) < 0)
		r = wok_fail(-EINVAL, "cannot write into the folder \"%s\": %s", folder,
			     strerror(errno));
	free(copy);
	return r;
}

void page_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*text, out);
		}
	}
}

void page_begin(FILE *out, const char *title, const char *style)
{
	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>",
	      out);
	page_text(out, title);
	fprintf(out, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<main>\n", common_style,
		style);
}

void page_end(FILE *out)
{
	fputs("</main>\n</body>\n</html>\n", out);
}

/* An argument as a shell would take it. */
static void print_argument(FILE *out, const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-./:,=@%+";

	if (*text && strspn(text, safe) == strlen(text)) {
		page_text(out, text);
		return;
	}
	fputc('\'', out);
	for (const char *from = text; *from; from++) {
		char letter[2] = {*from, '\0'};
		page_text(out, *from == '\'' ? "'\\''" : letter);
	}
	fputc('\'', out);
}

void page_command(FILE *out, char **argv)
{
	fputs("<dt>command</dt><dd><code>wok", out);
	for (char **argument = argv; *argument; argument++) {
		fputc(' ', out);
		print_argument(out, *argument);
	}
	fputs("</code></dd>\n", out);
}

void page_machine(FILE *out)
{
	struct utsname kernel = {0};
	time_t now = time(NULL);
	struct tm utc;
	char date[64] = "?";

	uname(&kernel);
	if (gmtime_r(&now, &utc))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &utc);
	fprintf(out, "<dt>machine</dt><dd>%s %s, %s, %ld processors</dd>\n", kernel.sysname,
		kernel.release, kernel.machine, sysconf(_SC_NPROCESSORS_ONLN));
	fprintf(out, "<dt>wok</dt><dd>%s</dd>\n<dt>date</dt><dd>%s</dd>\n", wok_version(), date);
}

/* The mode that a new file gets; mkostemp gives none to others. */
static mode_t usual_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Takes fd. */
static int write_page(int fd, page_fn *print, void *arg)
{
	FILE *out = fdopen(fd, "w");
	if (!out) {
		int r = -errno;
		close(fd);
		return r;
	}

	print(out, arg);
	bool failed = ferror(out) != 0 || fflush(out) != 0 || fchmod(fd, usual_mode()) < 0;
	int r = failed ? -(errno ? errno : EIO) : 0;
	if (fclose(out) != 0 && r == 0)
		r = -errno;
	return r;
}

int page_save(const char *name, page_fn *print, void *arg)
{
	char *temporary;

	if (asprintf(&temporary, "%s.XXXXXX", name) < 0)
		return -ENOMEM;
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		int r = -errno;
		free(temporary);
		return r;
	}
	errno = 0;
	int r = write_page(fd, print, arg);
	if (r == 0 && rename(temporary, name) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	free(temporary);
	return r;
}
