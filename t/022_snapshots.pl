# Does every row come equally often where the session sees more rows than the
# catalog tells of: several with one key, in the transaction that has still to
# answer for it, and rows that were there before an index or a constraint?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

# There is nothing to compare where PostgreSQL's own plans answer.
plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
my @sources = ('range', 'leaf', 'heap');
my %dbh     = map {
	$_ => start_session(
		'randpick.method' => $_,
		# so dear a deal that none is made
		cpu_tuple_cost     => 1,
		enable_indexscan  => 'off',
		enable_bitmapscan => 'off')
} @sources;

# From 17 on PostgreSQL itself answers this by the constraint, for older rows, too.
my @is_null = $builder->{pg_server_version} < 170000 ? 'key IS NULL' : ();

my @cases = (
	# name, filters, SQL that makes T, what the session does, what others do
	# after its snapshot; whether it matters to the heap; from which major on
	{
		name    => 'duplicates under a deferred constraint',
		filters => [ 'key > 0', 'key BETWEEN 3 AND 5' ],
		make    => [
			'CREATE TABLE T (id int, key int NOT NULL, CONSTRAINT seen_key UNIQUE (key) DEFERRABLE INITIALLY DEFERRED)',
			'INSERT INTO T SELECT i, i FROM generate_series(1, 1500) i' ],
		own => ['UPDATE T SET key = 1 + key % 10'],
	},
	{
		name    => 'duplicates under a deferrable primary key',
		filters => ['key < 900'],
		make    => [
			'CREATE TABLE T (id int, key int, CONSTRAINT seen_key PRIMARY KEY (key) DEFERRABLE INITIALLY DEFERRED)',
			'INSERT INTO T SELECT i, i FROM generate_series(1, 1000) i' ],
		own => ['UPDATE T SET key = key + 3 WHERE key % 5 < 3'],
	},
	{
		name    => 'rows older than their unique index',
		filters => [ 'key >= 0', 'key < 100' ],
		make    => [
			'CREATE TABLE T (id int, key int NOT NULL)',
			'INSERT INTO T SELECT i, i % 500 FROM generate_series(1, 1500) i' ],
		later => [ 'DELETE FROM T WHERE id > 500', 'CREATE UNIQUE INDEX seen_key ON T (key)' ],
	},
	{
		name    => 'rows older than the unique index that the index has in it',
		filters => ['key < 300'],
		make    => [
			'CREATE TABLE T (id int, key int NOT NULL, b int)',
			'INSERT INTO T SELECT i, i % 500 FROM generate_series(1, 1500) i',
			'CREATE INDEX seen_key ON T (key, b)' ],
		later => [ 'DELETE FROM T WHERE id > 500', 'CREATE UNIQUE INDEX other_seen ON T (key)' ],
	},
	{
		name    => 'rows older than NOT NULL',
		filters => [ 'true', @is_null ],
		make    => [
			'CREATE TABLE T (id int, key uuid)',
			'CREATE UNIQUE INDEX seen_key ON T (key NULLS FIRST)',
			'INSERT INTO T SELECT i, CASE WHEN i % 2 = 0 THEN gen_random_uuid() END FROM generate_series(1, 1200) i' ],
		later => [ 'DELETE FROM T WHERE key IS NULL', 'ALTER TABLE T ALTER key SET NOT NULL' ],
	},
	{
		name    => 'rows older than the proof of NOT NULL',
		heap    => 1,
		since   => 180000,
		filters => ['true'],
		make    => [
			'CREATE TABLE T (id int, key uuid)',
			'CREATE UNIQUE INDEX seen_key ON T (key NULLS FIRST)',
			'INSERT INTO T SELECT i, CASE WHEN i % 4 = 0 THEN gen_random_uuid() END FROM generate_series(1, 1200) i',
			'ALTER TABLE T ADD CONSTRAINT seen_value NOT NULL key NOT VALID' ],
		later => [ 'DELETE FROM T WHERE key IS NULL', 'ALTER TABLE T VALIDATE CONSTRAINT seen_value' ],
	},
	{
		name    => 'rows older than a column and its index',
		heap    => 1,
		filters => [ 'key = 7', 'key > 6' ],
		make    => [
			'CREATE TABLE T (id int NOT NULL)',
			'INSERT INTO T SELECT i FROM generate_series(1, 1500) i' ],
		later => [
			'ALTER TABLE T ADD COLUMN key int NOT NULL DEFAULT 7',
			'DELETE FROM T WHERE id % 3 = 0',
			'INSERT INTO T SELECT 2000 + i, i FROM generate_series(1, 500) i',
			'CREATE INDEX seen_key ON T (key)' ],
	},
	{
		name    => 'rows older than the loss of a column',
		heap    => 1,
		filters => ['key < 800'],
		make    => [
			'CREATE TABLE T (id int NOT NULL, b bigint, key bigint NOT NULL)',
			'INSERT INTO T SELECT i, nullif(i % 2, 0), i FROM generate_series(1, 1500) i',
			'CREATE UNIQUE INDEX seen_key ON T (key)' ],
		later => [
			'ALTER TABLE T DROP COLUMN b',
			'UPDATE T SET key = key + 5000 WHERE key % 3 = 0',
			'DELETE FROM T WHERE key % 7 = 0' ],
	},
);

for my $case (@cases)
{
	next if $builder->{pg_server_version} < ($case->{since} // 0);
	for my $source (@sources)
	{
		my $dbh = $dbh{$source};
		next if $source eq 'heap' && !$case->{heap};

		$builder->do('DROP TABLE IF EXISTS seen');
		build_table($builder, 'seen', @{ $case->{make} });
		$dbh->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
		# a snapshot, but no lock on the table
		$dbh->do('SELECT count(*) FROM pg_class');
		$dbh->do(s/\bT\b/seen/r) for @{ $case->{own} };
		build_table($builder, 'seen', @{ $case->{later} }) if $case->{later};
		for my $filter (@{ $case->{filters} })
		{
			is_source_fair($source, "$case->{name}, $filter, $source", $dbh, 'seen', $filter);
		}
		$dbh->do('ROLLBACK');
	}
}

done_testing;
