# Do the rows that a snapshot sees come equally often whatever other sessions do
# to the index meanwhile: split its pages, its root, empty and delete them?
#
# What can go wrong takes a write between two steps of a race, and that is rare
# where sessions just run side by side.  So here it happens in every race: open
# a thousand races, as cursors; write; go on with each.  The row that comes next
# is any row of the table, equally likely.

use strict;
use warnings;

use DBD::Pg ':async';
use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

# There is nothing to compare where PostgreSQL's own plans answer.
plan skip_all => 'needs randpick' if PLAIN;

my $writer  = connect_to_server();
my @sources = ('range', 'leaf', 'heap');
my %racer   = map {
	$_ => start_session(
		'randpick.method' => $_,
		# so dear a deal that none is made
		cpu_tuple_cost     => 1,
		enable_indexscan  => 'off',
		enable_bitmapscan => 'off')
} @sources;

# A key of text as narrow as a bigint; wider ones make many pages, and above
# them large pivots, out of few rows.
my $narrow = q{lpad(i::text, 6, '0')};

my @cases = (
	# name, how many races, and SQL: to make T, and in turn how many rows each
	# race takes, and what is done before its next one
	{
		name  => 'leaves outgrow what a leaf can hold',
		races => 1000,
		make  => [
			'CREATE TABLE T (id int, key bigint PRIMARY KEY)',
			'INSERT INTO T SELECT i, 100 * i FROM generate_series(1, 3000) i' ],
		steps => [
			[ 1,  'INSERT INTO T SELECT 0, 100 * i + 1 FROM generate_series(1, 1500) i' ],
			[ 30, 'INSERT INTO T SELECT 0, 100 * i + j FROM generate_series(1, 1500) i, generate_series(2, 4) j' ],
			[ 50, 'INSERT INTO T SELECT 0, 100 * i + 1 FROM generate_series(1501, 2999) i' ] ],
	},
	{
		name  => 'posting lists outgrow it',
		races => 1000,
		make  => [
			'CREATE TABLE T (id int, key int)',
			'INSERT INTO T SELECT i, i % 50 FROM generate_series(1, 8000) i',
			'CREATE INDEX ON T (key)' ],
		steps => [
			[ 1,  'INSERT INTO T SELECT 0, i % 20 FROM generate_series(1, 5000) i' ],
			[ 40, 'INSERT INTO T SELECT 0, 10 + i % 30 FROM generate_series(1, 9000) i' ] ],
	},
	{
		name  => 'the root splits',
		races => 700,
		make  => [
			'CREATE TABLE T (id int, key text COLLATE "C" PRIMARY KEY)',
			'ALTER TABLE T ALTER key SET STORAGE plain',
			"INSERT INTO T SELECT i, $narrow FROM generate_series(1, 3000) i" ],
		steps => [
			[ 1,  "INSERT INTO T SELECT 0, rpad($narrow, 2600, 'w') FROM generate_series(1, 3000, 50) i" ],
			[ 5,  "INSERT INTO T SELECT 0, rpad($narrow, 2600, 'w') FROM generate_series(3, 1500, 50) i" ] ],
	},
	{
		name  => 'an internal page has more children than it can hold',
		races => 300,
		make  => [
			'CREATE TABLE T (id int, key text COLLATE "C" NOT NULL)',
			'ALTER TABLE T ALTER key SET STORAGE plain',
			"INSERT INTO T SELECT i, $narrow FROM generate_series(1, 45000) i",
			'CREATE UNIQUE INDEX ON T (key) WITH (fillfactor = 10)' ],
		steps => [
			[ 1, map { "INSERT INTO T SELECT 0, rpad('0${_}500' || $narrow, 250, 'w') FROM generate_series(1, 4000) i" } '01', '11', '22' ] ],
	},
	{
		name  => 'leaves are emptied and deleted',
		races => 1000,
		make  => [
			'CREATE TABLE T (id int, key bigint NOT NULL)',
			'INSERT INTO T SELECT i, 10 * i FROM generate_series(1, 9000) i',
			'CREATE UNIQUE INDEX ON T (key) WITH (fillfactor = 10)',
			'DELETE FROM T WHERE id % 1000 BETWEEN 100 AND 700' ],
		steps => [
			[ 1, 'DELETE FROM T WHERE id BETWEEN 3000 AND 4500', 'VACUUM T' ],
			# what other leaves take over grows
			[ 20, 'INSERT INTO T SELECT 0, 10 * i + j FROM generate_series(5100, 5700) i, generate_series(1, 3) j' ] ],
	},
	{
		name  => 'internal pages are deleted',
		races => 300,
		make  => [
			'CREATE TABLE T (id int, key bigint NOT NULL)',
			'INSERT INTO T SELECT i, 10 * i FROM generate_series(1, 60000) i',
			'CREATE UNIQUE INDEX ON T (key) WITH (fillfactor = 10)',
			'DELETE FROM T WHERE id BETWEEN 7000 AND 35000' ],
		steps => [
			[ 1, 'VACUUM T' ],
			[ 3, 'INSERT INTO T SELECT 0, 10 * i + j FROM generate_series(7000, 34000, 10) i, generate_series(1, 2) j' ] ],
	},
);

