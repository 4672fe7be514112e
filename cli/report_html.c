/* SPDX-License-Identifier: MIT */
/* The lab's page: the table, the waterfall, and how it was measured. */
#include <string.h>

#include "page.h"
#include "report.h"
#include "report_svg.h"

static const char style[] =
	":root{--sequential:#c8742a;--threads:#8259b5;--concurrent:#12857a;--limited:#2f6fc4}\n"
	"@media(prefers-color-scheme:dark){:root{--sequential:#e39a55;--threads:#b08fe0;"
	"--concurrent:#3fc0b0;--limited:#6aa5f0}}\n"
	"td.time{font-weight:650}td,b{white-space:nowrap}td:nth-child(5){white-space:normal}\n"
	"tbody th::before{content:\"\";display:inline-block;width:.65rem;height:.65rem;"
	"border-radius:2px;margin-right:.55rem;background:var(--way)}\n"
	".sequential{--way:var(--sequential)}.threads{--way:var(--threads)}"
	".concurrent{--way:var(--concurrent)}.limited{--way:var(--limited)}\n"
	".plot{padding-left:2.6rem}\n"
	".way{font-size:14px;font-weight:600}\n"
	".time{font-weight:600}text.time{font-size:14px;text-anchor:end;fill:var(--way)}\n"
	".way,text.time{paint-order:stroke;stroke:var(--page);stroke-width:8px;"
	"stroke-linejoin:round}\n"
	".turn{stroke:var(--way);stroke-opacity:.3;stroke-dasharray:1 3}\n"
	"rect{rx:2px}.bar{fill:var(--way)}.some{fill:var(--way);fill-opacity:.35}\n"
	".body{fill:var(--ink);fill-opacity:.45}.bad{fill:var(--bad)}\n"
	"g g:hover rect{fill-opacity:.7}\n";

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
		page_text(out, url);
		fputs(": ", out);
	}
	page_text(out, failure->reason);
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

static void print_facts(FILE *out, const struct lab_options *options, const char *url)
{
	fputs("<h2>How it was measured</h2>\n<dl>\n", out);
	page_command(out, options->argv);
	fputs("<dt>fetched</dt><dd><code>", out);
	page_text(out, url);
	fprintf(out, "</code>%s</dd>\n",
		options->server ? "" : ", from the lab’s own server, in a process of its own");
	fputs("<dt>time</dt><dd>from the first request to the last byte of the last answer</dd>\n"
	      "<dt>memory</dt><dd>the most that a way’s process held; each way has one of its own"
	      "</dd>\n",
	      out);
	page_machine(out);
	fputs("</dl>\n", out);
}

struct page {
	const struct lab_options *options;
	const char *url;
	const struct way_result *results;
	size_t n;
};

static void print_page(FILE *out, void *arg)
{
	const struct page *page = arg;
	const struct way_result *results = page->results;
	size_t n = page->n;
	char title[64];

	snprintf(title, sizeof(title), "wok lab: %s requests", text_count(page->options->urls).s);
	page_begin(out, title, style);
	print_lead(out, page->options, results, n);
	print_table(out, results, n);
	print_failures(out, page->url, results, n);
	print_figure(out, results, n);
	print_facts(out, page->options, page->url);
	page_end(out);
}

int report_html(const struct lab_options *options, const char *url,
		const struct way_result *results, size_t n)
{
	struct page page = {options, url, results, n};

	return page_save(options->html, print_page, &page);
}
