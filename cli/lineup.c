/*-------------------------------------------------------------------------
 *
 * lineup.c
 *	  which contenders take part
 *
 * They are those that --contenders names, in the order of --list, and after
 * them the user's own queries.  The latter may use the placeholders of
 * template.h.  Whether all rows can come back is measured for an own query
 * only if it says by {columns} and {table} where to put in what that takes.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "common/logging.h"

#include "lineup.h"
#include "numbers.h"

/* Mark the contenders of a comma-separated list as wanted. */
static void
choose_named(bool *wanted, const char *list)
{
	char	   *copy = pg_strdup(list);
	char	   *rest = copy;
	char	   *name;
	int			nwanted = 0;

	while ((name = strtok_r(rest, ", ", &rest)) != NULL)
	{
		int			found = find_contender(name);

		if (strcmp(name, "all") == 0)
			memset(wanted, true, ncontenders * sizeof(bool));
		else if (found >= 0)
			wanted[found] = true;
		else
		{
			pg_log_error("there is no contender \"%s\"", name);
			pg_log_error_hint("The contenders are: %s.", contender_names());
			exit(EXIT_USAGE);
		}
		nwanted++;
	}
	pg_free(copy);

	if (nwanted == 0)
	{
		pg_log_error("%s names no contender", "--contenders");
		hint_at_help();
	}
}

/* Make a contender of NAME=SQL. */
static void
read_query(Contender *own, const char *query)
{
	size_t		length = strcspn(query, "=");

	if (length == 0 || query[length] == '\0' || query[length + 1] == '\0')
		refuse_value(query, "--query", "It is NAME=SQL.");
	own->name = pnstrdup(query, length);
	own->description = "a query of your own";
	own->pick = pg_strdup(query + length + 1);
	own->is_opaque = strstr(own->pick, "{columns}") == NULL ||
		strstr(own->pick, "{table}") == NULL;
}

/* Who takes part.  Exits if the options make no sense. */
void
lineup_create(Lineup *lineup, const Options *options)
{
	bool	   *wanted = pg_malloc0(ncontenders * sizeof(bool));
	Contender  *own;

	memset(lineup, 0, sizeof(Lineup));
	for (SimpleStringListCell *cell = options->queries.head; cell; cell = cell->next)
		lineup->nown++;
	lineup->contenders = pg_malloc0((ncontenders + lineup->nown) * sizeof(Contender *));
	lineup->own = pg_malloc0(Max(1, lineup->nown) * sizeof(Contender));

	if (options->contenders != NULL)
		choose_named(wanted, options->contenders);
	for (int i = 0; i < ncontenders; i++)
	{
		if (options->contenders != NULL ? wanted[i] : !contenders[i].on_request)
			lineup->contenders[lineup->count++] = &contenders[i];
	}
	pg_free(wanted);

	own = lineup->own;
	for (SimpleStringListCell *cell = options->queries.head; cell; cell = cell->next)
	{
		read_query(own, cell->val);
		for (int i = 0; i < lineup->count; i++)
		{
			if (strcmp(lineup->contenders[i]->name, own->name) == 0)
				pg_fatal("there are two contenders \"%s\"", own->name);
		}
		lineup->contenders[lineup->count++] = own++;
	}
}

void
lineup_free(Lineup *lineup)
{
	for (int i = 0; i < lineup->nown; i++)
	{
		pg_free(unconstify(char *, lineup->own[i].name));
		pg_free(unconstify(char *, lineup->own[i].pick));
	}
	pg_free(lineup->own);
	pg_free(lineup->contenders);
}
