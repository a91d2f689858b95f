/*
 * query_literals.c
 *	  The literals of a filter that can mean something else another time.
 *
 * PostgreSQL reads a literal when it analyzes a query, by the input function of
 * the type that the context asks for, and keeps nothing but the value.  An input
 * function may look at settings (time zone, date style, ...), at catalogs (the
 * labels of an enum, the names of relations) and at the clock ('now').  So the
 * same literal may be another value in the next call.  No list tells what an
 * input function looks at, least of all that of a user's type; but a function
 * that looks at anything is not immutable.
 *
 * Therefore the literals of types whose input function is not immutable are read
 * again before a kept query is used again, and the query is given up if one of
 * them reads differently.  Nothing is lost for all other filters: they have no
 * such literal.
 *
 * A value in the query and the string constant in the parse tree that it was read
 * from have the same place in the text.  Values that come from a view, a rule or
 * a policy have no place.  They were read when it was created, for everybody.
 *
 * The planner reads literals, too: it puts the body of a simple SQL function in
 * place of its call.  For each such function it asks whether somebody wants to
 * hook it (needs_fmgr_hook), and this tells us.  If the body has a literal, the
 * plan is good for one call.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_language_d.h"
#include "catalog/pg_proc.h"
#include "fmgr.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_node.h"
#include "query_literals.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* A literal that is read by a function that is not immutable. */
typedef struct Literal
{
	char	   *text;
	const Const *value;			/* as in the query */
	Oid			input;
	Oid			ioparam;
} Literal;

/* A search for the literals of a query. */
typedef struct Search
{
	List	   *strings;		/* A_Const nodes of the parse tree */
	int			next;			/* of these, likely to be asked for next */
	List	   *literals;
	bool		is_complete;	/* no literal without its string constant */
} Search;

/* Collect the string constants of a parse tree; a tree walker. */
static bool
collect_strings(Node *node, Search *search)
{
	if (node == NULL)
		return false;
	if (IsA(node, A_Const))
	{
		A_Const    *constant = (A_Const *) node;

		if (!constant->isnull && IsA(&constant->val.node, String))
			search->strings = lappend(search->strings, constant);
		return false;
	}
	return raw_expression_tree_walker(node, collect_strings, search);
}

/*
 * Return the text of the string constant at a place of the query's text, or NULL
 * if there is none.  The search begins behind the last one found, since parse
 * tree and query have them in nearly the same order.
 */
static char *
find_string(Search *search, int location)
{
	int			n = list_length(search->strings);

	for (int i = 0; i < n; i++)
	{
		int			number = (search->next + i) % n;
		A_Const    *constant = list_nth_node(A_Const, search->strings, number);

		if (constant->location == location)
		{
			search->next = number + 1;
			return constant->val.sval.sval;
		}
	}
	return NULL;
}

/* Add a constant of the query if it is a literal that may read differently. */
static void
add_literal(Const *value, Search *search)
{
	Literal    *literal;
	Oid			input;
	Oid			ioparam;

	if (value->location < 0 || value->constisnull)
		return;
	getTypeInputInfo(value->consttype, &input, &ioparam);
	if (func_volatile(input) == PROVOLATILE_IMMUTABLE)
		return;

	literal = palloc(sizeof(Literal));
	literal->text = find_string(search, value->location);
	literal->value = value;
	literal->input = input;
	literal->ioparam = ioparam;
	search->literals = lappend(search->literals, literal);
	if (literal->text == NULL)
		search->is_complete = false;
}

/* Collect the literals of an analyzed query; a tree walker. */
static bool
collect_literals(Node *node, Search *search)
{
	if (node == NULL)
		return false;
	if (IsA(node, Const))
		add_literal((Const *) node, search);
	if (IsA(node, Query))
		return query_tree_walker((Query *) node, collect_literals, search, 0);
	return expression_tree_walker(node, collect_literals, search);
}

/* The query's memory goes, because the query is analyzed anew or dropped. */
static void
forget_literals(void *arg)
{
	RandpickLiterals *literals = arg;

	literals->source = NULL;
	literals->list = NIL;
}

/*
 * Find the literals of a query that is kept, unless they are known already.
 * *literals must live as long as *source.
 */
