/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HTTP_H1_CHECK_H
#define TESTS_HTTP_H1_CHECK_H
/* What the h1 tests share: verdicts on tables of inputs, each of them cut in every way. */
#include "harness/test.h"
#include "http/h1_transcript.h"

/* A string literal with its NULs. */
#define BYTES(literal) literal, sizeof(literal) - 1

static inline void transcript_free(struct transcript *t)
{
	free(t->text);
}

/* One piece, single bytes, and two pieces at every place: the transcripts must be the same. Returns
 * the first of them. */
static inline struct transcript run_all_cuts(struct transcript setup, const char *what,
					     const char *bytes, size_t size)
{
	struct transcript whole = setup;
	transcript_run(&whole, bytes, size);
	for (long cut = CUT_EACH_BYTE; cut < (long) size; cut++) {
		struct transcript other = setup;
		other.cut = cut;
		transcript_run(&other, bytes, size);
		if (strcmp(whole.text, other.text) != 0 || whole.text_size != other.text_size)
			FAIL("%s: cut %ld changes\n%s\ninto\n%s", what, cut, whole.text,
			     other.text);
		transcript_free(&other);
	}
	return whole;
}

static inline void expect_error(struct transcript setup, const char *what, const char *bytes,
				size_t size, int error)
{
	struct transcript t = run_all_cuts(setup, what, bytes, size);
	if (t.error != error)
		FAIL("%s: not \"%s\" but\n%s", what, wok__h1_strerror(error), t.text);
	if (t.error_at > size)
		FAIL("%s: the error's offset %zu lies behind the input", what, t.error_at);
	transcript_free(&t);
}

static inline void expect_messages(struct transcript setup, const char *what, const char *bytes,
				   size_t size, unsigned messages)
{
	struct transcript t = run_all_cuts(setup, what, bytes, size);
	if (t.error != 0 || t.messages != messages)
		FAIL("%s: not %u messages but\n%s", what, messages, t.text);
	transcript_free(&t);
}

/*
 * A row of the must-reject list: its number, an input that has to fail, how, and the status that a
 * server answers; and the nearest input that is fine, without which the row would prove little.
 */
struct rejection {
	int item;
	const char *bad;
	size_t bad_size;
	int error;
	int status;
	const char *good;
	size_t good_size;
};

#define REJECT(item, bad, error, status, good)                                                     \
	{                                                                                          \
		item, BYTES(bad), WOK__H1_##error, status, BYTES(good)                             \
	}

static inline void check_rejections(struct transcript setup, const struct rejection *rows,
				    size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char what[64];
		snprintf(what, sizeof(what), "row %zu, item %d", i, rows[i].item);
		expect_error(setup, what, rows[i].bad, rows[i].bad_size, rows[i].error);
		ASSERT_EQ(wok__h1_status_for(rows[i].error), rows[i].status);
		struct transcript t = run_all_cuts(setup, what, rows[i].good, rows[i].good_size);
		if (t.error != 0 || t.messages == 0)
			FAIL("%s: its good twin gives\n%s", what, t.text);
		transcript_free(&t);
	}
}

#define CHECK_REJECTIONS(setup, rows) check_rejections(setup, rows, sizeof(rows) / sizeof(rows[0]))

#endif
