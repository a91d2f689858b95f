# Do the session's counters and PostgreSQL's own move as what was done says?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
build_table($builder, 'counted',
	'CREATE TABLE T (id int PRIMARY KEY, key int NOT NULL, kind int)',
	'INSERT INTO T SELECT i, i % 5, i % 7 FROM generate_series(1, 3000) i',
	'DELETE FROM T WHERE id % 3 = 0');

my $dbh = start_session(cpu_tuple_cost => 1);

# The session's counters of a source.
sub stats_of
{
	my ($source) = @_;
	return $dbh->selectrow_hashref('SELECT * FROM randpick_stats() WHERE source = ?', undef, $source);
}

# What PostgreSQL has counted for the table and its indexes.
sub scans
{
	$dbh->do('SELECT pg_stat_force_next_flush()');
	my $scans = $dbh->selectrow_hashref(<<'SQL');
SELECT seq_scan, seq_tup_read, idx_scan, idx_tup_fetch,
	(SELECT json_object_agg(indexrelname, json_build_array(idx_scan, idx_tup_read, idx_tup_fetch))
	 FROM pg_stat_user_indexes i WHERE i.relid = t.relid) AS indexes
FROM pg_stat_user_tables t WHERE relname = 'counted'
SQL
	my $indexes = delete $scans->{indexes};
	@$scans{ $1, "$1 read", "$1 fetch" } = ($2, $3, $4)
	  while $indexes =~ /"(\w+)" : \[(\d+), (\d+), (\d+)/g;
	return $scans;
}

# What a query adds to both, by its source.
sub counts_of
{
	my ($source, $query, $runs) = @_;
	$dbh->do("SET randpick.method = $source") if $source =~ /heap|leaf|range|deal/;
	my $before = scans();
	$dbh->do('SELECT randpick_stats_reset()');
	$dbh->selectall_arrayref($query) for 1 .. $runs // 1;
	my $stats = stats_of($source);
	my $after = scans();
	return ($stats, { map { $_ => $after->{$_} - $before->{$_} } grep { $after->{$_} != $before->{$_} } keys %$after });
}

for my $case (
	# source, what is counted for it, where the rows are searched
	[ 'heap',  [ 'seq_scan' ], [ 'seq_tup_read' ], '' ],
	[ 'leaf',  [ 'idx_scan', 'counted_pkey' ], [ 'idx_tup_fetch', 'counted_pkey read', 'counted_pkey fetch' ], 'WHERE kind < 5' ],
	[ 'range', [ 'idx_scan', 'counted_key' ], [ 'idx_tup_fetch', 'counted_key read', 'counted_key fetch' ], 'WHERE key = 3 AND kind < 5' ])
{
	my ($source, $scan, $rows, $where) = @$case;

	# only now, or the leaf source could take either index
	$builder->do('CREATE INDEX counted_key ON counted (key)') if $source eq 'range';

	my $query = "SELECT id FROM counted $where ORDER BY random() LIMIT 7";
	my ($stats, $scans) = counts_of($source, $query, 10);
	is($stats->{races}, 10, "$source: a race each time");
	is($stats->{picks}, 70, "$source: all rows are counted");
	is($stats->{looks} - $stats->{misses}, 70, "$source: looks that found a row gave one");
	cmp_ok($stats->{misses}, '>', 0, "$source: there are misses");
	is("$stats->{deals} $stats->{dealt}", '0 0', "$source: nothing was dealt");

	is_deeply([ sort keys %$scans ], [ sort @$scan, @$rows ], "$source: PostgreSQL counts for that relation only");
	is($scans->{$_}, 10, "$source: a scan for each race in $_") for @$scan;
	my $found = $scans->{ $rows->[0] };
	cmp_ok($found, '>=', 70, "$source: the rows read are counted");
	cmp_ok($found, '<=', $stats->{looks}, "$source: no row without a look");
	is($scans->{$_}, $found, "$source: as many in $_") for @$rows;
}

# Without a filter a row is either returned or comes again.
my ($stats, $scans) = counts_of('heap', 'SELECT id FROM counted ORDER BY random() LIMIT 1', 50);
is($scans->{seq_tup_read}, 50, 'a row read for each row picked');

# What is dealt: by an ordinary plan, which counts for itself.
$dbh->do('RESET cpu_tuple_cost');
($stats, $scans) = counts_of('deal', 'SELECT id FROM counted ORDER BY random() LIMIT 4', 3);
is_deeply($stats, { source => 'deal', races => 3, picks => 12, looks => 0, misses => 0, deals => 3, dealt => 12 },
	'dealt without a look');
is_deeply($scans, { seq_scan => 3, seq_tup_read => 6000 }, 'as three sequential scans');

($stats, $scans) = counts_of('heap', 'SELECT id FROM counted WHERE kind = 1 ORDER BY random()');
is($stats->{deals}, 1, 'raced, then dealt');
is($stats->{picks}, $dbh->selectrow_array('SELECT count(*) FROM counted WHERE kind = 1'), 'all rows');
is($stats->{looks} - $stats->{misses}, $stats->{picks} - $stats->{dealt}, 'some by looks, the others dealt');
cmp_ok($stats->{dealt}, '>', 0, 'some were dealt');
is($scans->{seq_scan}, 2, 'a scan for the race, one for the deal');

# What EXPLAIN ANALYZE says of a run is what the session's counters say.
$dbh->do('SELECT randpick_stats_reset()');
my $plan = join "\n", @{ $dbh->selectcol_arrayref('EXPLAIN (ANALYZE) SELECT id FROM counted ORDER BY random() LIMIT 9') };
$stats = stats_of('heap');
like($plan, qr/Looks: $stats->{looks}\n\s+Misses: $stats->{misses}\n/, 'as in EXPLAIN ANALYZE');

# A row that is read again was not picked again.
$dbh->do('SELECT randpick_stats_reset()');
$dbh->begin_work;
$dbh->do('DECLARE c SCROLL CURSOR FOR SELECT id FROM counted ORDER BY random()');
$dbh->do('FETCH 5 FROM c');
$dbh->do('MOVE ABSOLUTE 0 FROM c');
$dbh->do('FETCH 5 FROM c');
$dbh->rollback;
is(stats_of('heap')->{picks}, 5, 'rows that come again are not counted again');

# The rows of a sample are picked, whatever the WHERE says of them.
$dbh->do('SET cpu_tuple_cost = 1');
($stats) = counts_of('heap', 'SELECT id FROM counted TABLESAMPLE randpick(9) WHERE id < 0');
is("$stats->{races} $stats->{picks} $stats->{dealt}", '1 9 0', 'a sample is raced');

# More rows than a race may look for: there is none.
my $large = 'SELECT id FROM counted TABLESAMPLE randpick((SELECT 1990))';
$dbh->selectall_arrayref('SELECT randpick_stats_reset()');
$dbh->do('SET randpick.order_by_random = auto');
is(@{ $dbh->selectall_arrayref($large) }, 1990, 'a large sample');
$dbh->do('SET randpick.order_by_random = force');
is_deeply(stats_of('deal'), { source => 'deal', races => 1, picks => 1990, looks => 0, misses => 0, deals => 1, dealt => 1990 },
	'is dealt without a look');
$dbh->do('RESET cpu_tuple_cost');

# An error leaves what was counted.
$dbh->do('SELECT randpick_stats_reset()');
eval { local $dbh->{PrintError} = 0; $dbh->do('SELECT 1 / (id - id) FROM counted ORDER BY random() LIMIT 1') };
like($@, qr/division by zero/, 'an error in the row picked');
is(stats_of('heap')->{picks}, 1, 'the row is counted all the same');

# In a partitioned table each partition that is looked into counts.
$builder->do($_)
  for 'CREATE TABLE parted (id int) PARTITION BY HASH (id)',
  (map { "CREATE TABLE parted_$_ PARTITION OF parted FOR VALUES WITH (MODULUS 4, REMAINDER $_)" } 0 .. 3),
  'INSERT INTO parted SELECT generate_series(1, 4000)', 'ANALYZE parted';
$dbh->do($_) for 'SET randpick.method = heap', 'SET cpu_tuple_cost = 1';
$dbh->do('SELECT randpick_stats_reset()');
$dbh->do('SELECT id FROM parted ORDER BY random() LIMIT 60');
$stats = stats_of('heap');
is($stats->{picks}, 60, 'rows of all partitions');
is($stats->{looks} - $stats->{misses}, 60, 'looks into all partitions');
is($stats->{races}, 1, 'one race over all of them');
$dbh->do('SELECT pg_stat_force_next_flush()');
is("@{ $dbh->selectrow_arrayref(<<'SQL') }", '4 1 1', 'scans of the partitions');
SELECT count(*), min(seq_scan), max(seq_scan) FROM pg_stat_user_tables WHERE relname LIKE 'parted_%' AND seq_tup_read > 0
SQL

# The functions are races like any other; each session counts for itself.
$dbh->do('SELECT randpick_stats_reset()');
$dbh->do(q{SELECT * FROM randpick_rows(NULL::counted, 3)});
my $sum = 'SELECT sum(picks), sum(races) FROM randpick_stats()';
is("@{ $dbh->selectrow_arrayref($sum) }", '3 1', 'a call of a function is counted');
is("@{ connect_to_server()->selectrow_arrayref($sum) }", '0 0', 'in this session only');
is("@{ $dbh->selectcol_arrayref('SELECT source FROM randpick_stats()') }", 'heap leaf range deal', 'a row for each source');

done_testing;
