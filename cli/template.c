/*-------------------------------------------------------------------------
 *
 * template.c
 *	  SQL with placeholders, and what they stand for
 *
 * The contenders' statements are the same for every table, so they are written
 * with placeholders: {table}, {where} and so on, see SqlNames.  A brace that
 * does not begin a known one stands for itself, as in an array literal.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "fe_utils/string_utils.h"

#include "template.h"

/*
 * The percentage for TABLESAMPLE SYSTEM, which takes whole pages.
 *
 * The usual advice is to choose one that gives some rows nearly always and
 * not too many.  This is one that can be expected to give 100 times the rows
 * wanted, and 3 pages, which leaves one call in 20 without a page.  It is
 * better than users can do who do not know how many rows meet the filter.
 */
static double
choose_percent(int rows, double matching, double pages)
{
	double		share = Max(100.0 * rows / Max(1, matching), 3 / Max(1, pages));

	return 100 * Min(1, share);
}

/*
 * What the placeholders mean for a table, or the copy of one, that has so many
 * matching rows on so many pages.  The key and the schema are left NULL.
 */
void
sql_names_init(SqlNames *names, Session *session, const char *table,
			   const char *filter, int rows, double matching, double pages)
{
	PQExpBufferData buf;

	initPQExpBuffer(&buf);
	memset(names, 0, sizeof(SqlNames));
	names->columns = pg_strdup("*");
	names->table = pg_strdup(table);
	names->rows = psprintf("%d", rows);

	appendStringLiteralConn(&buf, table, session->conn);
	names->name = pg_strdup(buf.data);

	/* the filter may end in a comment */
	resetPQExpBuffer(&buf);
	if (filter != NULL)
		appendPQExpBuffer(&buf, " WHERE (%s\n)", filter);
	names->where = pg_strdup(buf.data);

	resetPQExpBuffer(&buf);
	if (filter != NULL)
		appendPQExpBuffer(&buf, " AND (%s\n)", filter);
	names->and = pg_strdup(buf.data);

	resetPQExpBuffer(&buf);
	if (filter != NULL)
	{
		appendPQExpBufferStr(&buf, ", ");
		appendStringLiteralConn(&buf, filter, session->conn);
	}
	names->filter = pg_strdup(buf.data);

	names->percent = psprintf("%g", choose_percent(rows, matching, pages));
	termPQExpBuffer(&buf);
}

void
sql_names_free(SqlNames *names)
{
	pg_free(names->columns);
	pg_free(names->table);
	pg_free(names->name);
	pg_free(names->where);
	pg_free(names->and);
	pg_free(names->filter);
	pg_free(names->key);
	pg_free(names->rows);
	pg_free(names->percent);
	pg_free(names->schema);
}

/* The template, as a new string, with each placeholder replaced. */
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
		{"{and}", names->and},
		{"{filter}", names->filter},
		{"{key}", names->key},
		{"{rows}", names->rows},
		{"{percent}", names->percent},
		{"{schema}", names->schema},
		{"{param}", names->param},
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
