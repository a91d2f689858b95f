# What depends on the number of rows wanted, known when the query runs: whether a
# race is run, whether PostgreSQL's own plan takes its place, and how many rows a
# deal keeps.  If more rows are wanted after all, the rest is dealt once more; and
# the entries of an index-only scan may lead to rows that a race has returned.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
build_table($builder, 'forty',
	'CREATE TABLE T (id int, key int)',
	'INSERT INTO T SELECT i, i FROM generate_series(1, 40) i');
$builder->do($_) for (
	'CREATE TABLE pieces (id int, key int) PARTITION BY HASH (id)',
	(map { "CREATE TABLE pieces_$_ PARTITION OF pieces FOR VALUES WITH (MODULUS 3, REMAINDER $_)" } 0 .. 2),
	'INSERT INTO pieces SELECT * FROM forty',
	'ANALYZE pieces');

# Of 40 rows 36 are locked by somebody else, and passed over.  A deal keeps some
# ten rows for two that are wanted, so it is mostly done again, and again.
my $locker = connect_to_server();
for my $table (qw(forty pieces))
{
	$locker->begin_work;
	$locker->do("SELECT FROM $table WHERE id > 4 FOR UPDATE");
	my $dbh    = start_session('randpick.method' => 'deal');
	my $select = "SELECT random() AS r, id FROM $table ORDER BY r";

	is_found_how('dealt', { 'randpick.method' => 'deal' }, "$select LIMIT 2 FOR UPDATE SKIP LOCKED", "$table: rows that are not locked");
	is_fair("$table: two of four rows, dealt again",
		sub { prefixes_p(draw_ids($dbh, "SELECT id FROM $table ORDER BY random() LIMIT 2 FOR UPDATE SKIP LOCKED", 6000, 2), 2, 4) });
	for my $direction ('ASC', 'DESC')
	{
		is_fair("$table: their random() values, $direction",
			sub { keys_p(draw_keyed($dbh, "$select $direction LIMIT 4 FOR UPDATE SKIP LOCKED", 4000, 4), 4, 4, $direction eq 'DESC') });
	}
	is(@{ $dbh->selectall_arrayref("SELECT id FROM $table ORDER BY random() LIMIT 30 FOR UPDATE SKIP LOCKED") }, 4,
		"$table: all that there are");
	$locker->rollback;

	# an outer LIMIT is not seen, an inner one may be passed
	my $some = "SELECT id FROM (SELECT id FROM $table ORDER BY random() LIMIT 20) s WHERE id <= 4";
	cmp_ok(@{ $dbh->selectall_arrayref($some) }, '<=', 4, "$table: a filter above the LIMIT");
}

# The ordinary plan is an index-only scan, all pages are all-visible, and most
# entries lead to a redirect.  Races are lost after some rows.
build_table($builder, 'updated',
	'CREATE TABLE T (id int PRIMARY KEY, key int, other int, pad text) WITH (fillfactor = 40)',
	q{INSERT INTO T SELECT i, i, 0, repeat('x', 200) FROM generate_series(1, 600) i},
	'UPDATE T SET other = 1 WHERE id % 3 > 0',
	'VACUUM T',
	'UPDATE T SET other = 2 WHERE id % 3 = 1',
	'VACUUM (FREEZE) T');
