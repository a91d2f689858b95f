# What is picked from: tables of every kind, and tables made of tables, by the
# forms of query that can be asked of each.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Forms;
use Test::More;

my $builder = connect_to_server();
$builder->do('SET client_min_messages = error');

# rows of foreign tables, in files that the server writes and reads
my $folder = $ENV{TMPDIR} // '/tmp';
my $rows_of = sub {
	my ($from, $to, $f) = @_;
	my $file = "$folder/randpick_$from.csv";
	$builder->do("COPY (SELECT i, $f FROM generate_series($from, $to) i) TO '$file' (FORMAT csv)");
	return "OPTIONS (filename '$file', format 'csv')";
};
END { unlink glob("$folder/randpick_*.csv") if $folder }

$builder->do(<<"SQL");
CREATE EXTENSION file_fdw;
CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
CREATE ACCESS METHOD another_heap TYPE TABLE HANDLER heap_tableam_handler;

CREATE TABLE plain AS SELECT i AS id, i % 5 AS f FROM generate_series(1, 20) i;
CREATE UNLOGGED TABLE unlogged AS TABLE plain;
CREATE MATERIALIZED VIEW materialized AS TABLE plain;
CREATE TABLE elsewhere USING another_heap AS TABLE plain;
CREATE FOREIGN TABLE foreign_rows (id int, f int) SERVER files ${\ $rows_of->(1, 30, 4)};
CREATE VIEW grouped AS SELECT f, max(id) AS id FROM plain GROUP BY f;
CREATE VIEW united AS SELECT id, f, tableoid, ctid FROM plain UNION ALL SELECT id + 100, f, tableoid, ctid FROM unlogged;
CREATE VIEW guarded WITH (security_barrier) AS SELECT id, f, tableoid, ctid FROM plain WHERE id > 10;
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE varied (f int, gone text, id positive, a int[], doc jsonb, twice int GENERATED ALWAYS AS (f * 2) STORED);
INSERT INTO varied SELECT i % 5, repeat('x', 100), i, ARRAY[i], to_jsonb(i) FROM generate_series(1, 20) i;
ALTER TABLE varied DROP gone, ADD late text DEFAULT 'late';
-- so wide that columns are stored out of line
CREATE TABLE toasted (id int, f int, pad text);
ALTER TABLE toasted ALTER pad SET STORAGE EXTERNAL;
INSERT INTO toasted SELECT i, i % 5, repeat(i::text, 5000) FROM generate_series(1, 20) i;

-- three levels, sizes 50, 9, 3, 1 and 0, columns in other orders
CREATE TABLE parted (id int, f int) PARTITION BY LIST (f);
CREATE TABLE parted_0 PARTITION OF parted FOR VALUES IN (0) PARTITION BY RANGE (id);
CREATE TABLE parted_0_low PARTITION OF parted_0 FOR VALUES FROM (1) TO (51) PARTITION BY HASH (id);
CREATE TABLE parted_0_low_0 PARTITION OF parted_0_low FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE TABLE parted_0_high (f int, gone int, id int);
ALTER TABLE parted_0_high DROP gone;
ALTER TABLE parted_0 ATTACH PARTITION parted_0_high FOR VALUES FROM (51) TO (1000);
CREATE TABLE parted_1 PARTITION OF parted FOR VALUES IN (1);
CREATE TABLE parted_2 PARTITION OF parted FOR VALUES IN (2);
CREATE TABLE parted_rest PARTITION OF parted DEFAULT;
INSERT INTO parted SELECT i, 0 FROM generate_series(1, 59) i;
INSERT INTO parted SELECT i, 1 FROM generate_series(201, 203) i;
INSERT INTO parted VALUES (301, 3);

-- partitions that the race is not for, beside ones that it is
CREATE TABLE mixed (id int, f int) PARTITION BY LIST (f);
CREATE TABLE mixed_0 PARTITION OF mixed FOR VALUES IN (0);
CREATE TABLE mixed_1 PARTITION OF mixed FOR VALUES IN (1) USING another_heap;
CREATE FOREIGN TABLE mixed_4 PARTITION OF mixed FOR VALUES IN (4) SERVER files ${\ $rows_of->(401, 407, 4)};
INSERT INTO mixed SELECT i, 0 FROM generate_series(1, 30) i;
INSERT INTO mixed SELECT i, 1 FROM generate_series(101, 113) i;

