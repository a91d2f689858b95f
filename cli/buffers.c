/*-------------------------------------------------------------------------
 *
 * buffers.c
 *	  counting the buffers that a pick touches
 *
 * The number of pages that a pick looks at is what remains of its cost on a
 * faster machine, and what it is when the table does not fit into memory.  The
 * server counts them for EXPLAIN (ANALYZE, BUFFERS): the figures of the
 * topmost node hold all below it, those of functions and of parallel workers
 * included.  The time that this takes is not measured.
 *
 * All contenders take turns call by call.  Each begins with some calls that
 * are not counted: PostgreSQL makes a new plan for each of the first five
 * executions of a prepared statement, and the first call of a function loads
 * what it needs.  What planning reads is not counted either; it is next to
 * nothing in a session that has seen the table before.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>
#include <jansson.h>

#include "fe_utils/cancel.h"

#include "buffers.h"
#include "ratio.h"

#define WARMUP_CALLS	6
#define MAX_NS			INT64CONST(1000000000)	/* time for a contender, ... */
#define MIN_CALLS		3		/* ... but not for these */

/* What one contender's calls came to. */
typedef struct Count
{
	int64		spent_ns;
	int			warmups;
	bool		over;
	Moments		touched;		/* of each call */
	double		hit;			/* of all calls */
	double		read;
	double		temp_blocks;
	double		workers;

	/* of the call under way */
	double		call_touched;
} Count;

static double
number_of(const json_t *node, const char *key)
{
	return json_number_value(json_object_get(node, key));
}

/* How many parallel workers the node and those below it had. */
static double
count_workers(const json_t *node)
{
	double		workers = number_of(node, "Workers Launched");
	size_t		i;
	json_t	   *child;

	json_array_foreach(json_object_get(node, "Plans"), i, child)
		workers += count_workers(child);
	return workers;
}

/* Add the plan of one statement of a pick. */
static void
add_plan(void *arg, const char *plan)
{
	Count	   *count = arg;
	json_t	   *root = json_loads(plan, 0, NULL);
	const json_t *node = json_object_get(json_array_get(root, 0), "Plan");
	double		hit = number_of(node, "Shared Hit Blocks");
	double		read = number_of(node, "Shared Read Blocks");

	count->call_touched += hit + read;
	count->hit += hit;
	count->read += read;
	count->temp_blocks += number_of(node, "Temp Written Blocks");
	count->workers += count_workers(node);
	json_decref(root);
}

/* Make one call, and count what it touches unless it is one to warm up with. */
static void
count_call(Picker *picker, Result *result, Count *count, int calls)
{
	int64		started = clock_ns();
	bool		warm = count->warmups >= WARMUP_CALLS;
	Count		unused = {0};
	Count	   *counted = warm ? count : &unused;

	counted->call_touched = 0;
	if (!picker_explain(picker, add_plan, counted))
	{
		if (!CancelRequested)
			result->buffers_unknown = pg_strdup(picker->error);
		count->over = true;
		return;
	}
	if (warm)
		moments_add(&count->touched, counted->call_touched);
	else
		count->warmups++;

	/* a slow one need not be warmed up */
	count->spent_ns += clock_ns() - started;
	if (count->spent_ns > MAX_NS / 10 && !warm)
		count->warmups = WARMUP_CALLS;
	count->over = count->touched.count >= calls ||
		(count->spent_ns > MAX_NS && count->touched.count >= MIN_CALLS);
}

/*
 * Count for all contenders that have a picker.  What prevents it is no error,
 * but a reason that the report gives.
 */
void
buffers_measure(Picker **pickers, Result *results, int count, int calls,
				int block_size)
{
	Count	   *counts = pg_malloc0(count * sizeof(Count));
	bool		over = false;

	while (!over && !CancelRequested)
	{
		over = true;
		for (int i = 0; i < count && !CancelRequested; i++)
		{
			if (pickers[i] == NULL || counts[i].over)
				continue;
			count_call(pickers[i], &results[i], &counts[i], calls);
			over &= counts[i].over;
		}
	}

	for (int i = 0; i < count; i++)
	{
		int			n = counts[i].touched.count;

		if (n == 0)
			continue;
		results[i].explained = n;
		results[i].buffers = moments_mean(&counts[i].touched);
		results[i].buffers_hit = counts[i].hit / n;
		results[i].buffers_read = counts[i].read / n;
		results[i].workers = counts[i].workers / n;
		results[i].temp_bytes = counts[i].temp_blocks / n * block_size;
	}
	pg_free(counts);
}
