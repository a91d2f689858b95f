/*
 * btree_hint.c
 *	  Where in a B-tree a search ended up at last.
 *
 * An application asks for a row of the same range again and again: those where
 * myfield is NULL, those of today.  Each time the descent would lead over the
 * same pages to the same one.  So the session remembers that, and begins there
 * the next time: one page of three or four need not be read.
 *
 * It is only a hint.  Pages split, are deleted, and come back as other pages of
 * the index; two keys may share a slot of the table.  So whoever begins at the
 * block must see from the page itself that the position is in it or to its
 * right.  What is never wrong about it is that the index has such a block:
 * files of B-trees do not shrink, and a new file has another number.
 */
#include "postgres.h"

#include "btree_hint.h"
#include "common/hashfn.h"
#include "compat.h"
#include "utils/rel.h"

#define NHINTS	256				/* a power of 2 */

typedef struct Hint
{
	uint32		hash;			/* of the index's file and the key */
	BlockNumber block;			/* 0, the metapage: none */
} Hint;

static Hint hints[NHINTS];

/* Hash a value of a column by its bytes. */
static uint32
hash_value(Form_pg_attribute column, Datum value)
{
	const void *bytes = DatumGetPointer(value);

	if (column->attbyval)
		return hash_bytes((const unsigned char *) &value, sizeof(Datum));
	if (column->attlen > 0)
		return hash_bytes(bytes, column->attlen);
	if (column->attlen == -1)
		return hash_bytes((const unsigned char *) VARDATA_ANY(bytes),
						  VARSIZE_ANY_EXHDR(bytes));
	return hash_bytes(bytes, strlen(bytes));
}

/* The slot for a key, with its hash; NULL if it is of another type. */
static Hint *
find_slot(Relation index, BTScanInsert key, uint32 *hash)
{
	*hash = hash_combine(murmurhash32(randpick_file_number(index)),
						 key->keysz * 2 + key->nextkey);
	for (int i = 0; i < key->keysz; i++)
	{
		ScanKey		column = &key->scankeys[i];

		if (OidIsValid(column->sk_subtype) &&
			column->sk_subtype != index->rd_opcintype[i])
			return NULL;
		*hash = hash_combine(*hash, column->sk_flags & SK_ISNULL ? 0 :
							 hash_value(TupleDescAttr(RelationGetDescr(index), i),
										column->sk_argument));
	}
	return &hints[*hash % NHINTS];
}

BlockNumber
randpick_hint_get(Relation index, BTScanInsert key)
{
	uint32		hash;
	Hint	   *slot = find_slot(index, key, &hash);

	if (slot == NULL || slot->hash != hash || slot->block == BTREE_METAPAGE)
		return InvalidBlockNumber;
	return slot->block;
}

void
randpick_hint_set(Relation index, BTScanInsert key, BlockNumber block)
{
	uint32		hash;
	Hint	   *slot = find_slot(index, key, &hash);

	if (slot == NULL)
		return;
	slot->hash = hash;
	slot->block = BlockNumberIsValid(block) ? block : BTREE_METAPAGE;
}
