# Races that are lost again and again are not run any more, but now and then, and
# those won bring them back; whatever became of them, the next row is exactly
# random.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();

# The planner expects one row in 200 of what it knows nothing about.
build_table($builder, 'plenty',
	'CREATE TABLE T (id int PRIMARY KEY, key int NOT NULL)',
	'INSERT INTO T SELECT i, i % 100 FROM generate_series(1, 5000) i');
build_parted('parted', 'id int, key int NOT NULL', 'SELECT * FROM plenty', 1000, 3000, 4000, 5001);

# Make a table whose partitions end at these values of id, and fill it.
sub build_parted
{
	my ($table, $columns, $rows, @ends) = @_;
	my $low = 0;
	$builder->do("CREATE TABLE $table ($columns) PARTITION BY RANGE (id)");
	for (@ends)
	{
		$builder->do("CREATE TABLE ${table}_$_ PARTITION OF $table FOR VALUES FROM ($low) TO ($_) WITH (autovacuum_enabled = off)");
		$low = $_;
	}
	$builder->do($_) for "INSERT INTO $table $rows", "ANALYZE $table";
	return;
}

# Looks and deals of each of $runs runs of a query.
sub courses
{
	my ($dbh, $query, $runs) = @_;
	my $sums = 'SELECT sum(looks), sum(deals) FROM randpick_stats()';
	my @before = $dbh->selectrow_array($sums);
	my @courses;
	for (1 .. $runs)
	{
		$dbh->selectall_arrayref($query);
		my @after = $dbh->selectrow_array($sums);
		push @courses, [ map { $after[$_] - $before[$_] } 0, 1 ];
		@before = @after;
	}
	return @courses;
}

sub looks_of
{
	return map { $_->[0] } courses(@_);
}

# Which of them have run a race?
sub races_of
{
	return map { $_->[0] > 0 ? 1 : 0 } courses(@_);
}

# A session in which one plan answers for all values of key that it is given.
sub start_generic
{
	my ($table, %settings) = @_;
	my $dbh = start_session(plan_cache_mode => 'force_generic_plan', 'randpick.method' => 'heap', %settings);
	$dbh->do("PREPARE pick (int) AS SELECT id FROM $table WHERE key * 2 < \$1 ORDER BY random() LIMIT 1");
	return $dbh;
}

# Let a query race until it wins.  Returns how often it did not.
sub win
{
	my ($dbh, $query) = @_;
	for my $runs (0 .. 200)
	{
		return $runs if (courses($dbh, $query, 1))[0][1] == 0;
	}
	die "no race is won\n";
}

# Is a race run after 0, 1, ... that were lost in a row?  So src/past.c has it.
sub runs
{
	my ($n) = @_;
	return map { $_ < 4 || $_ % 64 == 0 || ($_ & ($_ - 1)) == 0 ? 1 : 0 } 0 .. $n - 1;
}

my $none = 'EXECUTE pick (0)';
my $some = 'EXECUTE pick (100)';	# half of the rows
for my $table (qw(plenty parted))
{
	my $dbh   = start_generic($table, cpu_tuple_cost => 0.27);
	my ($full) = looks_of($dbh, $none, 1);

	cmp_ok($full, '>', 320, "$table: a race for no row has a budget of $full looks");
	is("@{[ 1, races_of($dbh, $none, 129) ]}", join(' ', runs(130)), "$table: races lost are not run any more, but for some");

	my $runs = win($dbh, $some);
	is("@{[ races_of($dbh, $none, 3) ]}", join(' ', (runs(10))[ 7 .. 9 ]), "$table: and sooner when one is won, after $runs more");
	win($dbh, $some) for 1 .. 6;
	is("@{[ races_of($dbh, $none, 10) ]}", join(' ', runs(10)), "$table: and all of them again when some were won");

	# a race is won when it has found its row, whatever becomes of the query
	win($dbh, $some) for 1 .. 6;
	for (1 .. 5)
	{
		looks_of($dbh, $none, 3);
		$dbh->begin_work;
		$dbh->do("DECLARE c CURSOR FOR SELECT id FROM $table WHERE key * 2 < 100 ORDER BY random() LIMIT 1");
		$dbh->do('FETCH c');
		$dbh->rollback;
	}
	is((races_of($dbh, $none, 1))[0], 1, "$table: a cursor that is left open wins");
	eval { $dbh->do("SELECT 1 / (id - id) FROM (SELECT id FROM $table WHERE key * 2 < 100 ORDER BY random() LIMIT 1) s") } for 1 .. 3;
	like($@, qr/division by zero/, "$table: an error after the row was found");
	is("@{[ races_of($dbh, $none, 4) ]}", '1 1 1 1', "$table: that one wins, too");

	# what is known of one query is not of others, or of other sessions
	my $other = "SELECT id FROM $table WHERE key = 3 AND key * 2 = 7 ORDER BY random() LIMIT 1";
	looks_of($dbh, $none, 12);
	is((races_of($dbh, $other, 1))[0], 1, "$table: another query has its own past");
	is((races_of(start_generic($table, cpu_tuple_cost => 0.27), $none, 1))[0], 1, "$table: so has another session");
}

