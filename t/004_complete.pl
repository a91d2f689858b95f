# Nothing missing and nothing twice, on tables of every sort and size; two
# sessions differ, and setseed() makes a session repeat itself.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

my %course = (
	raced => { cpu_tuple_cost     => 1 },
	mixed => { cpu_tuple_cost     => 0.0009 },
	dealt => { 'randpick.method' => 'deal' },
	# memory to know some 3700 rows again
	'mixed for want of memory' => { cpu_tuple_cost => 1, work_mem => '64kB' },
);
my @courses = PLAIN ? 'mixed' : sort keys %course;

my $builder = connect_to_server();
my @keep    = build_hostile_table($builder, \&connect_to_server, 'hostile', 115);
$builder->do(<<'SQL');
CREATE UNLOGGED TABLE million AS SELECT i AS id FROM generate_series(1, 1000000) i;
CREATE TABLE twenty_thousand AS SELECT i AS id, i % 3 AS f FROM generate_series(1, 20000) i;
ANALYZE
SQL

# A part of a large table: complete, and even.  So many rows are never raced to
# the last, whatever the course.
for my $how (PLAIN ? 'mixed' : grep { $_ ne 'raced' } @courses)
{
	my $query = 'SELECT id FROM million ORDER BY random() LIMIT 100000';
	is_found_how($how =~ /^(\w+)/, $course{$how}, $query, "100,000 of 1,000,000 rows, $how", 1);
	is_fair("100,000 of 1,000,000 rows, $how", sub {
		my $dbh = start_session(%{ $course{$how} });
		my $rows = $dbh->selectall_arrayref(<<"SQL");
SELECT (id - 1) / 10000 AS bucket, (n > 50000)::int AS half, count(*), count(DISTINCT id)
FROM (SELECT id, row_number() OVER () AS n FROM ($query) s) s
WHERE id BETWEEN 1 AND 1000000 GROUP BY bucket, half
SQL
		my ($count, $distinct, @half) = (0, 0, {}, {});
		for (@$rows)
		{
			my ($bucket, $half, $rows_in, $distinct_in) = @$_;
			$count += $rows_in;
			$distinct += $distinct_in;
			$half[$half]{$bucket} = $rows_in;
		}
		die "$count rows, $distinct distinct\n" if $count != 100000 || $distinct != 100000;
		my %both = map { $_ => $half[0]{$_} + $half[1]{$_} } 0 .. 99;
		return (
			'by hundredth of the table' => chi_square_p(\%both, { map { $_ => 1 } 0 .. 99 }, 1 / 0.9),
			'first half against second' => homogeneity_p(@half, 1));
	});
}

# Memory ends a race as well as its budget of looks does.
if (!PLAIN)
{
	my ($little, $much) = map {
		my $sum = count_looks({ cpu_tuple_cost => 1, work_mem => $_ },
			'SELECT id FROM million ORDER BY random() LIMIT 100000', 1);
		$sum->{Looks} - $sum->{Misses};
	} qw(64kB 64MB);
	ok($little < 0.7 * $much, "a race of little memory ends after $little rows, of much after $much");
}

# What dealing costs is what may be spent on a race: all of it where pages are
# dear, not more where a setting only discourages the scan.
{
	my $query = 'SELECT id FROM twenty_thousand WHERE id % 500 = 7 ORDER BY random() LIMIT 1';
	my ($pages) = $builder->selectrow_array(q{SELECT pg_relation_size('twenty_thousand') / 8192});
	is_found_how('raced', { cpu_tuple_cost => 1e10 / $pages }, $query, 'pages are dear');
	is_found_how('mixed', { enable_seqscan => 'off' }, $query, 'a scan is discouraged', 200);
}