-- a parent of 3 rows, and children of 20, 5 and 0 with columns in other orders
CREATE TABLE parent (id int, f int);
CREATE TABLE child (pad text, f int, id int);
ALTER TABLE child DROP pad, ADD note text, INHERIT parent;
CREATE TABLE grandchild () INHERITS (child);
CREATE TABLE empty_child () INHERITS (parent);
INSERT INTO parent SELECT i, i % 5 FROM generate_series(1, 3) i;
INSERT INTO child (id, f) SELECT i, i % 5 FROM generate_series(4, 23) i;
INSERT INTO grandchild (id, f) SELECT i, i % 5 FROM generate_series(24, 28) i;
CREATE TABLE parent_of_foreign (id int, f int);
CREATE FOREIGN TABLE foreign_child () INHERITS (parent_of_foreign) SERVER files ${\ $rows_of->(501, 507, 4)};
INSERT INTO parent_of_foreign TABLE plain;
CREATE TABLE halved (id int, f int) PARTITION BY HASH (id);
CREATE TABLE halved_0 PARTITION OF halved FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE halved_1 PARTITION OF halved FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO halved SELECT i, i % 5 FROM generate_series(1, 7) i;
CREATE VIEW united_deeply AS SELECT id, f, tableoid, ctid FROM halved UNION ALL SELECT id + 100, f, tableoid, ctid FROM parent
	UNION ALL (SELECT id + 200, 0, tableoid, ctid FROM parted_1 UNION ALL SELECT id + 300, f, tableoid, ctid FROM parted_0_high);
CREATE TABLE childless (id int, f int) PARTITION BY LIST (f);
CREATE TABLE nothing AS SELECT * FROM plain WHERE false;
ANALYZE
SQL

my %course = (raced => { cpu_tuple_cost => 1 }, dealt => { 'randpick.method' => 'deal' });

