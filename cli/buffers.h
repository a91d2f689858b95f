/*-------------------------------------------------------------------------
 *
 * buffers.h
 *	  counting the buffers that a pick touches
 *
 *-------------------------------------------------------------------------
 */
#ifndef BUFFERS_H
#define BUFFERS_H

#include "picker.h"
#include "result.h"

extern void buffers_measure(Picker **pickers, Result *results, int count,
							int calls, int block_size);

#endif							/* BUFFERS_H */
