# What ends in the middle: errors that are caught, transactions rolled back in
# part, timeouts and cancels in every loop; and transactions of every sort,
# read-only ones, parallel ones, serializable ones.

use strict;
use warnings;

use DBD::Pg ':async';
use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Forms;
use Test::More;
use Time::HiRes qw(sleep time);

my %course = (
	'heap raced' => { cpu_tuple_cost => 1, 'randpick.method' => 'heap' },
	'leaf raced' => { cpu_tuple_cost => 1, 'randpick.method' => 'leaf' },
	'mixed'      => { cpu_tuple_cost => 0.0045 },
	'dealt'      => { 'randpick.method' => 'deal' },
);
my @courses = PLAIN ? 'mixed' : sort keys %course;

# A leaked pin, lock or snapshot is told by a warning.
my @warnings;
local $SIG{__WARN__} = sub { push @warnings, @_ };

my $builder = connect_to_server();
$builder->do(<<'SQL');
CREATE TABLE forty AS SELECT i AS id, i % 4 AS f FROM generate_series(1, 40) i;
ALTER TABLE forty ADD PRIMARY KEY (id);
CREATE TABLE million AS SELECT i AS id FROM generate_series(1, 1000000) i;
CREATE INDEX ON million (id);
CREATE TABLE duty (id int PRIMARY KEY, on_call boolean NOT NULL);
ANALYZE;

-- how many of so many picks fail, which is what the filter does on some rows
CREATE FUNCTION catch_errors(runs int) RETURNS TABLE (failed bigint, picked bigint) LANGUAGE plpgsql AS $$
DECLARE
	found forty;
BEGIN
	failed := 0;
	picked := 0;
	FOR i IN 1..runs LOOP
		BEGIN
			SELECT * INTO STRICT found FROM forty WHERE 1 / (id - 7) IS NOT NULL AND id <= 20 ORDER BY random() LIMIT 1;
			picked := picked + 1;
		EXCEPTION WHEN division_by_zero THEN
			failed := failed + 1;
		END;
	END LOOP;
	RETURN NEXT;
END $$;

-- an error while a loop over picked rows is under way, and more picks inside
CREATE FUNCTION fail_in_loop() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
	outer_row forty;
	inner_row forty;
	result text := '';
BEGIN
	FOR outer_row IN SELECT * FROM forty ORDER BY random() LOOP
		BEGIN
			FOR inner_row IN SELECT * FROM forty ORDER BY random() LOOP
				IF inner_row.id % 10 = 0 THEN
					RAISE SQLSTATE 'RP001';
				END IF;
			END LOOP;
			result := result || 'missed ';
		EXCEPTION WHEN SQLSTATE 'RP001' THEN
			result := result || '.';
		END;
	END LOOP;
	RETURN result;
END $$;
SQL