# All rows, or all that qualify.
my @all = (
	# rows, query, its LIMIT
	[ 'twenty_thousand', 'SELECT id FROM twenty_thousand ORDER BY random()' ],
	[ 'twenty_thousand', 'SELECT id FROM twenty_thousand ORDER BY random() DESC' ],
	[ 'twenty_thousand', 'SELECT id FROM twenty_thousand ORDER BY random() LIMIT 20000' ],
	[ 'twenty_thousand WHERE f = 1', 'SELECT id FROM twenty_thousand WHERE f = 1 ORDER BY random()' ],
	[ 'hostile', 'SELECT id FROM hostile ORDER BY random()' ],
	[ 'hostile', 'SELECT id FROM hostile ORDER BY random() LIMIT 1000000' ],
	[ 'hostile WHERE f = 1', 'SELECT id FROM hostile WHERE f = 1 ORDER BY random()' ],
	[ 'hostile WHERE id = 5000', 'SELECT id FROM hostile WHERE id = 5000 ORDER BY random()' ],
	[ 'hostile', 'SELECT id FROM randpick_rows(NULL::hostile, 1000000)' ],
	[ 'hostile WHERE f = 1', q{SELECT id FROM randpick_rows(NULL::hostile, 1000000, 'f = 1')} ],
);
for my $how (@courses)
{
	my $dbh = start_session(%{ $course{$how} });
	for (@all)
	{
		my ($rows, $query) = @$_;
		next if PLAIN && $query =~ /randpick/;
		my ($differences) = $dbh->selectrow_array(<<"SQL");
WITH picked AS MATERIALIZED ($query)
SELECT count(*) FROM (
	(SELECT id FROM picked EXCEPT ALL SELECT id FROM $rows)
	UNION ALL (SELECT id FROM $rows EXCEPT ALL SELECT id FROM picked)) s
SQL
		is($differences, 0, "$query is $rows, $how");
	}
}

