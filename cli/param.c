/*-------------------------------------------------------------------------
 *
 * param.c
 *	  the parameter of a pick
 *
 * Some contenders need a random value of the client's: a key to look up, or an
 * offset below the number of rows.  The keys are drawn from those that
 * target.c has gathered.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include "catalog/pg_type_d.h"
#include "fe_utils/string_utils.h"

#include "param.h"

/* Why the table's key does not do, as a new string, or NULL if it does. */
char *
param_check_key(KeyNeed need, const Target *target)
{
	Oid			type = target->key_type;

	if (need == KEY_NOT_NEEDED)
		return NULL;
	if (target->key == NULL)
		return pg_strdup(target->no_key);
	if (need == KEY_INTEGER && type != INT2OID && type != INT4OID && type != INT8OID)
		return pg_strdup("the primary key is not an integer");
	if (need == KEY_UUID_TYPE && type != UUIDOID)
		return pg_strdup("the primary key is not a UUID");
	return NULL;
}

/*
 * Draw the keys to look up: one, or an array of distinct ones, each from a
 * part of the keys of its own.
 */
static void
draw_keys(Picker *picker)
{
	int64		nkeys = PQntuples(picker->keys);

	if (picker->rows > 1)
		appendPQExpBufferChar(&picker->param, '{');
	for (int i = 0; i < picker->rows; i++)
	{
		int64		first = nkeys * i / picker->rows;
		int64		end = nkeys * (i + 1) / picker->rows;
		uint64		row = pg_prng_uint64_range(&picker->prng, first, end - 1);
		const char *key = PQgetvalue(picker->keys, (int) row, 0);

		if (picker->rows == 1)
		{
			appendPQExpBufferStr(&picker->param, key);
			return;
		}
		appendPQExpBufferStr(&picker->param, i > 0 ? ",\"" : "\"");
		for (; *key != '\0'; key++)
		{
			if (*key == '"' || *key == '\\')
				appendPQExpBufferChar(&picker->param, '\\');
			appendPQExpBufferChar(&picker->param, *key);
		}
		appendPQExpBufferChar(&picker->param, '"');
	}
	appendPQExpBufferChar(&picker->param, '}');
}

/* Draw the parameter of the next pick, if it has one that needs no count. */
void
param_draw(Picker *picker)
{
	resetPQExpBuffer(&picker->param);
	if (picker->contender->param == PARAM_KEY)
		draw_keys(picker);
	else if (picker->contender->param == PARAM_ROWS)
		appendPQExpBuffer(&picker->param, "%d", picker->rows);
}

/*
 * Draw an offset below the count.  Returns false if there is none, because the
 * count is 0.
 */
bool
param_draw_offset(Picker *picker, const PGresult *counted)
{
	uint64		count = strtou64(PQgetvalue(counted, 0, 0), NULL, 10);

	if (count == 0)
		return false;
	appendPQExpBuffer(&picker->param, UINT64_FORMAT,
					  pg_prng_uint64_range(&picker->prng, 0, count - 1));
	return true;
}

/* The drawn parameter as a literal, as a new string. */
char *
param_quote(const Picker *picker)
{
	PQExpBufferData literal;

	initPQExpBuffer(&literal);
	if (picker->param.len > 0)
		appendStringLiteralConn(&literal, picker->param.data, picker->session->conn);
	return literal.data;
}

/* The pick with its parameter, if it has one, written out. */
char *
param_insert(const Picker *picker, const char *param)
{
	bool		is_array = picker->contender->param == PARAM_KEY && picker->rows > 1;
	char	   *value = psprintf(is_array ? "ANY (%s)" : "%s", param);
	SqlNames	names = {.param = value};
	char	   *sql = expand_sql(picker->pick, &names);

	pg_free(value);
	return sql;
}
