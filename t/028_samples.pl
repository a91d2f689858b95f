# One query, one sample: the same rows wherever a TABLESAMPLE is read again, in
# joins, sub-selects and cursors, whatever else changes; and samples that are
# locked and changed, while others change the table.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan(skip_all => 'randpick is left out') if PLAIN;

# Whoever has not loaded the library gets the race too, and nothing else.
my $builder = connect_to_server();
$builder->do('CREATE TABLE plain AS SELECT i AS id, i % 10 AS f FROM generate_series(1, 20000) i');
$builder->do('ANALYZE plain');
for my $first (
	'SELECT count(*) FROM plain TABLESAMPLE randpick(3)',
	'SELECT count(*) FROM plain TABLESAMPLE randpick($1)',
	"DO 'BEGIN PERFORM FROM plain TABLESAMPLE randpick(3); END'",
	'EXPLAIN SELECT count(*) FROM plain TABLESAMPLE randpick(3)')
{
	my $dbh = connect_to_server();
	my $statement = $dbh->prepare($first, { pg_server_prepare => 1 });
	$statement->execute($first =~ /\$1/ ? 3 : ());
	my ($count) = $first =~ /^SELECT/ ? $statement->fetchrow_array : 3;
	is($count, 3, "$first, first in its session");
	is($dbh->selectrow_array('SHOW randpick.order_by_random'), 'off', "$first leaves other queries alone");
}

my %course = (
	raced             => { cpu_tuple_cost     => 1 },
	mixed             => { cpu_tuple_cost     => 0.0225 },
	dealt             => { 'randpick.method' => 'deal' },
	'dealt in parallel' => {
		'randpick.method'            => 'deal',
		parallel_setup_cost          => 0,
		parallel_tuple_cost          => 0,
		min_parallel_table_scan_size => 0,
	});

my @keep = build_hostile_table($builder, \&connect_to_server, 'few', 5);
my $rows = $builder->selectrow_array('SELECT count(*) FROM few');
$builder->do($_) for (
	'CREATE TABLE outer_rows AS SELECT i FROM generate_series(1, 40) i',
	'CREATE TABLE parted (id int, f int) PARTITION BY HASH (id)',
	'CREATE TABLE parted_0 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 0)',
	'CREATE TABLE parted_1 PARTITION OF parted FOR VALUES WITH (MODULUS 2, REMAINDER 1)',
	'INSERT INTO parted SELECT i, i % 5 + 1 FROM generate_series(1, 200) i',
	'ANALYZE');

