/*
 * functions.c
 *	  The functions that SQL calls: arguments in, rows out.
 *
 * Nothing is picked here.  A call becomes a planned query (query.c), the
 * executor runs it, and its one column is the result.  So a function does
 * what the query in its place would do, with the caller's privileges and row
 * security; and it sees what the calling statement sees, because it runs
 * under that statement's snapshot.
 *
 * Every function has four forms in SQL: (table), (table, filter), and with
 * values for the filter's parameters, VARIADIC "any" or VARIADIC text[].  The
 * last one is what a driver gets that sends values without a type: the parser
 * cannot pass them to "any", but takes them for text.  Values that come as
 * text are read as the type that the filter's context asks for, in both.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type_d.h"
#include "compat.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "funcapi.h"
#include "query.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(randpick_ctid);
PG_FUNCTION_INFO_V1(randpick_record);
PG_FUNCTION_INFO_V1(randpick_record_by_name);
PG_FUNCTION_INFO_V1(randpick_row);
PG_FUNCTION_INFO_V1(randpick_rows);

/* Where the rows of the query go: the last one here, or all into a store. */
typedef struct RowReceiver
{
	DestReceiver pub;
	MemoryContext cxt;			/* for value */
	Datum		value;			/* received, if any was: composite or TID */
	bool		received;
	Tuplestorestate *store;		/* or NULL */
	TupleDesc	store_desc;		/* what its reader takes the rows for */
} RowReceiver;

static bool
receive_row(TupleTableSlot *slot, DestReceiver *self)
{
	RowReceiver *receiver = (RowReceiver *) self;
	bool		isnull;
	Datum		value = slot_getattr(slot, 1, &isnull);

	receiver->received = true;
	if (receiver->store != NULL)
	{
		HeapTupleHeader row = DatumGetHeapTupleHeader(value);
		HeapTupleData tuple = {0};

		tuple.t_len = HeapTupleHeaderGetDatumLength(row);
		tuple.t_data = row;
		tuplestore_puttuple(receiver->store, &tuple);
	}
	else
	{
		Form_pg_attribute column = TupleDescAttr(slot->tts_tupleDescriptor, 0);
		MemoryContext oldcxt = MemoryContextSwitchTo(receiver->cxt);

		receiver->value = datumCopy(value, column->attbyval, column->attlen);
		MemoryContextSwitchTo(oldcxt);
	}
	return true;
}

/* Can rows of one description be read by the other one? */
static bool
has_same_columns(TupleDesc a, TupleDesc b)
{
	if (a->natts != b->natts)
		return false;
	for (int i = 0; i < a->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(a, i);
		Form_pg_attribute other = TupleDescAttr(b, i);

		/* a column that was dropped still takes its place */
		if (column->atttypid != other->atttypid ||
			column->attisdropped != other->attisdropped ||
			column->attlen != other->attlen ||
			column->attbyval != other->attbyval ||
			column->attalign != other->attalign)
			return false;
	}
	return true;
}

/*
 * The calling query began to run before this call had its lock on the table.
 * If the table was altered in between, rows are not what that query takes them
 * for.
 */
static void
receiver_startup(DestReceiver *self, int operation, TupleDesc desc)
{
	RowReceiver *receiver = (RowReceiver *) self;
	Oid			rowtype = TupleDescAttr(desc, 0)->atttypid;
	TupleDesc	row_desc;

	if (receiver->store == NULL)
		return;
	row_desc = lookup_rowtype_tupdesc(rowtype, -1);
	if (!has_same_columns(row_desc, receiver->store_desc))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("row type %s was altered after the query had begun",
						format_type_be(rowtype)),
				 errhint("Run the query again.")));
	ReleaseTupleDesc(row_desc);
}

static void
receiver_shutdown(DestReceiver *self)
{
}

/* With or without a place where a set of rows is returned. */
static void
init_receiver(RowReceiver *receiver, ReturnSetInfo *set)
{
	memset(receiver, 0, sizeof(RowReceiver));
	receiver->pub.receiveSlot = receive_row;
	receiver->pub.rStartup = receiver_startup;
	receiver->pub.rShutdown = receiver_shutdown;
	receiver->pub.rDestroy = receiver_shutdown;
	receiver->pub.mydest = DestNone;
	receiver->cxt = CurrentMemoryContext;
	if (set != NULL)
	{
		receiver->store = set->setResult;
		receiver->store_desc = set->setDesc;
	}
}

/* Plan and run the query of a call, for up to nrows rows. */
static void
run_call(const RandpickCall *call, uint64 nrows, RowReceiver *receiver)
{
	const char *query_string;
	ParamListInfo params;
	CachedPlan *plan;
	QueryDesc  *query;

	PushActiveSnapshot(ActiveSnapshotSet() ? GetActiveSnapshot() :
					   GetTransactionSnapshot());
	plan = randpick_query_plan(call, &query_string, &params);
	query = CreateQueryDesc(linitial_node(PlannedStmt, plan->stmt_list),
							query_string, GetActiveSnapshot(),
							InvalidSnapshot, &receiver->pub, params, NULL, 0);
	ExecutorStart(query, 0);

	/* zero would mean all rows to the executor */
	if (nrows > 0)
		randpick_executor_run(query, nrows);
	ExecutorFinish(query);
	ExecutorEnd(query);
	FreeQueryDesc(query);
	ReleaseCachedPlan(plan, CurrentResourceOwner);
	PopActiveSnapshot();
}

