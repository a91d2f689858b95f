/*-------------------------------------------------------------------------
 *
 * copy.c
 *	  a small copy of the table, whose rows can be told apart
 *
 * It is a temporary table made of whole pages from all over the original, with
 * a number added to each row.  What decides which rows come back is to be as it
 * is there:
 *
 * - Rows that the filter rejects lie among the others.
 * - As many rows share a page.  Where a page has space left, a row is put in
 *	 behind the others that takes it up, and all of these are deleted in the end.
 *	 (A page of the copy has a little less room for rows, because of the number.)
 * - It has the original's indexes.
 * - It has the original's partitions, if these are not too many.
 * - For a contender that probes for keys, it is a range of keys instead, with all
 *	 gaps as they are.
 * - It bears the original's name, so that a filter may use it.  (Hence the
 *	 original's goes by its schema here.)
 *
 * What gets lost are pages without rows, the order of the pages, what VACUUM has
 * not cleaned up, and that tables inherit from each other.
 *
 * With a filter the copy must be larger for enough rows to meet it, and each
 * pick takes longer, but fewer of them are needed.  Its size is chosen such that
 * a contender that reads all of it at each pick reads about as many rows in all,
 * whatever the filter.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "pqexpbuffer.h"

#include "copy.h"

#define COPY_ROWS		1000	/* size of the copy without a filter */
#define MIN_COPY_PAGES	5		/* but not less than so many pages */
#define MAX_COPY_PAGES	4000	/* nor more than so many, ... */
#define MAX_COPY_ROWS	50000	/* ... nor than so many rows */
#define MAX_PARTITIONS	100		/* of a table with more of them none is copied */
#define FIRST_KEYS		10
#define FILLER			"randpick_bench_filler"
#define PARTITION		"pg_temp.randpick_bench_part_"
#define MIN_FILLER		64		/* leave smaller holes alone */

/*
 * A key to begin a range with: the lowest of some, for the range not to be cut
 * off by the end of the table.
 */
static int64
choose_key(const Target *target)
{
	int64		lowest = PG_INT64_MAX;

	for (int i = 0; i < FIRST_KEYS && i < PQntuples(target->keys); i++)
	{
		int			row = (int) ((int64) i * PQntuples(target->keys) / FIRST_KEYS);

		lowest = Min(lowest, strtoi64(PQgetvalue(target->keys, row, 0), NULL, 10));
	}
	return lowest;
}

/* What follows FROM in the query that takes the rows to copy. */
static char *
choose_sample(const Target *target, const Options *options, CopyKind kind)
{
	double		selectivity = Max(1, target->matching) / Max(1, target->rows);
	double		wanted = Min(COPY_ROWS / sqrt(Min(1, selectivity)), MAX_COPY_ROWS);
	double		pages = Max(1.0, target->pages);
	double		share = Max(wanted / Max(1, target->rows), MIN_COPY_PAGES / pages);

	share = Min(share, MAX_COPY_PAGES / pages);
	if (kind == COPY_KEYS)
		return psprintf("%s AS original WHERE original.%s >= " INT64_FORMAT
						" ORDER BY original.%s LIMIT %d",
						target->qualified, target->key, choose_key(target),
						target->key, (int) wanted);
	if (kind == COPY_HEAD || share >= 1)
		return psprintf("%s AS original LIMIT %d", target->qualified,
						kind == COPY_PAGES ? MAX_COPY_ROWS : (int) wanted);
	return psprintf("%s AS original TABLESAMPLE SYSTEM (%g) REPEATABLE (" UINT64_FORMAT ") LIMIT %d",
					target->qualified, 100 * share, options->seed, MAX_COPY_ROWS);
}

/*
 * The statement that fills the copy.  In a CTE the rows are numbered as they
 * come, page by page, and each page gets a filler to end it, if there is room.
 * The size of a row is that of its tuple and line pointer, which has grown by
 * the number, both rounded up.
 */
static char *
write_insert(const Copy *copy, const Target *target, CopyKind kind, const char *sample)
{
	const char *place = target_has_pages(target)
		? "original.tableoid AS part, (original.ctid::pg_catalog.text::pg_catalog.point)[0] AS page"
		: "0 AS part, 0.0 AS page";

	return psprintf("WITH numbered AS MATERIALIZED ("
					" SELECT pg_catalog.row_number() OVER ()::pg_catalog.int4 AS n, r, part, page,"
					"  pg_catalog.pg_column_size(r) + 20 AS size"
					" FROM (SELECT original AS r, %s FROM %s) taken"
					"), pages AS ("
					" SELECT pg_catalog.max(n) AS n,"
					"  %d - pg_catalog.sum(size) - pg_catalog.max(size) AS room"
					" FROM numbered GROUP BY part, page"
					"), filled AS ("
					" SELECT n, r, false AS is_filler, NULL AS filler FROM numbered"
					" UNION ALL SELECT n, r, true, pg_catalog.repeat('x', room::pg_catalog.int4)"
					" FROM pages JOIN numbered USING (n) WHERE room > %d AND %s"
					") "
					"INSERT INTO %s SELECT CASE WHEN NOT is_filler THEN n END, (r).*, filler "
					"FROM filled ORDER BY n, is_filler",
					place, sample, target->block_size - 24 - 32, MIN_FILLER,
					kind == COPY_PAGES ? "true" : "false", copy->name);
}

