/*-------------------------------------------------------------------------
 *
 * contenders.c
 *	  the ways of picking a random row, as data
 *
 * Each is written as an application would send it, and is given its best
 * honest chance.  That concerns above all tablesample-system, whose user must
 * choose a percentage: see choose_percent() in template.c.
 *
 * A contender gets connections of its own, so that the settings of one do not
 * leak into another.  What must hold for it to apply is partly written here
 * (the extension, the key), and partly left to the server, which refuses, say,
 * to sample a view: whatever fails before the first row has been picked makes
 * the contender a skipped one, with the server's words as the reason.
 *
 * To measure which rows can come back, the same statements run on a copy of
 * some of the table's rows, in which the rows are numbered; only {columns}
 * changes, from * to the number.  See fairness.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "pqexpbuffer.h"

#include "contenders.h"

/* On a small copy the planner rightly prefers to sort. */
#define FORCE_RANDPICK	"SET randpick.order_by_random = force"

/* Whoever may call a function of the extension's may load its library so. */
#define LOAD_BY_CALL \
	"DO 'BEGIN PERFORM {schema}.randpick(''pg_catalog.pg_am''); END'"

/*
 * Load it where it is not loaded yet: as everybody may, if the extension is
 * installed, or else as a superuser may.
 */
#define LOAD_RANDPICK \
	"DO $$ DECLARE" \
	"  schema text := (SELECT n.nspname FROM pg_catalog.pg_extension e" \
	"                  JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace" \
	"                  WHERE e.extname = 'randpick'); " \
	"BEGIN" \
	"  IF EXISTS (SELECT FROM pg_catalog.pg_settings" \
	"             WHERE name = 'randpick.order_by_random') THEN" \
	"    RETURN;" \
	"  ELSIF schema IS NOT NULL THEN" \
	"    EXECUTE pg_catalog.format('SELECT %I.randpick(''pg_catalog.pg_am'')', schema);" \
	"  ELSE" \
	"    LOAD 'randpick';" \
	"  END IF; " \
	"END $$"

/* A query that sorts by random(), as PostgreSQL runs it and with randpick. */
#define ORDER_BY_RANDOM(name_, description_, sql, ...) \
	{ \
		.name = name_, \
		.description = description_, \
		.is_exact = true, \
		.setup = {"SET randpick.order_by_random = off"}, \
		.pick = "SELECT {columns} FROM {table}{where} " sql, \
		__VA_ARGS__ \
	}, \
	{ \
		.name = name_ "+randpick", \
		.description = "the same with randpick loaded", \
		.is_exact = true, \
		.setup = {LOAD_RANDPICK, "SET randpick.order_by_random = auto"}, \
		.pick = "SELECT {columns} FROM {table}{where} " sql, \
		.reach_setup = FORCE_RANDPICK, \
		__VA_ARGS__ \
	}

/* randpick from one of its sources. */
#define FROM_SOURCE(method, description_) \
	{ \
		.name = "randpick-" method, \
		.description = description_, \
		.on_request = true, \
		.is_exact = true, \
		.setup = {LOAD_BY_CALL, "SET randpick.method = " method}, \
		RANDPICK_ROWS \
	}

#define RANDPICK_ROWS \
	.extension = "randpick", \
	.pick = "SELECT {columns} FROM {schema}.randpick_row(NULL::{table}{filter})", \
	.pick_rows = "SELECT {columns} FROM {schema}.randpick_rows(NULL::{table}, {rows}{filter})", \
	.reach_setup = FORCE_RANDPICK

/* So many keys are tried for a row, in the hope to hit one that exists. */
#define PROBES	"{rows} + 30"

/* On a small copy the planner would join in the order of the table. */
#define KEEP_ORDER	"SET enable_hashjoin = off; SET enable_mergejoin = off"

/* What a key is drawn from. */
#define KEY_BOUNDS \
	"SELECT pg_catalog.min({key}) AS low, pg_catalog.max({key}) - pg_catalog.min({key}) + 1 AS span FROM {table}"

