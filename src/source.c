/*
 * source.c
 *	  What sources share: pages at random, the locks of serializable reads, and
 *	  when a race does not pay.
 *
 * A look costs little work and many cache misses, one after the other: the
 * buffer table, the buffer's descriptor, the page's header, the line pointer,
 * the tuple.  So when several looks are to be expected, their pages are
 * prefetched: read ahead if they are on disk, and if they are in shared
 * buffers, brought into the CPU's cache side by side.  Only hints come of it:
 * nothing is pinned between prefetch and look, and a look checks that the
 * buffer still holds its block.
 *
 * A race that ends with a few rows has, as far as anybody can tell from them,
 * read the whole table: had there been another row, it might have come.  In a
 * serializable transaction, who writes to the table later must be told, which a
 * lock on all of it does; and so must be known who wrote to it before, though
 * the snapshot does not see it.  A scan comes upon what they wrote.  A race does
 * not, so any transaction is taken to have written that could have.
 */
#include "postgres.h"

#include "access/transam.h"
#include "compat.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "source.h"
#include "storage/bufmgr.h"
#include "storage/predicate.h"

/*
 * Prefetch a block that will be visited, and leave a hint where it is.
 * Returns the page if it is in shared buffers, else NULL.  The page is neither
 * pinned nor locked: use it for nothing but addresses to prefetch.
 */
Page
randpick_prefetch_page(Relation rel, BlockNumber block, Buffer *hint)
{
	Buffer		buffer = PrefetchBuffer(rel, MAIN_FORKNUM, block).recent_buffer;
	Page		page;

	*hint = buffer;
	if (!BufferIsValid(buffer) || BufferIsLocal(buffer))
		return NULL;
	page = BufferGetPage(buffer);
	randpick_prefetch_memory(page);
	return page;
}

/* Pin a block, without a search if the hint still holds. */
Buffer
randpick_pin_page(Relation rel, BlockNumber block, Buffer hint)
{
	if (BufferIsValid(hint) && randpick_read_recent_buffer(rel, block, hint))
	{
		pgstat_count_buffer_read(rel);
		pgstat_count_buffer_hit(rel);
		return hint;
	}
	return ReadBuffer(rel, block);
}

/*
 * Estimates how many entries, or rows, there are in so many places, from the share
 * of looks that found one.  So that a few misses do not stop the race, it is as if
 * one more had been found.
 */
double
randpick_estimate_found(double places, uint64 nfound, uint64 looks)
{
	return Min(places * (nfound + 1) / (looks + 1), places);
}

/*
 * Adds to what a race has spent the pages that the session has visited since this
 * was called last; at the start, none.
 */
void
randpick_count_pages(RandpickSpending *spending, bool is_start)
{
	uint64		hits = pgBufferUsage.shared_blks_hit +
	pgBufferUsage.local_blks_hit;
	uint64		reads = pgBufferUsage.shared_blks_read +
	pgBufferUsage.local_blks_read;

	if (!is_start)
	{
		spending->hits += hits - spending->hits_before;
		spending->reads += reads - spending->reads_before;
	}
	spending->hits_before = hits;
	spending->reads_before = reads;
}

/*
 * Have the writers before the lock on a relation been looked for?  Each
 * relation is asked for once a transaction, or again if others took its slot.
 */
static bool *
writers_known(Oid relid)
{
	static struct
	{
		LocalTransactionId transaction;
		Oid			relid;
		bool		known;
	}			slots[256];
	LocalTransactionId current = randpick_local_transaction();
	int			i = relid % lengthof(slots);

	if (slots[i].transaction != current || slots[i].relid != relid)
	{
		slots[i].transaction = current;
		slots[i].relid = relid;
		slots[i].known = false;
	}
	return &slots[i].known;
}

/*
 * Let a serializable transaction be known to read the whole table under the
 * snapshot.  Before anything is read.
 */
void
randpick_predicate_lock(Relation rel, Snapshot snapshot)
{
	bool	   *known;
	TransactionId next;

	PredicateLockRelation(rel, snapshot);
	if (!CheckForSerializableConflictOutNeeded(rel, snapshot))
		return;

	/* who writes once the lock is there will find it */
	known = writers_known(RelationGetRelid(rel));
	if (*known)
		return;

	/*
	 * Who has no transaction ID by now will find the lock.  Others may have
	 * written before: those that ran when the snapshot was taken, and those
	 * that began later.  IDs of subtransactions, and of transactions that are
	 * not serializable, do no harm.
	 */
	next = ReadNextTransactionId();
	for (uint32 i = 0; i < snapshot->xcnt; i++)
		CheckForSerializableConflictOut(rel, snapshot->xip[i], snapshot);
	for (TransactionId xid = snapshot->xmax; TransactionIdPrecedes(xid, next);)
	{
		CHECK_FOR_INTERRUPTS();
		CheckForSerializableConflictOut(rel, xid, snapshot);
		TransactionIdAdvance(xid);
	}
	*known = true;
}