/* Give the copy the indexes of the table, as far as that is possible. */
static bool
create_indexes(const Copy *copy, Session *session, const Target *target, char **error)
{
	PGresult   *res;

	res = session_query(session,
						"SELECT CASE WHEN i.indisunique THEN 'UNIQUE' ELSE '' END, "
						"pg_catalog.substr(d.def, pg_catalog.strpos(d.def, ' USING ')) "
						"FROM pg_catalog.pg_index i, pg_catalog.pg_get_indexdef(i.indexrelid) AS d(def) "
						"WHERE i.indrelid = $1::pg_catalog.regclass AND i.indisvalid",
						target->qualified, error);
	if (res == NULL)
		return false;
	for (int i = 0; i < PQntuples(res); i++)
	{
		char	   *sql = psprintf("CREATE %s INDEX ON %s %s", PQgetvalue(res, i, 0),
								   copy->name, PQgetvalue(res, i, 1));

		/* one that cannot be had, whatever the reason, does not matter */
		if (!session_command(session, sql, error))
			pg_free(*error);
		*error = NULL;
		pg_free(sql);
	}
	PQclear(res);
	return true;
}

/* Run a command and free it. */
static bool
run(Copy *copy, Session *session, char *sql)
{
	bool		ok = session_command(session, sql, &copy->error);

	pg_free(sql);
	return ok;
}

/* Run commands given by formats with the name, up to a NULL. */
static bool
run_all(Copy *copy, Session *session, const char *const *formats)
{
	bool		ok = true;

	for (; *formats != NULL && ok; formats++)
		ok = run(copy, session, psprintf(*formats, copy->name));
	return ok;
}

/*
 * The table's partitions, those of partitions behind them: oid, the table that
 * it is a partition of, bounds, and key if it is partitioned itself.  The first
 * row is the table itself, if it is partitioned and is to be copied as such.
 */
static PGresult *
find_partitions(Copy *copy, Session *session, const Target *target)
{
	PGresult   *res;

	res = session_query(session,
						"SELECT c.oid, CASE WHEN t.level > 1 THEN t.parentrelid::pg_catalog.oid END, "
						"pg_catalog.pg_get_expr(c.relpartbound, c.oid), "
						"CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_catalog.pg_get_partkeydef(c.oid) ELSE '' END "
						"FROM pg_catalog.pg_partition_tree($1::pg_catalog.regclass) t "
						"JOIN pg_catalog.pg_class c ON c.oid = t.relid "
						"WHERE EXISTS (SELECT FROM pg_catalog.pg_class r "
						"WHERE r.oid = $1::pg_catalog.regclass AND r.relkind = 'p') "
						"ORDER BY t.level, c.oid",
						target->qualified, &copy->error);
	if (res != NULL && PQntuples(res) > 1 + MAX_PARTITIONS)
	{
		PQclear(res);
		res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);
	}
	return res;
}

/* Make the copy, still empty. */
static bool
create(Copy *copy, Session *session, const Target *target)
{
	PGresult   *parts = find_partitions(copy, session, target);
	bool		ok;

	if (parts == NULL)
		return false;
	copy->is_partitioned = PQntuples(parts) > 0;
	ok = run(copy, session,
			 psprintf("CREATE TABLE %s (" ROW_NUMBER " pg_catalog.int4, LIKE %s, " FILLER " pg_catalog.text)%s",
					  copy->name, target->qualified,
					  copy->is_partitioned ? PQgetvalue(parts, 0, 3) : "")) &&
		run(copy, session,
			psprintf("ALTER TABLE %s ALTER COLUMN " FILLER " SET STORAGE PLAIN", copy->name));
	for (int i = 1; i < PQntuples(parts) && ok; i++)
	{
		bool		is_nested = !PQgetisnull(parts, i, 1);

		ok = run(copy, session,
				 psprintf("CREATE TABLE " PARTITION "%s PARTITION OF %s%s %s%s",
						  PQgetvalue(parts, i, 0),
						  is_nested ? PARTITION : copy->name,
						  is_nested ? PQgetvalue(parts, i, 1) : "",
						  PQgetvalue(parts, i, 2), PQgetvalue(parts, i, 3)));
	}
	PQclear(parts);
	return ok;
}

