/*-------------------------------------------------------------------------
 *
 * contenders.c
 *	  the ways of picking a random row, as data
 *
 * Each is written as an application would send it, and is given its best
 * honest chance.  That concerns above all tablesample-system, whose user must
 * choose a percentage: see choose_percent() in picker.c.
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

#include <stddef.h>

#include "pqexpbuffer.h"

#include "contenders.h"

/* On a small copy the planner rightly prefers to sort. */
#define FORCE_RANDPICK	"SET randpick.order_by_random = force"

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
		.description = "floor: looks a row up by its primary key",
		.is_floor = true,
		.pick = "SELECT * FROM {table} WHERE {key} = $1",
		.param = PARAM_KEY,
	},
	{
		.name = "order-by-random",
		.description = "ORDER BY random() LIMIT 1, as PostgreSQL runs it by itself",
		.setup = {"SET randpick.order_by_random = off"},
		.pick = "SELECT {columns} FROM {table}{where} ORDER BY random() LIMIT 1",
	},
	{
		.name = "count-offset",
		.description = "count(*), then OFFSET a random number: two queries",
		.count = "SELECT count(*) FROM {table}{where}",
		.pick = "SELECT {columns} FROM {table}{where} OFFSET $1 LIMIT 1",
		.param = PARAM_OFFSET,
	},
	{
		.name = "tablesample-system",
		.description = "TABLESAMPLE SYSTEM of about 100 matching rows, LIMIT 1",
		.pick = "SELECT {columns} FROM {table} TABLESAMPLE SYSTEM ({percent}){where} LIMIT 1",
	},
	{
		.name = "system-rows",
		.description = "TABLESAMPLE SYSTEM_ROWS(1), of contrib/tsm_system_rows",
		.extension = "tsm_system_rows",
		.pick = "SELECT {columns} FROM {table} TABLESAMPLE {schema}.system_rows(1){where}",
	},
	{
		.name = "randpick",
		.description = "randpick_row(), which returns the row's columns",
		.extension = "randpick",
		.pick = "SELECT {columns} FROM {schema}.randpick_row(NULL::{table}{filter})",
		.reach_setup = FORCE_RANDPICK,
	},
	{
		.name = "randpick-record",
		.description = "randpick(), which returns the row as one value",
		.extension = "randpick",
		.pick = "SELECT {schema}.randpick({name}{filter})",
		.null_is_none = true,
		.reach_setup = FORCE_RANDPICK,
		.reach_pick = "SELECT pg_catalog.to_jsonb({schema}.randpick({name}{filter})) -> '{columns}'",
	},
	{
		.name = "order-by-random+randpick",
		.description = "ORDER BY random() LIMIT 1 with randpick loaded",
		.setup = {LOAD_RANDPICK, "SET randpick.order_by_random = auto"},
		.pick = "SELECT {columns} FROM {table}{where} ORDER BY random() LIMIT 1",
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

/*
 * The template, as a new string, with each placeholder replaced.  A brace that
 * does not begin one stands for itself.
 */
char *
expand_sql(const char *template, const SqlNames *names)
{
	const struct
	{
		const char *placeholder;
		const char *value;
	}			values[] = {
		{"{columns}", names->columns},
		{"{table}", names->table},
		{"{name}", names->name},
		{"{where}", names->where},
		{"{filter}", names->filter},
		{"{key}", names->key},
		{"{percent}", names->percent},
		{"{schema}", names->schema},
	};
	PQExpBufferData sql;

	initPQExpBuffer(&sql);
	while (*template != '\0')
	{
		size_t		length = 0;

		for (size_t i = 0; i < lengthof(values) && length == 0; i++)
		{
			size_t		n = strlen(values[i].placeholder);

			if (values[i].value != NULL &&
				strncmp(template, values[i].placeholder, n) == 0)
			{
				appendPQExpBufferStr(&sql, values[i].value);
				length = n;
			}
		}
		if (length == 0)
		{
			appendPQExpBufferChar(&sql, *template);
			length = 1;
		}
		template += length;
	}
	return sql.data;
}
