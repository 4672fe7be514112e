/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_PGTYPES_SAMPLES_H
#define WOK_TEST_PGTYPES_SAMPLES_H
/* Values of each type, as SQL knows them: with the least, the largest, the odd. */
struct sample {
	const char *type;
	const char *values; /* of a VALUES list */
};

extern const struct sample samples[]; /* to one without a type */
#endif
