/* SPDX-License-Identifier: MIT */
#ifndef TESTS_HARNESS_NEEDS_H
#define TESTS_HARNESS_NEEDS_H
/* What a test needs that a build can be without: there it is skipped. */
#include "harness/test.h"

#ifdef WOK__WITH_ZLIB
#define NEEDS_ZLIB() ((void) 0)
#else
#define NEEDS_ZLIB() SKIP("there is no zlib")
#endif

#ifdef WOK__WITH_TLS
#define NEEDS_TLS() ((void) 0)
#else
#define NEEDS_TLS() SKIP("there is no TLS, and so no hashes")
#endif

#endif
