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
 * own name.
 *
 * The filter is text in the middle of text.  It cannot reach beyond its
 * parentheses: it has been parsed by itself as one expression, and the query's
 * WHERE is accepted only if it parsed to the same tree.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "filter.h"
#include "lib/stringinfo.h"
#include "parser/parser.h"
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
	appendStringInfo(&buf, "SELECT ROW(%s.*)::%s FROM %s",
					 quote_identifier(relname), name, name);
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
