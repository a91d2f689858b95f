# Does EXPLAIN show a race as PostgreSQL's users expect it, in every format, and
# do its numbers agree with each other?

use strict;
use warnings;

use FindBin;
use JSON::PP;
use lib "$FindBin::Bin/lib";
use List::Util 'sum';
use RandpickTest;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
$builder->do($_)
  for 'CREATE TABLE book (id int PRIMARY KEY, kind int NOT NULL, title text)',
  q{INSERT INTO book SELECT i, i % 10, 'title ' || i FROM generate_series(1, 5000) i},
  'CREATE INDEX "by Kind" ON book (kind)',
  'CREATE TABLE shelf AS SELECT i AS kind FROM generate_series(0, 9) i',
  'CREATE TABLE parted (id int) PARTITION BY HASH (id)',
  (map { "CREATE TABLE parted_$_ PARTITION OF parted FOR VALUES WITH (MODULUS 3, REMAINDER $_)" } 0 .. 2),
  'INSERT INTO parted SELECT generate_series(1, 6000)', 'VACUUM ANALYZE';

# other scans are said to be dear, so that races have time
my $dbh = start_session(cpu_tuple_cost => 1, enable_indexscan => 'off', enable_bitmapscan => 'off');

sub plan_text
{
	my ($options, $query) = @_;
	return join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN ($options) $query") };
}