# A query is read as (i, id); i says which outer row it belongs to.
my $five = '(SELECT id FROM few TABLESAMPLE randpick(5)) s';
my @readings = (
	# what it is, what must be true, query
	[ 'the same five rows for each outer row',
		'count(*) = 200 AND count(DISTINCT id) = 5',
		"SELECT i, id FROM outer_rows LEFT JOIN $five ON true" ],
	[ 'semijoin',
		'count(*) = 5 AND count(DISTINCT id) = 5',
		"SELECT id AS i, id FROM few WHERE EXISTS (SELECT FROM $five WHERE s.id = few.id)" ],
	[ 'antijoin',
		"count(*) = $rows - 5",
		"SELECT id AS i, id FROM few WHERE NOT EXISTS (SELECT FROM $five WHERE s.id = few.id)" ],
	[ 'IN',
		'count(*) = 5',
		'SELECT id AS i, id FROM few WHERE id IN (SELECT id FROM few TABLESAMPLE randpick(5))' ],
	[ 'below a join that has a parameter, but not for the sample',
		'count(*) = 200 AND count(DISTINCT id) = 5',
		'SELECT i, s.id FROM outer_rows, LATERAL (SELECT a.id FROM few a TABLESAMPLE randpick(5)
		 LEFT JOIN few b ON b.id = a.id + i OFFSET 0) s' ],
	[ 'a WHERE that depends on the outer row',
		'count(*) = 100 AND count(DISTINCT id) = 5',
		'SELECT i, s.id FROM outer_rows, LATERAL (SELECT id FROM few TABLESAMPLE randpick(5) WHERE i % 2 = 0 OR id < i - 1000) s' ],
	[ 'a sub-select that depends on the outer row',
		'count(*) = 40 AND count(DISTINCT id) = 1',
		'SELECT i, (SELECT sum(id) FROM few TABLESAMPLE randpick(5) WHERE id > i - 1000) AS id FROM outer_rows' ],
	[ 'a size that depends on the outer row: one row more for each',
		'count(*) = 820 AND count(DISTINCT id) = 40',
		'SELECT i, s.id FROM outer_rows, LATERAL (SELECT id FROM few TABLESAMPLE randpick(i)) s' ],
	[ 'and one row less',
		'count(*) = 820 AND count(DISTINCT id) = 40',
		'SELECT i, s.id FROM (SELECT i FROM outer_rows ORDER BY i DESC OFFSET 0) o, LATERAL (SELECT id FROM few TABLESAMPLE randpick(i)) s' ],
	[ 'up to all rows',
		"count(*) = 40 * 41 / 2 * 10 - (SELECT sum(greatest(i * 10 - $rows, 0)) FROM outer_rows)",
		'SELECT i, s.id FROM outer_rows, LATERAL (SELECT id FROM few TABLESAMPLE randpick(i * 10)) s' ],
	[ 'a seed that depends on the outer row: four samples, each ten times',
		'count(*) = 200 AND count(DISTINCT (i % 4, id)) = 20 AND count(DISTINCT id) > 5',
		'SELECT i, s.id FROM outer_rows, LATERAL (SELECT id FROM few TABLESAMPLE randpick(5) REPEATABLE (i % 4)) s' ],
	[ 'a CTE that is read twice',
		'count(*) = 5',
		'WITH s AS (SELECT id FROM few TABLESAMPLE randpick(5)) SELECT s.id AS i, s.id FROM s JOIN s t USING (id)' ],
	[ 'two samples of one seed',
		'count(*) = 5',
		'SELECT s.id AS i, s.id FROM few s TABLESAMPLE randpick(5) REPEATABLE (3) JOIN few t TABLESAMPLE randpick(5) REPEATABLE (3) USING (id)' ],
	[ 'two samples without a seed',
		'count(DISTINCT id) > 20',
		'SELECT 1 AS i, id FROM few TABLESAMPLE randpick(20) UNION ALL SELECT 2, id FROM few TABLESAMPLE randpick(20)' ],
	[ 'five rows of each partition',
		'count(*) = 400 AND count(DISTINCT id) = 10',
		'SELECT i, id FROM outer_rows LEFT JOIN (SELECT id FROM parted TABLESAMPLE randpick(5)) s ON true' ],
	[ 'of each partition as many as a partitioned table says',
		'count(*) = 2 * 3 * 200 AND count(DISTINCT id) = 10',
		'SELECT o.id AS i, s.id FROM parted o, LATERAL (SELECT * FROM parted TABLESAMPLE randpick(o.f)) s' ],
	[ 'joined partition by partition',
		'bool_and(i = id)',
		'SELECT o.id AS i, s.id FROM parted o, LATERAL (SELECT * FROM parted TABLESAMPLE randpick(o.f * 30)) s WHERE s.id = o.id' ],
	[ 'with rows that the WHERE leaves out',
		'bool_and(id % 2 = 0) AND count(*) = 40 * count(DISTINCT id)',
		'SELECT i, id FROM outer_rows JOIN (SELECT id FROM few TABLESAMPLE randpick(50) WHERE id % 2 = 0) s ON true' ],
);
for my $how (sort keys %course)
{
	my $dbh = start_session(%{ $course{$how} }, enable_hashjoin => 'off', enable_mergejoin => 'off',
		enable_partitionwise_join => 'on', enable_memoize => 'off');
	for my $material (qw(off on))
	{
		$dbh->do("SET enable_material = $material");
		for (@readings)
		{
			my ($name, $fact, $query) = @$_;
			is_plan_raced($dbh, $query, "$name, $how") if $material eq 'off';
			my ($is_true, @counts) = $dbh->selectrow_array("SELECT $fact, count(*), count(DISTINCT id) FROM ($query) s");
			ok($is_true, "$name, $how, material $material") or diag("found @counts");
		}
	}
}