$builder->do('VACUUM ANALYZE updated');
{
	my %settings = ('randpick.method' => 'heap', enable_seqscan => 'off', cpu_tuple_cost => 0.001);
	my $dbh      = start_session(%settings);
	my $query    = 'SELECT id FROM updated ORDER BY random() LIMIT 30';
	my $facts    = table_facts($builder, 'updated', 'true');
	my $plan     = join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN (ANALYZE, COSTS off, TIMING off) $query") };

	like($plan, qr/Index Only Scan using updated_pkey on updated \(actual.*\n\s+Heap Fetches: 0/, 'an index-only scan, of the index alone')
	  or diag($plan);
	is_found_how('mixed', \%settings, $query, 'rows and entries');
	is_fair('rows and entries', sub { rows_p(draw_ids($dbh, $query, 3000, 30), 30, $facts) });
	is_fair('their random() values',
		sub { keys_p(draw_keyed($dbh, 'SELECT random() AS r, id FROM updated ORDER BY r LIMIT 30', 1000, 30), 30, 600, 0, $facts) });

	my $all = $dbh->selectcol_arrayref('SELECT id FROM updated ORDER BY random()');
	is(join(' ', sort { $a <=> $b } @$all), join(' ', 1 .. 600), 'all rows, once each');
}

# LIMIT $1 and LIMIT of a sub-select: a race for few rows, PostgreSQL's own plan for
# many, the rows of which are as random.
build_table($builder, 'numbers',
	'CREATE TABLE T (id int, key int)',
	'INSERT INTO T SELECT i, i FROM generate_series(1, 3000) i');
$builder->do($_) for (
	'CREATE TABLE parts (id int, key int) PARTITION BY RANGE (id)',
	(map { "CREATE TABLE parts_$_ PARTITION OF parts FOR VALUES FROM ($_ * 750 + 1) TO ($_ * 750 + 751)" } 0 .. 3),
	'INSERT INTO parts SELECT * FROM numbers',
	'ANALYZE parts');
for my $table (qw(numbers parts))
{
	my $dbh = start_session('randpick.order_by_random' => 'auto', plan_cache_mode => 'force_generic_plan');
	$dbh->do("PREPARE pick (int, int) AS SELECT id FROM $table ORDER BY random() LIMIT \$1 OFFSET \$2");

	for ([ 1, 0, 1 ], [ 5, 5, 1 ], [ 2900, 0, 0 ], [ 1, 2900, 0 ], [ 'NULL', 0, undef ], [ 100000, 0, 0 ])
	{
		my ($limit, $offset, $is_raced) = @$_;
		my $plan = join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN (ANALYZE, COSTS off, TIMING off) EXECUTE pick($limit, $offset)") };
		my $ids  = $dbh->selectcol_arrayref("EXECUTE pick($limit, $offset)");
		my $rows = $limit eq 'NULL' || $limit > 3000 ? 3000 : $limit;
		my %seen = map { $_ => 1 } @$ids;

		is("@{[ scalar @$ids, scalar keys %seen ]}", "$rows $rows", "$table: LIMIT $limit OFFSET $offset, all different");
		next unless defined $is_raced;
		like($plan, $is_raced ? qr/Sort \(never executed\)/ : qr/Sort \(actual/, "$table: LIMIT $limit OFFSET $offset, "
			  . ($is_raced ? 'a race' : 'the ordinary plan')) or diag($plan);
	}
	my $half = "SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM $table ORDER BY random() LIMIT (SELECT count(*) / 2 FROM $table)) s";
	is("@{ $dbh->selectrow_arrayref($half) }", '1500 1500', "$table: LIMIT of a sub-select");

	# columns are what they were, and what nobody reads does not come
	my $sth = $dbh->prepare("SELECT * FROM $table ORDER BY random() LIMIT (SELECT 2000)", { pg_server_prepare => 0 });
	$sth->execute;
	is("@{ $sth->{NAME} }", 'id key', "$table: the columns of the ordinary plan");
	is(scalar @{ $sth->fetchall_arrayref }, 2000, "$table: its rows");

	# row locks pass rows over: no bound may cut them off
	$locker->begin_work;
	$locker->do("SELECT FROM $table WHERE id <= 1500 FOR UPDATE");
	is(@{ $dbh->selectall_arrayref("SELECT id FROM $table ORDER BY random() LIMIT (SELECT 1200) FOR UPDATE SKIP LOCKED") }, 1200,
		"$table: as many as are wanted, of those that are not locked");
	$locker->rollback;

	# the same rows again for a scan that is repeated, others where the LIMIT changes
	my $again = "SELECT count(*), count(DISTINCT id) FROM generate_series(1, 3) i
		LEFT JOIN (SELECT id FROM $table ORDER BY random() LIMIT (SELECT 2000)) s ON id > -i";
	$dbh->do('SET enable_material = off');
	is("@{ $dbh->selectrow_arrayref($again) }", '6000 2000', "$table: the same rows again");
	my $varying = "SELECT i, count(*), count(DISTINCT id) FROM generate_series(1, 6) i,
		LATERAL (SELECT id FROM $table WHERE id > -i ORDER BY random() LIMIT CASE WHEN i % 2 = 0 THEN 3 ELSE 2000 + i END) s GROUP BY i ORDER BY i";
	is(join(', ', map { "@$_" } @{ $dbh->selectall_arrayref($varying) }),
		'1 2001 2001, 2 3 3, 3 2003 2003, 4 3 3, 5 2005 2005, 6 3 3', "$table: now few rows, now many");

	# a row of a sort is no row of a scan
	$dbh->begin_work;
	$dbh->do("DECLARE c CURSOR FOR SELECT id FROM $table ORDER BY random() LIMIT (SELECT 2000)");
	$dbh->do('FETCH c');
	eval { $dbh->do("UPDATE $table SET key = 0 WHERE CURRENT OF c") };
	like($@, qr/is not a simply updatable scan/, "$table: WHERE CURRENT OF");
	$dbh->rollback;
}

# What the planner computes after the sort, since it is volatile or costly, is
# computed from the right columns, above a race and above the ordinary plan.
$builder->do($_) for (
	'CREATE TABLE tree (LIKE numbers)',
	'CREATE TABLE tree_child () INHERITS (tree)',
	'INSERT INTO tree SELECT * FROM numbers WHERE id <= 1000',
	'INSERT INTO tree_child SELECT * FROM numbers WHERE id > 1000',
	'CREATE VIEW united AS SELECT * FROM numbers WHERE id < 0 UNION ALL SELECT * FROM numbers',
	'CREATE VIEW both_trees AS SELECT * FROM tree_child UNION ALL SELECT * FROM parts',
	q{CREATE FUNCTION later(int) RETURNS text LANGUAGE plpgsql COST 10000 AS $$BEGIN RETURN 'v' || $1; END$$},
	'ANALYZE');
for my $table (qw(numbers parts tree united both_trees))
{
	my $dbh = start_session('randpick.order_by_random' => 'auto', plan_cache_mode => 'force_generic_plan');
	for my $k (3, 2500)
	{
		my $query = "SELECT 'x' || id AS x, later(key) AS v, id, random() AS r, clock_timestamp() AS t, key FROM $table ORDER BY r LIMIT (SELECT $k)";
		my $answer = $dbh->selectrow_arrayref(<<"SQL");
SELECT count(*), bool_and(x = 'x' || id AND v = 'v' || key AND key = id AND r >= 0 AND r < 1 AND t <= clock_timestamp())::int,
	bool_and(r >= before)::int
FROM (SELECT *, lag(r, 1, 0::float8) OVER () AS before FROM ($query) s OFFSET 0) s
SQL
		is("@$answer", "$k 1 1", "$table: $k rows, columns that are computed later");
	}
}

# The n-th row of many, in a session of each plan.
{
	my $facts = { map { $_ => { row => $_, part => $_ % 7 } } 1 .. 400 };
	build_table($builder, 'hundreds',
		'CREATE TABLE T (id int, key int)',
		'INSERT INTO T SELECT i, i FROM generate_series(1, 400) i');
	for my $k (1, 390)
	{
		my $dbh = start_session('randpick.order_by_random' => 'auto', plan_cache_mode => 'force_generic_plan', cpu_tuple_cost => 0.1);
		is_fair("$k of 400 rows",
			sub { rows_p(draw_ids($dbh, "SELECT id FROM hundreds ORDER BY random() LIMIT (SELECT $k)", $k == 1 ? 40000 : 300, $k), $k, $facts) });
	}
}

done_testing;
