/* SPDX-License-Identifier: MIT */
/*
 * Reading a coded body: see http/coding/decoder.h.
 *
 * The coding that was applied last is undone first. Each stage reads from the one before it through
 * a buffer of fixed size. Bytes behind the end of coded data are an error, except behind gzip,
 * where they are so common that every client ignores them; but not for ever.
 */
#include "http/coding/decoder.h"

#include <string.h>
#include <wok/error.h>

#include "base/memory.h"
#include "task/park.h"

enum { BUFFER = 16 << 10, GARBAGE_MAX = 64 << 10 };

struct stage {
	enum wok__coding coding;
	struct wok__codec *codec;
	char *buffer; /* of its input */
	const char *in;
	size_t in_size;
	uint64_t taken, given; /* bytes in and out */
	uint64_t garbage;
	bool in_ended;
};

struct wok__decoder {
	wok__read_fn *read;
	void *arg;
	struct wok__decoder_limits limits;
	uint64_t received; /* coded bytes */
	int failed;
	size_t n;
	struct stage stages[]; /* the first one reads from read() */
};

int wok__codings_add(struct wok__codings *codings, const char *value)
{
	struct wok__h1_span rest = {value, strlen(value)}, item;

	while (wok__h1_list_next(&rest, &item)) {
		enum wok__coding coding;
		if (wok__coding_find(item.data, item.size, &coding) < 0)
			return wok_fail(-ENOTSUP, "the content coding \"%.*s\" is not known",
					(int) (item.size < 40 ? item.size : 40), item.data);
		if (coding == WOK__CODING_IDENTITY)
			continue;
		if (!wok__coding_kind(coding))
			return wok_fail(-ENOTSUP,
					"the content coding %s is not built into this wok",
					wok__coding_name(coding));
		if (codings->n == WOK__CODINGS_MAX)
			return wok_fail(WOK_ELIMIT, "the body has more than %d content codings",
					WOK__CODINGS_MAX);
		codings->list[codings->n++] = coding;
	}
	return 0;
}

int wok__codings_of_head(const struct wok__head *head, struct wok__codings *ret_codings)
{
	struct wok__codings codings = {.n = 0};
	wok_http_header field;

	for (size_t i = 0; wok__head_at(head, i, &field); i++)
		if (head->fields[i].id == WOK__H1_CONTENT_ENCODING)
			WOK_TRY(wok__codings_add(&codings, field.value));
	*ret_codings = codings;
	return 0;
}

static int open_stages(struct wok__decoder *decoder, const struct wok__codings *codings)
{
	for (size_t i = 0; i < codings->n; i++) {
		struct stage *stage = &decoder->stages[i];
		stage->coding = codings->list[codings->n - 1 - i];
		stage->buffer = wok_alloc(BUFFER);
		if (!stage->buffer)
			return -ENOMEM;
		WOK_TRY(wok__codec_decoder(stage->coding, &stage->codec));
	}
	return 0;
}

int wok__decoder_new(const struct wok__codings *codings, const struct wok__decoder_limits *limits,
		     wok__read_fn *read, void *arg, struct wok__decoder **ret_decoder)
{
	size_t n = codings->n;
	struct wok__decoder *decoder =
		wok__alloc_zeroed(sizeof(*decoder) + n * sizeof(struct stage));

	if (!decoder)
		return -ENOMEM;
	decoder->read = read;
	decoder->arg = arg;
	decoder->n = n;
	if (limits)
		decoder->limits = *limits;
	if (decoder->limits.bytes == 0)
		decoder->limits.bytes = UINT64_MAX;
	if (decoder->limits.ratio == 0)
		decoder->limits.ratio = WOK__DECODER_RATIO;
	int r = open_stages(decoder, codings);
	if (r < 0) {
		wok__decoder_free(decoder);
		return r;
	}
	*ret_decoder = decoder;
	return 0;
}

void wok__decoder_free(struct wok__decoder *decoder)
{
	if (!decoder)
		return;
	for (size_t i = 0; i < decoder->n; i++) {
		wok__codec_free(decoder->stages[i].codec);
		wok_free(decoder->stages[i].buffer);
	}
	wok_free(decoder);
}

/* What has come out of a stage must be in proportion to what came in from outside. */
static int check_size(struct wok__decoder *decoder, const struct stage *stage)
{
	const struct wok__decoder_limits *limits = &decoder->limits;

	if (stage->given > limits->bytes)
		return wok_fail(WOK_ELIMIT, "the body has more than %llu bytes when decoded",
				(unsigned long long) limits->bytes);
	if (stage->given > WOK__DECODER_FREE && stage->given / limits->ratio > decoder->received)
		return wok_fail(WOK_ELIMIT,
				"the body expands to more than %llu times its size when it is "
				"decoded from %s",
				(unsigned long long) limits->ratio,
				wok__coding_name(stage->coding));
	return 0;
}

