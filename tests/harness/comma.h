/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_COMMA_H
#define WOK_TEST_COMMA_H
/* A locale that writes 0,5: one that is installed, or that is made here; or the test is skipped. */
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/test.h"

static inline bool test_comma_is_set(void)
{
	char text[8];

	snprintf(text, sizeof(text), "%.1f", 0.5);
	return strcmp(text, "0,5") == 0;
}

/* LC_NUMERIC is so up to setlocale(LC_NUMERIC, "C"). */
static inline void test_set_comma(void)
{
	char folder[] = "/tmp/wok-locale-XXXXXX", command[200];

	if (setlocale(LC_NUMERIC, "de_DE.UTF-8") && test_comma_is_set())
		return;
	ASSERT(mkdtemp(folder) != NULL);
	setenv("LOCPATH", folder, 1);
	snprintf(command, sizeof(command),
		 "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
	const bool made = system(command) == 0 && setlocale(LC_NUMERIC, "de_DE.UTF-8");
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ASSERT_EQ(system(command), 0);
	if (!made || !test_comma_is_set())
		SKIP("no locale here writes a comma, and none can be made (Debian: locales)");
}
#endif
