/*-------------------------------------------------------------------------
 *
 * shapes.c
 *	  the tables that can be made to pick from, as data
 *
 * Each shape is one that some way of picking gets wrong, or pays for.  All have
 * the same columns, so that one filter does for all:
 *
 *	id			the primary key
 *	category	1 to 100, each for one row in a hundred (unless skewed); indexed
 *	myfield		NULL in one row of a hundred; indexed
 *	featured	true in one row of a thousand; has a partial index
 *	name		of some 12 characters
 *	payload		what makes the row as wide as it is
 *
 * A row's contents follow from its number alone: the same shape and size gives
 * the same table every time, everywhere, whatever the seed of a run is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "common/pg_prng.h"

#include "shapes.h"

#define CATEGORIES			100
#define SKEWED_CATEGORIES	1000
#define MYFIELDS			1000
#define NARROW_PAYLOAD		32
#define TWO_A_PAGE_PAYLOAD	3900
#define WIDE_PAYLOAD		5000
#define GAP_EVERY			1000
#define GAP					1000000
#define POOL_SIZE			65536

const Shape shapes[] = {
	{"dense", "keys without a gap, 90 rows a page", KEY_DENSE, WIDTH_NARROW, false, 0, 1},
	{"gaps", "a million keys left out after every thousand", KEY_GAPS, WIDTH_NARROW, false, 0, 1},
	{"bloated", "95 % of the rows deleted again, then vacuumed", KEY_DENSE, WIDTH_NARROW, false, 0, 20},
	{"wide", "one row a page", KEY_DENSE, WIDTH_WIDE, false, 0, 1},
	{"mixed", "1 % of the rows two a page, the others 90", KEY_DENSE, WIDTH_MIXED, false, 0, 1},
	{"partitioned", "8 partitions, each half as large as the one before", KEY_DENSE, WIDTH_NARROW, false, 8, 1},
	{"skewed", "category is 1 in 10 % of the rows, and 1000 in few", KEY_DENSE, WIDTH_NARROW, true, 0, 1},
	{"uuid", "random UUIDs as keys", KEY_UUID, WIDTH_NARROW, false, 0, 1},
	{"text", "random strings of 20 characters as keys", KEY_TEXT, WIDTH_NARROW, false, 0, 1},
};

const int	nshapes = lengthof(shapes);

/* The shape of that name, or NULL. */
const Shape *
find_shape(const char *name)
{
	for (int i = 0; i < nshapes; i++)
	{
		if (strcmp(shapes[i].name, name) == 0)
			return &shapes[i];
	}
	return NULL;
}

/* All names, separated by commas, as a new string. */
char *
shape_names(void)
{
	PQExpBufferData names;

	initPQExpBuffer(&names);
	for (int i = 0; i < nshapes; i++)
		appendPQExpBuffer(&names, "%s%s", i > 0 ? ", " : "", shapes[i].name);
	return names.data;
}

const char *
shape_key_type(const Shape *shape)
{
	switch (shape->key)
	{
		case KEY_UUID:
			return "uuid";
		case KEY_TEXT:
			return "text";
		default:
			return "bigint";
	}
}

static void
append_key(const Shape *shape, int64 row, pg_prng_state *prng, PQExpBuffer line)
{
	switch (shape->key)
	{
		case KEY_DENSE:
			appendPQExpBuffer(line, INT64_FORMAT, row);
			break;
		case KEY_GAPS:
			appendPQExpBuffer(line, INT64_FORMAT, row + row / GAP_EVERY * GAP);
			break;
		case KEY_UUID:
			appendPQExpBuffer(line, "%016llx%016llx",
							  (unsigned long long) pg_prng_uint64(prng),
							  (unsigned long long) pg_prng_uint64(prng));
			break;
		case KEY_TEXT:
			appendPQExpBuffer(line, "%016llx%04x",
							  (unsigned long long) pg_prng_uint64(prng),
							  pg_prng_uint32(prng) >> 16);
			break;
	}
}

static int
draw_category(const Shape *shape, pg_prng_state *prng)
{
	/* the share of category c falls with 1 / c, as it often does in life */
	if (shape->skewed)
		return (int) pow(SKEWED_CATEGORIES + 1, pg_prng_double(prng));
	return 1 + (int) pg_prng_uint64_range(prng, 0, CATEGORIES - 1);
}

/* So many characters that do not compress, out of a pool of such. */
static void
append_payload(int length, pg_prng_state *prng, PQExpBuffer line)
{
	static char pool[POOL_SIZE];
	uint64		from;

	if (pool[0] == '\0')
	{
		pg_prng_state filler;

		pg_prng_seed(&filler, POOL_SIZE);
		for (int i = 0; i < POOL_SIZE; i++)
			pool[i] = "0123456789abcdef"[pg_prng_uint64_range(&filler, 0, 15)];
	}
	from = pg_prng_uint64_range(prng, 0, POOL_SIZE - length);
	appendBinaryPQExpBuffer(line, pool + from, length);
}

/*
 * Append the row of that number, the first one is 1, in the text format of
 * COPY.  So many rows are put in altogether.
 */
void
shape_row(const Shape *shape, int64 row, int64 nrows, PQExpBuffer line)
{
	pg_prng_state prng;
	int			width = NARROW_PAYLOAD;

	if (shape->width == WIDTH_WIDE)
		width = WIDE_PAYLOAD;
	else if (shape->width == WIDTH_MIXED && row <= nrows / 100)
		width = TWO_A_PAGE_PAYLOAD;

	pg_prng_seed(&prng, row);
	append_key(shape, row, &prng, line);
	appendPQExpBuffer(line, "\t%d\t", draw_category(shape, &prng));
	if (pg_prng_uint64_range(&prng, 1, 100) == 1)
		appendPQExpBufferStr(line, "\\N");
	else
		appendPQExpBuffer(line, "%d", (int) pg_prng_uint64_range(&prng, 0, MYFIELDS - 1));
	appendPQExpBuffer(line, "\t%c\titem " INT64_FORMAT "\t",
					  pg_prng_uint64_range(&prng, 1, 1000) == 1 ? 't' : 'f', row);
	append_payload(width, &prng, line);
	appendPQExpBufferChar(line, '\n');
}
