# RandpickTest::Layout
#	  A table laid out as badly as a heap can be, and what is where in it.
#
# Whoever samples by page, by line pointer, by HOT chain or by index entry is
# wrong somewhere; this table has every such place: 1 to 100 rows a page, rows
# of 30 bytes to 3 kB, free room on each page (fillfactor 70), HOT chains both
# pruned (redirects, heap-only rows) and not, deleted rows, dead line pointers,
# rows of aborted and of unfinished transactions, row locks, pages without a
# row.  It is made by SQL from a fixed seed.  layout_ok() looks at the pages
# and fails if a feature has been lost, so that the table cannot become
# harmless unnoticed.

package RandpickTest::Layout;

use strict;
use warnings;

use Exporter 'import';
use Test::More;

our @EXPORT = qw(build_hostile_table layout_ok row_facts);

# Make table $name with about 30 rows on each of $pages pages.  $connect makes
# a further connection.  Returns the connections that keep the layout as it is:
# as long as they are open, nothing can be pruned, and one transaction stays
# unfinished.
sub build_hostile_table
{
	my ($dbh, $connect, $name, $pages) = @_;

	$dbh->do($_) for (
		'SELECT setseed(0.15)',
		"CREATE TABLE $name (id int PRIMARY KEY, f int NOT NULL, note int NOT NULL, pad text)
		 WITH (fillfactor = 70, autovacuum_enabled = off)",
		# rows shall stand in the page in their full width
		"ALTER TABLE $name ALTER pad SET STORAGE PLAIN",
		# for each page a number of rows, few more often than many, and the
		# width with which so many just fit, give or take
		"INSERT INTO $name
		 SELECT row_number() OVER (), 3 * random() - 0.5, 0,
		        repeat('x', least(2950, 5734 / n * (0.7 + 0.6 * random()))::int - 44)
		 FROM (SELECT page, ceil(140 * random() ^ 2.2)::int AS n
		       FROM generate_series(1, $pages) page) p, generate_series(1, n)",
		# pages without a row, in the middle of the file
		"DELETE FROM $name WHERE (ctid::text::point)[0]::int % 6 = 4",
		"VACUUM (TRUNCATE off) $name",
		# HOT chains of several links, cut by pruning to redirect -> heap-only
		"UPDATE $name SET note = 1 WHERE random() < 0.4",
		"UPDATE $name SET note = 2 WHERE random() < 0.3",
		"VACUUM (INDEX_CLEANUP off, TRUNCATE off) $name",
		# dead line pointers, which stay because the index is not cleaned
		"DELETE FROM $name WHERE random() < 0.2",
		"VACUUM (INDEX_CLEANUP off, TRUNCATE off) $name",
	);

	# From here on nothing is pruned: this snapshot could still want it.
	my $keeper = $connect->();
	$keeper->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
	$keeper->do("SELECT count(*) FROM $name");

	# Row ids beyond 1,000,000 are rows that nobody may see.
	my $ghosts = "INSERT INTO $name SELECT 1000000 + i, 0, 0, repeat('y', mod(i, 200))
		FROM generate_series(%d, %d) i";
	for my $aborted (
		sprintf($ghosts, 1, 3 * $pages),
		"UPDATE $name SET note = 3 WHERE random() < 0.1",
		"DELETE FROM $name WHERE random() < 0.1")
	{
		$dbh->do($_) for ('BEGIN', $aborted, 'ROLLBACK');
	}
	$dbh->do($_) for (
		# new versions beside the old ones that are not yet pruned
		"UPDATE $name SET note = 4 WHERE random() < 0.1",
		"UPDATE $name SET note = 5 WHERE note = 4 AND random() < 0.5",
		"DELETE FROM $name WHERE random() < 0.03",
		# locked rows carry an xmax, but live
		"BEGIN", "SELECT count(*) FROM (SELECT FROM $name WHERE id % 17 = 0 FOR SHARE) s", "COMMIT",
	);

	# The unfinished transaction: its rows are not there yet, those that it
	# deleted or changed still are.
	my $unfinished = $connect->();
	$unfinished->do($_) for (
		'BEGIN', sprintf($ghosts, 10001, 10000 + $pages),
		"UPDATE $name SET note = 6 WHERE id % 29 = 0",
		"DELETE FROM $name WHERE id % 31 = 0",
	);

	$dbh->do("ANALYZE $name");
	return ($keeper, $unfinished);
}

