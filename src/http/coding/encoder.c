/* SPDX-License-Identifier: MIT */
/* Encoding bodies: see http/coding/encoder.h. */
#include "http/coding/encoder.h"

#include <wok/error.h>

#include "base/memory.h"
#include "task/park.h"

enum { PIECE = 16 << 10, ROOM = 512 };

struct wok__encoder {
	struct wok__codec *codec;
	int failed;
	bool ended;     /* the end is out */
	bool in_ended;  /* of wok__encoder_read() */
	char *buffer;   /* what it reads into */
	const char *in; /* what is left in that */
	size_t in_size;
};

int wok__encoder_new(enum wok__coding coding, int level, struct wok__encoder **ret_encoder)
{
	struct wok__encoder *encoder = wok__alloc_zeroed(sizeof(*encoder));

	if (!encoder)
		return -ENOMEM;
	int r = wok__codec_encoder(coding, level, &encoder->codec);
	if (r < 0) {
		wok_free(encoder);
		return r;
	}
	*ret_encoder = encoder;
	return 0;
}

void wok__encoder_free(struct wok__encoder *encoder)
{
	if (!encoder)
		return;
	wok__codec_free(encoder->codec);
	wok_free(encoder->buffer);
	wok_free(encoder);
}

/* A step whose failure is kept: the codec is not to be used again. */
static int step(struct wok__encoder *encoder, struct wok__coding_io *io, enum wok__coding_mode mode)
{
	int r = encoder->failed < 0 ? encoder->failed : wok__codec_step(encoder->codec, io, mode);

	encoder->failed = r < 0 ? r : 0;
	if (r > 0 && mode == WOK__CODING_END)
		encoder->ended = true;
	return r;
}

int wok__encoder_put(struct wok__encoder *encoder, const void *data, size_t size,
		     enum wok__coding_mode mode, struct wok__buffer *out)
{
	struct wok__coding_io io = {.in = data, .in_size = size};
	int r = 0;

	while (r == 0) {
		/* What comes out is smaller, mostly; the buffer doubles if not. */
		size_t room = ROOM + io.in_size / 4;
		io.out = wok__buffer_room(out, room);
		if (!io.out)
			return out->error;
		io.out_size = room;
		r = step(encoder, &io, mode);
		out->size += room - io.out_size;
	}
	return r < 0 ? r : 0;
}

int wok__encode(enum wok__coding coding, int level, const void *data, size_t size,
		struct wok__buffer *out)
{
	struct wok__encoder *encoder = NULL;

	WOK_TRY(wok__encoder_new(coding, level, &encoder));
	int r = wok__encoder_put(encoder, data, size, WOK__CODING_END, out);
	wok__encoder_free(encoder);
	return r;
}

static int fill(struct wok__encoder *encoder, wok__read_fn *read, void *arg)
{
	if (!encoder->buffer)
		encoder->buffer = wok_alloc(PIECE);
	if (!encoder->buffer)
		return -ENOMEM;
	ssize_t n = read(arg, encoder->buffer, PIECE);
	if (n < 0)
		return (int) n;
	encoder->in = encoder->buffer;
	encoder->in_size = (size_t) n;
	encoder->in_ended = n == 0;
	return 0;
}

ssize_t wok__encoder_read(struct wok__encoder *encoder, wok__read_fn *read, void *arg, void *data,
			  size_t size)
{
	struct wok__coding_io io = {.out = data, .out_size = size};

	WOK_TRY(wok__check());
	while (io.out_size == size && size > 0 && !encoder->ended) {
		if (encoder->in_size == 0 && !encoder->in_ended)
			WOK_TRY(fill(encoder, read, arg));
		io.in = encoder->in;
		io.in_size = encoder->in_size;
		WOK_TRY(step(encoder, &io, encoder->in_ended ? WOK__CODING_END : WOK__CODING_MORE));
		encoder->in = io.in;
		encoder->in_size = io.in_size;
	}
	wok__spend();
	return (ssize_t) (size - io.out_size);
}
