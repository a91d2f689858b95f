# The same rows again where PostgreSQL's Sort would give the same rows again,
# and new ones where it would sort anew; cursors in steps, to and fro, and while
# the table changes under them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

my %course = (
	raced => { cpu_tuple_cost     => 1 },
	mixed => { cpu_tuple_cost     => 0.0045 },
	dealt => { 'randpick.method' => 'deal' },
	# a sequential scan that has ended starts over by itself, these do not
	'dealt by bitmap' => {
		'randpick.method'    => 'deal',
		enable_seqscan       => 'off',
		enable_indexscan     => 'off',
	},
	'dealt in parallel' => {
		'randpick.method'              => 'deal',
		parallel_setup_cost            => 0,
		parallel_tuple_cost            => 0,
		min_parallel_table_scan_size   => 0,
	},
);

my $builder = connect_to_server();
my @keep    = build_hostile_table($builder, \&connect_to_server, 'few', 5);
my $rows    = keys %{ row_facts($builder, 'few') };

# the same rows in partitions
$builder->do($_) for (
	'CREATE TABLE pieces (LIKE few) PARTITION BY RANGE (f)',
	(map { "CREATE TABLE pieces_$_ PARTITION OF pieces FOR VALUES FROM ($_) TO ($_ + 1)" } 0 .. 2),
	'CREATE TABLE pieces_rest PARTITION OF pieces DEFAULT',
	'INSERT INTO pieces SELECT * FROM few',
	'ANALYZE pieces');

$builder->do('CREATE TABLE outer_rows AS SELECT i FROM generate_series(1, 40) i');
$builder->do('ANALYZE outer_rows');