# Who wants to can have all forgotten.
{
	my $dbh   = start_generic('plenty', cpu_tuple_cost => 0.27);
	looks_of($dbh, $none, 12);
	$dbh->do('SELECT randpick_stats_reset()');
	is((races_of($dbh, $none, 1))[0], 1, 'races lost are forgotten with the counters');
}

# More rows are wanted than there are: such a race finds rows, and is lost.
for my $table (qw(plenty parted))
{
	my $dbh   = start_session(cpu_tuple_cost => 0.27, 'randpick.method' => 'heap');
	my $query = "SELECT id FROM $table WHERE key * 2 = 8 ORDER BY random() LIMIT 60";
	is("@{[ races_of($dbh, $query, 12) ]}", join(' ', runs(12)), "$table: a race that is lost after finding rows is lost");
	is(@{ $dbh->selectall_arrayref($query) }, 50, "$table: and all rows come of it");
}

# What did not race is not lost; nor is a race that stops for other reasons.
{
	my $dbh = start_session(cpu_tuple_cost => 0.27, 'randpick.method' => 'heap', plan_cache_mode => 'force_generic_plan');
	$dbh->do($_) for 'PREPARE sample (int) AS SELECT id FROM plenty TABLESAMPLE randpick($1)', 'SET randpick.order_by_random = auto';
	is("@{[ looks_of($dbh, 'EXECUTE sample (2000000000)', 12) ]}", '0 ' x 11 . '0', 'no race for more rows than looks');
	$dbh->do('SET randpick.order_by_random = force');
	cmp_ok((looks_of($dbh, 'EXECUTE sample (500)', 1))[0], '>=', 500, 'which does not count as lost');

	build_parted('large', 'id int, a name NOT NULL, b name NOT NULL, c name NOT NULL',
		'SELECT i, i, i, i FROM generate_series(1, 99999) i', 200, 100000);
	$dbh->do($_) for 'SET work_mem = 64', 'SET cpu_tuple_cost = 100';
	for my $table (qw(large large_100000))
	{
		my @looks = looks_of($dbh, "SELECT id FROM $table ORDER BY random() LIMIT 10000", 12);
		cmp_ok($looks[11], '>', 0.7 * $looks[0],
			"$table: nor does one that ends for want of memory, after $looks[0] looks, $looks[11] at last");
	}
}

# A sample with a seed must not depend on what was before.
{
	my $dbh = start_session('randpick.method' => 'heap');

	build_table($builder, 'thinned',
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 5000) i',
		'DELETE FROM T WHERE id % 1000 > 0');
	my $query = 'SELECT array_agg(id) FROM thinned TABLESAMPLE randpick(4) REPEATABLE (3)';
	my %answers;
	my %looks;
	$looks{"$_->[0] looks, deals: $_->[1]"}++ for courses($dbh, $query, 40);
	$answers{ "@{ $dbh->selectrow_arrayref($query)->[0] }" }++ for 1 .. 10;
	is(scalar keys %looks, 1, 'the course of a sample with a seed is always the same: ' . join ', ', keys %looks);
	is(scalar keys %answers, 1, 'and so are its rows');
	like((keys %looks)[0], qr/deals: 1$/, 'though its race is lost');
}

