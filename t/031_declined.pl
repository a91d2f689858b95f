# Does randpick.log_declined say why a query in random order was left to
# PostgreSQL: each reason, once, and none where there is nothing to say?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Modules;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $dbh = start_session();
$dbh->do($_)
  for 'CREATE TABLE book (id int PRIMARY KEY, kind int NOT NULL, title text)',
  q{INSERT INTO book SELECT i, i % 10, 'title ' || i FROM generate_series(1, 20000) i},
  'CREATE TABLE shelf AS SELECT i AS kind FROM generate_series(0, 9) i',
  'CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler',
  'CREATE TABLE elsewhere (id int) USING another_heap',
  'CREATE SEQUENCE counter', 'CREATE FOREIGN DATA WRAPPER far', 'CREATE SERVER away FOREIGN DATA WRAPPER far',
  'CREATE FOREIGN TABLE abroad (id int) SERVER away',
  'CREATE TABLE parent (id int)', 'CREATE TABLE child () INHERITS (parent) USING another_heap',
  'CREATE TABLE parted (id int, kind int) PARTITION BY LIST (kind)',
  'CREATE TABLE parted_0 PARTITION OF parted FOR VALUES IN (0)',
  'CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1) USING another_heap',
  'CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2)',
  'INSERT INTO parted SELECT i, i % 3 FROM generate_series(1, 30000) i',
  'CREATE TABLE halved (id int) PARTITION BY HASH (id)',
  (map { "CREATE TABLE halved_$_ PARTITION OF halved FOR VALUES WITH (MODULUS 2, REMAINDER $_)" } 0, 1),
  'INSERT INTO halved SELECT generate_series(1, 20000)',
  "CREATE FUNCTION flip(int) RETURNS boolean LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN random() * 3 < \$1; END'",
  'VACUUM ANALYZE book, shelf, parted, halved',
  'SET client_min_messages = log';

# What is logged when a query is planned: message and detail of each entry.
sub logged
{
	my ($query, %settings) = @_;
	my @logged;
	local $SIG{__WARN__} = sub { push @logged, $_[0] =~ /^(?:LOG|DETAIL):  (.*)/mg };
	$dbh->begin_work;
	%settings = ('randpick.log_declined' => 'on', %settings);
	$dbh->do("SET LOCAL $_ = $settings{$_}") for keys %settings;
	$dbh->do("EXPLAIN $query");
	$dbh->rollback;
	return \@logged;
}

my $not_taken = 'randpick left a query sorted by random() to PostgreSQL';