# Joins by nested loop, so that the inner side is scanned once for each outer
# row.  Without Material it is the scan itself that must repeat its rows; a
# semijoin stops in the middle of them, and goes on beyond that the next time.
my $inner   = '(SELECT random() AS key, id FROM few ORDER BY key LIMIT 5)';
my @rescans = (
	# what it is, what must be true, the query with columns i, key, id
	[ 'the same five rows for each outer row',
		'count(*) = 200 AND count(DISTINCT id) = 5 AND count(DISTINCT (key, id)) = 5',
		"SELECT * FROM outer_rows LEFT JOIN $inner s ON true" ],
	[ 'in the same order',
		'count(*) = 200 AND count(DISTINCT (n, id)) = 5',
		"SELECT i, key, id, row_number() OVER (PARTITION BY i) AS n
		 FROM (SELECT * FROM outer_rows LEFT JOIN $inner s ON true OFFSET 0) s" ],
	[ 'all rows for each outer row',
		"count(*) = 40 * $rows AND count(DISTINCT id) = $rows AND count(DISTINCT (key, id)) = $rows",
		'SELECT * FROM outer_rows LEFT JOIN (SELECT random() AS key, id FROM few ORDER BY key OFFSET 0) s ON true' ],
	[ 'semijoin with five rows',
		'count(*) = 5',
		"SELECT id AS i, 0 AS key, id FROM few WHERE EXISTS (SELECT FROM $inner s WHERE s.id = few.id)" ],
	[ 'antijoin with five rows',
		"count(*) = $rows - 5",
		"SELECT id AS i, 0 AS key, id FROM few WHERE NOT EXISTS (SELECT FROM $inner s WHERE s.id = few.id)" ],
	[ 'the same row in a sub-select without parameters',
		'count(*) = 40 AND count(DISTINCT id) = 1',
		'SELECT i, 0 AS key, (SELECT id FROM few ORDER BY random() LIMIT 1) AS id FROM outer_rows' ],
	[ 'LATERAL without a reference to the outer row',
		'count(*) = 200 AND count(DISTINCT id) = 5',
		"SELECT * FROM outer_rows LEFT JOIN LATERAL $inner s ON true" ],
	[ 'LATERAL with a reference in the filter: new rows',
		'count(*) = 200 AND count(DISTINCT key) = 200 AND count(DISTINCT id) > 5',
		'SELECT * FROM outer_rows, LATERAL (SELECT random() AS key, id FROM few WHERE id > i - 1000 ORDER BY key LIMIT 5) s' ],
	[ 'LATERAL with a reference in a one-time filter: new rows',
		'count(*) = 200 AND count(DISTINCT key) = 200 AND count(DISTINCT id) > 5',
		'SELECT * FROM outer_rows, LATERAL (SELECT random() AS key, id FROM few WHERE i > 0 ORDER BY key LIMIT 5) s' ],
	[ 'LATERAL with a reference in LIMIT: new rows',
		'count(*) = 820 AND count(DISTINCT id) > 40',
		'SELECT * FROM outer_rows, LATERAL (SELECT random() AS key, id FROM few WHERE id > 0 ORDER BY key LIMIT i) s' ],
	[ 'LATERAL with a reference in the select list, which the scan does not need',
		'count(*) = 200 AND count(DISTINCT id) = 5',
		'SELECT * FROM outer_rows, LATERAL (SELECT random() AS key, id, i AS j FROM few ORDER BY key LIMIT 5) s' ],
	[ 'sub-select with a reference: new rows',
		'count(*) = 40 AND count(DISTINCT id) > 1',
		'SELECT i, 0 AS key, (SELECT id FROM few WHERE id > i - 1000 ORDER BY random() LIMIT 1) AS id FROM outer_rows' ],
	[ 'new rows for each outer row, the same for those between',
		'count(*) = 600 AND count(DISTINCT key) = 200 AND count(DISTINCT (i, id)) = 200',
		'SELECT * FROM outer_rows, LATERAL (SELECT s.* FROM generate_series(1, 3) LEFT JOIN
		 (SELECT random() AS key, id FROM few WHERE id > i - 1000 ORDER BY key LIMIT 5) s ON true OFFSET 0) t' ],
	[ 'filter by a hashed sub-select that depends on the outer row',
		'count(*) = 60 AND bool_and(f >= i)',
		'SELECT * FROM generate_series(0, 2) i, LATERAL (SELECT random() AS key, id, f FROM few
		 WHERE id < 0 OR f IN (SELECT g FROM generate_series(0, 2) g WHERE g >= i) ORDER BY key LIMIT 20) s' ],
	[ 'each group its own rows',
		'count(*) = 6 AND count(DISTINCT id) = 6 AND bool_and(f = i)',
		'SELECT * FROM generate_series(0, 2) i, LATERAL
		 (SELECT random() AS key, id, f FROM few WHERE f = i ORDER BY key LIMIT 2) s' ],
	[ 'the same outer value again and again: new rows',
		'count(*) = 200 AND count(DISTINCT id) > 5',
		'SELECT * FROM (SELECT 7 AS i FROM outer_rows OFFSET 0) o,
		 LATERAL (SELECT random() AS key, id FROM few WHERE id <> i ORDER BY key LIMIT 5) s' ],
	[ 'each step of a recursive query: new rows',
		'count(*) = 20 AND count(DISTINCT id) > 5',
		"WITH RECURSIVE step AS (SELECT 0 AS i, 0::float8 AS key, 0 AS id UNION ALL
		 SELECT step.i + 1, s.key, s.id FROM (SELECT DISTINCT i FROM step) step, LATERAL
		 (SELECT random() AS key, id FROM few WHERE id > step.i - 1000 ORDER BY key LIMIT 5) s WHERE step.i < 4)
		 SELECT * FROM step WHERE i > 0" ],
);
sub test_rescans
{
	my ($how, $table, $material) = @_;
	my $dbh = start_session(
		%{ $course{$how} },
		enable_hashjoin  => 'off',
		enable_mergejoin => 'off',
		enable_memoize   => 'off',
		enable_material  => $material);

	for (@rescans)
	{
		my ($name, $fact, $query) = @$_;
		my $what = "$name, $how, $table, material $material";

		$query =~ s/\bfew\b/$table/g;
		is_plan_raced($dbh, $query, $what) if $name !~ /one-time/;
		my ($is_true, @counts) = $dbh->selectrow_array(
			"SELECT $fact, count(*), count(DISTINCT id) FROM ($query) s");
		ok($is_true, $what) or diag("found @counts");
	}
	return;
}
for my $how (PLAIN ? 'raced' : sort keys %course)
{
	for my $table ('few', 'pieces')
	{
		test_rescans($how, $table, $_) for 'off', 'on';
	}
}

# Cursors.
sub fetch
{
	my ($dbh, $direction) = @_;
	return $dbh->selectall_arrayref("FETCH $direction FROM c");
}

sub is_rows
{
	my ($found, $expected, $name) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;
	is_deeply([ map { "@$_" } @$found ], [ map { "@$_" } @$expected ], $name);
}

sub test_cursors
{
	my ($how, $table) = @_;
	my $all = "SELECT random() AS key, id FROM $table ORDER BY key";
	my $dbh = start_session(%{ $course{$how} }, cursor_tuple_fraction => 0.01);

	$how .= ", $table";
	$dbh->begin_work;
	$dbh->do("DECLARE c NO SCROLL CURSOR FOR $all");
	my @steps = map { fetch($dbh, 7) } 1 .. int(($rows + 6) / 7);
	my @found = map { @$_ } @steps;
	my %ids   = map { $_->[1] => 1 } @found;
	ok(@{ $steps[0] } == 7 && @found == $rows && keys %ids == $rows, "in steps of 7, $how");
	is_rows(\@found, [ sort { $a->[0] <=> $b->[0] } @found ], "in one order over all steps, $how");
	is(@{ fetch($dbh, 7) }, 0, "nothing after the end, $how");
	$dbh->rollback;

	# PostgreSQL's own plan allows this without being asked
	if (!PLAIN)
	{
		$dbh->begin_work;
		$dbh->do("DECLARE c CURSOR FOR $all");
		fetch($dbh, 3);
		ok(!eval { fetch($dbh, 'BACKWARD 1') }, "no way back unless it is declared, $how");
		is($dbh->state, '55000', "by the error for it, $how");
		$dbh->rollback;
	}

	for my $hold ('WITHOUT', 'WITH')
	{
		$dbh->begin_work;
		$dbh->do("DECLARE c SCROLL CURSOR $hold HOLD FOR $all");
		my $forth = fetch($dbh, 10);
		is_rows(fetch($dbh, 'BACKWARD 9'), [ reverse @$forth[ 0 .. 8 ] ], "back, $how, $hold HOLD");
		is_rows(fetch($dbh, 'ABSOLUTE 5'), [ $forth->[4] ], "the fifth, $how, $hold HOLD");
		$dbh->do('MOVE ABSOLUTE 0 FROM c');
		$dbh->commit if $hold eq 'WITH';
		my $again = fetch($dbh, 'ALL');
		is_rows([ @$again[ 0 .. 9 ] ], $forth, "from the start again, $how, $hold HOLD");
		my %ids = map { $_->[1] => 1 } @$again;
		ok(@$again == $rows && keys %ids == $rows, "all rows, $how, $hold HOLD");
		is_rows(fetch($dbh, 'BACKWARD ALL'), [ reverse @$again ], "all rows back, $how, $hold HOLD");
		$dbh->do('CLOSE c');
		$dbh->rollback if $hold eq 'WITHOUT';
	}
	return;
}
for my $how (PLAIN ? 'raced' : sort keys %course)
{
	test_cursors($how, $_) for 'few', 'pieces';
}

# A cursor sees the table as it was when it was opened, though rows are deleted,
# changed and added behind it, pages are pruned and the file grows.
for my $how (PLAIN ? 'raced' : sort keys %course)
{
	$builder->do('DROP TABLE IF EXISTS moving');
	$builder->do('CREATE TABLE moving AS SELECT i AS id, 0 AS version FROM generate_series(1, 1000) i');
	$builder->do('ANALYZE moving');

	my $dbh = start_session(%{ $course{$how} }, cursor_tuple_fraction => 0.01);
	$dbh->begin_work;
	$dbh->do('DECLARE c CURSOR FOR SELECT version, id FROM moving ORDER BY random()');
	my @found = @{ fetch($dbh, 3) };
	$builder->do($_) for (
		'DELETE FROM moving WHERE id % 2 = 0',
		'UPDATE moving SET version = 1',
		'INSERT INTO moving SELECT i, 2 FROM generate_series(1001, 5000) i',
		'VACUUM moving');
	push @found, @{ fetch($dbh, 5) };
	# of its own transaction, too
	$dbh->do('UPDATE moving SET version = 3');
	$dbh->do('DELETE FROM moving WHERE id > 4000');
	push @found, @{ fetch($dbh, 'ALL') };
	$dbh->rollback;

	my %ids = map { $_->[1] => 1 } grep { $_->[0] == 0 } @found;
	ok(@found == 1000 && keys %ids == 1000, "the table as it was, $how") or diag(scalar(@found), ' rows, ', scalar(keys %ids), ' ids');
}

done_testing;