const Contender contenders[] = {
	{
		.name = "select-1",
		.description = "floor: a query that touches no table",
		.is_floor = true,
		.pick = "SELECT 1",
	},
	{
		.name = "primary-key",
		.description = "floor: looks rows up by their primary key, in one query",
		.is_floor = true,
		.is_base = true,
		.key = KEY_ANY,
		.pick = "SELECT * FROM {table} WHERE {key} = {param}",
		.param = PARAM_KEY,
	},
	ORDER_BY_RANDOM("order-by-random", "ORDER BY random() LIMIT, as PostgreSQL runs it by itself",
					"ORDER BY random() LIMIT {rows}",.param = PARAM_NONE),
	{
		.name = "count-offset",
		.description = "count(*), then OFFSET a random number: two queries",
		.is_exact = true,
		.one_row = true,
		.count = "SELECT count(*) FROM {table}{where}",
		.pick = "SELECT {columns} FROM {table}{where} OFFSET {param} LIMIT 1",
		.param = PARAM_OFFSET,
	},
	{
		.name = "tablesample-system",
		.description = "TABLESAMPLE SYSTEM of about 100 times the rows wanted, LIMIT",
		.pick = "SELECT {columns} FROM {table} TABLESAMPLE SYSTEM ({percent}){where} LIMIT {rows}",
	},
	{
		.name = "tablesample-bernoulli",
		.description = "TABLESAMPLE BERNOULLI of as many rows, LIMIT",
		.pick = "SELECT {columns} FROM {table} TABLESAMPLE BERNOULLI ({percent}){where} LIMIT {rows}",
	},
	{
		.name = "system-rows",
		.description = "TABLESAMPLE SYSTEM_ROWS, of contrib/tsm_system_rows",
		.extension = "tsm_system_rows",
		.pick = "SELECT {columns} FROM {table} TABLESAMPLE {schema}.system_rows({rows}){where}",
	},
	{
		.name = "system-time",
		.description = "TABLESAMPLE SYSTEM_TIME of 1 ms, LIMIT, of contrib/tsm_system_time",
		.extension = "tsm_system_time",
		.pick = "SELECT {columns} FROM {table} TABLESAMPLE {schema}.system_time(1){where} LIMIT {rows}",
	},
	{
		.name = "id-probe",
		.description = "the first rows whose key is not below a random number",
		.key = KEY_INTEGER,
		.probes_keys = true,
		.pick = "SELECT {columns} FROM {table} WHERE {key} >= ("
		"SELECT low + pg_catalog.floor(pg_catalog.random() * span)::bigint FROM (" KEY_BOUNDS ") bounds)"
		"{and} ORDER BY {key} LIMIT {rows}",
	},
	{
		.name = "uuid-probe",
		.description = "the first rows whose key is not below a random UUID",
		.key = KEY_UUID_TYPE,
		.pick = "SELECT {columns} FROM {table} WHERE {key} >= (SELECT pg_catalog.gen_random_uuid())"
		"{and} ORDER BY {key} LIMIT {rows}",
	},
	{
		.name = "recursive-id",
		.description = "random keys by a recursive CTE until enough of them exist",
		.key = KEY_INTEGER,
		.probes_keys = true,
		.pick = "WITH RECURSIVE bounds AS (" KEY_BOUNDS "), picked AS ("
		"SELECT {table}.* FROM (SELECT low + pg_catalog.trunc(pg_catalog.random() * span)::bigint AS probe "
		"FROM bounds, pg_catalog.generate_series(1, " PROBES ")) probes "
		"JOIN {table} ON {table}.{key} = probe{where} "
		"UNION SELECT {table}.* FROM (SELECT low + pg_catalog.trunc(pg_catalog.random() * span)::bigint AS probe "
		"FROM bounds, picked LIMIT " PROBES ") probes "
		"JOIN {table} ON {table}.{key} = probe{where}) "
		"SELECT {columns} FROM picked LIMIT {rows}",
		.reach_setup = KEEP_ORDER,
	},
	{
		.name = "randpick",
		.description = "randpick_row(), or randpick_rows() for several",
		.is_exact = true,
		RANDPICK_ROWS,
	},
	FROM_SOURCE("heap", "the same from the table's own pages"),
	FROM_SOURCE("leaf", "the same from the leaf pages of an index"),
	FROM_SOURCE("range", "the same from the part of an index that the filter names"),
	FROM_SOURCE("deal", "the same by reading all rows, as when racing does not pay"),
	{
		.name = "randpick-rows",
		.description = "randpick_rows(), also for a single row",
		.on_request = true,
		.is_exact = true,
		.extension = "randpick",
		.pick = "SELECT {columns} FROM {schema}.randpick_rows(NULL::{table}, {rows}{filter})",
		.reach_setup = FORCE_RANDPICK,
	},
	{
		.name = "randpick-record",
		.description = "randpick(), which returns the row as one value",
		.is_exact = true,
		.one_row = true,
		.extension = "randpick",
		.pick = "SELECT {schema}.randpick({name}{filter})",
		.null_is_none = true,
		.reach_setup = FORCE_RANDPICK,
		.reach_pick = "SELECT pg_catalog.to_jsonb({schema}.randpick({name}{filter})) -> '{columns}'",
	},
	{
		.name = "tablesample-randpick",
		.description = "TABLESAMPLE randpick, which samples before the filter",
		.on_request = true,
		.extension = "randpick",
		.pick = "SELECT {columns} FROM {table} TABLESAMPLE {schema}.randpick({rows}){where}",
	},
	ORDER_BY_RANDOM("django", "what Django sends for order_by('?')[:k]",
					"ORDER BY RANDOM() ASC LIMIT {rows}",.on_request = true),
	ORDER_BY_RANDOM("rails", "what Rails sends for order('RANDOM()').limit(k)",
					"ORDER BY RANDOM() LIMIT {param}",.on_request = true,.param = PARAM_ROWS),
	ORDER_BY_RANDOM("laravel", "what Laravel sends for inRandomOrder()->limit(k)",
					"order by RANDOM() limit {rows}",.on_request = true),
	ORDER_BY_RANDOM("sqlalchemy", "what SQLAlchemy sends for order_by(func.random()).limit(k)",
					"ORDER BY random() LIMIT {param}::INTEGER",.on_request = true,.param = PARAM_ROWS),
	ORDER_BY_RANDOM("hibernate", "what Hibernate sends for order by random() and setMaxResults(k)",
					"order by random() fetch first {param} rows only",.on_request = true,.param = PARAM_ROWS),
};

const int	ncontenders = lengthof(contenders);

/* The index of the contender in contenders[], or -1. */
int
find_contender(const char *name)
{
	for (int i = 0; i < ncontenders; i++)
	{
		if (strcmp(contenders[i].name, name) == 0)
			return i;
	}
	return -1;
}

/* All names, separated by commas, as a new string. */
char *
contender_names(void)
{
	PQExpBufferData names;

	initPQExpBuffer(&names);
	for (int i = 0; i < ncontenders; i++)
		appendPQExpBuffer(&names, "%s%s", i > 0 ? ", " : "", contenders[i].name);
	return names.data;
}
