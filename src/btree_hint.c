/*
 * btree_hint.c
 *	  What is remembered of a B-tree from one query to the next.
 *
 * An application asks for a row of the same range again and again: those where
 * myfield is NULL, those of today.  Each time the descent would lead over the
 * same pages to the same one.  So the session remembers where a range begins,
 * and starts there the next time: one page of three or four need not be read.
 *
 * It is only a hint.  Pages split, are deleted, and come back as other pages of
 * the index; two ranges may have equal hashes; and though files of B-trees do
 * not shrink, TRUNCATE of a table made in the same transaction, or of a
 * temporary one at commit, empties the file in place.  So whoever starts at the
 * block must see that the file still has it, and from the page itself that the
 * position is in it or to its right.
 */
#include "postgres.h"

#include "btree_check.h"
#include "btree_hint.h"
#include "btree_position.h"
#include "common/hashfn.h"
#include "compat.h"
#include "storage/bufmgr.h"
#include "storage/smgr.h"
#include "utils/rel.h"

#define NHINTS	256				/* a power of 2 */

typedef struct Hint
{
	Oid			index;			/* InvalidOid: none */
	uint32		file;			/* its file's number */
	uint32		hash;			/* of the range */
	BlockNumber block;
} Hint;

static Hint hints[NHINTS];

/*
 * The kernel is asked for the size of a file only if that is not known at all:
 * it would be a good part of a pick's time.  Who empties a file in place, which
 * only this session can do, changes what is known of it.
 */
BlockNumber
randpick_index_nblocks_known(Relation index)
{
	BlockNumber known = RelationGetSmgr(index)->smgr_cached_nblocks[MAIN_FORKNUM];

	/* without a leaf page there would be no look */
	return BlockNumberIsValid(known) && known > BTREE_METAPAGE + 1 ?
		known : RelationGetNumberOfBlocks(index);
}

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

/* Hash an end of a range.  False if it is of another type than the index. */
static bool
hash_end(Relation index, BTScanInsert key, uint32 *hash)
{
	if (key == NULL)
		return true;
	*hash = hash_combine(*hash, key->keysz * 2 + key->nextkey);
	for (int i = 0; i < key->keysz; i++)
	{
		ScanKey		column = &key->scankeys[i];

		if (OidIsValid(column->sk_subtype) &&
			column->sk_subtype != index->rd_opcintype[i])
			return false;
		*hash = hash_combine(*hash, column->sk_flags & SK_ISNULL ? 0 :
							 hash_value(TupleDescAttr(RelationGetDescr(index), i),
										column->sk_argument));
	}
	return true;
}

/*
 * The slot for a range, and what it has if that is the range's hint.  NULL if
 * the range can have none.
 *
 * Both ends count: where a narrow range begins is no good start for a wide one,
 * which would be read page by page from there.
 */
static Hint *
find_slot(Relation index, BTScanInsert start, BTScanInsert end, Hint *hint)
{
	hint->index = RelationGetRelid(index);
	hint->file = randpick_file_number(index);
	hint->hash = murmurhash32(hint->index);
	if (!hash_end(index, start, &hint->hash))
		return NULL;
	hint->hash = hash_combine(hint->hash, 0);	/* what follows is the end */
	if (!hash_end(index, end, &hint->hash))
		return NULL;
	return &hints[hint->hash % NHINTS];
}

/* The block that was remembered, if the file has it; or InvalidBlockNumber. */
static BlockNumber
get_block(Relation index, BTScanInsert start, BTScanInsert end)
{
	Hint		wanted;
	Hint	   *slot = find_slot(index, start, end, &wanted);

	if (slot == NULL || slot->index != wanted.index ||
		slot->file != wanted.file || slot->hash != wanted.hash ||
		slot->block >= randpick_index_nblocks_known(index))
		return InvalidBlockNumber;
	return slot->block;
}

/* Is the position in a page, which is locked and may be any, or to its right? */
static bool
is_good_start(Relation index, BTScanInsert start, Buffer buffer)
{
	Page		page = BufferGetPage(buffer);
	BlockNumber block = BufferGetBlockNumber(buffer);
	BTPageOpaque opaque;

	if (PageIsNew(page))
		return false;
	_bt_checkpage(index, buffer);
	opaque = BTPageGetOpaque(page);
	if (P_ISLEAF(opaque) || P_IGNORE(opaque) || P_ISMETA(opaque))
		return false;
	randpick_check_page(index, page, block,
						Min(opaque->btpo_level, RANDPICK_MAX_LEVEL));
	return randpick_page_has_position(index, start, page, block);
}

Buffer
randpick_hint_lock_page(Relation index, BTScanInsert start, BTScanInsert end)
{
	BlockNumber block = get_block(index, start, end);
	Buffer		buffer;

	if (!BlockNumberIsValid(block))
		return InvalidBuffer;
	buffer = ReadBuffer(index, block);
	LockBuffer(buffer, BT_READ);
	if (is_good_start(index, start, buffer))
		return buffer;
	UnlockReleaseBuffer(buffer);
	randpick_hint_set(index, start, end, InvalidBlockNumber);
	return InvalidBuffer;
}

void
randpick_hint_set(Relation index, BTScanInsert start, BTScanInsert end,
				  BlockNumber block)
{
	Hint		hint;
	Hint	   *slot = find_slot(index, start, end, &hint);

	if (slot == NULL)
		return;
	hint.block = block;
	if (!BlockNumberIsValid(block))
		hint.index = InvalidOid;
	*slot = hint;
}
