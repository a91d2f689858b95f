/*-------------------------------------------------------------------------
 *
 * charts.c
 *	  the charts of the report, as data
 *
 * Most have a line for each contender, in the order of the tables: dots on a
 * scale, because the costs of the ways to pick a row differ by a factor of ten
 * thousand, which takes a logarithmic scale, and a bar has no honest length on
 * one.  Of a sweep they show the last run, on the largest table.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres_fe.h"

#include <math.h>

#include "charts.h"
#include "plot.h"

#define LINE_HEIGHT		28
#define FRAME_HEIGHT	90
#define SQUARES			4		/* beside each other */
#define SQUARE_HEIGHT	200

/* Colours that can be told apart by everybody, on light and dark ground. */
#define FLOOR_COLOUR	0x8a8f98
#define EXACT_COLOUR	0x2f86d1
#define OTHER_COLOUR	0xd9701e

static int
colour_of(const Result *result)
{
	if (result->contender->is_floor)
		return FLOOR_COLOUR;
	return result->contender->is_exact ? EXACT_COLOUR : OTHER_COLOUR;
}

/* Write $data with lines that begin with their number, and name the lines. */
static bool
begin_lines(PQExpBuffer script, const Run *run, bool (*has_data) (const Result *result),
			void (*write) (PQExpBuffer script, const Result *result, int line))
{
	PQExpBufferData names;
	int			n = 0;

	initPQExpBuffer(&names);
	for (int i = 0; i < run->nresults; i++)
		n += has_data(&run->results[i]);
	plot_begin(script, FRAME_HEIGHT + n * LINE_HEIGHT);
	appendPQExpBufferStr(script, "$data << END\n");
	for (int i = 0, line = 0; i < run->nresults; i++)
	{
		if (!has_data(&run->results[i]))
			continue;
		write(script, &run->results[i], line);
		appendPQExpBufferStr(&names, line > 0 ? ", " : "");
		plot_string(&names, run->results[i].contender->name);
		appendPQExpBuffer(&names, " %d", line++);
	}
	appendPQExpBuffer(script, "END\nset ytics scale 0 (%s)\nset yrange [%g:-0.5]\nset grid noytics xtics\n",
					  names.data, n - 0.5);
	termPQExpBuffer(&names);
	return n > 0;
}

static bool
has_latency(const Result *result)
{
	return result->calls > 0;
}

static void
write_latency(PQExpBuffer script, const Result *result, int line)
{
	const Samples *latency = &result->tally.latency;
	double		low = samples_percentile(latency, 1) / 1e6;
	double		high = isnan(result->p99) ? result->max : result->p99;

	appendPQExpBuffer(script, "%d %g %g %g %g %d\n", line, result->p50, low, high,
					  result->max, colour_of(result));
}

static bool
draw_latency(PQExpBuffer script, const Run *runs, int nruns)
{
	if (!begin_lines(script, &runs[nruns - 1], has_latency, write_latency))
		return false;
	appendPQExpBufferStr(script,
						 "set logscale x\nset format x '%g'\nset xlabel 'ms'\nunset key\n"
						 "plot $data using 2:1:3:4:6 with xerrorbars pointtype 7 pointsize 0.9"
						 " linewidth 2 linecolor rgb variable,"
						 " '' using 5:1:6 with points pointtype 2 pointsize 0.9 linewidth 3 linecolor rgb variable\n");
	return true;
}

static bool
has_cpu(const Result *result)
{
	return !isnan(result->cpu);
}

static void
write_cpu(PQExpBuffer script, const Result *result, int line)
{
	appendPQExpBuffer(script, "%d %g %d\n", line, result->cpu, colour_of(result));
}

static bool
draw_cpu(PQExpBuffer script, const Run *runs, int nruns)
{
	if (!begin_lines(script, &runs[nruns - 1], has_cpu, write_cpu))
		return false;
	appendPQExpBufferStr(script,
						 "set logscale x\nset format x '%g'\nset xlabel 'microseconds'\nunset key\n"
						 "plot $data using 2:1:3 with points pointtype 7 linecolor rgb variable\n");
	return true;
}

