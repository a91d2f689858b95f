# TABLESAMPLE randpick(n) REPEATABLE (seed): one seed, one sample, while the rows
# of the table are the same, whatever else is known of them or set.  And what a
# sample without a seed has to do with random().

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan(skip_all => 'randpick is left out') if PLAIN;

my $builder = connect_to_server();
$builder->do('CREATE TABLE plain AS SELECT i AS id, i % 10 AS f FROM generate_series(1, 20000) i');
$builder->do('ANALYZE plain');

sub sample
{
	my ($dbh, $n, $seed, $table) = @_;
	$table //= 'plain';
	return join ' ', sort { $a <=> $b }
	  @{ $dbh->selectcol_arrayref("SELECT id FROM $table TABLESAMPLE randpick($n) REPEATABLE ($seed)") };
}

my @settings = (
	{},
	{ seq_page_cost => 1000, random_page_cost => 0.1 },
	{ seq_page_cost => 0.01, random_page_cost => 1000, work_mem => '64kB' },
	{ enable_seqscan => 'off', enable_tidscan => 'off' },
	{ parallel_setup_cost => 0, parallel_tuple_cost => 0, min_parallel_table_scan_size => 0, debug_parallel_query => 'on' },
	{ 'randpick.method' => 'leaf', seq_page_cost => 1000 },
);

# what becomes known of the table, which stays the same
my @changes = (
	[ 'SELECT 1' ],
	[ 'ALTER TABLE plain ALTER id SET STATISTICS 10', 'ANALYZE plain' ],
	[ 'CREATE INDEX plain_id ON plain (id)', "UPDATE pg_class SET reltuples = 100 WHERE relname = 'plain'" ]);
for my $n (1, 10, 500, 5000, 19990)
{
	my $first = sample(connect_to_server(), $n, 5);
	is(split(/ /, $first), $n, "$n rows");
	for my $change (@changes)
	{
		$builder->do($_) for @$change;
		is(sample(start_session(%$_), $n, 5), $first, join ' ', "the same $n rows for a seed after $change->[0], with", %$_)
		  for @settings;
	}
	$builder->do($_) for 'DROP INDEX plain_id', 'ANALYZE plain';
	my %samples = map { sample($builder, $n, $_) => 1 } 1 .. 5;
	cmp_ok(scalar keys %samples, '>', 1, "five seeds, several samples of $n rows");
	is(sample($builder, $n, '-0.0'), sample($builder, $n, 0), "$n rows of zero and minus zero");
	is(sample($builder, $n, "'NaN'"), sample($builder, $n, "'NaN'"), "$n rows of no number");
}

# More rows than fit into a small work_mem, raced.
$builder->do('CREATE TABLE large AS SELECT i AS id FROM generate_series(1, 600000) i');
$builder->do('ANALYZE large');
my %course = (enough => { work_mem => '4MB' }, little => { work_mem => '64kB' });
is_found_how('raced', $course{$_}, 'SELECT FROM large TABLESAMPLE randpick(4500) REPEATABLE (1)', "$_ work_mem", 3)
  for sort keys %course;
my @large = map { sample(start_session(%{ $course{$_} }), 4500, 1, 'large') } sort keys %course;
is($large[1], $large[0], 'the same 4500 rows with little work_mem');

# A table whose rows cannot be arbitrarily narrow, which is known only to who
# sees no older ones: another transaction must not matter.
{
	my $writer = connect_to_server();
	$writer->begin_work;
	$writer->do('SELECT pg_current_xact_id()');
	$builder->do('CREATE TABLE wide (id int NOT NULL, v int NOT NULL)');
	$builder->do('INSERT INTO wide SELECT i, i FROM generate_series(1, 20000) i');
	$builder->do('ANALYZE wide');
	my $first = sample($builder, 5, 7, 'wide');
	$writer->rollback;
	is(sample($builder, 5, 7, 'wide'), $first, 'the same rows when an older transaction has ended');
}

# SQL random().
{
	my ($dbh, $clause) = ($builder, 'FROM plain TABLESAMPLE randpick(5)');
	my @after = map { $dbh->do('SELECT setseed(0.5)'); $dbh->selectall_arrayref($_); $dbh->selectrow_array('SELECT random()') }
	  'SELECT 1', "SELECT id $clause REPEATABLE (1)", "SELECT id $clause";
	is($after[1], $after[0], 'a seed leaves random() alone');
	isnt($after[2], $after[0], 'without one random() gives it');
	my @samples = map { $dbh->do("SELECT setseed($_)"); join ' ', @{ $dbh->selectcol_arrayref("SELECT id $clause") } } 0.5, 0.5, 0.6;
	is($samples[1], $samples[0], 'setseed() repeats a sample');
	isnt($samples[2], $samples[0], 'another setseed(), another sample');

	$dbh->do("PREPARE again AS SELECT id $clause");
	my %seen = map { join(' ', @{ $dbh->selectcol_arrayref('EXECUTE again') }) => 1 } 1 .. 10;
	is(keys %seen, 10, 'a kept plan gives a new sample each time');
}

done_testing;
