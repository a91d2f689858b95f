# What an index can answer of a filter does not depend on what other scans cost.
# Is each condition found, whatever plans are enabled, whether or not there may
# be parallel ones, and whatever the query wants of the rows?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();

# tables that are alike but for their one index
my %index = (
	narrow => '(kind)', wide => '(kind, day DESC, id)', backward => '(day DESC NULLS LAST)', partial => '(kind) WHERE is_new',
	expression => '((id % 50))', covering => '(kind) INCLUDE (id, day, is_new, name)', by_name => '(name text_pattern_ops)',
	by_flag => '(is_new, kind)');
for (sort keys %index)
{
	build_table($builder, $_,
		'CREATE TABLE T (id int, kind int, key int, day date, is_new boolean, name text)',
		q{INSERT INTO T SELECT i, i % 40, i, CASE WHEN i % 11 > 0 THEN date '2020-01-01' + i % 400 END, i % 9 = 0, 'name ' || i FROM generate_series(1, 6000) i},
		"CREATE INDEX ON T $index{$_}");
}
$builder->do('VACUUM ANALYZE');

my %filters = (
	narrow     => [ 'kind = 3', 'kind IN (3, 5)', 'kind > 37', 'kind BETWEEN 2 AND 4 AND id > 100', 'kind IS NULL' ],
	wide       => [ q{kind = 3 AND day = '2020-02-02'}, q{kind = 3 AND id = 43}, q{kind IN (1, 2) AND day > '2020-12-12'},
		q{kind = 3 AND day IN ('2020-02-02', '2020-02-03')}, q{kind = 3 AND day IN ('2020-02-02', '2020-02-03') AND id > 17},
		q{day = '2020-02-02'}, 'kind = 5 AND day IS NULL', '(kind, day) = (3, \'2020-02-02\')' ],
	backward   => [ q{day >= '2020-12-20'}, 'day IS NULL', q{day IN ('2020-02-02', '2020-02-03')} ],
	partial    => [ 'is_new AND kind = 3', 'is_new', 'is_new AND kind IN (3, 4)' ],
	expression => [ 'id % 50 = 3', 'id % 50 IN (3, 4) AND kind > 2' ],
	covering   => [ 'kind = 3', 'kind IN (3, 5)', 'kind > 37 AND id > 3000' ],
	by_name    => [ q{name LIKE 'name 12%'}, q{name = 'name 77'} ],
	by_flag    => [ 'is_new AND kind = 3', 'NOT is_new AND kind > 37', 'is_new IS NOT FALSE AND kind = 3', 'is_new AND kind IN (1, 2)' ]);

# Source, index and conditions that the plan of a query shows, under settings.
sub conditions
{
	my ($dbh, $query, %settings) = @_;
	$dbh->begin_work;
	$dbh->do("SET LOCAL $_ = $settings{$_}") for keys %settings;
	my $plan = join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN (COSTS off) $query") };
	$dbh->rollback;
	my ($shown) = $plan =~ /Custom Scan \(RandPick\)[^\n]*\n(.*?)(?:\n\s*->|\z)/s;
	return join ', ', ($shown // $plan) =~ /((?:Source|Index|Index Cond): .*)/g;
}

my @off = map { "enable_$_" } qw(indexscan bitmapscan seqscan indexonlyscan);
my @settings;
for my $set (0 .. 2 ** @off - 1)
{
	push @settings, { map { $off[$_] => 'off' } grep { $set & 1 << $_ } 0 .. $#off };
}
my @costs = ({ random_page_cost => 1000 }, { cpu_index_tuple_cost => 1000 }, { seq_page_cost => 0, cpu_tuple_cost => 0 });

my $dbh = start_session(jit => 'off');
for my $table (sort keys %filters)
{
	for my $filter (@{ $filters{$table} })
	{
		# whether an array on a later column is used is a matter of costs
		my @all = $filter =~ /(kind = 3 AND day|is_new AND kind) IN/ ? @settings : (@settings, @costs);
		for my $source ('range', 'leaf')
		{
			my @wrong;
			my $expected = conditions($dbh, "SELECT * FROM $table WHERE $filter ORDER BY random() LIMIT 1", 'randpick.method' => $source);
			like($expected, qr/^Source: $source/, "$table WHERE $filter: its conditions in the $source");
			for my $columns ('*', 'id', 'kind')
			{
				for my $end (' LIMIT 1', '', ' LIMIT 1 FOR UPDATE')
				{
					for my $workers (0, 2)
					{
						for (@all)
						{
							my %settings = (%$_, max_parallel_workers_per_gather => $workers);
							my $shown = conditions($dbh, "SELECT $columns FROM $table WHERE $filter ORDER BY random()$end",
								%settings, 'randpick.method' => $source);
							next if $shown eq $expected;
							push @wrong, "SELECT $columns ...$end under " . join(', ', map { "$_ = $settings{$_}" } sort keys %settings) . ": $shown";
						}
					}
				}
			}
			is_deeply(\@wrong, [], "$table WHERE $filter: always $expected");
		}
	}
}

done_testing;
