/* SPDX-License-Identifier: MIT */
/* Names and texts of result codes: see wok/error.h. */
#include <string.h>
#include <wok/error.h>

static const struct {
	int code;
	const char *name;
	const char *text;
} codes[] = {
	{WOK_ETASKCANCELED, "WOK_ETASKCANCELED", "the task was cancelled"},
	{WOK_EEOF, "WOK_EEOF", "the stream ended too early"},
	{WOK_ELIMIT, "WOK_ELIMIT", "a limit was exceeded"},
	{WOK_ENAME, "WOK_ENAME", "the name does not resolve"},
	{WOK_EPEER, "WOK_EPEER", "the peer broke the protocol"},
	{WOK_EBROKEN, "WOK_EBROKEN", "the barrier is broken"},
	{WOK_EWORKER, "WOK_EWORKER", "a worker process failed"},
	{WOK_ECERTIFICATE, "WOK_ECERTIFICATE", "the peer's certificate is not good"},
	{WOK_ESTATUS, "WOK_ESTATUS", "the server answered with an error"},
	{WOK_EPROXY, "WOK_EPROXY", "the proxy does not connect to the host"},
	{WOK_EDB, "WOK_EDB", "the database refused the statement"},
	{WOK_ERETRY, "WOK_ERETRY", "the transaction has to be run again"},
	{WOK_ECONNLOST, "WOK_ECONNLOST", "the connection to the database broke off"},
	/* What libc says of these does not fit what wok means by them. */
	{-ECANCELED, "ECANCELED", "cancelled"},
	{-ETIMEDOUT, "ETIMEDOUT", "timed out"},
	{-EDEADLK, "EDEADLK", "waiting here would never end"},
	{-ESHUTDOWN, "ESHUTDOWN", "it is shut down"},
};

#ifdef __GLIBC__
#define NAME_OF(error) strerrorname_np(error)
#define TEXT_OF(error) strerrordesc_np(error)
#else /* musl's strerror() returns constants; it has no names */
#define NAME_OF(error) NULL
#define TEXT_OF(error) strerror(error)
#endif

static const char *own(int code, bool name)
{
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i].code == code)
			return name ? codes[i].name : codes[i].text;
	return NULL;
}

const char *wok_strerror(int code)
{
	if (code >= 0)
		return "success";
	const char *text = own(code, false);
	if (!text && code > -4096)
		text = TEXT_OF(-code);
	return text ? text : "unknown error";
}

const char *wok_errname(int code)
{
	if (code >= 0)
		return "0";
	const char *name = own(code, true);
	if (!name && code > -4096)
		name = NAME_OF(-code);
	return name ? name : "unknown";
}
