# One race over all partitions of a table, or over its children: which queries get
# it, what it costs, and that it is fair where they are raced over indexes, where
# the race ends and the deal begins, and under row locks.  (t/003_append.pl and
# t/005_rescan.pl have partitions raced over their heaps, their keys, rescans.)

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
$builder->do(<<'SQL');
CREATE TABLE events (id int, day int, kind int) PARTITION BY RANGE (day);
CREATE TABLE events_0 PARTITION OF events FOR VALUES FROM (0) TO (1);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (2);
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (2) TO (9) PARTITION BY HASH (id);
CREATE TABLE events_2a PARTITION OF events_2 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE events_2b PARTITION OF events_2 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE events_empty PARTITION OF events FOR VALUES FROM (9) TO (10);

-- a partition whose columns stand elsewhere
CREATE TABLE events_odd (pad text, kind int, gone int, day int, id int);
ALTER TABLE events_odd DROP COLUMN gone, DROP COLUMN pad;
ALTER TABLE events ATTACH PARTITION events_odd FOR VALUES FROM (10) TO (11);
CREATE INDEX ON events (kind);
INSERT INTO events SELECT i,
	CASE WHEN i <= 1000 THEN 0 WHEN i <= 1010 THEN 1 WHEN i <= 1300 THEN 2 ELSE 10 END, i % 10
FROM generate_series(1, 1500) i;
ANALYZE events;

-- the same rows in a table with children
CREATE TABLE family (id int, day int, kind int);
CREATE TABLE family_1 (note text) INHERITS (family);
CREATE TABLE family_2 (kind int, id int, day int);
ALTER TABLE family_2 INHERIT family;
CREATE INDEX ON family (kind);
CREATE INDEX ON family_1 (kind);
CREATE INDEX ON family_2 (kind, day);
INSERT INTO family SELECT * FROM events WHERE day < 2;
INSERT INTO family_1 SELECT * FROM events WHERE day = 2;
INSERT INTO family_2 (id, day, kind) SELECT * FROM events WHERE day > 2;
ANALYZE family, family_1, family_2;
CREATE TABLE many (id int PRIMARY KEY, f int) PARTITION BY HASH (id);
SQL
$builder->do("CREATE TABLE many_$_ PARTITION OF many FOR VALUES WITH (MODULUS 200, REMAINDER $_)") for 0 .. 199;
$builder->do($_) for 'INSERT INTO many SELECT i, i % 3 FROM generate_series(1, 40000) i', 'VACUUM ANALYZE many';

my %far = (cpu_tuple_cost => 1);

sub plan_of
{
	my ($dbh, $query) = @_;
	return join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN (COSTS off) $query") };
}

sub facts
{
	my ($table, $filter) = @_;
	return $builder->selectall_hashref(
		"SELECT id AS row, tableoid::regclass AS part, (ctid::text::point)[0] AS page FROM $table WHERE $filter", 'row');
}

# What gets the joint race.
{
	my $dbh = start_session(%far);
	my @plans = (
		# query, what its plan has
		[ 'SELECT * FROM events ORDER BY random() LIMIT 1', qr/RandPickAppend/ ],
		[ 'SELECT * FROM events WHERE kind = 3 ORDER BY random() LIMIT 1', qr/RandPickAppend/ ],
		[ 'SELECT * FROM events WHERE day > 0 ORDER BY random() LIMIT 1', qr/RandPickAppend.*events_1/s ],
		[ 'SELECT * FROM events WHERE day = 0 ORDER BY random() LIMIT 1', qr/^(?!.*Append).*RandPick/s ],
		[ 'SELECT * FROM events_2 ORDER BY random() LIMIT 1', qr/RandPickAppend/ ],
		[ 'SELECT random() AS r, * FROM events ORDER BY r LIMIT 3', qr/RandPickAppend/ ],
		[ 'SELECT * FROM events ORDER BY random() LIMIT 1 FOR UPDATE', qr/LockRows.*RandPickAppend/s ],
		[ 'SELECT * FROM events e JOIN outer_rows USING (id) ORDER BY random() LIMIT 1', qr/^(?!.*RandPick)/s ],
		[ 'SELECT kind FROM events GROUP BY kind ORDER BY random() LIMIT 1', qr/^(?!.*RandPick)/s ],
		# PostgreSQL prunes these when they run
		[ 'SELECT x.* FROM outer_rows, LATERAL (SELECT * FROM events WHERE day = outer_rows.id ORDER BY random() LIMIT 1) x',
			qr/Merge Append.*RandPick/s ],
		[ 'SELECT x.* FROM outer_rows, LATERAL (SELECT * FROM events WHERE kind = outer_rows.id ORDER BY random() LIMIT 1) x',
			qr/RandPickAppend/s ],
	);
	$builder->do('CREATE TABLE outer_rows AS SELECT i AS id FROM generate_series(0, 2) i');
	for (@plans)
	{
		my ($query, $wanted) = @$_;
		like(plan_of($dbh, $query), $wanted, $query);
	}
}