# How many pages an index has on which level.
sub describe_index
{
	my ($index) = @_;
	my $pages = $writer->selectall_arrayref(<<"SQL");
SELECT CASE WHEN type IN ('l', 'i', 'r') THEN 'level ' || btpo_level ELSE 'deleted' END, count(*)
FROM generate_series(1, pg_relation_size('$index') / 8192 - 1) b, bt_page_stats('$index', b) GROUP BY 1 ORDER BY 1
SQL
	return join ', ', map { "$_->[0]: $_->[1]" } @$pages;
}

# How many races of a session have ended in a deal.
sub count_deals
{
	my ($dbh) = @_;
	return $dbh->selectrow_array('SELECT sum(deals) FROM randpick_stats()');
}

# Go through a case once, with races over each source side by side.
sub race_across_writes
{
	my ($case, $table) = @_;
	my @cursors = map { "race_$_" } 1 .. $case->{races};
	my (%facts, %deals, %drawn, @verdict);

	$writer->do("DROP TABLE IF EXISTS $table");
	build_table($writer, $table, @{ $case->{make} });
	my ($index, $least) = $writer->selectrow_array(<<"SQL");
SELECT indexrelid::regclass, quote_literal(CASE atttypid WHEN 'text'::regtype THEN '' ELSE '-1' END)
FROM pg_index JOIN pg_attribute ON attrelid = indexrelid WHERE indrelid = '$table'::regclass
SQL
	my $query  = "SELECT id FROM $table WHERE key > $least ORDER BY random()";
	my $layout = describe_index($index);

	for my $source (@sources)
	{
		my $dbh = $racer{$source};
		$dbh->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
		$facts{$source} = $dbh->selectall_hashref(<<"SQL", 'row');
SELECT id AS row, ntile(6) OVER (ORDER BY key) AS sixth, ntile(60) OVER (ORDER BY key) AS sixtieth FROM $table
SQL
		is_raced_over($source, $case->{name}, $dbh, $table, "$query LIMIT 1");
		$deals{$source} = count_deals($dbh);
		$dbh->do("DECLARE $_ CURSOR FOR $query") for @cursors;
	}
	for (@{ $case->{steps} })
	{
		my ($rows, @sql) = @$_;
		for my $dbh (values %racer)
		{
			$dbh->do("MOVE $rows FROM $_") for @cursors;
		}
		$writer->do(s/\bT\b/$table/r) for @sql;
		$layout .= '; then ' . describe_index($index);
		for my $source (@sources)
		{
			push @{ $drawn{$source} }, [ map { $racer{$source}->selectrow_array("FETCH 1 FROM $_") } @cursors ];
		}
	}
	for my $source (@sources)
	{
		my $deals = count_deals($racer{$source}) - $deals{$source};
		cmp_ok($deals, '<=', @cursors / 10, "$case->{name}: hardly a race over the $source is dealt");
		$racer{$source}->do('ROLLBACK');
	}
	diag("$case->{name}: $layout");

	for my $source (@sources)
	{
		while (my ($step, $ids) = each @{ $drawn{$source} })
		{
			my %p = rows_p($ids, 1, $facts{$source});
			push @verdict, "$source, after step " . ($step + 1) . ", $_" => $p{$_} for sort keys %p;
		}
	}
	return @verdict;
}

for my $case (@cases)
{
	is_fair($case->{name}, sub { race_across_writes($case, 'written') });
}

# And as it comes: one session writes for as long as another one picks.
sub pick_while_writing
{
	my ($source, $key) = @_;
	my $dbh   = $racer{$source};
	my $query = q{SELECT id FROM split WHERE key > '' ORDER BY random() LIMIT 1};

	build_table($writer, 'split',
		'DROP TABLE IF EXISTS T',
		'CREATE TABLE T (id int, key text)',
		"INSERT INTO T SELECT i, $key FROM generate_series(1, 2000) i",
		'CREATE INDEX ON T (key)');
	my $layout = describe_index('split_key_idx');

	$dbh->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
	my $facts = table_facts($dbh, 'split', 'true');
	my $busy  = connect_to_server();
	$busy->do(<<"SQL", { pg_async => PG_ASYNC });
DO \$\$ BEGIN
	FOR i IN 1..150 LOOP
		INSERT INTO split SELECT 1000000 + j, $key FROM generate_series(1, 100) j;
		COMMIT;
		PERFORM pg_sleep(0.005);
	END LOOP;
END \$\$
SQL
	my $ids = draw_ids($dbh, $query, 40000);
	$busy->pg_result;
	$dbh->do('ROLLBACK');
	diag("the index under $key: $layout; then " . describe_index('split_key_idx'));
	return rows_p($ids, 1, $facts);
}

for my $key ('gen_random_uuid()::text', q{lpad((random() * 50)::int::text, 3, '0')})
{
	for my $source ('leaf', 'range')
	{
		is_fair("pages split meanwhile, $source, $key", sub { pick_while_writing($source, $key) });
	}
}

done_testing;
