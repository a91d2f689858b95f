/*
 * source.c
 *	  Pages of a relation, prefetched and pinned for looks at random.
 *
 * A look costs little work and many cache misses, one after the other: the
 * buffer table, the buffer's descriptor, the page's header, the line pointer,
 * the tuple.  So when several looks are to be expected, their pages are
 * prefetched: read ahead if they are on disk, and if they are in shared
 * buffers, brought into the CPU's cache side by side.  Only hints come of it:
 * nothing is pinned between prefetch and look, and a look checks that the
 * buffer still holds its block.
 */
#include "postgres.h"

#include "compat.h"
#include "pgstat.h"
#include "source.h"
#include "storage/bufmgr.h"

/*
 * Prefetch the block that a ring will look into, and leave the ring a hint.
 * Returns the page if it is in shared buffers, else NULL.  The page is neither
 * pinned nor locked: use it for nothing but addresses to prefetch.
 */
Page
randpick_prefetch_page(Relation rel, BlockNumber block, RandpickRing *ring)
{
	Buffer		buffer = PrefetchBuffer(rel, MAIN_FORKNUM, block).recent_buffer;
	Page		page;

	ring->hint = buffer;
	if (!BufferIsValid(buffer) || BufferIsLocal(buffer))
		return NULL;
	page = BufferGetPage(buffer);
	randpick_prefetch_memory(page);
	return page;
}

/* Pin the block of a ring, without a search if its hint still holds. */
Buffer
randpick_pin_page(Relation rel, BlockNumber block, const RandpickRing *ring)
{
	if (BufferIsValid(ring->hint) &&
		randpick_read_recent_buffer(rel, block, ring->hint))
	{
		pgstat_count_buffer_read(rel);
		pgstat_count_buffer_hit(rel);
		return ring->hint;
	}
	return ReadBuffer(rel, block);
}
