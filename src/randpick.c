/*
 * randpick.c
 *	  Entry of the library: settings and hooks.
 *
 * The scan node takes part in planning from the moment the library is loaded.
 * Whoever preloads or LOADs it, or creates the extension in this very session
 * (which loads it for good), asks for that.  But the first call of one of
 * the functions, or the first TABLESAMPLE randpick, loads the library too and
 * must not change the plans of the session's other queries; so
 * randpick.order_by_random starts as "off" then, and a setting made before or
 * after wins in either case.
 */
#include "postgres.h"

#include "append.h"
#include "compat.h"
#include "declined.h"
#include "fmgr.h"
#include "limit.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "ordinary.h"
#include "randpick.h"
#include "tcop/cmdtag.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "unread.h"
#include "utils/portal.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

int			randpick_order_by_random = RANDPICK_ORDER_AUTO;
int			randpick_method = RANDPICK_METHOD_AUTO;
bool		randpick_log_declined = false;

static set_rel_pathlist_hook_type previous_set_rel_pathlist_hook = NULL;
static create_upper_paths_hook_type previous_create_upper_paths_hook = NULL;
static planner_hook_type previous_planner_hook = NULL;

static const struct config_enum_entry order_by_random_options[] = {
	{"off", RANDPICK_ORDER_OFF, false},
	{"auto", RANDPICK_ORDER_AUTO, false},
	{"force", RANDPICK_ORDER_FORCE, false},
	{NULL, 0, false}
};

const struct config_enum_entry randpick_method_options[] = {
	{"auto", RANDPICK_METHOD_AUTO, false},
	{"heap", RANDPICK_METHOD_HEAP, false},
	{"leaf", RANDPICK_METHOD_LEAF, false},
	{"range", RANDPICK_METHOD_RANGE, false},
	{"deal", RANDPICK_METHOD_DEAL, false},
	{NULL, 0, false}
};

static void
set_rel_pathlist(PlannerInfo *root, RelOptInfo *rel, Index rti,
				 RangeTblEntry *rte)
{
	if (previous_set_rel_pathlist_hook)
		previous_set_rel_pathlist_hook(root, rel, rti, rte);

	if (rte->tablesample != NULL)
		randpick_set_sample_pathlist(root, rel, rte);
	if (root->query_pathkeys != NIL)
		randpick_set_rel_pathlist(root, rel, rti, rte);
}

static void
create_upper_paths(PlannerInfo *root, UpperRelationKind stage,
				   RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra)
{
	if (previous_create_upper_paths_hook)
		previous_create_upper_paths_hook(root, stage, input_rel, output_rel,
										 extra);

	if (stage == UPPERREL_ORDERED)
	{
		randpick_add_ordinary_paths(root, input_rel, output_rel);
		randpick_set_append_path(root, input_rel, output_rel);
	}
	else if (stage == UPPERREL_FINAL)
	{
		randpick_cost_unknown(root, output_rel);
		randpick_report_lost(root, output_rel);
	}
}

static PlannedStmt *
plan_as_before(RANDPICK_PLANNER_PARAMS)
{
	return (previous_planner_hook ? previous_planner_hook :
			standard_planner) (RANDPICK_PLANNER_ARGS);
}

/* Plan a query, and log what there is to say about it. */
static PlannedStmt *
plan_with_remarks(RANDPICK_PLANNER_PARAMS)
{
	PlannedStmt *volatile stmt;
	RandpickRemarks remarks;

	randpick_begin_remarks(&remarks, parse);
	PG_TRY();
	{
		stmt = plan_as_before(RANDPICK_PLANNER_ARGS);
	}
	PG_FINALLY();
	{
		randpick_end_remarks(&remarks);
	}
	PG_END_TRY();
	randpick_log_remarks(&remarks, stmt);
	return stmt;
}

static PlannedStmt *
plan_query(RANDPICK_PLANNER_PARAMS)
{
	PlannedStmt *stmt = randpick_log_declined ?
	plan_with_remarks(RANDPICK_PLANNER_ARGS) :
	plan_as_before(RANDPICK_PLANNER_ARGS);

	randpick_drop_unread_keys(stmt);
	return stmt;
}

/*
 * Was the library asked for by name?  Preloading happens while there is no
 * query; LOAD and CREATE EXTENSION are statements that run; anything else
 * called a function, or is a query with TABLESAMPLE that is not running yet.
 * A LOAD inside of a function or DO block looks like a call there, and is taken
 * for one: that is the side on which no plan changes.
 */
static bool
is_loaded_by_name(void)
{
	if (ActivePortal == NULL)
		return debug_query_string == NULL;
	return ActivePortal->commandTag == CMDTAG_LOAD ||
		ActivePortal->commandTag == CMDTAG_CREATE_EXTENSION;
}

static void
define_settings(void)
{
	DefineCustomEnumVariable("randpick.order_by_random",
							 "Lets queries sorted by random() use the random row scan.",
							 "\"auto\" chooses by cost, \"force\" takes every eligible query.",
							 &randpick_order_by_random,
							 is_loaded_by_name() ? RANDPICK_ORDER_AUTO : RANDPICK_ORDER_OFF,
							 order_by_random_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomEnumVariable("randpick.method",
							 "Chooses where the random row scan finds its rows.",
							 "For tests and benchmarks; the rows are exactly random with each.",
							 &randpick_method,
							 RANDPICK_METHOD_AUTO,
							 randpick_method_options,
							 PGC_USERSET, 0, NULL, NULL, NULL);

	DefineCustomBoolVariable("randpick.log_declined",
							 "Logs why a query sorted by random() does not use the random row scan.",
							 NULL,
							 &randpick_log_declined,
							 false,
							 PGC_USERSET, 0, NULL, NULL, NULL);

	MarkGUCPrefixReserved("randpick");
}

void
_PG_init(void)
{
	define_settings();
	RegisterCustomScanMethods(&randpick_scan_methods);
	RegisterCustomScanMethods(&randpick_append_methods);

	previous_set_rel_pathlist_hook = set_rel_pathlist_hook;
	set_rel_pathlist_hook = set_rel_pathlist;
	previous_create_upper_paths_hook = create_upper_paths_hook;
	create_upper_paths_hook = create_upper_paths;
	previous_planner_hook = planner_hook;
	planner_hook = plan_query;
}
