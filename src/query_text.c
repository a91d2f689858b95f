/*
 * query_text.c
 *	  The query behind a call of a randpick function, as text and as parsed.
 *
 * It is
 *
 *		SELECT ROW(m.*)::s.m FROM s.m WHERE (filter)
 *		ORDER BY pg_catalog.random() LIMIT n
 *
 * with ROW(m.*) and not m, which would be a column if the table has one of its
 * own name; or with m.ctid in its place.
 *
 * The filter is text in the middle of text.  It cannot reach beyond its
 * parentheses: it has been parsed by itself as one expression, and the query's
 * WHERE is accepted only if it parsed to the same tree.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "compat.h"
#include "filter.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/parse_expr.h"
#include "parser/parser.h"
#include "query_ctid.h"
#include "query_text.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* The qualified name of a relation that can be picked from. */
static char *
relation_name(Oid relid, char **relname)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Form_pg_class form;
	char	   *schema;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", relid)));
	form = (Form_pg_class) GETSTRUCT(tuple);
	*relname = pstrdup(NameStr(form->relname));
	schema = get_namespace_name(form->relnamespace);

	switch (form->relkind)
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_MATVIEW:
		case RELKIND_VIEW:
		case RELKIND_FOREIGN_TABLE:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("cannot pick a random row of relation \"%s\"",
							*relname),
					 errdetail("It is neither a table, view, materialized view, nor foreign table.")));
	}
	ReleaseSysCache(tuple);
	return quote_qualified_identifier(schema, *relname);
}

/* A line break ends a comment that the filter may end with. */
char *
randpick_build_query(const RandpickCall *call, int64 limit)
{
	StringInfoData buf;
	char	   *relname;
	char	   *name = relation_name(call->relid, &relname);

	initStringInfo(&buf);
	if (call->wants_tid)
	{
		randpick_check_ctid_relation(call->relid, relname);
		appendStringInfo(&buf, "SELECT %s.ctid", quote_identifier(relname));
	}
	else
		appendStringInfo(&buf, "SELECT ROW(%s.*)::%s",
						 quote_identifier(relname), name);
	appendStringInfo(&buf, " FROM %s", name);
	if (call->filter != NULL)
		appendStringInfo(&buf, " WHERE (%s\n)", call->filter);
	appendStringInfo(&buf, " ORDER BY pg_catalog.random() LIMIT " INT64_FORMAT,
					 limit);
	return buf.data;
}

RawStmt *
randpick_parse_query(const RandpickCall *call, const char *query_string,
					 const char **text)
{
	Node	   *filter = NULL;
	RawStmt    *raw;

	if (call->filter != NULL)
	{
		*text = call->filter;
		filter = randpick_parse_filter(call->filter, call->nvalues);
	}

	*text = query_string;
	raw = linitial_node(RawStmt, raw_parser(query_string, RAW_PARSE_DEFAULT));
	if (!equal(castNode(SelectStmt, raw->stmt)->whereClause, filter))
		elog(ERROR, "filter \"%s\" has another meaning in parentheses",
			 call->filter);
	return raw;
}

/*
 * Return the settings that the parser looks at, as one number.  They are those of
 * scan.l and parse_expr.c; escape_string_warning only adds warnings.
 */
uint32
randpick_parser_settings(void)
{
	bool		escapes_quotes = backslash_quote == BACKSLASH_QUOTE_ON ||
		(backslash_quote == BACKSLASH_QUOTE_SAFE_ENCODING &&
		 !PG_ENCODING_IS_CLIENT_ONLY(pg_get_client_encoding()));

	return (randpick_strings_conform() ? 1 : 0) |
		(escapes_quotes ? 2 : 0) |
		(Transform_null_equals ? 4 : 0);
}

/*
 * Show where in the text at hand, filter or query, an error is; and how to tell
 * the type of a value that has none.
 */
static void
text_error_callback(void *arg)
{
	const char *text = *(const char **) arg;
	int			position = geterrposition();

	if (geterrcode() == ERRCODE_INDETERMINATE_DATATYPE)
		errhint("Cast it in the filter, as in \"$1::text\".");
	if (position > 0)
	{
		errposition(0);
		internalerrposition(position);
		internalerrquery(text);
	}
}

/*
 * Let errors be shown in *text, which may change meanwhile.  The caller pops
 * *callback from error_context_stack.
 */
void
randpick_push_text_context(ErrorContextCallback *callback, const char **text)
{
	callback->callback = text_error_callback;
	callback->arg = text;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}
