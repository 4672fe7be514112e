/* SPDX-License-Identifier: MIT */
/*
 * br, by Google's brotli (RFC 7932).
 *
 * The encoder, as distributions build it, calls exit() when it gets no memory. A library may not do
 * that to its user. So the allocation that fails does not return: it jumps back to the step. That
 * is fine here, and only here: the frames in between are brotli's own, on the same stack, and hold
 * nothing but memory, which is all in a list of ours and goes with it.
 */
#include <wok/error.h>

#include "base/list.h"
#include "base/memory.h"
#include "http/coding/coding.h"

#ifdef WOK__WITH_BROTLI
#include <brotli/decode.h>
#include <brotli/encode.h>
#include <setjmp.h>

/* An encoder keeps a window of 256 KiB: the library's 4 MiB is for files, not for connections. */
enum { WINDOW = 18 };

struct brotli {
	struct wok__codec codec;
	BrotliDecoderState *decoder;
	BrotliEncoderState *encoder;
	struct wok__list blocks; /* all memory of the encoder */
	jmp_buf *no_memory;      /* where to go then; NULL: return NULL */
};

struct block {
	struct wok__node node;
	_Alignas(max_align_t) char data[];
};

static void *alloc_block(void *arg, size_t size)
{
	struct brotli *self = arg;
	struct block *block = wok_alloc(sizeof(*block) + size);

	if (block) {
		wok__list_push_back(&self->blocks, &block->node);
		return block->data;
	}
	if (self->no_memory)
		longjmp(*self->no_memory, 1);
	return NULL;
}

static void free_block(void *unused, void *data)
{
	struct block *block;

	(void) unused;
	if (!data)
		return;
	block = (struct block *) (void *) ((char *) data - offsetof(struct block, data));
	wok__list_remove(&block->node);
	wok_free(block);
}

static void free_blocks(struct brotli *self)
{
	while (!wok__list_empty(&self->blocks)) {
		struct block *block =
			WOK__CONTAINER(wok__list_pop(&self->blocks), struct block, node);
		wok_free(block);
	}
}

static int step_decoder(struct wok__codec *codec, struct wok__coding_io *io,
			enum wok__coding_mode mode)
{
	struct brotli *self = (struct brotli *) codec;

	(void) mode;
	if (io->in_size > 0)
		codec->complete = false;
	BrotliDecoderResult r = BrotliDecoderDecompressStream(
		self->decoder, &io->in_size, (const uint8_t **) &io->in, &io->out_size,
		(uint8_t **) &io->out, NULL);
	if (r == BROTLI_DECODER_RESULT_SUCCESS) {
		codec->complete = codec->over = true;
	} else if (r == BROTLI_DECODER_RESULT_ERROR) {
		BrotliDecoderErrorCode error = BrotliDecoderGetErrorCode(self->decoder);
		/* The codes of allocations that failed stand together, at the end. */
		if (error <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
		    error > BROTLI_DECODER_ERROR_UNREACHABLE)
			return -ENOMEM;
		return wok_fail(WOK_EPEER, "the br data is corrupt");
	}
	return 0;
}

static int encode(struct brotli *self, struct wok__coding_io *io, enum wok__coding_mode mode)
{
	static const BrotliEncoderOperation operations[] = {
		BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH};

	if (!BrotliEncoderCompressStream(self->encoder, operations[mode], &io->in_size,
					 (const uint8_t **) &io->in, &io->out_size,
					 (uint8_t **) &io->out, NULL))
		return -ENOMEM; /* its only failure */
	if (mode == WOK__CODING_END)
		return BrotliEncoderIsFinished(self->encoder);
	return io->in_size == 0 && !BrotliEncoderHasMoreOutput(self->encoder);
}

static int step_encoder(struct wok__codec *codec, struct wok__coding_io *io,
			enum wok__coding_mode mode)
{
	struct brotli *self = (struct brotli *) codec;
	jmp_buf no_memory;

	if (!self->encoder)
		return -ENOMEM; /* as before */
	if (setjmp(no_memory) != 0) {
		self->encoder = NULL;
		self->no_memory = NULL;
		free_blocks(self);
		return -ENOMEM;
	}
	self->no_memory = &no_memory;
	int r = encode(self, io, mode);
	self->no_memory = NULL;
	return r;
}

static void free_encoder(struct wok__codec *codec)
{
	struct brotli *self = (struct brotli *) codec;

	free_blocks(self);
	wok_free(self);
}

static void free_decoder(struct wok__codec *codec)
{
	struct brotli *self = (struct brotli *) codec;

	BrotliDecoderDestroyInstance(self->decoder);
	wok_free(self);
}

static int new_decoder(struct wok__codec **ret_codec)
{
	static const struct wok__codec_ops ops = {step_decoder, free_decoder};
	struct brotli *self = wok__alloc_zeroed(sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->codec.ops = &ops;
	self->decoder = BrotliDecoderCreateInstance(wok__coding_alloc, wok__coding_free, NULL);
	if (!self->decoder) {
		wok_free(self);
		return -ENOMEM;
	}
	*ret_codec = &self->codec;
	return 0;
}

static int new_encoder(int level, struct wok__codec **ret_codec)
{
	static const struct wok__codec_ops ops = {step_encoder, free_encoder};
	struct brotli *self = wok__alloc_zeroed(sizeof(*self));

	if (!self)
		return -ENOMEM;
	self->codec.ops = &ops;
	wok__list_init(&self->blocks);
	self->encoder = BrotliEncoderCreateInstance(alloc_block, free_block, self);
	if (!self->encoder) {
		wok_free(self);
		return -ENOMEM;
	}
	(void) BrotliEncoderSetParameter(self->encoder, BROTLI_PARAM_QUALITY, (uint32_t) level);
	(void) BrotliEncoderSetParameter(self->encoder, BROTLI_PARAM_LGWIN, WINDOW);
	*ret_codec = &self->codec;
	return 0;
}

const struct wok__coding_kind wok__coding_br = {
	.name = "br",
	.level = 4,
	.least = 1,
	.most = BROTLI_MAX_QUALITY,
	.decoder = new_decoder,
	.encoder = new_encoder,
};
#else
const struct wok__coding_kind wok__coding_br = {0};
#endif