static bool
has_buffers(const Result *result)
{
	return result->buffers.value > 0;
}

static void
write_buffers(PQExpBuffer script, const Result *result, int line)
{
	appendPQExpBuffer(script, "%d %g %d\n", line, result->buffers.value, colour_of(result));
}

static bool
draw_buffers(PQExpBuffer script, const Run *runs, int nruns)
{
	if (!begin_lines(script, &runs[nruns - 1], has_buffers, write_buffers))
		return false;
	appendPQExpBufferStr(script,
						 "set logscale x\nset format x '%g'\nset xlabel 'pages'\nunset key\n"
						 "plot $data using 2:1:3 with points pointtype 7 linecolor rgb variable\n");
	return true;
}

static bool
has_reach(const Result *result)
{
	return !isnan(result->reach);
}

static void
write_reach(PQExpBuffer script, const Result *result, int line)
{
	appendPQExpBuffer(script, "%d %g %d\n", line, 100 * result->reach, colour_of(result));
}

static bool
draw_reach(PQExpBuffer script, const Run *runs, int nruns)
{
	if (!begin_lines(script, &runs[nruns - 1], has_reach, write_reach))
		return false;
	appendPQExpBufferStr(script,
						 "set xrange [0:100]\nset xlabel '% of the rows'\nunset key\n"
						 "plot $data using (0):1:(0):2:($1-0.3):($1+0.3):3 with boxxyerror linecolor rgb variable\n");
	return true;
}

static bool
has_places(const Result *result)
{
	return result->nplaces > 0;
}

/* How often each place came, as a multiple of what would be fair. */
static void
write_places(PQExpBuffer script, const Result *result, int line)
{
	double		rows = 0;
	double		picks = 0;

	for (int i = 0; i < result->nplaces; i++)
	{
		rows += result->places[i].rows;
		picks += result->places[i].picks;
	}
	for (int i = 0; i < result->nplaces; i++)
	{
		const Place *place = &result->places[i];

		if (place->rows > 0 && picks > 0)
			appendPQExpBuffer(script, "%d %d %g\n", line, i,
							  place->picks / place->rows / (picks / rows));
	}
}

static bool
draw_places(PQExpBuffer script, const Run *runs, int nruns)
{
	if (!begin_lines(script, &runs[nruns - 1], has_places, write_places))
		return false;
	appendPQExpBufferStr(script,
						 "set xlabel 'place in the page'\nset xrange [0.5:*]\nset autoscale xfixmax\nset cblabel 'times as often as fair'\nunset key\n"
						 "set cbrange [0:2]\nset palette defined (0 '#b2182b', 0.4 '#f4a582', 0.75 '#a9c4dc', 1.25 '#a9c4dc', 2 '#0b4f8a')\n"
						 "plot $data using 2:1:($2-0.5):($2+0.5):($1-0.4):($1+0.4):3 with boxxyerror linecolor palette\n");
	return true;
}

/* Write $all with a block of sizes and medians for each contender, and set the axes. */
static void
write_sizes(PQExpBuffer script, const Run *runs, int nruns)
{
	double		low = HUGE_VAL;
	double		high = 0;

	appendPQExpBufferStr(script, "$all << END\n");
	for (int i = 0; i < runs[0].nresults; i++)
	{
		for (int r = 0; r < nruns && has_latency(&runs[0].results[i]); r++)
		{
			const Result *result = &runs[r].results[i];

			if (!has_latency(result))
				continue;
			appendPQExpBuffer(script, "%.0f %g\n", runs[r].target.rows, result->p50);
			low = Min(low, result->p50);
			high = Max(high, result->p50);
		}
		if (has_latency(&runs[0].results[i]))
			appendPQExpBufferStr(script, "\n\n");
	}
	appendPQExpBufferStr(script, "END\nset xtics (");
	for (int r = 0; r < nruns; r++)
	{
		double		rows = runs[r].target.rows;

		appendPQExpBuffer(script, "%s'%g%s' %.0f", r > 0 ? ", " : "",
						  rows < 1e3 ? rows : rows < 1e6 ? rows / 1e3 : rows / 1e6,
						  rows < 1e3 ? "" : rows < 1e6 ? "k" : "m", rows);
	}
	appendPQExpBuffer(script,
					  ")\nset logscale xy\nset xrange [%g:%g]\nset yrange [%g:%g]\n"
					  "set ytics 10\nset format y '%%g'\nset tics font ',11'\n",
					  runs[0].target.rows / 1.5, runs[nruns - 1].target.rows * 1.5,
					  pow(10, floor(log10(low))), pow(10, ceil(log10(high) + 0.01)));
}

