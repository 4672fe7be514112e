/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_C_LOCALE_H
#define WOK_BASE_C_LOCALE_H
/*
 * Numbers with a point, whatever the program's locale says: the C library prints and reads a comma
 * where that is the custom. It only costs something where it is.
 */
#include <langinfo.h>
#include <locale.h>
#include <string.h>

struct wok__c_locale {
	locale_t own, before;
};

/* Between the two, printf() and strtod() of this thread know nothing but C's own ways. */
static inline struct wok__c_locale wok__c_locale_enter(void)
{
	struct wok__c_locale self = {0};

	if (strcmp(nl_langinfo(RADIXCHAR), ".") == 0)
		return self;
	self.own = newlocale(LC_ALL_MASK, "C", (locale_t) 0);
	if (self.own)
		self.before = uselocale(self.own);
	return self;
}

static inline void wok__c_locale_leave(const struct wok__c_locale *self)
{
	if (!self->own)
		return;
	uselocale(self->before);
	freelocale(self->own);
}
#endif