for my $how (@courses)
{
	my $dbh = start_session(%{ $course{$how} });
	my ($failed, $picked) = $dbh->selectrow_array('SELECT * FROM catch_errors(500)');
	is($failed + $picked, 500, "each pick fails or not, $how: $failed do");
	is($dbh->selectrow_array('SELECT fail_in_loop()'), '.' x 40, "errors inside of a loop over picked rows, $how");

	# savepoints, with a cursor from before them, and one from inside
	$dbh->begin_work;
	$dbh->do('DECLARE c CURSOR FOR SELECT id FROM forty ORDER BY random()');
	my @ids = map { $_->[0] } @{ $dbh->selectall_arrayref('FETCH 5 FROM c') };
	for my $i (1 .. 5)
	{
		$dbh->do('SAVEPOINT s');
		push @ids, map { $_->[0] } @{ $dbh->selectall_arrayref('FETCH 5 FROM c') };
		$dbh->do('DECLARE d CURSOR FOR SELECT id FROM forty ORDER BY random()');
		$dbh->do('FETCH 3 FROM d');
		$dbh->do('DELETE FROM forty WHERE id = (SELECT id FROM forty ORDER BY random() LIMIT 1 FOR UPDATE)');
		eval { $dbh->do('SELECT 1 / (id - id) FROM forty ORDER BY random()') } if $i % 2;
		$dbh->do('ROLLBACK TO s');
	}
	push @ids, map { $_->[0] } @{ $dbh->selectall_arrayref('FETCH ALL FROM c') };
	$dbh->commit;
	is(join(' ', sort { $a <=> $b } @ids), join(' ', 1 .. 40), "a cursor across savepoints that are rolled back, $how");

	# nothing of it stays
	my ($locks) = $dbh->selectrow_array('SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND relation = \'forty\'::regclass');
	is($locks, 0, "no lock is left, $how");
	my ($cursors) = $dbh->selectrow_array('SELECT count(*) FROM pg_cursors WHERE name IN (\'c\', \'d\')');
	is($cursors, 0, "no cursor is left, $how");

	# read-only transactions
	for my $begin ('BEGIN READ ONLY', 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', 'BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE')
	{
		my $rows = form_answer($dbh, [ $begin, 'SELECT id FROM forty ORDER BY random() LIMIT 3', 'COMMIT' ])->[1];
		is(scalar @$rows, 3, "$begin, $how");
		is(form_answer($dbh, [ $begin, 'SELECT id FROM forty ORDER BY random() LIMIT 3 FOR UPDATE' ])->[0], '25006', "$begin, FOR UPDATE, $how");
	}
}

# Every loop ends soon when it is told to: while it looks for a row that is not
# there, while it reads what to deal, sorts, returns, replays, and collects what a
# function returns.
my @loops = (
	# what it is, settings, query
	[ 'looking in the heap', { cpu_tuple_cost => 1, 'randpick.method' => 'heap' },
		'SELECT count(*) FROM generate_series(1, 1000000) i, LATERAL (SELECT id FROM million WHERE id < -i ORDER BY random() LIMIT 1) s' ],
	[ 'looking in an index', { cpu_tuple_cost => 1, 'randpick.method' => 'leaf' },
		'SELECT count(*) FROM generate_series(1, 1000000) i, LATERAL (SELECT id FROM million WHERE id + i < 0 ORDER BY random() LIMIT 1) s' ],
	[ 'racing for many rows', { cpu_tuple_cost => 1, work_mem => '1GB' },
		'SELECT count(*) FROM (SELECT id FROM million ORDER BY random() OFFSET 0) s' ],
	[ 'dealing', { 'randpick.method' => 'deal' },
		'SELECT count(*) FROM (SELECT id FROM million ORDER BY random() OFFSET 0) s' ],
	[ 'dealing in parallel', { 'randpick.method' => 'deal', parallel_setup_cost => 0, parallel_tuple_cost => 0 },
		'SELECT count(*) FROM (SELECT id FROM million WHERE id % 2 = 0 ORDER BY random() OFFSET 0) s' ],
	[ 'replaying', { enable_material => 'off' },
		'SELECT count(*) FROM generate_series(1, 1000000) i LEFT JOIN (SELECT id FROM million ORDER BY random() LIMIT 1000) s ON s.id = -i OR s.id = 0' ],
	[ 'collecting', { }, 'SELECT count(*) FROM randpick_rows(NULL::million, 1000000)' ],
	[ 'storing', { }, 'CREATE TEMP TABLE shuffled AS SELECT id FROM million ORDER BY random()' ],
);
for (@loops)
{
	my ($name, $settings, $query) = @$_;
	next if PLAIN && $query =~ /randpick/;
	my $dbh = start_session(%$settings);
	is_plan_raced($dbh, $query, $name) if $query !~ /randpick/;

	# longer than it takes to begin, much shorter than it takes to end
	for my $limit (30, 150)
	{
		$dbh->do("SET statement_timeout = $limit");
		my $start = time;
		eval { $dbh->do($query) };
		my $state   = $dbh->state;
		my $seconds = time - $start;
		$dbh->do('SET statement_timeout = 100000');
		is($state, '57014', "$name ends after $limit ms");
		cmp_ok($seconds, '<', $limit / 1000 + 5, sprintf '%s: it took %.3f s', $name, $seconds);
	}

	# cancelled at any moment, again and again; a cancel that comes too early to
	# find anything to cancel is lost
	my %ends;
	for (1 .. 10)
	{
		my $statement = $dbh->prepare($query, { pg_async => PG_ASYNC });
		$statement->execute;
		do
		{
			sleep rand 0.05;
			$builder->do("SELECT pg_cancel_backend($dbh->{pg_pid})");
		} until $dbh->pg_ready;
		eval { $dbh->pg_result };
		$ends{ $dbh->state || 'done' }++;
	}
	ok(!grep({ $_ ne '57014' } keys %ends), "$name is cancelled: " . join ', ', map { "$ends{$_} $_" } sort keys %ends);
	is(scalar @{ $dbh->selectall_arrayref('SELECT id FROM forty ORDER BY random() LIMIT 3') }, 3, "$name: the session works on");
}

# Workers in parallel: beside a race, and asked for by force.
for my $how (@courses)
{
	my %force = (%{ $course{$how} }, parallel_setup_cost => 0, parallel_tuple_cost => 0, min_parallel_table_scan_size => 0,
		max_parallel_workers_per_gather => 2, debug_parallel_query => 'on');
	my $dbh = start_session(%force);
	my @counts = $dbh->selectrow_array(<<'SQL');
SELECT count(*), count(DISTINCT picked.id), bool_and(million.id = picked.id)
FROM million JOIN (SELECT id FROM million ORDER BY random() LIMIT 1000) picked USING (id)
SQL
	is("@counts", '1000 1000 1', "rows picked beside parallel workers, $how");
	is(scalar @{ $dbh->selectall_arrayref('SELECT id FROM forty ORDER BY random()') }, 40, "all rows, $how");
	is($dbh->selectrow_array('SELECT count(*) FROM forty WHERE id IN (SELECT id FROM forty ORDER BY random() LIMIT 7)'), 7, "a semijoin, $how");
	next if PLAIN;
	is($dbh->selectrow_array(q{SELECT count(*) FROM randpick_rows(NULL::million, 500, 'id % 3 = 0')}), 500, "randpick_rows, $how");
	is($dbh->selectrow_array(q{SELECT count(*) FROM million WHERE id <= 10 AND randpick('forty') IS NOT NULL}), 10, "randpick, $how");
}

# Serializable transactions that read what the other one changes: one must fail,
# as with PostgreSQL's own plan.
my @skews = (
	# what each of two reads, by its first row; what it does then (N is its number)
	[ 'all rows', 'SELECT count(*) FROM (SELECT id FROM duty WHERE on_call ORDER BY random() LIMIT 100) s', 'UPDATE duty SET on_call = false WHERE id = N' ],
	[ 'one row', 'SELECT id FROM duty WHERE on_call ORDER BY random() LIMIT 1', 'UPDATE duty SET on_call = false WHERE id = N' ],
	[ 'one row, and rows are new', 'SELECT id FROM duty ORDER BY random() LIMIT 1', 'INSERT INTO duty VALUES (100 + N, true)' ],
	[ 'no row', 'SELECT id FROM duty WHERE id > 100 ORDER BY random() LIMIT 1', 'INSERT INTO duty VALUES (100 + N, true)' ],
	[ 'a locked row', 'SELECT id FROM duty WHERE on_call AND id > 2 ORDER BY random() LIMIT 1 FOR KEY SHARE', 'UPDATE duty SET on_call = false WHERE id = N' ],
);
for my $how (@courses)
{
	for (@skews)
	{
		my ($name, $read, $write) = @$_;
		$builder->do('TRUNCATE duty');
		$builder->do('INSERT INTO duty SELECT i, true FROM generate_series(1, 40) i');
		$builder->do('ANALYZE duty');
		my @sessions = map { start_session(%{ $course{$how} }) } 1 .. 2;
		is_plan_raced($sessions[0], $read, "$name, $how");
		$_->do('BEGIN ISOLATION LEVEL SERIALIZABLE') for @sessions;
		my @states = eval {
			$_->selectall_arrayref($read) for @sessions;
			map {
				(my $change = $write) =~ s/\bN\b/$_ + 1/e;
				eval { $sessions[$_]->do($change); $sessions[$_]->do('COMMIT') };
				$sessions[$_]->state || 'done';
			} 0 .. 1;
		};
		is(join(' ', sort @states), '40001 done', "$name, $how: one of two serializable transactions fails");
		$_->do('ROLLBACK') for grep { $_->ping > 2 } @sessions;
	}

	# and where they do not get in each other's way, none does
	my @sessions = map { start_session(%{ $course{$how} }) } 1 .. 2;
	$_->do('BEGIN ISOLATION LEVEL SERIALIZABLE') for @sessions;
	$sessions[0]->do('SELECT id FROM duty ORDER BY random() LIMIT 1');
	$sessions[1]->do('SELECT id FROM duty ORDER BY random() LIMIT 1');
	$sessions[1]->do('INSERT INTO duty VALUES (200, true)');
	is(join(' ', map { eval { $_->do('COMMIT') }; $_->state || 'done' } @sessions), 'done done', "a reader and a writer, $how");
}

is_deeply(\@warnings, [], 'no warning came');
done_testing;
