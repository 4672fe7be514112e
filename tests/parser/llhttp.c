/* SPDX-License-Identifier: MIT */
/*
 * The HTTP/1.1 parser's verdicts beside llhttp's in its strict mode, which is Node's parser: on the
 * must-reject list, the fuzzer's corpus, and each of these with one byte replaced. wok may refuse
 * more. What it accepts and llhttp refuses is explained below, or a failure; and where both accept
 * a message they must agree on where it ends, or one could smuggle a request past the other.
 */
#include <dirent.h>
#include <llhttp.h>

#include "http/h1_reject_body.h"
#include "http/h1_reject_head.h"

enum { LARGEST = 65536 };

/* What became of the first message of an input. */
struct verdict {
	enum { INCOMPLETE, COMPLETE, REFUSED } what;
	size_t end;  /* of the message, if it is complete */
	size_t body; /* bytes of it */
	const char *reason;
};

struct counts {
	size_t inputs, both, stricter, explained;
};

/* --- the two parsers ----------------------------------------------------------------------- */

static struct verdict refused(int error)
{
	return (struct verdict){.what = REFUSED, .reason = wok__h1_strerror(error)};
}

static struct verdict read_body(const struct wok__h1_message *message, const char *data,
				size_t size, size_t head)
{
	struct verdict verdict = {.what = INCOMPLETE};
	struct wok__h1_body body;
	struct wok__h1_span piece;
	size_t used, at = head;

	int r = wok__h1_body_init(&body, message->framing, message->content_length, NULL);
	while (r >= 0) {
		r = wok__h1_body_feed(&body, data + at, size - at, &used, &piece);
		at += used;
		verdict.body += piece.size;
		if (r == WOK__H1_MORE)
			return verdict;
		if (r == WOK__H1_END) {
			verdict.what = COMPLETE;
			verdict.end = at;
			return verdict;
		}
	}
	return refused(r);
}

static struct verdict ask_wok(const char *data, size_t size, bool response)
{
	struct wok__h1_scan scan = {.flags = response ? WOK__H1_RESPONSE : WOK__H1_REQUEST};
	static struct wok__h1_field fields[TRANSCRIPT_FIELDS];
	struct wok__h1_response answer;
	struct wok__h1_request request;
	size_t head;

	int r = wok__h1_scan_head(&scan, data, size, NULL, &head);
	if (r == 0)
		return (struct verdict){.what = INCOMPLETE};
	if (r > 0 && response)
		r = wok__h1_parse_response(data, head, WOK__H1_RESPONSE, NULL, fields,
					   TRANSCRIPT_FIELDS, &answer);
	else if (r > 0)
		r = wok__h1_parse_request(data, head, NULL, fields, TRANSCRIPT_FIELDS, &request);
	if (r < 0)
		return refused(r);
	return read_body(response ? &answer.message : &request.message, data, size, head);
}

static size_t body_size;

static int on_body(llhttp_t *parser, const char *at, size_t size)
{
	(void) parser;
	(void) at;
	body_size += size;
	return 0;
}

static int on_complete(llhttp_t *parser)
{
	(void) parser;
	return HPE_PAUSED;
}

static struct verdict ask_llhttp(const char *data, size_t size, bool response)
{
	llhttp_settings_t settings;
	llhttp_t parser;

	llhttp_settings_init(&settings);
	settings.on_body = on_body;
	settings.on_message_complete = on_complete;
	llhttp_init(&parser, response ? HTTP_RESPONSE : HTTP_REQUEST, &settings);
	body_size = 0;
	llhttp_errno_t error = llhttp_execute(&parser, data, size);
	if (error == HPE_OK)
		return (struct verdict){.what = INCOMPLETE};
	if (error == HPE_PAUSED || error == HPE_PAUSED_UPGRADE)
		return (struct verdict){
			.what = COMPLETE,
			.end = (size_t) (llhttp_get_error_pos(&parser) - data),
			.body = body_size,
		};
	return (struct verdict){.what = REFUSED, .reason = llhttp_get_error_reason(&parser)};
}

/* --- comparing ----------------------------------------------------------------------------- */

/* What wok accepts though llhttp 8 does not: by llhttp's reason, and why that is right. */
static const struct {
	const char *reason;
	const char *why;
	bool responses_only;
} explained[] = {
	{"Invalid method encountered", "a method is any token (RFC 9110 9.1); llhttp has a list",
	 false},
	{"Expected space after method", "as above: GET0 is a token", false},
	{"Expected HTTP/2 Connection Preface",
	 "as above: PRI; wok refuses the preface itself, and \"PRI /\" is nobody's", false},
	{"Unexpected char in url schema", "digits, +, - and . may stand there (RFC 3986 3.1)",
	 false},
	{"Invalid character in Content-Length",
	 "a tab behind the number is white space (RFC 9110 5.6.3)", false},
	{"Empty Content-Length", "as above: a tab before it", false},
	{"Request has invalid `Transfer-Encoding`", "as above: a tab behind \"chunked\"", false},
	{"Invalid character in chunk size",
	 "a second extension behind one with a value (RFC 9112 7.1.1)", false},
	{"Invalid character in chunk extensions quoted value",
	 "a quoted pair in a quoted string (RFC 9110 5.6.4)", false},
	{"Content-Length can't be present with Transfer-Encoding",
	 "of a response: chunked counts, and the connection is closed (RFC 9112 6.3)", true},
	{"Content-Length can't be present with chunked encoding", "as above", true},
};