# A race in an index that has nothing to spend does not even look for the range.
{
	build_table($builder, 'ranges',
		'CREATE TABLE T (id int, key int NOT NULL)',
		'INSERT INTO T SELECT i, i % 10 FROM generate_series(1, 2000) i',
		'CREATE INDEX T_key ON T (key, id)');
	$builder->do('DELETE FROM ranges WHERE key = 3');
	my $dbh   = start_session('randpick.method' => 'range', enable_bitmapscan => 'off');

	my $query = 'SELECT id FROM ranges WHERE key = 3 AND id < 500 ORDER BY random() LIMIT 1';
	my @looks = looks_of($dbh, $query, 70);
	is("@{[ map { $_ > 0 ? 1 : 0 } @looks ]}", join(' ', runs(70)), "races in an index: $looks[0] looks");
	cmp_ok($looks[0], '<', 64, 'which are few');
	my ($plan) = join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN (ANALYZE, COSTS off, TIMING off) $query") };
	like($plan, qr/Source: range\n.*Index: t_key\n.*Places: 0\n\s+Looks: 0\n\s+Misses: 0\n\s+Deals: 1\n/s, 'no place has been counted');
}

# A budget may also be small because there is not much to read.  And it is no
# loss, nor a win, if there is nothing at all.
{
	build_table($builder, 'small_ranges',
		'CREATE TABLE T (id int, key int NOT NULL, state int)',
		'INSERT INTO T SELECT i, i % 10, 0 FROM generate_series(1, 10000) i',
		'INSERT INTO T SELECT i, 77, 0 FROM generate_series(10001, 10100) i',
		'CREATE INDEX ON T (key, id)',
		q{CREATE FUNCTION dear(int) RETURNS boolean IMMUTABLE LANGUAGE sql COST 1000000 AS 'SELECT $1 = 0 AND pg_backend_pid() > 0'});
	$builder->do('VACUUM small_ranges');
	my $dbh = start_session(plan_cache_mode => 'force_generic_plan', 'randpick.method' => 'range');
	$dbh->do('PREPARE pick (int, int) AS SELECT id FROM small_ranges WHERE key = $1 AND dear(state + $2) ORDER BY random() LIMIT 1');
	my @looks = looks_of($dbh, 'EXECUTE pick (77, 1)', 70);
	is("@{[ map { $_ > 0 ? 1 : 0 } @looks ]}", join(' ', runs(70)), "a small range: $looks[0] looks");
	cmp_ok($looks[0], '<', 64, 'which are few');

	win($dbh, 'EXECUTE pick (77, 0)') for 1 .. 6;
	looks_of($dbh, 'EXECUTE pick (77, 1)', 9);
	is("@{[ looks_of($dbh, 'EXECUTE pick (99, 1)', 3) ]}", '0 0 0', 'an empty range');
	is((looks_of($dbh, 'EXECUTE pick (77, 1)', 1))[0], 0, 'which wins nothing');
}

# Some races are lost, some won, with budgets of all sizes: each row comes equally
# often, and whatever row came before.
sub are_pairs_fair
{
	my ($name, $dbh, $table) = @_;
	my $rows  = $builder->selectcol_arrayref("SELECT id FROM $table");
	my %facts = map { $_ => { row => $_ } } @$rows;
	my $query = "SELECT id FROM $table ORDER BY random() LIMIT 1";
	my $draws = 60 * @$rows**2;

	$dbh->do('SELECT randpick_stats_reset()');
	is_fair($name, sub {
		my $ids = draw_ids($dbh, $query, $draws, 1, 1);
		my (%pairs, %equal);
		for (my $i = 1; $i < @$ids; $i += 2)
		{
			$pairs{"$ids->[$i - 1] $ids->[$i]"}++;
		}
		for my $id (@$rows)
		{
			$equal{"$id $_"} = 1 for @$rows;
		}
		return (rows_p($ids, 1, \%facts), 'by the row before' => chi_square_p(\%pairs, \%equal));
	});
	my ($races, $deals) = $dbh->selectrow_array('SELECT max(races), max(deals) FROM randpick_stats()');
	cmp_ok($deals, '>', 0.3 * $races, "$name: $deals of $races races were lost");
	cmp_ok($deals, '<', 0.95 * $races, "$name: others were won");
	return;
}

for my $table (qw(plenty parted))
{
	$builder->do("DELETE FROM $table WHERE id % 400 <> 7");
	are_pairs_fair("$table, few rows left", start_session('randpick.method' => 'heap', cpu_tuple_cost => $table eq 'parted' ? 0.03 : 0.02), $table);
}

done_testing;