# What stands on the pages of $name: show it, and check that every hostile
# feature is there.  Needs the extension pageinspect.
sub layout_ok
{
	my ($dbh, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my $facts = $dbh->selectrow_hashref(<<"SQL");
WITH item AS (
	SELECT b AS page, lp_flags, t_xmin::text::bigint AS xmin, t_xmax::text::bigint AS xmax, t_infomask,
	       t_infomask2 & x'8000'::int <> 0 AS heap_only, lp_len
	FROM generate_series(0, pg_relation_size('$name') / 8192 - 1) b,
	     heap_page_items(get_raw_page('$name', b::int))),
live AS (
	SELECT (ctid::text::point)[0] AS page, count(*) AS n FROM $name GROUP BY 1)
SELECT
	(SELECT count(*) FROM $name) AS live_rows,
	(SELECT pg_relation_size('$name') / 8192) AS pages,
	(SELECT min(n) FROM live) AS least_rows_a_page,
	(SELECT max(n) FROM live) AS most_rows_a_page,
	(SELECT pg_relation_size('$name') / 8192 - count(*) FROM live) AS pages_without_live_row,
	min(lp_len) FILTER (WHERE lp_flags = 1) AS narrowest,
	max(lp_len) FILTER (WHERE lp_flags = 1) AS widest,
	count(*) FILTER (WHERE lp_flags = 1) AS normal,
	count(*) FILTER (WHERE lp_flags = 2) AS redirect,
	count(*) FILTER (WHERE lp_flags = 3) AS dead,
	count(*) FILTER (WHERE lp_flags = 0) AS unused,
	count(*) FILTER (WHERE lp_flags = 1 AND heap_only) AS heap_only,
	count(*) FILTER (WHERE lp_flags = 1) - (SELECT count(*) FROM $name) AS invisible,
	count(*) FILTER (WHERE lp_flags = 1 AND pg_xact_status(xmin::text::xid8) = 'aborted') AS insert_aborted,
	count(*) FILTER (WHERE lp_flags = 1 AND xmax <> 0 AND pg_xact_status(xmax::text::xid8) = 'aborted') AS delete_aborted,
	count(*) FILTER (WHERE lp_flags = 1 AND xmax <> 0 AND t_infomask & x'80'::int <> 0) AS locked,
	count(*) FILTER (WHERE lp_flags = 1 AND xmax <> 0 AND t_infomask & x'80'::int = 0
	                 AND pg_xact_status(xmax::text::xid8) = 'committed') AS outdated,
	count(*) FILTER (WHERE lp_flags = 1 AND 'in progress' IN
		(pg_xact_status(xmin::text::xid8), pg_xact_status(nullif(xmax, 0)::text::xid8))) AS unfinished
FROM item
SQL

	diag("layout of $name: ", join ', ', map { "$_ $facts->{$_}" } sort keys %$facts);

	my %at_least = (
		live_rows => 2000, pages => 100, most_rows_a_page => 80, pages_without_live_row => 3, widest => 2900,
		redirect => 500, dead => 300, unused => 20, heap_only => 500, insert_aborted => 200,
		delete_aborted => 100, locked => 50, outdated => 100, unfinished => 100,
	);
	my %at_most = (live_rows => 5000, pages => 200, least_rows_a_page => 1, narrowest => 60);
	my @lost = ((grep { $facts->{$_} < $at_least{$_} } sort keys %at_least),
		(grep { $facts->{$_} > $at_most{$_} } sort keys %at_most));
	ok(!@lost, 'the layout is as hostile as it should be' . (@lost ? " (lost: @lost)" : ''));
}

# For each row of $name that the filter lets through, the groups it belongs to,
# by which a bias could go: id => { row, page, place, crowd, kind }.
sub row_facts
{
	my ($dbh, $name, $filter) = @_;
	$filter //= 'true';
	return $dbh->selectall_hashref(<<"SQL", 'row');
WITH item AS (
	SELECT b AS page, lp AS place,
	       CASE WHEN t_infomask2 & x'8000'::int <> 0 THEN 'heap-only' ELSE 'root' END
	       || CASE WHEN t_xmax::text <> '0' THEN ' with xmax' ELSE '' END AS kind
	FROM generate_series(0, pg_relation_size('$name') / 8192 - 1) b,
	     heap_page_items(get_raw_page('$name', b::int))
	WHERE lp_flags = 1),
live AS (
	SELECT id, (ctid::text::point)[0]::bigint AS page, (ctid::text::point)[1]::int AS place, ($filter) AS matches
	FROM $name)
SELECT id AS row, page, place, kind, width_bucket(count(*) OVER (PARTITION BY page), array[1, 2, 5, 15, 40]) AS crowd
FROM live JOIN item USING (page, place) WHERE matches
SQL
}

1;
