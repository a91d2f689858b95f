# Plans that are kept and results that are read in steps: prepared statements
# past the sixth execution, where PostgreSQL may change to a generic plan;
# portals of the extended protocol, several at a time; PL/pgSQL's cursors.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Forms;
use RandpickTest::Protocol;
use Test::More;

my $builder = connect_to_server();
$builder->do(<<'SQL');
CREATE TABLE book (id int PRIMARY KEY, kind int NOT NULL, pad text);
INSERT INTO book SELECT i, i % 3, repeat('x', i % 7 * 150) FROM generate_series(1, 40) i;
CREATE TABLE large AS SELECT i AS id, i % 10 AS kind FROM generate_series(1, 200000) i;
CREATE TABLE parted (id int, kind int) PARTITION BY LIST (kind);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES IN (0);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
INSERT INTO parted SELECT id, kind FROM book;
ANALYZE;

CREATE FUNCTION fetch_from_cursor(count int) RETURNS TABLE (id int, r float8) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	c NO SCROLL CURSOR FOR SELECT id, random() AS r FROM book ORDER BY r;
BEGIN
	OPEN c;
	FOR i IN 1..count LOOP
		FETCH c INTO id, r;
		RETURN NEXT;
	END LOOP;
	CLOSE c;
END $$;
CREATE FUNCTION loop_over_two_cursors(count int) RETURNS TABLE (id int, other int) LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
	a refcursor;
	b refcursor;
BEGIN
	OPEN a FOR SELECT id FROM book ORDER BY random();
	OPEN b FOR EXECUTE 'SELECT id FROM book ORDER BY random()';
	FOR i IN 1..count LOOP
		FETCH a INTO id;
		FETCH b INTO other;
		RETURN NEXT;
	END LOOP;
END $$;
SQL

# Prepared statements: which plan each of ten executions has, and how many rows.
my @prepared = (
	# statement, how many rows come of which values
	[ 'SELECT id FROM T ORDER BY random() LIMIT $1', [3], 3 ],
	[ 'SELECT id FROM T ORDER BY random() LIMIT $1::int', [3], 3 ],
	[ 'SELECT id FROM T ORDER BY random() LIMIT $1 OFFSET $2', [ 3, 2 ], 3 ],
	[ 'SELECT id FROM T ORDER BY random() FETCH FIRST $1 ROWS ONLY', [2], 2 ],
	[ 'SELECT id FROM T ORDER BY random() LIMIT 1', [], 1 ],
	[ 'SELECT id FROM T WHERE kind = $1 ORDER BY random() LIMIT $2', [ 1, 2 ], 2 ],
	[ 'SELECT id FROM T WHERE $1 IS NULL OR id > $1 ORDER BY random() LIMIT 2', [5], 2 ],
	[ 'SELECT random() AS r, id FROM T WHERE id > $1 ORDER BY r LIMIT 2', [5], 2 ],
	[ 'SELECT id FROM T ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED', [], 1 ],
);
for my $cache (qw(auto force_generic_plan force_custom_plan))
{
	# by cost, where there are rows enough to save
	for (PLAIN ? [ large => 'auto' ] : ([ large => 'auto' ], [ book => 'force' ], [ parted => 'force' ]))
	{
		my ($table, $mode) = @$_;
		my $dbh = start_session('randpick.order_by_random' => $mode, plan_cache_mode => $cache,
			$mode eq 'force' ? (cpu_tuple_cost => 1) : ());
		for (@prepared)
		{
			my ($query, $values, $count) = @$_;
			(my $statement = $query) =~ s/\bT\b/$table/;
			my $types = join ', ', map { 'int' } @$values;
			my $call  = 'p' . (@$values ? '(' . join(', ', @$values) . ')' : '');
			$dbh->do('PREPARE p' . ($types ? " ($types)" : '') . " AS $statement");
			my ($raced, @counts) = (0);
			for (1 .. 10)
			{
				my $plan = join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN EXECUTE $call") };
				$raced++ if $plan =~ /RandPick/;
				push @counts, scalar @{ $dbh->selectall_arrayref("EXECUTE $call") };
			}
			is($raced, 10, "$statement, $mode, $cache: taken each time") unless PLAIN;
			is("@counts", join(' ', ($count) x 10), "$statement, $mode, $cache: rows");
			my ($generic) = $dbh->selectrow_array('SELECT generic_plans FROM pg_prepared_statements');
			cmp_ok($generic, '>=', 10, "$statement, $cache: by a generic plan") if $cache =~ /generic/;
			cmp_ok($generic, '>=', 10, "$statement, $mode, $cache: not planned for each value")
				if "$mode $cache" eq 'auto auto' && $query =~ /LIMIT \$1(::int)?$/ && !PLAIN;
			$dbh->do('DEALLOCATE p');
		}
	}
}