# Cursors, to and fro, and while the table changes behind them.
for my $how (sort keys %course)
{
	my $dbh = start_session(%{ $course{$how} }, cursor_tuple_fraction => 0.01);
	my $fetch = sub { join ' ', @{ $dbh->selectcol_arrayref("FETCH $_[0] FROM c") } };

	for my $hold ('WITHOUT', 'WITH')
	{
		$dbh->begin_work;
		$dbh->do("DECLARE c SCROLL CURSOR $hold HOLD FOR SELECT id FROM few TABLESAMPLE randpick(10)");
		my $forth = $fetch->(4);
		$dbh->do('MOVE ABSOLUTE 0 FROM c');
		$dbh->commit if $hold eq 'WITH';
		my $all = $fetch->('ALL');
		like($all, qr/^$forth /, "the same rows again, $how, $hold HOLD");
		is($fetch->('BACKWARD ALL'), join(' ', reverse split / /, $all), "and back, $how, $hold HOLD");
		is(split(/ /, $all), 10, "ten rows, $how, $hold HOLD");
		$dbh->do('CLOSE c');
		$dbh->rollback if $hold eq 'WITHOUT';
	}

	$builder->do('DROP TABLE IF EXISTS moving');
	$builder->do('CREATE TABLE moving AS SELECT i AS id, 0 AS version FROM generate_series(1, 1000) i');
	$builder->do('ANALYZE moving');
	$dbh->begin_work;
	$dbh->do('DECLARE c CURSOR FOR SELECT version, id FROM moving TABLESAMPLE randpick(990)');
	my @found = @{ $dbh->selectall_arrayref('FETCH 3 FROM c') };
	$builder->do($_) for (
		'DELETE FROM moving WHERE id % 2 = 0',
		'UPDATE moving SET version = 1',
		'INSERT INTO moving SELECT i, 2 FROM generate_series(1001, 5000) i',
		'VACUUM moving');
	push @found, @{ $dbh->selectall_arrayref('FETCH ALL FROM c') };
	my %ids = map { $_->[1] => 1 } grep { $_->[0] == 0 && $_->[1] <= 1000 } @found;
	is(@found . ' ' . keys %ids, '990 990', "all of the table as it was, $how");
	$dbh->rollback;
}

# Samples that are locked and changed, while others change the same rows.
my $other = connect_to_server();
my $job   = 'job TABLESAMPLE randpick(5)';
my @waits = (
	# what the others do, what waits, rows of it, what must be true afterwards
	[ 'UPDATE job SET done = 10', "SELECT done FROM $job FOR UPDATE", 5, 'done = 10' ],
	[ 'UPDATE job SET done = 10', "SELECT done FROM $job REPEATABLE (1) WHERE done < 10 FOR UPDATE", 0, 'done = 10' ],
	[ 'UPDATE job SET kind = 5', "SELECT kind FROM $job WHERE kind < 6 FOR SHARE", 5, 'kind = 5' ],
	[ 'UPDATE job SET done = 10', "UPDATE job SET done = done + 1 FROM (SELECT id FROM $job) s WHERE s.id = job.id RETURNING done", 5, 'done IN (10, 11)' ],
	[ 'UPDATE job SET done = 10', "UPDATE job SET done = job.done + 1 FROM job s TABLESAMPLE randpick(5) WHERE s.id = job.id RETURNING job.done", 5, 'done IN (10, 11)' ],
	[ 'UPDATE job SET done = 10', "DELETE FROM job USING (SELECT id FROM $job FOR UPDATE) s WHERE s.id = job.id RETURNING done", 5, 'done = 10' ],
	[ 'DELETE FROM job', "SELECT id FROM $job FOR UPDATE", 0, 'false' ],
);
for my $how (sort keys %course)
{
	for (@waits)
	{
		my ($change, $query, $count, $fact) = @$_;
		$builder->do('DROP TABLE IF EXISTS job');
		$builder->do('CREATE TABLE job AS SELECT i AS id, i % 3 AS kind, 0 AS done FROM generate_series(1, 40) i');
		my $dbh = start_session(%{ $course{$how} });
		$other->begin_work;
		$other->do($change);
		my $found = run_behind($dbh, $query, sub { $other->commit });
		is(scalar @{ $found // [] }, $count, "$query behind $change, $how") or diag($@);
		my ($bad) = $builder->selectrow_array("SELECT count(*) FROM job WHERE NOT ($fact)");
		is($bad, 0, "$query behind $change, $how: $fact");
	}
	my $dbh = start_session(%{ $course{$how} });
	$builder->do('TRUNCATE job');
	$builder->do('INSERT INTO job SELECT i, 0, 0 FROM generate_series(1, 40) i');
	is($dbh->do("INSERT INTO job SELECT id + 100 FROM $job"), 5, "INSERT of a sample of the same table, $how");
	$dbh->do("MERGE INTO job USING (SELECT id FROM $job) s ON s.id = job.id WHEN MATCHED THEN DELETE");
	is($dbh->selectrow_array('SELECT count(*) FROM job'), 40, "MERGE, $how");
}

done_testing;
