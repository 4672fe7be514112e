/* SPDX-License-Identifier: MIT */
#ifndef WOK_IO_STREAM_H
#define WOK_IO_STREAM_H
#include <wok/stream.h>

/* The extension face: wok's other libraries use this, too. */
WOK_BEGIN_DECLS

/* What a stream was made of, for who made it of that table; NULL if it is another's, or closed. */
void *wok__stream_self(const wok_stream *stream, const wok_stream_ops *ops);

/* Give back the buffer for reading, if nothing is in it: for connections that are idle. */
void wok__stream_trim(wok_stream *stream);

WOK_END_DECLS

/*
 * The stream's turn for who works on its descriptor: the beginning of any read or write. 0, or an
 * error: nothing to end then.
 */
int wok__stream_begin_read(wok_stream *stream);
void wok__stream_end_read(wok_stream *stream);
int wok__stream_begin_write(wok_stream *stream);
void wok__stream_end_write(wok_stream *stream);
#endif
