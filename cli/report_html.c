/* SPDX-License-Identifier: MIT */
/*
 * The page: the table, the waterfall, and how it was measured. One file, without scripts and
 * without a network; light or dark as the reader's system is; from a phone to a wide screen.
 *
 * It is written to a temporary file beside its place and renamed: a reader, or a second lab, sees
 * the old page or the new one, never a part.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include <wok/loop.h>

#include "report.h"
#include "report_svg.h"

static const char style[] =
	":root{color-scheme:light dark;--page:#fbfaf7;--ink:#22262b;--soft:#5f6670;--line:#e2dfd7;"
	"--sequential:#c8742a;--threads:#8259b5;--concurrent:#12857a;--limited:#2f6fc4;"
	"--bad:#c9302c}\n"
	"@media(prefers-color-scheme:dark){:root{--page:#16181b;--ink:#e7e5e0;--soft:#9aa1ab;"
	"--line:#2f3338;--sequential:#e39a55;--threads:#b08fe0;--concurrent:#3fc0b0;"
	"--limited:#6aa5f0;--bad:#f0685f}}\n"
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
	"td.time{font-weight:650}td,b{white-space:nowrap}td:nth-child(5){white-space:normal}\n"
	"tbody th::before{content:\"\";display:inline-block;width:.65rem;height:.65rem;"
	"border-radius:2px;margin-right:.55rem;background:var(--way)}\n"
	".sequential{--way:var(--sequential)}.threads{--way:var(--threads)}"
	".concurrent{--way:var(--concurrent)}.limited{--way:var(--limited)}\n"
	"figure{margin:0}\n"
	".plot{padding-left:2.6rem}\n"
	"svg{display:block;overflow:visible;font:12px system-ui,sans-serif;"
	"font-variant-numeric:tabular-nums}\n"
	"text{fill:var(--ink)}\n"
	".way{font-size:14px;font-weight:600}\n"
	".time{font-weight:600}text.time{font-size:14px;text-anchor:end;fill:var(--way)}\n"
	".way,text.time{paint-order:stroke;stroke:var(--page);stroke-width:8px;"
	"stroke-linejoin:round}\n"
	".tick,.number{fill:var(--soft)}.number{font-size:11px;text-anchor:end}\n"
	".grid{stroke:var(--line)}\n"
	".turn{stroke:var(--way);stroke-opacity:.3;stroke-dasharray:1 3}\n"
	"rect{rx:2px}.bar{fill:var(--way)}.some{fill:var(--way);fill-opacity:.35}\n"
	".body{fill:var(--ink);fill-opacity:.45}.bad{fill:var(--bad)}\n"
	"g g:hover rect{fill-opacity:.7}\n"
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

static void print_escaped(FILE *out, const char *text)
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

static const struct way_result *find(const struct way_result *results, size_t n, enum lab_way way)
{
	for (size_t i = 0; i < n; i++) {
		if (results[i].way == way && results[i].fetched == results[i].n)
			return &results[i];
	}
	return NULL;
}

static size_t n_failed(const struct way_result *results, size_t n)
{
	size_t failed = 0;

	for (size_t i = 0; i < n; i++)
		failed += results[i].failed;
	return failed;
}

/* The experiment in a heading and a sentence: what most readers will remember. */
static void print_lead(FILE *out, const struct lab_options *options,
		       const struct way_result *results, size_t n)
{
	const struct way_result *one_by_one = find(results, n, WAY_SEQUENTIAL);
	const struct way_result *at_once = find(results, n, WAY_CONCURRENT);
	const struct way_result *limited = find(results, n, WAY_LIMITED);

	fprintf(out,
		"<p class=\"brand\">wok lab</p>\n<h1>%s request%s that each take%s %s s</h1>\n",
		text_count(options->urls).s, options->urls == 1 ? "" : "s",
		options->urls == 1 ? "s" : "", text_delay(options->delay).s);
	if (!one_by_one || !at_once)
		return; /* the sentence compares these two */
	fprintf(out,
		"<p>One after another they take <b>%s</b>, all at once, on one thread, <b>%s</b>. ",
		text_seconds(one_by_one->elapsed).s, text_seconds(at_once->elapsed).s);
	if (limited)
		fprintf(out, "At most %s at once: <b>%s</b>. ", text_count(options->limit).s,
			text_seconds(limited->elapsed).s);
	fputs("Nothing got faster: a cook who tends many dishes waits for all of them at the same "
	      "time.</p>\n",
	      out);
}

static void print_way_row(FILE *out, const struct way_result *result,
			  const struct way_result *baseline, bool with_failed)
{
	double speedup = way_result_speedup(result, baseline);

	fprintf(out, "<tr class=\"%s\"><th scope=\"row\">%s</th><td class=\"time\">%s</td>",
		lab_way_word(result->way), result->title.s,
		result->fetched > 0 ? text_seconds(result->elapsed).s : "–");
	if (speedup > 0)
		fprintf(out, "<td>%.1f</td>", speedup);
	else
		fputs("<td>–</td>", out);
	fprintf(out, "<td>%s</td>",
		result->peak_memory > 0 ? text_bytes(result->peak_memory).s : "–");
	if (with_failed)
		fprintf(out, "<td>%s of %s</td>", text_count(result->failed).s,
			text_count(result->n).s);
	fputs("</tr>\n", out);
}

static void print_table(FILE *out, const struct way_result *results, size_t n)
{
	const struct way_result *baseline = way_results_baseline(results, n);
	bool with_failed = n_failed(results, n) > 0;

	fprintf(out,
		"<table>\n<thead><tr><th scope=\"col\">way</th><th scope=\"col\">time</th>"
		"<th scope=\"col\">× faster</th><th scope=\"col\">peak memory</th>%s</tr></thead>\n"
		"<tbody>\n",
		with_failed ? "<th scope=\"col\">failed</th>" : "");
	for (size_t i = 0; i < n; i++)
		print_way_row(out, &results[i], baseline, with_failed);
	fputs("</tbody>\n</table>\n", out);
}