/*
 * The median latency on tables of all sizes, with a square for each contender,
 * where its line stands out from those of all others.  Thirty lines that cross
 * are too many to be told apart by anything else.
 */
static bool
draw_sizes(PQExpBuffer script, const Run *runs, int nruns)
{
	int			n = 0;
	int			nrows;
	int			line = 0;

	for (int i = 0; i < runs[0].nresults; i++)
		n += has_latency(&runs[0].results[i]);
	if (nruns < 2 || n == 0)
		return false;

	nrows = (n + SQUARES - 1) / SQUARES;
	plot_begin(script, nrows * SQUARE_HEIGHT);
	write_sizes(script, runs, nruns);
	appendPQExpBuffer(script,
					  "unset key\nunset grid\nset title font ',13' offset 0,-0.5\n"
					  "set multiplot layout %d,%d margins 0.06,0.99,%g,%g spacing 0.055,%g\n",
					  nrows, SQUARES, 26.0 / (nrows * SQUARE_HEIGHT), 1 - 32.0 / (nrows * SQUARE_HEIGHT),
					  62.0 / (nrows * SQUARE_HEIGHT));
	for (int i = 0; i < runs[0].nresults; i++)
	{
		const Result *result = &runs[0].results[i];

		if (!has_latency(result))
			continue;
		appendPQExpBufferStr(script, "set title ");
		plot_string(script, result->contender->name);
		appendPQExpBuffer(script,
						  "\nplot $all using 1:2 with lines linewidth 1 linecolor rgb '" PLOT_GRID "',"
						  " $all index %d using 1:2 with linespoints linewidth 2 pointtype 7 pointsize 0.5 linecolor rgb %d\n",
						  line++, colour_of(result));
	}
	appendPQExpBufferStr(script, "unset multiplot\n");
	return true;
}

const Chart charts[] = {
	{
		"Latency",
		"The dot is the median of what a client waits for a call, the line goes from the fastest 1 % "
		"to the slowest 1 %, the cross is the slowest call. Each step of the scale is ten times the one before: "
		"further left is better.",
		draw_latency
	},
	{
		"Latency and the size of the table",
		"Each square shows the median latency in ms (upwards) on tables of so many rows (to the right), with those of the "
		"other ways in grey. A line that rises one step for each step to the right reads the whole table. "
		"A flat one does not care how large the table is.",
		draw_sizes
	},
	{
		"Server time",
		"The time on a CPU that the server's process spends for a call, the mean. "
		"It limits how many calls a server can answer. Further left is better.",
		draw_cpu
	},
	{
		"Pages",
		"How many pages of the table and its indexes a call looks at, the mean. "
		"It is what counts when they are not in memory. Further left is better.",
		draw_buffers
	},
	{
		"Rows that can come back",
		"A bar that does not reach 100 % leaves out rows that will never be picked, however often one tries.",
		draw_reach
	},
	{
		"Where picked rows stand in their page",
		"Each square is a place in the page, the first one at the left. All squares of a fair way have about the colour of 1; "
		"red places come too seldom or never, dark blue ones too often.",
		draw_places
	},
};

const int	ncharts = lengthof(charts);
