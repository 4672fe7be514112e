/* SPDX-License-Identifier: MIT */
/*
 * HTTP/1.1 errors and default limits: see h1.h. No text quotes the input, which may be an attack.
 */
#include "http/h1.h"

const struct wok__h1_limits wok__h1_default_limits = WOK__H1_LIMITS_DEFAULT;

static const struct {
	const char *text;
	int status;
} errors[] = {
#define ENTRY(name, status_code, message) [WOK__H1_ERROR_INDEX_##name] = {message, status_code},
	WOK__H1_ERRORS(ENTRY)
#undef ENTRY
};

static int index_of(int error)
{
	if (error > WOK__H1_ERROR_TOP || error <= WOK__H1_ERROR_TOP - WOK__H1_ERROR_COUNT)
		return -1;
	return WOK__H1_ERROR_TOP - error;
}

const char *wok__h1_strerror(int error)
{
	int i = index_of(error);
	return i >= 0 ? errors[i].text : "not an HTTP/1.1 error";
}

int wok__h1_status_for(int error)
{
	int i = index_of(error);
	return i >= 0 ? errors[i].status : 400;
}