/* The filter and its values: arguments from number arg on, if there are any. */
static void
get_filter(FunctionCallInfo fcinfo, int arg, RandpickCall *call)
{
	Datum	   *values = NULL;
	Oid		   *types = NULL;
	bool	   *nulls = NULL;

	if (PG_NARGS() <= arg)
		return;
	if (PG_ARGISNULL(arg))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("filter must not be null"),
				 errhint("Leave the filter out to pick from all rows.")));
	call->filter = text_to_cstring(PG_GETARG_TEXT_PP(arg));

	if (PG_NARGS() <= arg + 1)
		return;
	call->nvalues = extract_variadic_args(fcinfo, arg + 1, false,
										  &values, &types, &nulls);
	if (call->nvalues < 0)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("array of values must not be null")));
	for (int i = 0; i < call->nvalues; i++)
	{
		/* both, since a varchar is taken for text if all values are */
		if (types[i] != TEXTOID && types[i] != VARCHAROID)
			continue;
		types[i] = UNKNOWNOID;
		if (!nulls[i])
			values[i] = CStringGetDatum(TextDatumGetCString(values[i]));
	}
	call->values = values;
	call->types = types;
	call->nulls = nulls;
}

/* The relation whose row type the first argument has; its value is ignored. */
static Oid
get_rowtype_relation(FunctionCallInfo fcinfo)
{
	Oid			type = get_fn_expr_argtype(fcinfo->flinfo, 0);
	Oid			relid = OidIsValid(type) ? get_typ_typrelid(type) : InvalidOid;

	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 OidIsValid(type) ?
				 errmsg("type %s is not the row type of a table",
						format_type_be(type)) :
				 errmsg("could not determine the row type of the table"),
				 errhint("Name the table as NULL::table_name.")));
	return relid;
}

/* The one value of a call whose table is the first argument, by name. */
static Datum
return_value(FunctionCallInfo fcinfo, bool wants_tid)
{
	RandpickCall call = {.wants_tid = wants_tid, .limit = 1};
	RowReceiver receiver;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("relation must not be null")));
	call.relid = PG_GETARG_OID(0);
	get_filter(fcinfo, 1, &call);

	init_receiver(&receiver, NULL);
	run_call(&call, 1, &receiver);
	if (!receiver.received)
		PG_RETURN_NULL();
	PG_RETURN_DATUM(receiver.value);
}

/* randpick(regclass [, filter [, values...]]) */
Datum
randpick_record(PG_FUNCTION_ARGS)
{
	return return_value(fcinfo, false);
}

/*
 * randpick(text).  With the handler of TABLESAMPLE beside it, the parser can
 * only find this one for a table's name as a literal or untyped parameter.
 */
Datum
randpick_record_by_name(PG_FUNCTION_ARGS)
{
	LOCAL_FCINFO(call, 1);
	Datum		result;

	/* a copy: the executor puts a constant into its own only once */
	memcpy(call, fcinfo, SizeForFunctionCallInfo(1));
	if (!PG_ARGISNULL(0))
	{
		char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));

		call->args[0].value = DirectFunctionCall1(regclassin,
												  CStringGetDatum(name));
	}
	result = return_value(call, false);
	fcinfo->isnull = call->isnull;
	return result;
}

/* randpick_ctid(regclass [, filter [, values...]]) */
Datum
randpick_ctid(PG_FUNCTION_ARGS)
{
	return return_value(fcinfo, true);
}

/*
 * Return the rows of a call whose table is the row type of the first argument
 * and whose filter starts at argument arg.
 */
static Datum
return_rows(FunctionCallInfo fcinfo, int64 count, int arg)
{
	RandpickCall call = {.limit = Max(count, 1)};
	RowReceiver receiver;

	call.relid = get_rowtype_relation(fcinfo);
	get_filter(fcinfo, arg, &call);

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	init_receiver(&receiver, (ReturnSetInfo *) fcinfo->resultinfo);
	run_call(&call, count, &receiver);
	return (Datum) 0;
}

/* randpick_row(NULL::table [, filter [, values...]]) */
Datum
randpick_row(PG_FUNCTION_ARGS)
{
	return return_rows(fcinfo, 1, 1);
}

/* randpick_rows(NULL::table, count [, filter [, values...]]) */
Datum
randpick_rows(PG_FUNCTION_ARGS)
{
	int64		count;

	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("number of rows must not be null")));
	count = PG_GETARG_INT64(1);
	if (count < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ROW_COUNT_IN_LIMIT_CLAUSE),
				 errmsg("number of rows must not be negative")));
	return return_rows(fcinfo, count, 2);
}