/* Fill the copy. */
static bool
fill(Copy *copy, Session *session, const Target *target, const Options *options,
	 CopyKind kind)
{
	static const char *const finish[] = {
		"DELETE FROM %s WHERE " ROW_NUMBER " IS NULL",
		"VACUUM %s",
		"ALTER TABLE %s ALTER COLUMN " ROW_NUMBER " SET NOT NULL",
		NULL
	};
	static const char *const analyze[] = {"ANALYZE %s", NULL};
	char	   *sample = choose_sample(target, options, kind);
	char	   *insert = write_insert(copy, target, kind, sample);
	bool		ok;

	/* what is unique in each partition need not be so in the table */
	ok = create(copy, session, target) &&
		run(copy, session, insert) &&
		run_all(copy, session, finish) &&
		run(copy, session, psprintf("CREATE %s INDEX ON %s (" ROW_NUMBER ")",
									copy->is_partitioned ? "" : "UNIQUE", copy->name)) &&
		create_indexes(copy, session, target, &copy->error) &&
		run_all(copy, session, analyze);
	pg_free(sample);
	return ok;
}

/*
 * Find out where each row is, and whether it meets the filter.  The rows of a
 * page follow each other here, whatever their numbers are.
 */
static bool
inspect(Copy *copy, Session *session, const Target *target)
{
	char	   *sql = psprintf("SELECT " ROW_NUMBER ", (ctid::pg_catalog.text::pg_catalog.point)[0], "
							   "(ctid::pg_catalog.text::pg_catalog.point)[1], "
							   "pg_catalog.pg_relation_size(tableoid) / %d, "
							   "(%s\n) IS TRUE, tableoid "
							   "FROM %s ORDER BY 6, 2, 3",
							   target->block_size,
							   target->filter ? target->filter : "true", copy->name);
	PGresult   *res = session_query(session, sql, NULL, &copy->error);
	int			block = -1;
	Oid			part = InvalidOid;

	pg_free(sql);
	if (res == NULL)
		return false;

	copy->nrows = PQntuples(res);
	copy->rows = pg_malloc0((copy->nrows + 1) * sizeof(CopyRow));
	for (int i = 0; i < copy->nrows; i++)
	{
		CopyRow    *row = &copy->rows[atoi(PQgetvalue(res, i, 0))];

		if (atooid(PQgetvalue(res, i, 5)) != part)
		{
			part = atooid(PQgetvalue(res, i, 5));
			block = -1;
			copy->blocks += atoi(PQgetvalue(res, i, 3));
		}
		row->matches = PQgetvalue(res, i, 4)[0] == 't';
		if (!row->matches)
			continue;

		if (atoi(PQgetvalue(res, i, 1)) != block)
			copy->npages++;
		block = atoi(PQgetvalue(res, i, 1));
		row->page = copy->npages - 1;
		row->place = atoi(PQgetvalue(res, i, 2));
		copy->max_place = Max(copy->max_place, row->place);
		copy->nmatching++;
	}
	PQclear(res);
	return true;
}

/* The same, from some rows of the table. */
static bool
try_kind(Copy *copy, Session *session, const Target *target, const Options *options,
	CopyKind kind)
{
	return fill(copy, session, target, options, kind) &&
		inspect(copy, session, target);
}

/*
 * Make the copy.  Returns false, with the reason in it, if that fails.
 *
 * Limits that are set for applications, and for what is to be measured, do not
 * hold for this: that a statement must not take long, nor write.
 */
bool
copy_make(Copy *copy, Session *session, const Target *target,
		  const Options *options, CopyKind kind)
{
	if (kind == COPY_PAGES && !target_has_pages(target))
		kind = COPY_HEAD;
	memset(copy, 0, sizeof(Copy));
	copy->name = psprintf("pg_temp.%s", target->relname);
	if (!session_command(session, "SET statement_timeout = 0; "
						 "SET default_transaction_read_only = off", &copy->error) ||
		!try_kind(copy, session, target, options, kind))
		return false;

	/* a sample of few pages may have come out empty */
	if (copy->nrows == 0 && kind == COPY_PAGES)
	{
		pg_free(copy->rows);
		copy->blocks = 0;
		if (!run(copy, session, psprintf("DROP TABLE %s", copy->name)) ||
			!try_kind(copy, session, target, options, COPY_HEAD))
			return false;
	}
	return session_command(session, "RESET statement_timeout; "
						   "RESET default_transaction_read_only", &copy->error);
}

void
copy_free(Copy *copy)
{
	pg_free(copy->name);
	pg_free(copy->rows);
	pg_free(copy->error);
}
