/* SPDX-License-Identifier: MIT */
/* The built-in types, by OID: those that have a codec, and those that are read as text. */
#include <stdlib.h>

#include "db/postgres/types/catalog.h"
#include "db/postgres/types/types.h"

#define TYPE(oid, kind, format, name) {oid, 0, WOK__PG_##kind, format, ',', name, 0, NULL, NULL}
#define OVER(oid, kind, element, format, name)                                                     \
	{                                                                                          \
		oid, element, WOK__PG_##kind, format, ',', name, 0, NULL, NULL                     \
	}
#define ARRAY(oid, element, format, name) OVER(oid, ARRAY, element, format, name)

/* In the order of their OIDs, which never change. */
static const struct wok__pg_type builtin[] = {
	TYPE(16, BOOL, 1, "boolean"),
	TYPE(17, BYTEA, 1, "bytea"),
	TYPE(18, CHAR, 1, "\"char\""),
	TYPE(19, TEXT, 1, "name"),
	TYPE(20, INT8, 1, "bigint"),
	TYPE(21, INT2, 1, "smallint"),
	ARRAY(22, 21, 1, "int2vector"),
	TYPE(23, INT4, 1, "integer"),
	TYPE(24, OTHER, 0, "regproc"),
	TYPE(25, TEXT, 1, "text"),
	TYPE(26, UINT4, 1, "oid"),
	TYPE(27, TID, 1, "tid"),
	TYPE(28, UINT4, 1, "xid"),
	TYPE(29, UINT4, 1, "cid"),
	ARRAY(30, 26, 1, "oidvector"),
	TYPE(114, TEXT, 1, "json"),
	TYPE(142, TEXT, 1, "xml"),
	ARRAY(143, 142, 1, "xml[]"),
	TYPE(194, OTHER, 0, "pg_node_tree"),
	ARRAY(199, 114, 1, "json[]"),
	ARRAY(271, 5069, 1, "xid8[]"),
	TYPE(600, POINT, 1, "point"),
	TYPE(601, LSEG, 1, "lseg"),
	TYPE(602, PATH, 1, "path"),
	TYPE(603, BOX, 1, "box"),
	TYPE(604, POLYGON, 1, "polygon"),
	TYPE(628, LINE, 1, "line"),
	ARRAY(629, 628, 1, "line[]"),
	TYPE(650, INET, 1, "cidr"),
	ARRAY(651, 650, 1, "cidr[]"),
	TYPE(700, FLOAT4, 1, "real"),
	TYPE(701, FLOAT8, 1, "double precision"),
	TYPE(705, TEXT, 1, "unknown"),
	TYPE(718, CIRCLE, 1, "circle"),
	ARRAY(719, 718, 1, "circle[]"),
	TYPE(774, MACADDR, 1, "macaddr8"),
	ARRAY(775, 774, 1, "macaddr8[]"),
	TYPE(790, MONEY, 0, "money"),
	ARRAY(791, 790, 0, "money[]"),
	TYPE(829, MACADDR, 1, "macaddr"),
	TYPE(869, INET, 1, "inet"),
	ARRAY(1000, 16, 1, "boolean[]"),
	ARRAY(1001, 17, 1, "bytea[]"),
	ARRAY(1002, 18, 1, "\"char\"[]"),
	ARRAY(1003, 19, 1, "name[]"),
	ARRAY(1005, 21, 1, "smallint[]"),
	ARRAY(1006, 22, 1, "int2vector[]"),
	ARRAY(1007, 23, 1, "integer[]"),
	ARRAY(1008, 24, 0, "regproc[]"),
	ARRAY(1009, 25, 1, "text[]"),
	ARRAY(1010, 27, 1, "tid[]"),
	ARRAY(1011, 28, 1, "xid[]"),
	ARRAY(1012, 29, 1, "cid[]"),
	ARRAY(1013, 30, 1, "oidvector[]"),
	ARRAY(1014, 1042, 1, "character[]"),
	ARRAY(1015, 1043, 1, "character varying[]"),
	ARRAY(1016, 20, 1, "bigint[]"),
	ARRAY(1017, 600, 1, "point[]"),
	ARRAY(1018, 601, 1, "lseg[]"),
	ARRAY(1019, 602, 1, "path[]"),
	{1020, 603, WOK__PG_ARRAY, 1, ';', "box[]", 0, NULL, NULL}, /* the only other delimiter */
	ARRAY(1021, 700, 1, "real[]"),
	ARRAY(1022, 701, 1, "double precision[]"),
	ARRAY(1027, 604, 1, "polygon[]"),
	ARRAY(1028, 26, 1, "oid[]"),
	TYPE(1033, OTHER, 0, "aclitem"),
	ARRAY(1034, 1033, 0, "aclitem[]"),
	ARRAY(1040, 829, 1, "macaddr[]"),
	ARRAY(1041, 869, 1, "inet[]"),
	TYPE(1042, TEXT, 1, "character"),
	TYPE(1043, TEXT, 1, "character varying"),
	TYPE(1082, DATE, 1, "date"),
	TYPE(1083, TIME, 1, "time"),
	TYPE(1114, TIMESTAMP, 1, "timestamp"),
	ARRAY(1115, 1114, 1, "timestamp[]"),
	ARRAY(1182, 1082, 1, "date[]"),
	ARRAY(1183, 1083, 1, "time[]"),
	TYPE(1184, TIMESTAMPTZ, 1, "timestamp with time zone"),
	ARRAY(1185, 1184, 1, "timestamp with time zone[]"),
	TYPE(1186, INTERVAL, 1, "interval"),
	ARRAY(1187, 1186, 1, "interval[]"),
	ARRAY(1231, 1700, 1, "numeric[]"),
	ARRAY(1263, 2275, 1, "cstring[]"),
	TYPE(1266, TIMETZ, 1, "time with time zone"),
	ARRAY(1270, 1266, 1, "time with time zone[]"),
	TYPE(1560, BITS, 1, "bit"),
	ARRAY(1561, 1560, 1, "bit[]"),
	TYPE(1562, BITS, 1, "bit varying"),
	ARRAY(1563, 1562, 1, "bit varying[]"),
	TYPE(1700, NUMERIC, 1, "numeric"),
	TYPE(1790, TEXT, 1, "refcursor"),
	ARRAY(2201, 1790, 1, "refcursor[]"),
	TYPE(2202, OTHER, 0, "regprocedure"),
	TYPE(2203, OTHER, 0, "regoper"),
	TYPE(2204, OTHER, 0, "regoperator"),
	TYPE(2205, OTHER, 0, "regclass"),
	TYPE(2206, OTHER, 0, "regtype"),
	ARRAY(2207, 2202, 0, "regprocedure[]"),
	ARRAY(2208, 2203, 0, "regoper[]"),
	ARRAY(2209, 2204, 0, "regoperator[]"),
	ARRAY(2210, 2205, 0, "regclass[]"),
	ARRAY(2211, 2206, 0, "regtype[]"),
	TYPE(2249, RECORD, 1, "record"),
	TYPE(2275, TEXT, 1, "cstring"),
	TYPE(2278, VOID, 1, "void"),
	ARRAY(2287, 2249, 1, "record[]"),
	ARRAY(2949, 2970, 1, "txid_snapshot[]"),
	TYPE(2950, UUID, 1, "uuid"),
	ARRAY(2951, 2950, 1, "uuid[]"),
	TYPE(2970, SNAPSHOT, 1, "txid_snapshot"),
	TYPE(3220, LSN, 1, "pg_lsn"),
	ARRAY(3221, 3220, 1, "pg_lsn[]"),
	TYPE(3361, OTHER, 0, "pg_ndistinct"),
	TYPE(3402, OTHER, 0, "pg_dependencies"),
	TYPE(3614, OTHER, 0, "tsvector"),
	TYPE(3615, OTHER, 0, "tsquery"),
	TYPE(3642, OTHER, 0, "gtsvector"),
	ARRAY(3643, 3614, 0, "tsvector[]"),
	ARRAY(3644, 3642, 0, "gtsvector[]"),
	ARRAY(3645, 3615, 0, "tsquery[]"),
	TYPE(3734, OTHER, 0, "regconfig"),
	ARRAY(3735, 3734, 0, "regconfig[]"),
	TYPE(3769, OTHER, 0, "regdictionary"),
	ARRAY(3770, 3769, 0, "regdictionary[]"),
	TYPE(3802, JSONB, 1, "jsonb"),
	ARRAY(3807, 3802, 1, "jsonb[]"),
	OVER(3904, RANGE, 23, 1, "int4range"),
	ARRAY(3905, 3904, 1, "int4range[]"),
	OVER(3906, RANGE, 1700, 1, "numrange"),
	ARRAY(3907, 3906, 1, "numrange[]"),
	OVER(3908, RANGE, 1114, 1, "tsrange"),
	ARRAY(3909, 3908, 1, "tsrange[]"),
	OVER(3910, RANGE, 1184, 1, "tstzrange"),
	ARRAY(3911, 3910, 1, "tstzrange[]"),
	OVER(3912, RANGE, 1082, 1, "daterange"),
	ARRAY(3913, 3912, 1, "daterange[]"),
	OVER(3926, RANGE, 20, 1, "int8range"),
	ARRAY(3927, 3926, 1, "int8range[]"),
	TYPE(4072, JSONB, 1, "jsonpath"),
	ARRAY(4073, 4072, 1, "jsonpath[]"),
	TYPE(4089, OTHER, 0, "regnamespace"),
	ARRAY(4090, 4089, 0, "regnamespace[]"),
	TYPE(4096, OTHER, 0, "regrole"),
	ARRAY(4097, 4096, 0, "regrole[]"),
	TYPE(4191, OTHER, 0, "regcollation"),
	ARRAY(4192, 4191, 0, "regcollation[]"),
	OVER(4451, MULTIRANGE, 3904, 1, "int4multirange"),
	OVER(4532, MULTIRANGE, 3906, 1, "nummultirange"),
	OVER(4533, MULTIRANGE, 3908, 1, "tsmultirange"),
	OVER(4534, MULTIRANGE, 3910, 1, "tstzmultirange"),
	OVER(4535, MULTIRANGE, 3912, 1, "datemultirange"),
	OVER(4536, MULTIRANGE, 3926, 1, "int8multirange"),
	TYPE(5017, OTHER, 0, "pg_mcv_list"),
	TYPE(5038, SNAPSHOT, 1, "pg_snapshot"),
	ARRAY(5039, 5038, 1, "pg_snapshot[]"),
	TYPE(5069, UINT8, 1, "xid8"),
	ARRAY(6150, 4451, 1, "int4multirange[]"),
	ARRAY(6151, 4532, 1, "nummultirange[]"),
	ARRAY(6152, 4533, 1, "tsmultirange[]"),
	ARRAY(6153, 4534, 1, "tstzmultirange[]"),
	ARRAY(6155, 4535, 1, "datemultirange[]"),
	ARRAY(6157, 4536, 1, "int8multirange[]"),
};

static int compare(const void *key, const void *element)
{
	const uint32_t oid = *(const uint32_t *) key;
	const struct wok__pg_type *type = element;

	return oid < type->oid ? -1 : oid > type->oid;
}

const struct wok__pg_type *wok__pg_builtin(uint32_t oid)
{
	return bsearch(&oid, builtin, sizeof(builtin) / sizeof(builtin[0]), sizeof(builtin[0]),
		       compare);
}

/* The array over an element; they are few, and only a parameter without a type asks. */
uint32_t wok__pg_builtin_array(uint32_t element)
{
	for (size_t i = 0; i < sizeof(builtin) / sizeof(builtin[0]); i++) {
		if (builtin[i].kind == WOK__PG_ARRAY && builtin[i].element == element &&
		    builtin[i].oid > 30)
			return builtin[i].oid;
	}
	return 0;
}