# Reasons why a query cannot be taken, and queries.
my @reasons = (
	[ 'it has DISTINCT',
		'SELECT DISTINCT id, random() FROM book ORDER BY random() LIMIT 1',
		'SELECT DISTINCT ON (random()) id FROM book ORDER BY random() LIMIT 1' ],
	[ 'it has grouping or aggregates',
		'SELECT kind, count(*) FROM book GROUP BY kind ORDER BY random() LIMIT 1',
		'SELECT kind FROM book GROUP BY ROLLUP (kind) ORDER BY random() LIMIT 1',
		'SELECT count(*) FROM book ORDER BY random() LIMIT 1',
		'SELECT random() AS r FROM book GROUP BY r ORDER BY r' ],
	[ 'it has window functions',
		'SELECT id, rank() OVER (ORDER BY kind) FROM book ORDER BY random() LIMIT 1',
		'SELECT id, count(*) OVER () FROM book ORDER BY random() LIMIT 1' ],
	[ 'its select list has a set-returning function',
		'SELECT id, generate_series(1, 2) FROM book ORDER BY random() LIMIT 1' ],
	[ 'it has FETCH FIRST WITH TIES',
		'SELECT id FROM book ORDER BY random() FETCH FIRST 1 ROW WITH TIES' ],
	[ 'it sorts by more than one random() value',
		'SELECT random() AS a, random() AS b FROM book ORDER BY a, b LIMIT 1',
		'SELECT id FROM book ORDER BY random(), kind, random() * 2 LIMIT 1' ],
	[ 'it sorts by something else before random()',
		'SELECT id FROM book ORDER BY kind, random() LIMIT 1',
		'SELECT id FROM book ORDER BY kind, random() * 2 LIMIT 1' ],
	[ 'it sorts by an expression of random(), not by its value',
		'SELECT id FROM book ORDER BY -random() LIMIT 1',
		'SELECT id FROM book ORDER BY md5(random()::text || id) LIMIT 1',
		'SELECT id FROM book, shelf ORDER BY random()::numeric LIMIT 1' ],
	[ 'it has a join',
		'SELECT id FROM book JOIN shelf USING (kind) ORDER BY random() LIMIT 1',
		'SELECT id FROM book, shelf a, shelf b ORDER BY random() LIMIT 1',
		'SELECT book.id FROM book, LATERAL (SELECT FROM shelf WHERE kind = book.kind OFFSET 0) s ORDER BY random() LIMIT 1',
		'SELECT p.id FROM parted p JOIN shelf USING (kind) ORDER BY random() LIMIT 1' ],
	[ 'it has UNION ALL of more than whole tables',
		'SELECT * FROM (SELECT id FROM book WHERE kind = 1 UNION ALL SELECT kind FROM shelf) s ORDER BY random() LIMIT 1',
		'SELECT * FROM (SELECT id FROM book UNION ALL SELECT kind FROM shelf TABLESAMPLE system (9)) s ORDER BY random() LIMIT 1',
		'SELECT * FROM (SELECT id FROM book UNION ALL (SELECT 1 UNION ALL SELECT kind FROM shelf)) s ORDER BY random() LIMIT 1' ],
	[ 'it reads no table',
		'SELECT * FROM generate_series(1, 10) ORDER BY random() LIMIT 1',
		'SELECT * FROM (VALUES (1), (2)) v ORDER BY random() LIMIT 1' ],
	[ 'it reads from a sub-select or view that is planned by itself',
		'SELECT * FROM (SELECT id FROM book OFFSET 0) s ORDER BY random() LIMIT 1',
		'SELECT * FROM pg_stat_database_conflicts s, LATERAL (SELECT id FROM (SELECT id FROM book LIMIT 3) b ORDER BY random() LIMIT 1) t',
		'SELECT * FROM (SELECT id FROM book UNION SELECT kind FROM shelf) s ORDER BY random() LIMIT 1' ],
	[ 'it reads from a WITH query that is planned by itself',
		'WITH w AS MATERIALIZED (SELECT id FROM book) SELECT * FROM w ORDER BY random() LIMIT 1' ],
	[ 'it reads neither a table nor a materialized view', 'SELECT * FROM counter ORDER BY random() LIMIT 1' ],
	[ 'it has TABLESAMPLE',
		'SELECT * FROM book TABLESAMPLE system (10) ORDER BY random() LIMIT 1' ],
	[ 'it is a foreign table', undef ],
	[ q{the table's access method is not heap}, 'SELECT id FROM elsewhere ORDER BY random() LIMIT 1' ],
	[ 'a condition of its WHERE is the same for all rows',
		'SELECT s.id FROM shelf, LATERAL (SELECT id FROM book WHERE shelf.kind > 3 ORDER BY random() LIMIT 1) s',
		'SELECT id FROM parted WHERE (SELECT max(kind) > 0 FROM shelf) ORDER BY random() LIMIT 1' ],
	[ 'its WHERE is volatile',
		'SELECT id FROM book WHERE random() < 0.5 ORDER BY random() LIMIT 1',
		'SELECT id FROM book WHERE flip(kind) ORDER BY random() LIMIT 1',
		'SELECT id FROM book WHERE (SELECT random() + id) < 1 ORDER BY random() LIMIT 1',
		'SELECT id FROM parted WHERE random() < 0.5 ORDER BY random() LIMIT 1' ],
	[ 'randpick.order_by_random is off', undef ]);
for (@reasons)
{
	my ($reason, @queries) = @$_;
	is_deeply(logged($_), [ $not_taken, "The query is not taken because $reason." ], $_) for grep { defined } @queries;
}

# Nothing else is said in match.c.
open my $file, '<', "$FindBin::Bin/../src/match.c" or die $!;
my @said = do { local $/; <$file> =~ /(?:return|reason =|:|\?)\s+"([^"]+)"/g };
my %said = map { $_ => 1 } @said;
is_deeply([ sort keys %said ], [ sort map { $_->[0] } @reasons ], 'these are all reasons');

# reasons that take more than a query
my $simple = 'SELECT id FROM book ORDER BY random() LIMIT 1';
my @off = ('randpick.order_by_random' => 'off');
is_deeply(logged($simple, @off), [ $not_taken, 'The query is not taken because randpick.order_by_random is off.' ], 'off');
is_deeply(logged('SELECT id FROM parted_0 ORDER BY random() LIMIT 1', @off),
	[ $not_taken, 'The query is not taken because randpick.order_by_random is off.' ], 'off, for a partition by itself');
is_deeply(logged('SELECT id FROM halved ORDER BY random() LIMIT 1', @off),
	[ $not_taken, 'The query is not taken because randpick.order_by_random is off.' ], 'off, once for all partitions');
is_deeply(logged('SELECT DISTINCT id, random() FROM book ORDER BY random() LIMIT 1', @off),
	[ $not_taken, 'The query is not taken because it has DISTINCT.' ], 'off, and cannot be taken: the latter');

# partitions that are not raced
is_deeply(logged('SELECT id FROM parted ORDER BY random() LIMIT 1'),
	[ 'randpick left partition "parted_1" of a query sorted by random() to PostgreSQL',
		q{It is not taken because the table's access method is not heap.} ],
	'a partition with another access method');

# nor are other members
is_deeply(logged('SELECT id FROM parent ORDER BY random() LIMIT 1'),
	[ 'randpick left table "child" of a query sorted by random() to PostgreSQL',
		q{It is not taken because the table's access method is not heap.} ],
	'a child with another access method');
is_deeply(logged('SELECT * FROM (SELECT id FROM book UNION ALL SELECT id FROM elsewhere) s ORDER BY random() LIMIT 1'),
	[ 'randpick left table "elsewhere" of a query sorted by random() to PostgreSQL',
		q{It is not taken because the table's access method is not heap.} ],
	'a table in a UNION ALL');
is_deeply(logged('SELECT id FROM parent JOIN shelf ON id = kind ORDER BY random() LIMIT 1'),
	[ $not_taken, 'The query is not taken because it has a join.' ], 'children, joined');

# costs that cannot be compared
is_deeply(logged($simple, 'randpick.order_by_random' => 'auto', cpu_tuple_cost => '1e308'),
	[ $not_taken, 'The query is not taken because its cost is not finite.' ], 'an infinite cost');

# eligible, but the ordinary plan costs less
my @auto = ('randpick.order_by_random' => 'auto');
for (
	'SELECT id FROM book ORDER BY random()',
	'SELECT id FROM book ORDER BY random(), title LIMIT 20000',
	q{SELECT id FROM book WHERE title = 'title 7' ORDER BY random() LIMIT 1 FOR UPDATE},
	'SELECT (SELECT title FROM book WHERE title = kind.kind::text ORDER BY random() LIMIT 1) FROM shelf kind')
{
	my ($message, $detail) = @{ logged($_, @auto) };
	is($message, $not_taken, "$_: lost");
	like($detail, qr/^The random row scan was estimated to cost (\d+\.\d\d), PostgreSQL's own plan (\d+\.\d\d)\.$/, 'with the costs');
	my ($cost, $plain) = $detail =~ /(\d+\.\d+)/g;
	cmp_ok($cost, '>', $plain, 'which are so');
	$dbh->do('SET randpick.order_by_random = off');
	my ($total) = (join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN $_") }) =~ /\.\.(\d+\.\d+)/;
	$dbh->do('SET randpick.order_by_random = force');
	is($plain, $total, 'and are what EXPLAIN shows') if !/kind\.kind/;
}
for ('SELECT id FROM halved ORDER BY random()', 'SELECT * FROM (SELECT id FROM halved UNION ALL SELECT id FROM book) s ORDER BY random()')
{
	like(join(' ', @{ logged($_, @auto) }),
		qr/^\Q$not_taken\E The random row scan was estimated to cost \d+\.\d\d, PostgreSQL's own plan \d+\.\d\d\.$/, "$_: lost");
}
like(join(' ', @{ logged('SELECT s.id FROM shelf, LATERAL (SELECT id FROM halved WHERE id = shelf.kind ORDER BY random()) s', @auto) }),
	qr/^\Q$not_taken\E Random row scans of the partitions were estimated to cost more than PostgreSQL's own plan, \d+\.\d\d\.$/,
	'partitions one by one, lost');

# what is taken, or has nothing to do with random()
is_deeply(logged($_, @auto), [], "$_: nothing is said")
  for $simple,
  'SELECT id FROM book WHERE kind = 3 ORDER BY random(), id LIMIT 1 FOR UPDATE SKIP LOCKED',
  'SELECT id FROM halved ORDER BY random() LIMIT 1',
  'SELECT id FROM book ORDER BY random(), random() LIMIT 1',
  'SELECT random() AS a, random() AS b, random() + 1 AS c FROM book ORDER BY a, id LIMIT 1',
  'SELECT id FROM book WHERE id = 7 ORDER BY id',
  'SELECT id FROM book ORDER BY gen_random_uuid() LIMIT 1',
  'SELECT random() FROM book', 'SELECT kind, count(*) FROM book GROUP BY kind ORDER BY 1';
is_deeply(logged('SELECT id FROM book ORDER BY random()'), [], 'nothing is said under force');
is_deeply(logged('SELECT id FROM elsewhere ORDER BY random()', 'randpick.log_declined' => 'off'), [], 'nothing is said if not asked');

# A plan that another extension throws away, as Citus does that of a distributed
# table, which looks empty here: what became of it is of no interest.
{
	$dbh->do($_) for map { ("CREATE TABLE $_ AS SELECT * FROM book WHERE id < 3", "ANALYZE $_") } 'shadow', 'beside';
	$dbh->disconnect;
	$dbh = connect_to_server();
	load_module($dbh, 'takeover');
	prepare_session($dbh);
	$dbh->do('SET client_min_messages = log');
	my @queries = (
		[ 'SELECT id FROM T ORDER BY random() LIMIT 1' => @auto ], [ 'SELECT DISTINCT id, random() FROM T ORDER BY random() LIMIT 1' ],
		[ 'SELECT a.id FROM T a JOIN T b USING (kind) ORDER BY random() LIMIT 1' ], [ 'SELECT * FROM (SELECT id FROM T OFFSET 0) s ORDER BY random() LIMIT 1' ],
		[ 'WITH w AS MATERIALIZED (SELECT id FROM T) SELECT * FROM w ORDER BY random() LIMIT 1' ], [ 'SELECT (SELECT id FROM T WHERE flip(kind) ORDER BY random() LIMIT 1)' ],
		[ 'SELECT id FROM T ORDER BY random() LIMIT 1' => @off ]);
	for (@queries)
	{
		my ($query, @settings) = @$_;
		(my $of_shadow = $query) =~ s/\bT\b/shadow/g;
		(my $of_beside = $query) =~ s/\bT\b/beside/g;
		is_deeply(logged($of_shadow, @settings, 'takeover.mode' => 'planner'), [], "$of_shadow: nothing is said");
		is(logged($of_shadow, @settings)->[0], $not_taken, "$of_shadow: it is, if the table is read");
		is(logged($of_beside, @settings, 'takeover.mode' => 'planner')->[0], $not_taken, "$of_beside: nor is it thrown away");
	}
	is(logged('SELECT * FROM generate_series(1, 3) ORDER BY random()', 'takeover.mode' => 'planner')->[0], $not_taken, 'a query of no table');
	is(logged('INSERT INTO beside SELECT * FROM generate_series(1, 3) ORDER BY random()', 'takeover.mode' => 'planner')->[0], $not_taken,
		'a query that reads no table');
	is(logged('SELECT s.id FROM shadow s, beside b ORDER BY random()', 'takeover.mode' => 'planner')->[0], $not_taken, 'a query of another table, too');
}

# Planning that fails in the middle of another one, which goes on.
{
	$dbh->do($_) for 'CREATE TABLE gone (id int)',
	  q{CREATE FUNCTION tries() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$
		BEGIN PERFORM DISTINCT id, random() FROM beside ORDER BY random() LIMIT 1; PERFORM 1 / (id - id) FROM beside ORDER BY 1 / 0, random(); RETURN 1;
		EXCEPTION WHEN division_by_zero THEN RETURN 2; END $$};
	is_deeply(logged('SELECT DISTINCT id, random() FROM beside WHERE id < tries() ORDER BY random() LIMIT 1'),
		[ ($not_taken, 'The query is not taken because it has DISTINCT.') x 2 ],
		'a query that is planned while another one is, and one that fails to be');
}

done_testing;
