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
 * changes, from * to the number.  See reach.c.
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

/* What the contenders that differ by their source have in common. */
#define RANDPICK_ROWS \
	.extension = "randpick", \
	.pick = "SELECT {columns} FROM {schema}.randpick_row(NULL::{table}{filter})", \
	.pick_rows = "SELECT {columns} FROM {schema}.randpick_rows(NULL::{table}, {rows}{filter})", \
	.reach_setup = FORCE_RANDPICK

/* A function of the extension's may have loaded the library already. */
#define LOAD_RANDPICK \
	"DO $$ BEGIN" \
	"  IF NOT EXISTS (SELECT FROM pg_catalog.pg_settings" \
	"                 WHERE name = 'randpick.order_by_random') THEN" \
	"    LOAD 'randpick';" \
	"  END IF; " \
	"END $$"

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
		.pick = "SELECT * FROM {table} WHERE {key} = {param}",
		.param = PARAM_KEY,
	},
	{
		.name = "order-by-random",
		.description = "ORDER BY random() LIMIT, as PostgreSQL runs it by itself",
		.setup = {"SET randpick.order_by_random = off"},
		.pick = "SELECT {columns} FROM {table}{where} ORDER BY random() LIMIT {rows}",
	},
	{
		.name = "count-offset",
		.description = "count(*), then OFFSET a random number: two queries",
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
		.name = "system-rows",
		.description = "TABLESAMPLE SYSTEM_ROWS, of contrib/tsm_system_rows",
		.extension = "tsm_system_rows",
		.pick = "SELECT {columns} FROM {table} TABLESAMPLE {schema}.system_rows({rows}){where}",
	},
	{
		.name = "randpick",
		.description = "randpick_row(), or randpick_rows() for several",
		RANDPICK_ROWS,
	},
	{
		.name = "randpick-heap",
		.on_request = true,
		.description = "the same from the table's own pages",
		.setup = {LOAD_BY_CALL, "SET randpick.method = heap"},
		RANDPICK_ROWS,
	},
	{
		.name = "randpick-leaf",
		.on_request = true,
		.description = "the same from the leaf pages of an index",
		.setup = {LOAD_BY_CALL, "SET randpick.method = leaf"},
		RANDPICK_ROWS,
	},
	{
		.name = "randpick-range",
		.on_request = true,
		.description = "the same from the part of an index that the filter names",
		.setup = {LOAD_BY_CALL, "SET randpick.method = range"},
		RANDPICK_ROWS,
	},
	{
		.name = "randpick-deal",
		.on_request = true,
		.description = "the same by reading all rows, as when racing does not pay",
		.setup = {LOAD_BY_CALL, "SET randpick.method = deal"},
		RANDPICK_ROWS,
	},
	{
		.name = "randpick-record",
		.description = "randpick(), which returns the row as one value",
		.one_row = true,
		.extension = "randpick",
		.pick = "SELECT {schema}.randpick({name}{filter})",
		.null_is_none = true,
		.reach_setup = FORCE_RANDPICK,
		.reach_pick = "SELECT pg_catalog.to_jsonb({schema}.randpick({name}{filter})) -> '{columns}'",
	},
	{
		.name = "order-by-random+randpick",
		.description = "ORDER BY random() LIMIT with randpick loaded",
		.setup = {LOAD_RANDPICK, "SET randpick.order_by_random = auto"},
		.pick = "SELECT {columns} FROM {table}{where} ORDER BY random() LIMIT {rows}",
		.reach_setup = FORCE_RANDPICK,
	},
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