/* Bytes behind the end of the coded data. */
static int skip_garbage(struct stage *stage)
{
	stage->garbage += stage->in_size;
	stage->in_size = 0;
	if (stage->garbage > 0 &&
	    (stage->coding != WOK__CODING_GZIP || stage->garbage > GARBAGE_MAX))
		return wok_fail(WOK_EPEER, "something follows the end of the %s data",
				wok__coding_name(stage->coding));
	return 0;
}

/* The input has ended: 0, or an error if it should not have. An empty body is no coded one. */
static int check_end(const struct stage *stage)
{
	if (stage->taken > 0 && !stage->codec->complete)
		return wok_fail(WOK_EEOF, "the body ends in the middle of its %s data",
				wok__coding_name(stage->coding));
	return 0;
}

/* One step of a stage: how much has come out, which may be nothing. */
/* NOLINTNEXTLINE(readability-non-const-parameter): the codec writes there */
static ssize_t decode(struct wok__decoder *decoder, struct stage *stage, char *data, size_t size)
{
	struct wok__coding_io io = {stage->in, stage->in_size, data, size};

	WOK_TRY(wok__codec_step(stage->codec, &io, WOK__CODING_MORE));
	size_t n = size - io.out_size;
	stage->taken += stage->in_size - io.in_size;
	stage->in = io.in;
	stage->in_size = io.in_size;
	stage->given += n;
	WOK_TRY(check_size(decoder, stage));
	if (stage->codec->over)
		WOK_TRY(skip_garbage(stage));
	return (ssize_t) n;
}

/* Wait for coded bytes. They are counted even if they will not be understood. */
static int fill(struct wok__decoder *decoder)
{
	struct stage *first = &decoder->stages[0];
	ssize_t n = decoder->read(decoder->arg, first->buffer, BUFFER);

	if (n < 0)
		return (int) n;
	first->in = first->buffer;
	first->in_size = (size_t) n;
	first->in_ended = n == 0;
	decoder->received += (uint64_t) n;
	return 0;
}

/* What is held inside the codec comes out before more goes in, or before its end. */
static ssize_t pump(struct wok__decoder *decoder, size_t at, char *data, size_t size)
{
	struct stage *stage = &decoder->stages[at];
	ssize_t n = decode(decoder, stage, data, size);

	if (n != 0)
		return n;
	return stage->in_ended && stage->in_size == 0 ? check_end(stage) : 0;
}

/*
 * Move something: from the last stage that can give, into the next one or into data. How much came
 * out at the end of the chain; *ret_ended if nothing will any more; *ret_hungry if read() is to
 * give more first.
 */
static ssize_t move(struct wok__decoder *decoder, char *data, size_t size, bool *ret_ended,
		    bool *ret_hungry)
{
	size_t last = decoder->n - 1;

	*ret_ended = *ret_hungry = false;
	for (size_t at = last + 1; at-- > 0;) {
		struct stage *stage = &decoder->stages[at];
		struct stage *next = stage + 1;
		ssize_t n = pump(decoder, at, at == last ? data : next->buffer,
				 at == last ? size : BUFFER);
		if (n < 0 || (n > 0 && at == last))
			return n;
		bool ended = stage->in_ended && stage->in_size == 0;
		if (n > 0 || (ended && at < last)) {
			next->in = next->buffer;
			next->in_size = (size_t) n;
			next->in_ended = n == 0;
			return 0;
		}
		if (ended) {
			*ret_ended = true;
			return 0;
		}
		if (stage->in_size > 0)
			return 0; /* it took some, and wants to be called again */
	}
	*ret_hungry = true;
	return 0;
}

static ssize_t read_decoded(struct wok__decoder *decoder, char *data, size_t size)
{
	bool ended = false, hungry = false;

	while (!ended) {
		ssize_t n = move(decoder, data, size, &ended, &hungry);
		if (n < 0) /* an error of the data, for good */
			decoder->failed = (int) n;
		if (n != 0)
			return n;
		if (hungry)
			WOK_TRY(fill(decoder));
	}
	return 0;
}

ssize_t wok__decoder_read(struct wok__decoder *decoder, void *data, size_t size)
{
	if (decoder->n == 0)
		return decoder->read(decoder->arg, data, size);
	WOK_TRY(wok__check());
	if (decoder->failed < 0 || size == 0) {
		wok__spend();
		return decoder->failed;
	}
	ssize_t n = read_decoded(decoder, data, size);
	wok__spend();
	return n;
}
