# Does every row come equally often, whatever its page, its place in the page,
# its neighbours and its kind, by each way to ask for it, raced and dealt?
# 100 picks a row on a table that is as hostile as a heap can be.  And are all
# orders of a few rows equally likely?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

my $builder = connect_to_server();
my @keep    = map { build_hostile_table($builder, \&connect_to_server, @$_) }
  ([ hostile => 115 ], [ few => 5 ]);
layout_ok($builder, 'hostile');

# The planner weighs a race against a deal by the price of pages, so the price
# of a page read in order decides how far a race goes before it is dealt.
my %race  = map { $_ => { cpu_tuple_cost => 1000, 'randpick.method' => $_ } } qw(heap leaf);
my %deal  = ('randpick.method' => 'deal');
my %mixed = (cpu_tuple_cost => 0.0009, 'randpick.method' => 'heap');

# Draw by $query from $table and judge; 'T' stands for the table.
sub test_rows
{
	my ($name, $settings, $how, $table, $filter, $k, $query) = @_;

	$query =~ s/\bT\b/$table/g;
	is_found_how($how, $settings, $query, $name);

	my $facts = row_facts($builder, $table, $filter);
	my $dbh   = start_session(%$settings);
	my $runs  = int(100 * keys(%$facts) / $k);
	is_fair($name, sub { rows_p(draw_ids($dbh, $query, $runs, $k), $k, $facts) });
}

my @ways = (
	# what is asked for, rows that qualify, rows a run, query
	[ "randpick('t')", 'true', 1,
		q{SELECT (to_jsonb(randpick('T'))->>'id')::int} ],
	[ "randpick('t', filter)", 'f = 0', 1,
		q{SELECT (to_jsonb(randpick('T', 'f = $1', 0))->>'id')::int} ],
	[ "randpick_ctid('t', filter)", 'f = 0', 1,
		q{SELECT id FROM T WHERE ctid = (SELECT randpick_ctid('T', 'f = $1', 0))} ],
	[ 'randpick_row(t)', 'true', 1,
		q{SELECT id FROM randpick_row(NULL::T)} ],
	[ 'randpick_row(t, filter)', 'f = 0', 1,
		q{SELECT id FROM randpick_row(NULL::T, 'f = 0')} ],
	[ 'randpick_rows(t, 10)', 'true', 10,
		q{SELECT id FROM randpick_rows(NULL::T, 10)} ],
	[ 'randpick_rows(t, 10, filter)', 'f = 0', 10,
		q{SELECT id FROM randpick_rows(NULL::T, 10, 'f = $1', 0)} ],
	[ 'ORDER BY random() LIMIT 1', 'true', 1,
		q{SELECT id FROM T ORDER BY random() LIMIT 1} ],
	[ 'WHERE filter ORDER BY random() LIMIT 1', 'f = 0', 1,
		q{SELECT id FROM T WHERE f = 0 ORDER BY random() LIMIT 1} ],
);
for my $way (@ways)
{
	my ($name, @way) = @$way;
	next if PLAIN && $name =~ /randpick/;
	test_rows("$name raced over $_", $race{$_}, 'raced', 'hostile', @way) for PLAIN ? () : sort keys %race;
	test_rows("$name mixed", \%mixed, 'mixed', 'few',     @way);
	test_rows("$name dealt", \%deal,  'dealt', 'few',     @way) unless PLAIN;
}

# Many rows: where the race ends and the deal begins, rows must neither be lost
# nor come twice.
for my $k (30, 2500)
{
	my $query = "SELECT id FROM T ORDER BY random() LIMIT $k";
	test_rows("LIMIT $k mixed", \%mixed, 'mixed', 'hostile', 'true', $k, $query);
	test_rows("LIMIT $k dealt", \%deal,  'dealt', 'hostile', 'true', $k, $query) unless PLAIN;
}

# Orders of six rows: all are equally likely, in every form of query, whether a
# race answers it or cannot.  (A race for six of 291 places takes some 700 looks.)
$builder->do($_) for (
	'CREATE TABLE six AS SELECT i AS id FROM generate_series(1, 6) i',
	'CREATE TABLE two AS SELECT i FROM generate_series(0, 1) i',
	'CREATE TABLE three AS SELECT i FROM generate_series(1, 3) i',
	'ANALYZE');

