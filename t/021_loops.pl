# Are all rows of a range equally likely where the range is another one each
# time: parameters of kept plans, outer rows of LATERAL and of sub-selects, with
# NULLs, empty ranges and other types among them?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

my $builder = connect_to_server();
build_table($builder, 'item',
	'CREATE TABLE T (id int, key int, b int)',
	# groups of 1, 40, 700, 2200 and, with NULL, 300 rows
	'INSERT INTO T SELECT i, CASE WHEN i > 2941 THEN NULL ELSE width_bucket(i, array[2, 42, 742]) END, i % 7 FROM generate_series(1, 3241) i
	 ORDER BY hashint4(i)',
	'CREATE INDEX T_b ON T (key, b)',
	# what selects them, from outside
	'CREATE TABLE other_T (name text, id int, low int, high int)',
	q{INSERT INTO other_T VALUES ('one', 0, 0, 0), ('few', 1, 1, 1), ('some', 2, 2, 2), ('many', 3, 3, 3),
		('two', 7, 1, 2), ('all', 8, -5, 9), ('none', NULL, NULL, 2), ('none', 9, 3, 1), ('none', -1, NULL, NULL)});

# Each loop of a run is one of its own, though the condition is the same.
my $loops = '(SELECT g.* FROM generate_series(1, RUNS) run, other_item g OFFSET 0) g';
my @cases = (
	# name, rows a loop, the condition in it, query
	[ 'LATERAL, equality', 3, 'key = g.id',
		"SELECT name, x.id FROM $loops, LATERAL (SELECT * FROM item WHERE key = g.id ORDER BY random() LIMIT 3) x" ],
	[ 'LATERAL, range', 3, 'key BETWEEN g.low AND g.high',
		"SELECT name, x.id FROM $loops, LATERAL (SELECT * FROM item WHERE key BETWEEN g.low AND g.high ORDER BY random() LIMIT 3) x" ],
	[ 'LATERAL, one side and a second column', 2, 'key = g.low AND b > g.id',
		"SELECT name, x.id FROM $loops, LATERAL (SELECT * FROM item WHERE key = g.low AND b > g.id ORDER BY random() LIMIT 2) x" ],
	[ 'LATERAL, other types', 1, 'key > g.low - 1 AND key <= g.high',
		"SELECT name, x.id FROM $loops, LATERAL (SELECT * FROM item WHERE key > g.low::bigint - 1 AND key <= g.high::smallint
			ORDER BY random() LIMIT 1) x" ],
	[ 'LATERAL, NULLs of a second column', 3, 'key IS NULL AND b = g.id',
		"SELECT name, x.id FROM $loops, LATERAL (SELECT * FROM item WHERE key IS NULL AND b = g.id ORDER BY random() LIMIT 3) x" ],
	[ 'sub-select', 1, 'key = g.id',
		"SELECT * FROM (SELECT name, (SELECT id FROM item WHERE key = g.id ORDER BY random() LIMIT 1) AS id FROM $loops OFFSET 0) x
			WHERE id IS NOT NULL" ],
	[ 'ARRAY of a sub-select', 3, 'key >= g.low',
		"SELECT name, unnest(ids) FROM (SELECT name, ARRAY(SELECT id FROM item WHERE key >= g.low ORDER BY random() LIMIT 3) AS ids
			FROM $loops OFFSET 0) x" ],
);

# The rows that each group has under a condition: name => { id => facts }.
sub groups_of
{
	my ($condition) = @_;
	return $builder->selectall_hashref(<<"SQL", [ 'name', 'row' ]);
SELECT g.name, item.id AS row, ntile(20) OVER (PARTITION BY g.name ORDER BY key, b) AS range
FROM other_item g JOIN item ON $condition
SQL
}

# Judge rows [ group, id ], $k for each loop or all that the group has.
sub groups_p
{
	my ($drawn, $loops, $k, $groups) = @_;
	my (%ids, @verdict);

	push @{ $ids{ $_->[0] } }, $_->[1] for @$drawn;
	for my $name (sort keys %$groups)
	{
		my $rows = keys %{ $groups->{$name} };
		my $here = $k < $rows ? $k : $rows;
		my $ids  = delete $ids{$name} // [];

		die sprintf("%d rows of %s instead of %d\n", scalar(@$ids), $name, $loops * $here) if @$ids != $loops * $here;
		my %p = rows_p($ids, $here, $groups->{$name});
		push @verdict, "$name: $_" => $p{$_} for sort keys %p;
	}
	die 'rows of ' . join(', ', keys %ids) . "\n" if %ids;
	return @verdict;
}

for my $source (PLAIN ? 'PostgreSQL' : ('range', 'leaf'))
{
	my $dbh = start_session(
		'randpick.method' => $source,
		cpu_tuple_cost     => 1,
		enable_bitmapscan => 'off',
		enable_memoize    => 'off');

	# where the index is not descended, few rows take many looks
	my $runs = $source eq 'leaf' ? 300 : 3000;
	for (@cases)
	{
		my ($name, $k, $condition, $query) = @$_;
		my $groups = groups_of($condition);
		$query =~ s/RUNS/$runs/;
		is_plan_raced($dbh, $query, "$name, $source");
		is_fair("$name, $source", sub { groups_p($dbh->selectall_arrayref($query), $runs, $k, $groups) });
	}

	# The plan of a function is kept, and is the same for all values from the
	# sixth execution on.
	my $groups = groups_of('key = g.id');
	my %id     = (one => 0, few => 1, some => 2, many => 3);
	my @names  = sort keys %id;
	my $cases  = join ' ', map { "WHEN $_ THEN $id{ $names[$_] }" } 0 .. $#names;
	for my $mode ('auto', 'force_generic_plan', 'force_custom_plan')
	{
		my $calls = $mode eq 'force_custom_plan' ? 2 * $runs : 12 * $runs;
		$dbh->do("SET plan_cache_mode = $mode");
		is_fair("a function's parameter, $mode, $source", sub {
			my $query = "SELECT id FROM item WHERE key = CASE run % 4 $cases END ORDER BY random() LIMIT 1";
			my $ids   = draw_ids($dbh, $query, $calls);
			return groups_p([ map { [ $names[ ($_ + 1) % 4 ], $ids->[$_] ] } 0 .. $#$ids ], $calls / 4, 1, $groups);
		});
	}
	$dbh->do('RESET plan_cache_mode');

	# A driver's prepared statement, with values of a type to be guessed.
	$dbh->{pg_server_prepare} = 1;
	my $pick = $dbh->prepare('SELECT id FROM item WHERE key BETWEEN ? AND ? ORDER BY random() LIMIT 2');
	my $bounds = $builder->selectall_arrayref('SELECT name, low, high FROM other_item');
	is_fair("a driver's parameters, $source", sub {
		my @drawn;
		for (1 .. $runs / 2)
		{
			for (@$bounds)
			{
				my ($name, @values) = @$_;
				$pick->execute(@values);
				push @drawn, map { [ $name, $_->[0] ] } @{ $pick->fetchall_arrayref };
			}
		}
		return groups_p(\@drawn, $runs / 2, 2, groups_of('key BETWEEN g.low AND g.high'));
	});
}

# Many ranges of one deep tree in one session, which remembers where the search
# for some of them ended: each has its 21 rows, and all are equally likely.
{
	my $wide  = q{lpad(to_char(%s, 'FM0000'), 1000, 'k')};
	my $key   = sprintf $wide, 'i';
	my $low   = sprintf $wide, 'g';
	my $high  = sprintf $wide, 'g + 20';
	build_table($builder, 'chain',
		'CREATE TABLE T (id int, key text)',
		'ALTER TABLE T ALTER key SET STORAGE plain',
		"INSERT INTO T SELECT i, $key FROM generate_series(1, 1500) i",
		'CREATE INDEX ON T (key)');
	my ($level) = $builder->selectrow_array(q{SELECT level FROM bt_metap('chain_key_idx')});
	cmp_ok($level, '>=', 2, 'the tree is deep');

	my $dbh   = start_session(cpu_tuple_cost => 1, 'randpick.method' => 'range');
	my $query = <<"SQL";
SELECT (SELECT id FROM chain WHERE key BETWEEN $low AND $high ORDER BY random() LIMIT 1) - g
FROM generate_series(1, 8) run, LATERAL (SELECT (g * 7 + run * 11) % 1480 + 1 AS g FROM generate_series(1, 1480) g) g
SQL
	is_plan_raced($dbh, $query, 'many ranges');
	is_fair('many ranges', sub {
		my %count;
		$count{ $_ // 'nothing' }++ for @{ $dbh->selectcol_arrayref($query) };
		die "rows outside of their range: @{[ sort keys %count ]}\n" if grep { !/^\d+$/ || $_ > 20 } keys %count;
		return ('which row of the range' => chi_square_p(\%count, { map { $_ => 1 } 0 .. 20 }));
	});
}

done_testing;
