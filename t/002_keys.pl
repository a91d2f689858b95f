# Are the random() values that the caller sees those that PostgreSQL would
# show: uniform, sorted, independent of the rows, and one number a row however
# often it is named?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

my $builder = connect_to_server();
my @keep    = build_hostile_table($builder, \&connect_to_server, 'few', 5);
my $all     = row_facts($builder, 'few');
my $third   = row_facts($builder, 'few', 'f = 0');
$builder->do('CREATE VIEW shuffled AS SELECT random() AS key, id FROM few ORDER BY key');

my %course = (
	raced => { cpu_tuple_cost     => 1 },
	mixed => { cpu_tuple_cost     => 0.0045 },
	dealt => { 'randpick.method' => 'deal' },
);

# The keys of many forms of query.  Those that a race cannot give, or need not,
# must not be spoiled by it either.
my @forms = (
	# what it is, how its rows are found ('any': does not matter), races a
	# query, rows a race, do they fall, rows that qualify, query
	[ 'LIMIT 1', 'raced', 1, 1, 0, $all,
		'SELECT random() AS key, id FROM few ORDER BY key LIMIT 1' ],
	[ 'LIMIT 10', 'raced', 1, 10, 0, $all,
		'SELECT random() AS key, id FROM few ORDER BY key LIMIT 10' ],
	[ 'LIMIT 10', 'mixed', 1, 10, 0, $all,
		'SELECT random() AS key, id FROM few ORDER BY key LIMIT 10' ],
	[ 'LIMIT 10', 'dealt', 1, 10, 0, $all,
		'SELECT random() AS key, id FROM few ORDER BY key LIMIT 10' ],
	[ 'DESC', 'raced', 1, 10, 1, $all,
		'SELECT random() AS key, id FROM few ORDER BY key DESC LIMIT 10' ],
	[ 'DESC', 'mixed', 1, 10, 1, $all,
		'SELECT random() AS key, id FROM few ORDER BY key DESC LIMIT 10' ],
	[ 'DESC', 'dealt', 1, 10, 1, $all,
		'SELECT random() AS key, id FROM few ORDER BY key DESC LIMIT 10' ],
	[ 'all rows', 'mixed', 1, scalar(keys %$all), 0, $all,
		'SELECT random() AS key, id FROM few ORDER BY key' ],
	[ 'all rows, DESC', 'mixed', 1, scalar(keys %$all), 1, $all,
		'SELECT random() AS key, id FROM few ORDER BY key DESC' ],
	[ 'filter', 'mixed', 1, 10, 0, $third,
		'SELECT random() AS key, id FROM few WHERE f = 0 ORDER BY key LIMIT 10' ],
	[ 'constant sort column before it', 'mixed', 1, 10, 0, $third,
		'SELECT random() AS key, id FROM few WHERE f = 0 ORDER BY f, key LIMIT 10' ],
	[ 'ORDER BY 1', 'mixed', 1, 10, 0, $all,
		'SELECT random(), id FROM few ORDER BY 1 LIMIT 10' ],
	[ 'subquery with LIMIT', 'mixed', 1, 10, 0, $all,
		'SELECT key, id FROM (SELECT id, random() AS key FROM few ORDER BY key LIMIT 10) s' ],
	[ 'subquery, LIMIT outside', 'mixed', 1, 10, 0, $all,
		'SELECT * FROM (SELECT random() AS key, id FROM few ORDER BY key) s LIMIT 10' ],
	[ 'view', 'mixed', 1, 10, 0, $all,
		'SELECT * FROM shuffled LIMIT 10' ],
	[ 'view, columns exchanged and filtered', 'mixed', 1, 10, 0, $all,
		'SELECT key, id FROM (SELECT id, key FROM shuffled) s WHERE id > 0 LIMIT 10' ],
	[ 'values made before they are sorted', 'any', 1, 10, 0, $all,
		'SELECT * FROM (SELECT random() AS key, id FROM few) s ORDER BY key LIMIT 10' ],
	[ 'CTE', 'any', 1, 10, 0, $all,
		'WITH s AS (SELECT random() AS key, id FROM few) SELECT * FROM s ORDER BY key LIMIT 10' ],
	[ 'one-time filter', 'any', 1, 10, 0, $all,
		q{SELECT random() AS key, id FROM few WHERE current_setting('work_mem') <> '' ORDER BY key LIMIT 10} ],
	[ 'LATERAL', 'any', 3, 10, 0, $all,
		'SELECT s.* FROM generate_series(1, 3) i,
			LATERAL (SELECT random() AS key, id FROM few WHERE id >= i ORDER BY key LIMIT 10) s' ],
	[ 'LATERAL with one-time filter', 'any', 3, 10, 0, $all,
		'SELECT s.* FROM generate_series(1, 3) i,
			LATERAL (SELECT random() AS key, id FROM few WHERE i > 0 ORDER BY key LIMIT 10) s' ],
	[ 'scalar sub-selects', 'any', 1, 1, 0, $all,
		'SELECT pair[1], pair[2]::int FROM (SELECT
			(SELECT ARRAY[random(), id] FROM few ORDER BY random() LIMIT 1) AS pair OFFSET 0) s' ],
);
for (@forms)
{
	my ($name, $how, $races, $k, $is_descending, $facts, $query) = @$_;
	my $settings = $course{$how} // $course{mixed};
	my $rows     = keys %$facts;
	my $runs     = int(200000 / $races / ($k > 10 ? $k : 10));

	is_found_how($how, $settings, $query, $name) if $how ne 'any';
	my $dbh = start_session(%$settings);
	is_fair("$name, $how", sub {
		my $draws = draw_keyed($dbh, $query, $runs, $races * $k);
		return keys_p($draws, $k, $rows, $is_descending, $facts);
	});
}

# One number a row.  PostgreSQL evaluates random() once a row if it is sorted
# by, wherever the select list names it, but not inside of a sub-select.
my @facts = (
	# what it is about, what must be true, of which query
	[ 'equal columns', 'a = b',
		'SELECT random() AS a, random() AS b FROM few ORDER BY a LIMIT 10' ],
	[ 'equal columns, DESC', 'a = b',
		'SELECT random() AS a, random() AS b FROM few ORDER BY b DESC LIMIT 10' ],
	[ 'sum', 'b = a + 1',
		'SELECT random() AS a, random() + 1 AS b FROM few ORDER BY a LIMIT 10' ],
	[ 'CASE', 'a = b',
		'SELECT random() AS a, CASE random() WHEN 2 THEN 0 ELSE random() END AS b FROM few ORDER BY a LIMIT 10' ],
	[ 'array', 'b = ARRAY[a, a * 2]',
		'SELECT random() AS a, ARRAY[random(), random() * 2] AS b FROM few ORDER BY a LIMIT 10' ],
	[ 'key that is sorted by, not shown', 'b >= before',
		'SELECT b, lag(b, 1, 0) OVER () AS before
		 FROM (SELECT random() + 1 AS b FROM few ORDER BY random() LIMIT 10) s' ],
	[ 'sub-select, evaluated once', 'a <> b AND b = max(b) OVER ()',
		'SELECT random() AS a, (SELECT random()) AS b FROM few ORDER BY a LIMIT 10' ],
	[ 'sub-select, evaluated for each row', 'a <> b AND (b < max(b) OVER () OR b > min(b) OVER ())',
		'SELECT random() AS a, (SELECT random() + 0 * id) AS b FROM few ORDER BY a LIMIT 10' ],
	[ 'whole row', 'stored = picked',
		'SELECT picked, few AS stored FROM (SELECT random() AS a, few AS picked FROM few ORDER BY a LIMIT 10) s
		 JOIN few ON few.id = (picked).id' ],
	[ 'system columns', 'tid = ctid AND xid = xmin AND oid = tableoid',
		'SELECT few.ctid, few.xmin, few.tableoid, picked.*
		 FROM (SELECT random() AS a, id, ctid AS tid, xmin AS xid, tableoid AS oid
		       FROM few ORDER BY a LIMIT 10) picked JOIN few USING (id)' ],
);
for my $how (qw(raced mixed dealt))
{
	my $dbh = start_session(%{ $course{$how} });
	for (@facts)
	{
		my ($name, $fact, $query) = @$_;
		is_plan_raced($dbh, $query, "$name, $how");
		my ($count, $is_true) = $dbh->selectrow_array(
			"SELECT count(*), bool_and(fact) FROM (SELECT $fact AS fact FROM ($query) s) s");
		ok($count == 10 && $is_true, "$name, $how: $fact");
	}
	for my $never (q{false}, q{current_setting('work_mem') = ''}, q{(SELECT 1) = 2}, q{id < 0})
	{
		my $rows = $dbh->selectall_arrayref(
			"SELECT random() AS a FROM few WHERE $never ORDER BY a LIMIT 10");
		ok(@$rows == 0, "no row where $never, $how");
	}
}

# Row locks.  Where another transaction has changed a row, PostgreSQL evaluates
# the row's columns anew: of another random() value, but never of none.
my @updates = (
	# what the others do to the ten rows, what is asked for, rows that come
	[ 'UPDATE locked SET v = v + 100', 'v < 200', 'FOR UPDATE', 5 ],
	[ 'UPDATE locked SET v = v + 100', 'v < 200', 'FOR NO KEY UPDATE', 5 ],
	[ 'UPDATE locked SET v = v + 100', 'v < 200', 'FOR SHARE', 5 ],
	# seven rows fail the filter now, and no others take their places
	[ 'UPDATE locked SET v = v + 100 + 100 * (id > 3)::int', 'v < 200', 'FOR UPDATE', 3 ],
	[ 'UPDATE locked SET v = CASE WHEN id > 3 THEN 100 ELSE 300 END', 'v < 200', 'FOR UPDATE', 5 ],
	[ 'DELETE FROM locked WHERE id > 3; UPDATE locked SET v = 150', 'v < 200', 'FOR UPDATE', 3 ],
);
$builder->do('CREATE TABLE locked (id int PRIMARY KEY, v int)');
my $unsorted = 0;
for my $how (qw(raced mixed dealt))
{
	my $picker = start_session(%{ $course{$how} });
	my $other  = connect_to_server();
	for (@updates)
	{
		my ($update, $filter, $lock, $count) = @$_;
		my $query = "SELECT random() AS key, id, v FROM locked WHERE $filter ORDER BY key LIMIT 5 $lock";

		$builder->do('TRUNCATE locked');
		$builder->do('INSERT INTO locked SELECT i, i FROM generate_series(1, 10) i');
		$builder->do('ANALYZE locked');

		is_plan_raced($picker, $query, "$lock, $how");
		$other->begin_work;
		$other->do($update);
		my $rows = run_behind($picker, $query, sub { $other->commit });

		my %id = map { $_->{id} => 1 } @$rows;
		my @bad = grep { !defined $_->{key} || $_->{key} < 0 || $_->{key} >= 1 || $_->{v} < 100 || $_->{v} >= 200 } @$rows;
		ok(@$rows == $count && keys %id == $count && !@bad, "$lock against $update, $how")
		  or diag(explain($rows));
		$unsorted += grep { $rows->[$_]{key} < $rows->[ $_ - 1 ]{key} } 1 .. $#$rows;
	}
}

# All rows were changed, so no key is the one that its row was sorted by.
ok($unsorted > 0, "rechecked keys are new ones: $unsorted come below the one before");

done_testing;