my @courses = ([ raced => $race{heap} ], [ mixed => { cpu_tuple_cost => 0.009 } ], [ dealt => \%deal ]);
my @orders = (
	# rows a run, query
	[ 3, 'SELECT id FROM randpick_rows(NULL::six, 3)' ],
	[ 3, 'SELECT id FROM six ORDER BY random() LIMIT 3' ],
	[ 6, 'SELECT id FROM randpick_rows(NULL::six, 6)' ],
	[ 6, 'SELECT id FROM six ORDER BY random() LIMIT 6' ],
	[ 6, 'SELECT id FROM six ORDER BY random() DESC LIMIT 6' ],
);
for (@orders)
{
	my ($k, $query) = @$_;
	for (PLAIN ? $courses[0] : @courses)
	{
		my ($how, $settings) = @$_;
		next if PLAIN && $query =~ /randpick/;

		is_found_how($how, $settings, $query, $query);
		my $dbh = start_session(%$settings);
		is_fair("$query, $how", sub { prefixes_p(draw_ids($dbh, $query, 30000, $k), $k, 6) });
	}
}

my @other_forms = (
	'SELECT id FROM six ORDER BY random() NULLS FIRST LIMIT 3',
	'SELECT id FROM six ORDER BY random(), id LIMIT 3',
	'SELECT id FROM six ORDER BY -random() LIMIT 3',
	'SELECT id FROM six ORDER BY random() OFFSET 2 LIMIT 3',
	'SELECT id FROM six ORDER BY random() FETCH FIRST 3 ROWS WITH TIES',
	'SELECT id FROM six GROUP BY id ORDER BY random() LIMIT 3',
	'SELECT id FROM six TABLESAMPLE BERNOULLI (100) ORDER BY random() LIMIT 3',
	'SELECT id FROM (SELECT id, row_number() OVER (ORDER BY random()) AS n FROM six) s WHERE n <= 3 ORDER BY n',
	'SELECT id FROM (SELECT id, count(*) OVER () FROM six ORDER BY random() LIMIT 3) s',
	'SELECT 3 * two.i + three.i FROM two, three ORDER BY random() LIMIT 3',
	'SELECT 3 * two.i + three.i FROM two JOIN three ON two.i <= three.i ORDER BY random() LIMIT 3',
	'SELECT id FROM six LEFT JOIN two ON two.i = six.id - 7 ORDER BY random() LIMIT 3',
	'SELECT id FROM six WHERE EXISTS (SELECT FROM three, two WHERE 2 * three.i - two.i = id) ORDER BY random() LIMIT 3',
	'SELECT id FROM (SELECT id FROM six UNION SELECT id FROM six) s ORDER BY random() LIMIT 3',
	'SELECT id FROM six WHERE random() < 2 ORDER BY random() LIMIT 3',
);
for my $query (@other_forms)
{
	my $dbh = start_session(%{ $race{heap} });
	is_fair($query, sub { prefixes_p(draw_ids($dbh, $query, 10000, 3), 3, 6) });
}

# Each row comes through or not, once: of six rows with even chances a binomial
# number.  A row that is looked at twice would have two chances.
my %binomial = (0 => 1, 1 => 6, 2 => 15, 3 => 20, 4 => 15, 5 => 6, 6 => 1);
my @coins = (
	'six WHERE random() < 0.5',
	'six WHERE (SELECT random() + 0 * id) < 0.5',
	'six TABLESAMPLE BERNOULLI (50)',
);
for my $rows (@coins)
{
	my $query = "SELECT count(*) FROM (SELECT id FROM $rows ORDER BY random() OFFSET 0) s";
	for (@courses)
	{
		my ($how, $settings) = @$_;
		my $dbh = start_session(%$settings);
		is_fair("$rows, $how", sub {
			my %count;
			$count{$_}++ for @{ draw_ids($dbh, $query, 10000) };
			return ('their number' => chi_square_p(\%count, \%binomial));
		});
	}
}

done_testing;