void
randpick_find_literals(RandpickLiterals *literals, CachedPlanSource *source)
{
	Search		search = {.is_complete = true};
	MemoryContext oldcxt;

	if (literals->source != NULL)
		return;

	oldcxt = MemoryContextSwitchTo(source->query_context);
	collect_strings(source->raw_parse_tree->stmt, &search);
	collect_literals((Node *) linitial_node(Query, source->query_list),
					 &search);
	list_free(search.strings);
	MemoryContextSwitchTo(oldcxt);

	literals->source = source;
	literals->list = search.literals;
	literals->are_complete = search.is_complete;
	literals->forget.func = forget_literals;
	literals->forget.arg = literals;
	MemoryContextRegisterResetCallback(source->query_context,
									   &literals->forget);
}

/* True if a literal reads as its value.  It is read as in coerce_type(). */
static bool
literal_holds(const Literal *literal)
{
	const Const *value = literal->value;
	Datum		now = OidInputFunctionCall(literal->input,
										   literal->text,
										   literal->ioparam,
										   value->consttypmod);

	if (value->constlen == -1)
		now = PointerGetDatum(PG_DETOAST_DATUM(now));
	return datumIsEqual(now, value->constvalue, value->constbyval,
						value->constlen);
}

/*
 * True if all literals read as their values.  An error in reading one is
 * reported with its position in the query's text.
 */
bool
randpick_literals_hold(const RandpickLiterals *literals)
{
	ListCell   *lc;

	foreach(lc, literals->list)
	{
		Literal    *literal = lfirst(lc);
		ParseState	pstate = {.p_sourcetext = literals->source->query_string};
		ParseCallbackState callback;
		bool		holds;

		setup_parser_errposition_callback(&callback, &pstate,
										  literal->value->location);
		holds = literal_holds(literal);
		cancel_parser_errposition_callback(&callback);
		if (!holds)
			return false;
	}
	return true;
}

/* where to tell of a function; NULL while nobody watches */
static bool *inlining_found = NULL;
static bool is_hooked = false;
static needs_fmgr_hook_type previous_needs_fmgr_hook = NULL;

/* True if there can be a string literal in a text of SQL.  $1 is none. */
static bool
may_have_literal(const char *sql)
{
	for (; *sql != '\0'; sql++)
	{
		if (*sql == '\'' || (*sql == '$' && !isdigit((unsigned char) sql[1])))
			return true;
	}
	return false;
}

/* True if it is an SQL function whose body is text that may have a literal. */
static bool
reads_literal(Oid function)
{
	HeapTuple	tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
	bool		result = false;

	if (!HeapTupleIsValid(tuple))
		return false;
	if (((Form_pg_proc) GETSTRUCT(tuple))->prolang == SQLlanguageId &&
		heap_attisnull(tuple, Anum_pg_proc_prosqlbody, NULL))
	{
		bool		isnull;
		Datum		source = SysCacheGetAttr(PROCOID, tuple,
											 Anum_pg_proc_prosrc, &isnull);

		result = isnull || may_have_literal(TextDatumGetCString(source));
	}
	ReleaseSysCache(tuple);
	return result;
}

/* needs_fmgr_hook */
static bool
notice_function(Oid function)
{
	if (inlining_found != NULL && !*inlining_found && reads_literal(function))
		*inlining_found = true;
	return previous_needs_fmgr_hook != NULL &&
		previous_needs_fmgr_hook(function);
}

/*
 * Watch the planner from now on: set *found to true when it puts a function with
 * a literal in place of its call.  Returns the watch that this one interrupts,
 * for randpick_end_watch(), which must be called after an error, too.
 */
bool *
randpick_watch_inlining(bool *found)
{
	bool	   *outer = inlining_found;

	/* for good, since others may come to call this hook from theirs */
	if (!is_hooked)
	{
		previous_needs_fmgr_hook = needs_fmgr_hook;
		needs_fmgr_hook = notice_function;
		is_hooked = true;
	}
	inlining_found = found;
	return outer;
}

/* End the watch, and go on with the outer one if there is one. */
void
randpick_end_watch(bool *outer)
{
	inlining_found = outer;
}