my @relations = (
	# what it is, its name, whether it is taken
	[ 'unlogged table',                        'unlogged',       1 ],
	[ 'materialized view',                     'materialized',   1 ],
	[ 'columns of many types',                 'varied',         1 ],
	[ 'columns out of line',                   'toasted',        1 ],
	[ 'partitioned table',                     'parted',         1 ],
	[ 'partitioned partition',                 'parted_0',       1 ],
	[ 'partition with other columns',          'parted_0_high',  1 ],
	[ 'ONLY of a table',                       'ONLY plain',     1 ],
	[ 'partitions of several access methods',  'mixed',          1 ],
	[ 'another access method',                 'elsewhere',      0 ],
	[ 'foreign table',                         'foreign_rows',   0 ],
	[ 'view that groups',                      'grouped',        0 ],
	[ 'view with UNION ALL',                   'united',         1 ],
	[ 'UNION ALL of tables of several tables', 'united_deeply',  1 ],
	[ 'table with children',                   'parent',         1 ],
	[ 'table with a foreign child',            'parent_of_foreign', 0 ],
	[ 'view with a security barrier',          'guarded',        0 ],
);
my @forms = (
	# what is asked for, what the rows meet, rows a run, options, query
	[ 'one row', 'true', 1, {}, 'SELECT T.* FROM T ORDER BY random() LIMIT 1' ],
	[ 'three rows and keys', 'true', 3, { key => 'r' }, 'SELECT id, f, random() AS r FROM T ORDER BY r LIMIT 3' ],
	[ 'keys fall', 'true', 3, { key => 'r', descending => 1 }, 'SELECT id, f, random() AS r FROM T ORDER BY r DESC LIMIT 3' ],
	[ 'filter', 'f IN (0, 4)', 1, {}, 'SELECT T.* FROM T WHERE f IN (0, 4) ORDER BY random() LIMIT 1' ],
	[ 'filter by a parameter', 'f = 0', 1, { values => [0] }, 'SELECT T.* FROM T WHERE f = $1 ORDER BY random() LIMIT 1' ],
	[ 'whole rows', 'true', 1, {}, 'SELECT x.id, x FROM T x ORDER BY random() LIMIT 1' ],
);
for (@relations)
{
	my ($relation, $name, $is_taken) = @$_;
	my ($bare) = $name =~ /(\w+)$/;
	for my $form (@forms)
	{
		my ($what, $filter, $k, $options, $query) = @$form;
		$query =~ s/\bT\.\*/$bare.*/;
		$query =~ s/\bT\b/$name/;
		next if !$builder->selectrow_array("SELECT count(*) FROM $name WHERE $filter");
		if (!$is_taken)
		{
			is_left($course{raced}, "$relation, $what", $query, @{ $options->{values} // [] }) unless PLAIN;
			next;
		}
		for my $how (PLAIN ? 'raced' : sort keys %course)
		{
			is_taken($course{$how}, name => "$relation, $how: $what", rows => "$name WHERE $filter",
				k => $k, id => 'id', query => $query, values => [], %$options);
		}
	}
}

# The functions pick from all of them.
for (PLAIN ? () : @relations)
{
	my ($relation, $name) = @$_;
	next if $name =~ /ONLY/;
	for my $form (
		[ 'randpick_row', 'true', 1, 'SELECT id FROM randpick_row(NULL::T)' ],
		[ 'randpick_rows, filter', 'f IN (0, 4)', 2, q{SELECT id FROM randpick_rows(NULL::T, 2, 'f = ANY ($1)', '{0,4}')} ],
		[ 'randpick', 'true', 1, q{SELECT (to_jsonb(randpick('T'))->>'id')::int} ])
	{
		my ($what, $filter, $k, $query) = @$form;
		my $dbh   = start_session(cpu_tuple_cost => 1);
		my $facts = $dbh->selectall_hashref("SELECT id AS row FROM $name WHERE $filter", 'row');
		next if keys %$facts < $k;
		$query =~ s/\bT\b/$name/;
		is_fair("$relation, $what", sub { rows_p(draw_ids($dbh, $query, int(100 * keys(%$facts) / $k), $k), $k, $facts) });
	}
}

# Partitions that are pruned: when the query is planned, when a prepared one is
# run, and for each outer row.  A row of those that are left.
my @pruned = (
	# what it is, rows, columns, query, values
	[ 'pruned to one', 'parted_1', 'SELECT id, random() AS r FROM parted WHERE f = 1 ORDER BY r LIMIT 2' ],
	[ 'pruned to a level', 'parted_0', 'SELECT id, random() AS r FROM parted WHERE f = 0 ORDER BY r LIMIT 2' ],
	[ 'pruned by both levels', 'parted_0_high', 'SELECT id, random() AS r FROM parted WHERE f = 0 AND id > 50 ORDER BY r LIMIT 2' ],
	[ 'pruned by a parameter', 'parted_0_high', 'SELECT id, random() AS r FROM parted WHERE f = $1 AND id > $2 ORDER BY r LIMIT 2', 0, 50 ],
	[ 'pruned by an array', 'parted WHERE f <> 0', 'SELECT id, random() AS r FROM parted WHERE f = ANY ($1) ORDER BY r LIMIT 2', '{1,2,3}' ],
	[ 'pruned by a sub-select', 'parted_1', 'SELECT id, random() AS r FROM parted WHERE f = (SELECT min(f) + 1 FROM plain) ORDER BY r LIMIT 2' ],
	[ 'pruned by a stable function', 'parted_1',
		q{SELECT id, random() AS r FROM parted WHERE f = current_setting('cpu_index_tuple_cost')::float8 * 200 ORDER BY r LIMIT 2} ],
	[ 'pruned for an outer row', 'parted_0', 'SELECT s.* FROM (VALUES (0)) v (wanted),
		LATERAL (SELECT id, random() AS r FROM parted WHERE f = wanted ORDER BY r LIMIT 2) s' ],
);
for (@pruned)
{
	my ($name, $rows, $query, @values) = @$_;
	for my $cache (qw(auto force_generic_plan))
	{
		for my $how (PLAIN ? 'raced' : sort keys %course)
		{
			is_taken({ %{ $course{$how} }, plan_cache_mode => $cache }, name => "$name, $how, $cache", rows => $rows,
				k => 2, id => 'id', key => 'r', query => $query, values => \@values);
		}
	}
}

# Nothing to pick from.
for my $nothing ('nothing', 'parted_2', 'parted WHERE f = 2', 'parted_0 WHERE id > 500')
{
	is_taken_empty($course{raced}, $nothing, "SELECT random() AS r, id FROM $nothing ORDER BY r LIMIT 1");
}
if (!PLAIN)
{
	is_left($course{raced}, $_, "SELECT random() AS r, id FROM $_ ORDER BY r LIMIT 1")
	  for 'childless', 'parted WHERE f = NULL', 'plain WHERE false';
}

# A foreign key to a table of partitions, and one from it: rows that refer to a
# picked row do exist.
$builder->do(<<'SQL');
CREATE TABLE owner (id int PRIMARY KEY) PARTITION BY HASH (id);
CREATE TABLE owner_0 PARTITION OF owner FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE owner_1 PARTITION OF owner FOR VALUES WITH (MODULUS 2, REMAINDER 1);
CREATE TABLE pet (id int, f int, owner_id int REFERENCES owner) PARTITION BY HASH (id);
CREATE TABLE pet_0 PARTITION OF pet FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE pet_1 PARTITION OF pet FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO owner SELECT generate_series(1, 20);
INSERT INTO pet SELECT i, i % 5, i % 20 + 1 FROM generate_series(1, 30) i;
ANALYZE
SQL
is_taken($course{raced}, name => 'key of partitions', rows => 'owner', k => 2, id => 'owner_id', values => [],
	unordered => 1,
	query => [ 'BEGIN', 'INSERT INTO pet (id, owner_id) SELECT 100, id FROM owner ORDER BY random() LIMIT 2 RETURNING owner_id', 'ROLLBACK' ]);
is_taken($course{raced}, name => 'change of partitions by picked rows', rows => 'pet', k => 2, id => 'id', values => [],
	unordered => 1,
	query => [ 'BEGIN', 'UPDATE pet SET owner_id = 7 WHERE id IN (SELECT id FROM pet ORDER BY random() LIMIT 2) RETURNING id', 'ROLLBACK' ]);

done_testing;