# Its rows, by what finds them.
my %course = (
	heap  => { %far, 'randpick.method' => 'heap' },
	range => { %far, 'randpick.method' => 'range' },
	# what cannot be in a joint race: it is run over the heap
	leaf  => { %far, 'randpick.method' => 'leaf' },
	mixed => { 'randpick.method' => 'heap', cpu_tuple_cost => 0.0018 },
	dealt => { 'randpick.method' => 'deal' },
);
for my $how (sort keys %course)
{
	my $dbh = start_session(%{ $course{$how} });
	for (
		[ 'true',                              4,  'SELECT id FROM events ORDER BY random() LIMIT 4' ],
		[ 'kind = 3',                          4,  'SELECT id FROM events WHERE kind = 3 ORDER BY random() LIMIT 4' ],
		[ 'kind IN (3, 5) AND day <> 2',       1,  'SELECT id FROM events WHERE kind IN (3, 5) AND day <> 2 ORDER BY random() LIMIT 1' ],
		[ 'day BETWEEN 1 AND 2',               30, 'SELECT id FROM events WHERE day BETWEEN 1 AND 2 ORDER BY random() DESC LIMIT 30' ],
		[ 'kind = 3',                          40, 'SELECT id FROM events WHERE kind = 3 ORDER BY random() LIMIT 40 FOR SHARE' ],
		[ 'kind = 4',                          2,  'SELECT x.id FROM generate_series(4, 4) g, LATERAL (SELECT id FROM events WHERE kind = g ORDER BY random() LIMIT 2) x' ],
	  )
	{
		my ($filter, $k, $query) = @$_;

		# of a deal each run reads all rows
		next if $how eq 'dealt' && $k < 30;
		my $plan = plan_of($dbh, $query);
		ok($plan =~ /RandPickAppend/ && $plan !~ /Source: leaf/, "$how: one race for $query");
		is_found_how($how, $course{$how}, $query, "$how: $query", 20) if $how eq 'mixed' && $k > 20;
		my $facts = facts('events', $filter);
		my $runs  = int((keys %$facts > 1000 ? 30 : 100) * keys(%$facts) / $k);
		is_fair("$how: $query", sub { rows_p(draw_ids($dbh, $query, $runs, $k), $k, $facts) });
	}

	# children
	for ([ 'kind = 3', 4, '' ], [ 'kind = 3', 40, 'FOR SHARE' ], [ 'kind IN (3, 5) AND day BETWEEN 1 AND 2', 1, '' ])
	{
		my ($filter, $k, $lock) = @$_;
		my $query = "SELECT id FROM family WHERE $filter ORDER BY random() LIMIT $k $lock";
		my $plan  = plan_of($dbh, $query);
		ok($plan =~ /RandPickAppend/ && $plan !~ /Source: leaf/, "$how: one race for $query");
		my $facts = facts('family', $filter);
		next if $how eq 'dealt' && $k < 30;
		is_fair("$how: $query", sub { rows_p(draw_ids($dbh, $query, int(100 * keys(%$facts) / $k), $k), $k, $facts) });
	}

	# all rows, once each, in the order of their keys
	for my $table (qw(events family))
	{
		my $rows = $dbh->selectall_arrayref("SELECT random() AS r, id, tableoid FROM $table ORDER BY r");
		my %ids = map { $_->[1] => 1 } @$rows;
		ok(@$rows == 1500 && keys %ids == 1500, "$how, $table: all rows");
		is_deeply([ map { $_->[0] } @$rows ], [ sort { $a <=> $b } map { $_->[0] } @$rows ], "$how, $table: in the order of their keys");
		is(@{ $dbh->selectall_arrayref("SELECT * FROM $table WHERE kind = 77 ORDER BY random() LIMIT 3") }, 0, "$how, $table: no rows");
	}
}

# What it costs does not grow with the number of partitions.
{
	my $dbh = start_session();
	my $query = 'SELECT * FROM many ORDER BY random() LIMIT 1';
	my $looks = 0;
	for (1 .. 50)
	{
		my ($json) = $dbh->selectrow_array("EXPLAIN (ANALYZE, BUFFERS, TIMING off, FORMAT json) $query");
		$looks += $1 if $json =~ /"Custom Plan Provider": "RandPickAppend".*?"Looks": (\d+)/s;
	}
	ok($looks > 0 && $looks < 50 * 20, "$looks looks for 50 rows of 200 partitions");
}

# Concurrent updates: row locks find newer versions, in whichever table.
for my $table (qw(events family))
{
	my $dbh   = start_session(%far);
	my $other = connect_to_server();
	$other->begin_work;
	$other->do("UPDATE $table SET kind = 50 WHERE kind = 5");
	my $rows = run_behind($dbh, "SELECT random() AS r, id, kind FROM $table WHERE kind IN (5, 50) ORDER BY r FOR UPDATE",
		sub { $other->commit });
	my %ids = map { $_->{id} => 1 } @$rows;
	ok(@$rows == 150 && keys %ids == 150, "$table: all rows that were changed, once each");
	is((grep { !defined $_->{r} || $_->{r} < 0 || $_->{r} >= 1 } @$rows), 0, "$table: with keys");
	is((grep { $_->{kind} != 50 } @$rows), 0, "$table: in their newer version");

	# of rows that no longer qualify others take the place; locked ones are skipped
	$other->begin_work;
	$other->do("UPDATE $table SET kind = 51 WHERE kind = 50 AND id % 20 = 5");
	my $skipped = $dbh->selectall_arrayref("SELECT id FROM $table WHERE kind = 50 ORDER BY random() FOR UPDATE SKIP LOCKED");
	is(@$skipped, 75, "$table: rows that are locked are skipped");
	$rows = run_behind($dbh, "SELECT id, kind FROM $table WHERE kind = 50 ORDER BY random() LIMIT 70 FOR UPDATE",
		sub { $other->commit });
	is("@{[ scalar @$rows, scalar grep { $_->{kind} != 50 } @$rows ]}", '70 0', "$table: rows that still qualify");
}

done_testing;