# Tables of every sort.
my $twenty = 'AS SELECT i AS id FROM generate_series(1, 20) i';
my @sorts = (
	# what it is, its name, how it is made, what tells its rows apart
	[ 'temporary table', 'pg_temp.temporary',
		"CREATE TEMP TABLE temporary $twenty" ],
	[ 'unlogged table', 'unlogged',
		"CREATE UNLOGGED TABLE unlogged $twenty" ],
	[ 'materialized view', 'materialized',
		"CREATE MATERIALIZED VIEW materialized $twenty" ],
	[ 'odd name', '"Odd ""$1"" name"',
		qq{CREATE TABLE "Odd ""\$1"" name" $twenty} ],
	[ 'catalog', 'pg_class', '', 'oid::int' ],
	[ 'one row', 'single',
		'CREATE TABLE single AS SELECT 7 AS id' ],
	[ 'one row among deleted ones', 'survivor',
		'CREATE TABLE survivor AS SELECT i AS id FROM generate_series(1, 1000) i;
		 DELETE FROM survivor WHERE id <> 500' ],
	[ 'never analyzed, rows in few pages of many', 'vacant',
		"CREATE TABLE vacant AS SELECT i AS id, repeat('x', 1000) AS pad FROM generate_series(-300, 20) i;
		 DELETE FROM vacant WHERE id <= 0" ],
	[ 'rows of this transaction, some of a savepoint gone', 'own',
		"CREATE TABLE own $twenty; INSERT INTO own SELECT id + 20 FROM own; DELETE FROM own WHERE id % 2 = 0;
		 SAVEPOINT gone; DELETE FROM own WHERE id < 30; INSERT INTO own VALUES (50), (51); ROLLBACK TO gone" ],
	# A row from before a column was added is narrower than the columns that
	# are NOT NULL make it seem; so is a row from after one was dropped.
	[ 'rows narrower than the columns', 'widened',
		'CREATE TABLE widened AS SELECT i AS id FROM generate_series(1, 226) i;
		 ALTER TABLE widened ADD a bigint NOT NULL DEFAULT 1, ADD b name NOT NULL DEFAULT 2;
		 INSERT INTO widened SELECT i FROM generate_series(227, 240) i' ],
	[ 'rows narrower than dropped columns', 'narrowed',
		'CREATE TABLE narrowed (wide name NOT NULL, id int NOT NULL); ALTER TABLE narrowed DROP wide;
		 INSERT INTO narrowed SELECT i FROM generate_series(1, 240) i' ],
	[ 'rows without a column', 'bare',
		'CREATE TABLE bare (); INSERT INTO bare SELECT FROM generate_series(1, 300)',
		'1000 * (ctid::text::point)[0]::int + (ctid::text::point)[1]::int' ],
);
for (@sorts)
{
	my ($sort, $name, $script, $id) = @$_;
	$id //= 'id';
	for my $how (PLAIN ? 'mixed' : qw(raced dealt))
	{
		my $dbh = start_session(%{ $course{$how} });
		$dbh->begin_work;
		$dbh->do($script) if $script;

		my $rows    = $dbh->selectcol_arrayref("SELECT $id FROM $name");
		my $facts   = { map { $_ => { row => $_ } } @$rows };
		my @queries = "SELECT $id FROM $name ORDER BY random() LIMIT 1";
		push @queries, "SELECT $id FROM randpick_row(NULL::$name)" unless PLAIN || $id =~ /ctid/;
		for my $query (@queries)
		{
			is_plan_raced($dbh, $query, "$sort, $how") if $query !~ /randpick/;
			is_fair("$sort, $how: $query",
				sub { rows_p(draw_ids($dbh, $query, 30 * @$rows), 1, $facts) });
		}
		$dbh->rollback;
	}
}

# No row at all.
$builder->do('CREATE TABLE empty (id int, f int)');
$builder->do('CREATE TABLE emptied AS SELECT id, id AS f FROM twenty_thousand; DELETE FROM emptied');
my @none = (
	'SELECT id FROM %s ORDER BY random() LIMIT 1',
	'SELECT random() AS key, id FROM %s ORDER BY key',
	'SELECT id FROM %s WHERE f = 7 ORDER BY random() LIMIT 1 FOR UPDATE',
	PLAIN ? () : (
		'SELECT * FROM randpick_row(NULL::%s)',
		'SELECT * FROM randpick_rows(NULL::%s, 10)',
		q{SELECT 1 WHERE randpick('%s') IS NOT NULL},
	));
for my $how (@courses)
{
	my $dbh = start_session(%{ $course{$how} });
	for my $query (map { my $query = $_; map { sprintf $query, $_ } qw(empty emptied) } @none)
	{
		is(scalar @{ $dbh->selectall_arrayref($query) }, 0, "no row, $how: $query");
	}
}

# Seeds.  Five rows each, so that equal answers cannot be chance.
my @seeded = (
	'SELECT random() AS key, id FROM twenty_thousand ORDER BY key LIMIT 5',
	'SELECT id FROM hostile WHERE f = 1 ORDER BY random() LIMIT 5',
	PLAIN ? () : (
		'SELECT id FROM randpick_rows(NULL::hostile, 5)',
		q{SELECT (SELECT id FROM randpick_row(NULL::twenty_thousand, 'id > $1', i)) FROM generate_series(1, 5) i},
		q{SELECT randpick('twenty_thousand')::text FROM generate_series(1, 5)},
	));
for my $query (@seeded)
{
	my $answer = sub { join ' ', map { @$_ } @{ $_[0]->selectall_arrayref($query) } };

	# as a pool of connections starts: all at once
	my @together = map { $_->() } map {
		my $dbh = prepare_session(connect_unseeded());
		sub { $answer->($dbh) };
	} 1 .. 2;
	isnt($together[0], $together[1], "two sessions differ: $query");

	for my $how (@courses)
	{
		my ($dbh, $other) = map { start_session(%{ $course{$how} }) } 1 .. 2;
		my $seeded = sub {
			my ($dbh, $seed) = @_;
			$dbh->do("SELECT setseed($seed)");
			return $answer->($dbh);
		};
		my $first = $seeded->($dbh, 0.5);
		my $next  = $answer->($dbh);
		is($seeded->($dbh, 0.5), $first, "the same seed again, $how: $query");
		is($seeded->($other, 0.5), $first, "the same seed in another session, $how: $query");
		isnt($seeded->($dbh, 0.25), $first, "another seed, $how: $query");
		isnt($next, $first, "no seed between, $how: $query");
	}
}

# A statement does not see the rows that it makes.
for my $how (@courses)
{
	my $dbh = start_session(%{ $course{$how} });
	$dbh->begin_work;
	my $made = $dbh->do('INSERT INTO twenty_thousand SELECT id + 100000, f FROM twenty_thousand ORDER BY random()');
	is($made, 20000, "INSERT of a table into itself, $how");
	my $gone = $dbh->do('DELETE FROM twenty_thousand WHERE ctid = ANY(ARRAY(
		SELECT ctid FROM twenty_thousand ORDER BY random() LIMIT 1000))');
	is($gone, 1000, "DELETE of 1000 rows, $how");
	$dbh->rollback;
}

done_testing;