static void print_failure(FILE *out, const char *url, const struct way_result *result,
			  const struct failure *failure)
{
	fprintf(out, "<p><b>%s:</b> ", result->title.s);
	if (!strstr(failure->reason, url)) { /* wok's own messages name it already */
		print_escaped(out, url);
		fputs(": ", out);
	}
	print_escaped(out, failure->reason);
	fprintf(out, " (%s of %s requests)</p>\n", text_count(failure->count).s,
		text_count(result->n).s);
}

static void print_failures(FILE *out, const char *url, const struct way_result *results, size_t n)
{
	if (n_failed(results, n) == 0)
		return;
	fputs("<div class=\"failures\">\n", out);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < results[i].n_failures; j++)
			print_failure(out, url, &results[i], &results[i].failures[j]);
	}
	fputs("</div>\n", out);
}

static void print_figure(FILE *out, const struct way_result *results, size_t n)
{
	if (way_results_longest(results, n) == 0)
		return; /* nothing was fetched */
	fputs("<h2>Where the time went</h2>\n<figure>\n<div class=\"plot\">\n", out);
	report_svg(out, results, n);
	fputs("</div>\n<figcaption>", out);
	if (results[0].n > 100)
		fputs("A row stands for several requests: full colour while all of them are under "
		      "way, pale while some are.",
		      out);
	else
		fputs("A bar is a request, from its beginning to the last byte of its answer.",
		      out);
	if (results[0].n <= 40)
		fputs(" Dots are the wait for a turn.", out);
	if (n_failed(results, n) > 0)
		fputs(" Red is what failed.", out);
	fputs(" All ways share the time axis.</figcaption>\n</figure>\n", out);
}

/* An argument as a shell would take it. */
static void print_argument(FILE *out, const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789_-./:,=@%+";

	if (*text && strspn(text, safe) == strlen(text)) {
		print_escaped(out, text);
		return;
	}
	fputc('\'', out);
	for (const char *from = text; *from; from++) {
		char letter[2] = {*from, '\0'};
		print_escaped(out, *from == '\'' ? "'\\''" : letter);
	}
	fputc('\'', out);
}

static void print_facts(FILE *out, const struct lab_options *options, const char *url)
{
	struct utsname kernel = {0};
	time_t now = time(NULL);
	struct tm utc;
	char date[64] = "?";

	uname(&kernel);
	if (gmtime_r(&now, &utc))
		strftime(date, sizeof(date), "%Y-%m-%d %H:%M UTC", &utc);
	fputs("<h2>How it was measured</h2>\n<dl>\n<dt>command</dt><dd><code>wok", out);
	for (char **argument = options->argv; *argument; argument++) {
		fputc(' ', out);
		print_argument(out, *argument);
	}
	fputs("</code></dd>\n<dt>fetched</dt><dd><code>", out);
	print_escaped(out, url);
	fprintf(out, "</code>%s</dd>\n",
		options->server ? "" : ", from the lab’s own server, in a process of its own");
	fputs("<dt>time</dt><dd>from the first request to the last byte of the last answer</dd>\n"
	      "<dt>memory</dt><dd>the most that a way’s process held; each way has one of its own"
	      "</dd>\n",
	      out);
	fprintf(out, "<dt>machine</dt><dd>%s %s, %s, %ld processors</dd>\n", kernel.sysname,
		kernel.release, kernel.machine, sysconf(_SC_NPROCESSORS_ONLN));
	fprintf(out, "<dt>wok</dt><dd>%s</dd>\n<dt>date</dt><dd>%s</dd>\n</dl>\n", wok_version(),
		date);
}

static void print_page(FILE *out, const struct lab_options *options, const char *url,
		       const struct way_result *results, size_t n)
{
	fprintf(out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n"
		"<title>wok lab: %s "
		"requests</title>\n<style>\n%s</style>\n</head>\n<body>\n<main>\n",
		text_count(options->urls).s, style);
	print_lead(out, options, results, n);
	print_table(out, results, n);
	print_failures(out, url, results, n);
	print_figure(out, results, n);
	print_facts(out, options, url);
	fputs("</main>\n</body>\n</html>\n", out);
}

/* --- the file ----------------------------------------------------------------------------- */

/* The mode that a new file gets; mkostemp gives none to others. */
static mode_t usual_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0666 & ~mask;
}

/* Takes fd. */
static int write_page(int fd, const struct lab_options *options, const char *url,
		      const struct way_result *results, size_t n)
{
	FILE *out = fdopen(fd, "w");
	if (!out) {
		int r = -errno;
		close(fd);
		return r;
	}

	print_page(out, options, url, results, n);
	bool failed = ferror(out) != 0 || fflush(out) != 0 || fchmod(fd, usual_mode()) < 0;
	int r = failed ? -(errno ? errno : EIO) : 0;
	if (fclose(out) != 0 && r == 0)
		r = -errno;
	return r;
}

int report_html(const struct lab_options *options, const char *url,
		const struct way_result *results, size_t n)
{
	char *temporary;

	if (asprintf(&temporary, "%s.XXXXXX", options->html) < 0)
		return -ENOMEM;
	int fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		int r = -errno;
		free(temporary);
		return r;
	}
	errno = 0;
	int r = write_page(fd, options, url, results, n);
	if (r == 0 && rename(temporary, options->html) < 0)
		r = -errno;
	if (r < 0)
		unlink(temporary);
	free(temporary);
	return r;
}
