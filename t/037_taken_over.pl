# Tables whose reading another extension has taken over, as TimescaleDB does with
# compressed chunks: what stands in their heap is not their rows.  They are not
# raced, by themselves or among other tables, whichever extension comes first.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Modules;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
$builder->do($_) for (
	'CREATE TABLE plain (id int PRIMARY KEY, kind int)',
	'INSERT INTO plain SELECT i, i % 5 FROM generate_series(1, 400) i',
	'CREATE TABLE shadow (id int PRIMARY KEY, kind int)',
	'INSERT INTO shadow SELECT i, i % 5 FROM generate_series(1001, 1400) i',
	'CREATE TABLE tree (id int, kind int)',
	'INSERT INTO tree SELECT i, i % 5 FROM generate_series(2001, 2400) i',
	'CREATE TABLE shadow_child () INHERITS (tree)',
	'INSERT INTO shadow_child SELECT i, i % 5 FROM generate_series(3001, 3400) i',
	'CREATE TABLE parted (id int, kind int) PARTITION BY RANGE (id)',
	'CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (1) TO (500)',
	'CREATE TABLE shadow_2 PARTITION OF parted FOR VALUES FROM (500) TO (1000)',
	'CREATE TABLE parted_3 PARTITION OF parted FOR VALUES FROM (1000) TO (1500)',
	'INSERT INTO parted SELECT i, i % 5 FROM generate_series(1, 1400) i',
	'CREATE INDEX ON parted (kind)',
	'CREATE INDEX ON tree (kind)',
	'CREATE INDEX ON shadow_child (kind)',
	'CREATE VIEW both_tables AS SELECT * FROM plain UNION ALL SELECT * FROM shadow',
	'ANALYZE');

# A session in which both are loaded, in one order or the other.
sub start_both
{
	my ($first, %settings) = @_;
	my $dbh = connect_to_server();

	load_module($dbh, 'takeover') if $first eq 'takeover';
	$dbh = prepare_session($dbh, %settings);
	load_module($dbh, 'takeover') if $first eq 'randpick';
	$dbh->do('SET takeover.mode = pathlist');
	return $dbh;
}

sub ids
{
	my ($dbh, $query) = @_;
	return join ' ', sort { $a <=> $b } @{ $dbh->selectcol_arrayref($query) };
}

for my $first (qw(takeover randpick))
{
	for my $source (qw(heap leaf range deal))
	{
		my $dbh = start_both($first, cpu_tuple_cost => 1000, 'randpick.method' => $source);
		for my $table (qw(shadow tree parted both_tables))
		{
			for my $filter ('true', 'kind = 3')
			{
				my $name = "$first first, $source: $table where $filter";
				my $want = ids($dbh, "SELECT id FROM $table WHERE $filter");

				for my $k (1000000, 'ALL')
				{
					is(ids($dbh, "SELECT id FROM $table WHERE $filter ORDER BY random() LIMIT $k"), $want, "$name, LIMIT $k");
				}
				is(ids($dbh, "SELECT id FROM randpick_rows(NULL::$table, 1000000, '$filter')"), $want, "$name, a function");
			}
		}
		is_plan_raced($dbh, 'SELECT * FROM shadow ORDER BY random() LIMIT 1', "$first first, $source", 0);

		# what takes the place of our path is the other extension's own doing
		my $sample = eval { ids($dbh, 'SELECT id FROM shadow TABLESAMPLE randpick(10)') };
		if ($first eq 'takeover')
		{
			like($@, qr/cannot sample table "shadow".*\n?.*Another extension reads it/, "$first first, $source: a sample is refused");
		}
		else
		{
			is($sample, '', "$first first, $source: a sample is the other extension's");
		}
	}
}

# The others are raced as ever.
{
	my $dbh = start_both('takeover');
	is_plan_raced($dbh, 'SELECT * FROM plain ORDER BY random() LIMIT 1', 'a table beside them');
}

done_testing;