# The nodes of a plan, outermost first, whose key is the value.
sub find_nodes
{
	my ($node, $key, $value) = @_;
	return ((($node->{$key} // '') eq $value ? $node : ()),
		map { find_nodes($_, $key, $value) } @{ $node->{Plans} // [] });
}

# The race in the plan of a query, or the node that runs a joint race.
sub race_of
{
	my ($options, $query, $provider) = @_;
	my $plan = decode_json(plan_text("$options, FORMAT json", $query))->[0]{Plan};
	return (find_nodes($plan, 'Custom Plan Provider', $provider // 'RandPick'))[0];
}

# What a race shows that other nodes do not, in this order.
my @ours  = ('Source', 'Index Name', 'Index Cond', 'Places', 'Looks', 'Misses', 'Deals');
my $ours  = join '|', @ours;
my $pages = $builder->selectrow_array(q{SELECT pg_relation_size('book') / 8192});

# the sources, by themselves and run
my $filtered = q{SELECT id FROM book WHERE kind = 3 AND title <> 'x' ORDER BY random() LIMIT 5};
for my $case (
	[ 'heap',  [ 'Source' ] ],
	[ 'leaf',  [ 'Source', 'Index Name', 'Index Cond' ] ],
	[ 'range', [ 'Source', 'Index Name', 'Index Cond' ] ])
{
	my ($source, $shown) = @$case;
	$dbh->do("SET randpick.method = $source");

	my $race = race_of('COSTS off', $filtered);
	is_deeply([ grep { exists $race->{$_} } @ours ], $shown, "$source: what a plan shows");
	is($race->{Source}, $source, "$source: by its name");
	is($race->{'Index Name'}, 'by Kind', "$source: the index, not quoted") if $source ne 'heap';
	like($race->{'Index Cond'}, qr/^\(kind = 3\)$/, "$source: the condition") if $source ne 'heap';
	is($race->{'Relation Name'}, 'book', "$source: the table");

	$race = race_of('ANALYZE', $filtered);
	is_deeply([ grep { exists $race->{$_} } @ours ], [ @$shown, 'Places', 'Looks', 'Misses', 'Deals' ],
		"$source: what a run shows");
	is($race->{Looks} - $race->{Misses}, $race->{'Actual Rows'}, "$source: each other look missed");
	cmp_ok($race->{'Rows Removed by Filter'}, '<=', $race->{Misses}, "$source: rows removed are misses");
	cmp_ok($race->{Places}, '>=', 500, "$source: a place for each row");
	is($race->{Places} % $pages, 0, "$source: as many in each page") if $source eq 'heap';
	is($race->{Deals}, 0, "$source: nothing is dealt");
	is($race->{Plans}[0]{'Actual Loops'}, 0, "$source: the plan that would deal is not run");

	# the same in every format
	my %text = map { $_ => plan_text("$_", $filtered) } 'ANALYZE', 'ANALYZE, FORMAT yaml', 'ANALYZE, FORMAT xml';
	is_deeply([ $text{ANALYZE} =~ /^ +($ours|Index): /mg ], [ map { s/ Name//r } @$shown, 'Places', 'Looks', 'Misses', 'Deals' ],
		"$source: text");
	like($text{ANALYZE}, qr/^ +Index: "by Kind"$/m, "$source: the index, quoted") if $source ne 'heap';
	is_deeply([ $text{'ANALYZE, FORMAT yaml'} =~ /^ +($ours): /mg ], [ @$shown, 'Places', 'Looks', 'Misses', 'Deals' ],
		"$source: YAML");
	like($text{'ANALYZE, FORMAT yaml'}, qr/^ +Source: "$source"$/m, "$source: a string");
	like($text{'ANALYZE, FORMAT yaml'}, qr/^ +Looks: \d+$/m, "$source: a number");
	SKIP:
	{
		skip 'the server has no XML', 1 unless eval { $builder->do(q{SELECT xml '<a/>'}); 1 };
		my ($found) = $builder->selectrow_array(<<'SQL', undef, $text{'ANALYZE, FORMAT xml'});
SELECT xpath('//e:Plan[e:Custom-Plan-Provider = "RandPick"][e:Looks - e:Misses = 5]/e:Source/text()', $1::xml,
	'{{e,http://www.postgresql.org/2009/explain}}')
SQL
		is_deeply($found, [ $source ], "$source: XML");
	}
}
$dbh->do('SET randpick.method = heap');

# sums over all loops, where rows are a mean
my $lateral = 'SELECT b.id FROM shelf, LATERAL (SELECT id FROM book WHERE book.kind = shelf.kind ORDER BY random() LIMIT 3) b';
my $race    = race_of('ANALYZE', $lateral);
is($race->{'Actual Loops'}, 10, 'nested loop: ten loops');
is($race->{Looks} - $race->{Misses}, 30, 'nested loop: looks of all loops');
cmp_ok(abs($race->{'Rows Removed by Filter'} * 10 - $race->{Misses}), '<=', $race->{Misses}, 'nested loop: rows removed are a mean');

# what never ran
my $unwanted = 'SELECT id FROM book ORDER BY random() LIMIT 0';
like(plan_text('ANALYZE', $unwanted), qr/\(RandPick\).*\(never executed\)\n +Source: heap\n +->/, 'a race that never ran shows no numbers');
is(race_of('ANALYZE', $unwanted)->{Looks}, 0, 'but programs get them');

# what is dealt
$dbh->do('SET randpick.method = deal');
$race = race_of('ANALYZE', $lateral);
is($race->{Source}, 'deal', 'deal: it is not raced');
is($race->{Looks}, 0, 'deal: no look');
is($race->{Deals}, 10, 'deal: once in each loop');
is($race->{Plans}[0]{'Actual Loops'}, 10, 'deal: by the plan below');
$dbh->do('SET randpick.method = heap');
$race = race_of('ANALYZE', 'SELECT id FROM book WHERE id < 0 ORDER BY random() LIMIT 1');
is($race->{Looks}, $race->{Misses}, 'no row: all looks missed');
is($race->{Deals}, 1, 'no row: then all were dealt');
is($race->{Plans}[0]{'Actual Loops'}, 1, 'no row: by the plan below');

# what the nodes return
$race = race_of('VERBOSE', 'SELECT random() AS r, id FROM book WHERE kind = 3 ORDER BY r LIMIT 5');
is_deeply($race->{Output}, [ 'random()', 'id' ], 'VERBOSE: the rows with their random() values');
is_deeply($race->{Plans}[0]{Output}, ['ctid'], 'VERBOSE: where they stand, from the plan that deals');
like(race_of('VERBOSE', $lateral)->{Filter}, qr/^\(book\.kind = shelf\.kind\)$/, 'VERBOSE: names of another table');

# random() values that nobody reads
is_deeply(race_of('VERBOSE', 'SELECT * FROM book ORDER BY random() LIMIT 5')->{Output},
	race_of('VERBOSE', 'SELECT * FROM book TABLESAMPLE randpick(5)')->{Output}, 'VERBOSE: random() is not computed for nobody');
is_deeply(race_of('VERBOSE', 'SELECT id FROM book ORDER BY random(), kind')->{Output}, ['id'], 'VERBOSE: nor without LIMIT');
is_deeply(race_of('VERBOSE', 'SELECT random() + 1 FROM book ORDER BY random() LIMIT 5')->{Output},
	['(random() + \'1\'::double precision)'], 'VERBOSE: but for an expression');
is_deeply([ map { $_->{Output} } race_of('VERBOSE', 'SELECT id FROM parted ORDER BY random() LIMIT 5', 'RandPickAppend'),
		race_of('VERBOSE', 'SELECT id FROM parted ORDER BY random() LIMIT 5') ], [ map { ["$_.id"] } qw(parted parted_1) ],
	'VERBOSE: nor for partitions');

# partitions
my $joint = race_of('ANALYZE', 'SELECT id FROM parted ORDER BY random() LIMIT 40', 'RandPickAppend');
my @members = find_nodes($joint, 'Custom Plan Provider', 'RandPick');
is(@members, 3, 'partitions: all are shown');
for my $number ('Looks', 'Misses')
{
	is(sum(map { $_->{$number} } @members), $joint->{$number}, "partitions: \L$number\E of all");
}
is($joint->{Looks} - $joint->{Misses}, 40, 'partitions: each other look missed');
my ($pruned) = race_of('ANALYZE', 'SELECT id FROM parted_1 ORDER BY random() LIMIT 1');
is($pruned->{'Relation Name'}, 'parted_1', 'one partition: as a table');

# functions hide their plans, as all functions do
unlike(plan_text('ANALYZE', 'SELECT * FROM randpick_row(NULL::book)'), qr/RandPick/, 'a function hides its plan');

done_testing;