# Values that bend a kept plan: NULL, 0, many, and again few.
for my $cache (qw(auto force_generic_plan))
{
	my $dbh = start_session(plan_cache_mode => $cache, cpu_tuple_cost => 1);
	$dbh->do('PREPARE p (bigint) AS SELECT id FROM book ORDER BY random() LIMIT $1');
	my @counts = map { scalar @{ $dbh->selectall_arrayref("EXECUTE p ($_)") } } qw(1 1 1 1 1 1 NULL 0 1000 39 2 0 1);
	is("@counts", '1 1 1 1 1 1 40 0 40 39 2 0 1', "LIMIT changes, $cache");
	eval { $dbh->selectall_arrayref('EXECUTE p (-1)') };
	is($dbh->state, '2201W', "negative LIMIT, $cache");
	is(scalar @{ $dbh->selectall_arrayref('EXECUTE p (4)') }, 4, "and after it, $cache");
}

# The rows of a generic plan, and of PL/pgSQL's cursors.
is_taken({ plan_cache_mode => 'force_generic_plan', cpu_tuple_cost => 1 }, name => "generic plan, $_->[0]",
	rows => 'book WHERE kind = 1', k => 3, id => 'id', key => 'r', query => $_->[0], values => $_->[1])
  for
  [ 'SELECT random() AS r, id FROM book WHERE kind = $1 ORDER BY r LIMIT $2', [ 1, 3 ] ],
  [ 'SELECT random() AS r, id FROM parted WHERE kind = $1 ORDER BY r LIMIT $2', [ 1, 3 ] ];
is_taken({ cpu_tuple_cost => 1 }, name => 'cursor of PL/pgSQL', rows => 'book', k => 3, id => 'id', key => 'r',
	is_hidden => 1, query => 'SELECT * FROM fetch_from_cursor(3)', values => []);
is_taken({ cpu_tuple_cost => 1 }, name => "$_ of two cursors", rows => 'book', k => 3, id => $_,
	is_hidden => 1, varies => 1, query => 'SELECT * FROM loop_over_two_cursors(3)', values => [])
  for qw(id other);

# Portals.  Three of one statement and one of another take turns, a few rows at
# a time, until all are at their end.
my ($database) = $builder->selectrow_array('SELECT current_database()');
my %options = PLAIN ? () : (
	session_preload_libraries  => 'randpick',
	'randpick.order_by_random' => 'force',
	cpu_tuple_cost              => 1);
my $connection = RandpickTest::Protocol->connect($database, %options);
$connection->parse(all => 'SELECT random() AS r, id FROM book ORDER BY r');
$connection->parse(limited => 'SELECT random() AS r, id FROM book WHERE kind = $1 ORDER BY r LIMIT $2');
$connection->sync;

sub take_turns
{
	my %limit = (a => 40, b => 40, c => 40, d => 5);
	my %rows = map { $_ => [] } keys %limit;
	$connection->bind($_, 'all') for qw(a b c);
	$connection->bind(d => 'limited', 1, 5);
	my @open = sort keys %limit;
	while (my $portal = shift @open)
	{
		my ($rows, $is_suspended) = $connection->fetch($portal, 3);
		push @{ $rows{$portal} }, @$rows;
		push @open, $portal if $is_suspended;
	}
	$connection->sync;
	for my $portal (sort keys %limit)
	{
		my @keys = map { $_->[0] } @{ $rows{$portal} };
		my %ids  = map { $_->[1] => 1 } @{ $rows{$portal} };
		die "portal $portal gave " . @keys . " rows, " . keys(%ids) . " different\n"
		  if @keys != $limit{$portal} || keys %ids != $limit{$portal};
		die "the keys of portal $portal are not sorted\n" if grep { $keys[$_] < $keys[ $_ - 1 ] } 1 .. $#keys;
	}
	return \%rows;
}

my $facts = $builder->selectall_hashref('SELECT id AS row, (ctid::text::point)[0] AS page FROM book', 'row');
my $kind  = $builder->selectall_hashref('SELECT id AS row, (ctid::text::point)[0] AS page FROM book WHERE kind = 1', 'row');
is_fair('portals in turns', sub {
	my %drawn;
	for (1 .. 500)
	{
		my $rows = take_turns();
		push @{ $drawn{$_} }, @{ $rows->{$_} } for keys %$rows;
	}
	return map {
		my ($portal, $k, $facts) = @$_;
		my @judged = (
			rows_p([ map { $_->[1] } @{ $drawn{$portal} } ], $k, $facts),
			keys_p($drawn{$portal}, $k, scalar(keys %$facts), 0, $facts));
		map { $_ % 2 ? $judged[$_] : "portal $portal, $judged[$_]" } 0 .. $#judged;
	} [ a => 40, $facts ], [ c => 40, $facts ], [ d => 5, $kind ];
});

# A portal that is not read to its end, and one that fails, leave nothing behind.
$connection->bind(a => 'all');
$connection->fetch(a => 3);
$connection->sync;
$connection->parse(failing => 'SELECT 1 / (id - id) FROM book ORDER BY random()');
$connection->bind(b => 'failing');
eval { $connection->fetch(b => 3) };
like($@, qr/division by zero/, 'a portal fails');
$connection->sync;
ok(take_turns(), 'and the next ones do not');

done_testing;