static bool is_explained(const char *reason, bool response)
{
	for (size_t i = 0; i < sizeof(explained) / sizeof(*explained); i++) {
		if (strcmp(explained[i].reason, reason) == 0)
			return response || !explained[i].responses_only;
	}
	return false;
}

/* An interim response has no body, whatever it says of one (RFC 9112 6.3); llhttp reads it. */
static bool is_interim(const char *data, size_t size, bool response)
{
	return response && size > 9 && data[9] == '1';
}

/* An input as C would have it. */
static const char *shown(const char *data, size_t size)
{
	static char text[4 * 400 + 4];
	size_t n = 0;

	for (size_t i = 0; i < size && i < 400; i++) {
		unsigned char c = (unsigned char) data[i];
		if (c == '\r' || c == '\n')
			n += (size_t) sprintf(text + n, "\\%c", c == '\r' ? 'r' : 'n');
		else if (c < ' ' || c > '~')
			n += (size_t) sprintf(text + n, "\\x%02x", c);
		else
			text[n++] = (char) c;
	}
	text[n] = '\0';
	return text;
}

static void compare(const char *data, size_t size, bool response, struct counts *counts)
{
	/* Exact blocks, so that ASan sees who reads on. */
	char *copy = malloc(size > 0 ? size : 1);
	ASSERT(copy != NULL);
	memcpy(copy, data, size);
	bool interim = is_interim(data, size, response);
	struct verdict ours = ask_wok(copy, size, response);
	struct verdict theirs = ask_llhttp(copy, size, response);

	counts->inputs++;
	if (ours.what == COMPLETE && theirs.what == REFUSED) {
		if (!is_explained(theirs.reason, response))
			FAIL("wok accepts what llhttp refuses (%s):\n%s", theirs.reason,
			     shown(data, size));
		counts->explained++;
	} else if (ours.what == COMPLETE && theirs.what == COMPLETE) {
		if (!interim && (ours.end != theirs.end || ours.body != theirs.body))
			FAIL("wok ends at %zu with %zu bytes of body, llhttp at %zu with %zu:\n%s",
			     ours.end, ours.body, theirs.end, theirs.body, shown(data, size));
		counts->both++;
	} else if (ours.what == COMPLETE && !interim) {
		FAIL("wok sees a whole message, llhttp waits for more:\n%s", shown(data, size));
	} else if (ours.what == REFUSED && theirs.what == COMPLETE) {
		counts->stricter++;
	}
	free(copy);
}

/* The input, and each of its bytes replaced by what parsers disagree about. */
static void compare_all(const char *data, size_t size, bool response, struct counts *counts)
{
	static const char bytes[] = "\0\t\n\r \"#,-0159:;=@AF\\_acx{\x7f\x80\xff";
	static char input[LARGEST];

	compare(data, size, response, counts);
	memcpy(input, data, size);
	for (size_t at = 0; at < size; at++) {
		for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
			input[at] = bytes[i];
			compare(input, size, response, counts);
		}
		input[at] = data[at];
	}
	for (size_t at = 0; at < size; at++) { /* and left out */
		memmove(input + at, data + at + 1, size - at - 1);
		compare(input, size - 1, response, counts);
		memcpy(input, data, size);
	}
}

#define COMPARE_ROWS(rows, counts)                                                                 \
	for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++) {                              \
		compare_all((rows)[i].bad, (rows)[i].bad_size, false, counts);                     \
		compare_all((rows)[i].good, (rows)[i].good_size, false, counts);                   \
	}

TEST(what_wok_accepts_of_the_must_reject_list_and_its_like_llhttp_accepts)
{
	struct counts counts = {0};

	COMPARE_ROWS(lines, &counts);
	COMPARE_ROWS(start_lines, &counts);
	COMPARE_ROWS(hosts, &counts);
	COMPARE_ROWS(framing, &counts);
	COMPARE_ROWS(chunks, &counts);
	printf("%zu inputs: both accept %zu, only llhttp %zu, only wok %zu\n", counts.inputs,
	       counts.both, counts.stricter, counts.explained);
	ASSERT(counts.both > 1000 && counts.stricter > 1000);
}

/* The first byte of an input has the fuzzer's flags, the second its limits. */
static void compare_file(const char *path, struct counts *counts)
{
	static char data[LARGEST];
	FILE *file = fopen(path, "re");
	ASSERT(file != NULL);
	size_t size = fread(data, 1, sizeof(data), file);
	fclose(file);
	if (size > 2)
		compare_all(data + 2, size - 2, data[0] & WOK__H1_RESPONSE, counts);
}

TEST(what_wok_accepts_of_the_fuzzers_corpus_llhttp_accepts)
{
	struct counts counts = {0};
	char path[4096];
	struct dirent *entry;
	DIR *folder = opendir(CORPUS);
	ASSERT(folder != NULL);

	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", CORPUS, entry->d_name);
		compare_file(path, &counts);
	}
	closedir(folder);
	printf("%zu inputs: both accept %zu, only llhttp %zu, only wok %zu\n", counts.inputs,
	       counts.both, counts.stricter, counts.explained);
	ASSERT(counts.both > 1000);
}
