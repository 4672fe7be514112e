/* SPDX-License-Identifier: MIT */
/* Dates and times as values: see wok/pg_types.h, and datetime.c for their forms. */
#include "db/postgres/types/oids.h"
#include "db/postgres/types/own.h"

#define DAY INT64_C(86400000000)
#define EPOCH_DAYS 10957
#define EPOCH_SECONDS (EPOCH_DAYS * INT64_C(86400))

static wok_value number(uint32_t oid, int64_t integer)
{
	return (wok_value){
		.kind = WOK_VALUE_OWN,
		.format = WOK__PG_FORM_INLINE,
		.type = oid,
		.size = sizeof(integer),
		.integer = integer,
	};
}

/* The numbers of infinity are nobody's time. */
static wok_value timestamp(uint32_t oid, struct timespec when)
{
	int64_t time;

	if (when.tv_sec == WOK_PG_INFINITY || when.tv_sec == WOK_PG_MINUS_INFINITY)
		return number(oid, when.tv_sec);
	if (when.tv_nsec < 0 || when.tv_nsec > 999999999 ||
	    __builtin_sub_overflow(when.tv_sec, EPOCH_SECONDS, &time) ||
	    __builtin_mul_overflow(time, INT64_C(1000000), &time) ||
	    __builtin_add_overflow(time, when.tv_nsec / 1000, &time) ||
	    time < INT64_C(-211813488000000000) || time >= INT64_C(9223371331200000000))
		return (wok_value){.kind = WOK_VALUE_WRONG, .type = oid};
	return number(oid, time);
}

wok_value wok_pg_timestamptz(struct timespec when)
{
	return timestamp(WOK__PG_OID_TIMESTAMPTZ, when);
}

wok_value wok_pg_timestamp(struct timespec when)
{
	return timestamp(WOK__PG_OID_TIMESTAMP, when);
}

static struct timespec since_1970(int64_t time)
{
	if (time == INT64_MAX || time == INT64_MIN)
		return (struct timespec){.tv_sec = time};
	const int64_t micros = (time % 1000000 + 1000000) % 1000000;
	return (struct timespec){
		.tv_sec = time / 1000000 - (time % 1000000 < 0) + EPOCH_SECONDS,
		.tv_nsec = micros * 1000,
	};
}

int wok_pg_get_timestamp(const wok_value *value, struct timespec *ret_when)
{
	const struct wok__pg_type *type = wok__pg_builtin_of(value);
	const unsigned kind = type ? type->kind : 0;
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	if (kind == WOK__PG_DATE) {
		int32_t days;

		WOK_TRY(wok_pg_get_date(value, &days));
		const bool finite = days != INT32_MAX && days != INT32_MIN;
		*ret_when = (struct timespec){
			.tv_sec = finite     ? days * INT64_C(86400)
				  : days < 0 ? INT64_MIN
					     : INT64_MAX,
		};
		return 0;
	}
	WOK_TRY(wok__pg_own(value, kind == WOK__PG_TIMESTAMP ? kind : WOK__PG_TIMESTAMPTZ,
			    "a timestamp", &type));
	WOK_TRY(wok__pg_fixed(value, type, scratch, &data, &size));
	*ret_when = since_1970((int64_t) wok__pg_get64(data));
	return 0;
}

wok_value wok_pg_date(int32_t days)
{
	const bool finite = days != INT32_MAX && days != INT32_MIN;

	if (finite && days <= INT32_MIN + EPOCH_DAYS)
		return (wok_value){.kind = WOK_VALUE_WRONG, .type = WOK__PG_OID_DATE};
	return number(WOK__PG_OID_DATE, finite ? (int64_t) days - EPOCH_DAYS : days);
}

int wok_pg_get_date(const wok_value *value, int32_t *ret_days)
{
	const struct wok__pg_type *type;
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(wok__pg_own(value, WOK__PG_DATE, "a date", &type));
	WOK_TRY(wok__pg_fixed(value, type, scratch, &data, &size));
	const int32_t days = (int32_t) wok__pg_get32(data);
	if (days == INT32_MAX || days == INT32_MIN)
		*ret_days = days;
	else if (days > INT32_MAX - EPOCH_DAYS)
		return wok_fail(WOK_EPEER, "PostgreSQL sent a date that is none");
	else
		*ret_days = days + EPOCH_DAYS;
	return 0;
}

wok_value wok_pg_time(int64_t microseconds)
{
	if (microseconds < 0 || microseconds > DAY)
		return (wok_value){.kind = WOK_VALUE_WRONG, .type = WOK__PG_OID_TIME};
	return number(WOK__PG_OID_TIME, microseconds);
}

int wok_pg_get_time(const wok_value *value, int64_t *ret_microseconds)
{
	const struct wok__pg_type *type;
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(wok__pg_own(value, WOK__PG_TIME, "a time", &type));
	WOK_TRY(wok__pg_fixed(value, type, scratch, &data, &size));
	*ret_microseconds = (int64_t) wok__pg_get64(data);
	return 0;
}

static wok_value native(uint32_t oid, const void *data)
{
	if (!data)
		return wok_value_null();
	return (wok_value){
		.kind = WOK_VALUE_OWN,
		.format = WOK__PG_FORM_NATIVE,
		.type = oid,
		.data = data,
	};
}

wok_value wok_pg_timetz(const wok_pg_clock *clock)
{
	return native(WOK__PG_OID_TIMETZ, clock);
}

int wok_pg_get_timetz(const wok_value *value, wok_pg_clock *ret_clock)
{
	const struct wok__pg_type *type;
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(wok__pg_own(value, WOK__PG_TIMETZ, "a time with time zone", &type));
	WOK_TRY(wok__pg_fixed(value, type, scratch, &data, &size));
	const int32_t west = (int32_t) wok__pg_get32(data + 8);
	*ret_clock = (wok_pg_clock){
		.microseconds = (int64_t) wok__pg_get64(data),
		.east = west == INT32_MIN ? INT32_MAX : -west,
	};
	return 0;
}

wok_value wok_pg_interval(const wok_pg_span *span)
{
	return native(WOK__PG_OID_INTERVAL, span);
}

int wok_pg_get_interval(const wok_value *value, wok_pg_span *ret_span)
{
	const struct wok__pg_type *type;
	char scratch[WOK__PG_FIXED];
	const char *data;
	size_t size;

	WOK_TRY(wok__pg_own(value, WOK__PG_INTERVAL, "an interval", &type));
	WOK_TRY(wok__pg_fixed(value, type, scratch, &data, &size));
	*ret_span = (wok_pg_span){
		.microseconds = (int64_t) wok__pg_get64(data),
		.days = (int32_t) wok__pg_get32(data + 8),
		.months = (int32_t) wok__pg_get32(data + 12),
	};
	return 0;
}
