# Do picks work on a hot standby, and does every row come equally often there?
# The primary takes an index entry for dead when nobody on the primary can see
# its row any more; on the standby there may be somebody who can.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

# There is nothing to compare where PostgreSQL's own plans answer.
plan skip_all => 'needs randpick' if PLAIN;

my $primary = connect_to_server();
my $folder  = ($ENV{TMPDIR} // '/tmp') . "/randpick_standby_$$";
my ($bindir) = $primary->selectrow_array(q{SELECT setting FROM pg_config WHERE name = 'BINDIR'});

# Run a shell command as the server's account, which may be another one than
# ours, and has to be the standby's.
sub run_as_server
{
	my ($command) = @_;
	$primary->do('COPY (SELECT) TO PROGRAM ' . $primary->quote("cd / && ($command) >>$folder/log 2>&1"));
	return;
}

END
{
	local $?;
	if ($folder && -d $folder)
	{
		eval { run_as_server("$bindir/pg_ctl -D $folder/data -m immediate stop") };
		$primary->do('COPY (SELECT) TO PROGRAM ' . $primary->quote("rm -rf $folder"));
	}
}

build_table($primary, 'shipped',
	'CREATE TABLE T (id int, key bigint NOT NULL, pad text)',
	'ALTER TABLE T ALTER pad SET STORAGE plain',
	# pages with some room left, so that reading them does not clean them up
	q{INSERT INTO T SELECT i, 10 * i, repeat('x', 1700) FROM generate_series(1, 1200) i},
	'CREATE UNIQUE INDEX shipped_key ON T (key) WITH (fillfactor = 30)');

my ($backup) = grep { -x } map { "$_/pg_basebackup" } $bindir, split /:/, $ENV{PATH};
my ($host, $port) = map { $primary->selectrow_array("SHOW $_") } 'unix_socket_directories', 'port';
$primary->do('COPY (SELECT) TO PROGRAM ' . $primary->quote("mkdir -m 755 $folder"));
run_as_server("$backup -D $folder/data -R -c fast -h $host -p $port -U " . $primary->{pg_user});
run_as_server("$bindir/pg_ctl -w -D $folder/data -l $folder/server.log start -o '" . join(' ',
		map { "-c $_" } "unix_socket_directories=$folder", 'listen_addresses=', 'shared_buffers=32MB',
		# rather wait with the replay than cancel a query
		'max_standby_streaming_delay=-1', 'hot_standby_feedback=off') . "'");

sub on_standby
{
	my ($connect) = @_;
	local $ENV{PGHOST} = $folder;
	return $connect->();
}
my $standby = on_standby(\&connect_to_server);

sub wait_for_standby
{
	my ($lsn) = $primary->selectrow_array('SELECT pg_current_wal_insert_lsn()');
	for (1 .. 600)
	{
		return 1 if $standby->selectrow_array("SELECT pg_last_wal_replay_lsn() >= '$lsn'");
		select undef, undef, undef, 0.1;
	}
	return 0;
}
ok($standby->selectrow_array('SELECT pg_is_in_recovery()') && wait_for_standby(), 'there is a standby');

# Snapshots on the standby that will be old.
my @sources = ('heap', 'leaf', 'range');
my (%dbh, %facts);
for my $source (@sources)
{
	$dbh{$source} = on_standby(sub { start_session(seq_page_cost => 1000, 'randpick.method' => $source) });
	$dbh{$source}->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
	$facts{$source} = $dbh{$source}->selectall_hashref(
		'SELECT id AS row, id % 2 AS deleted, ntile(20) OVER (ORDER BY key) AS range FROM shipped', 'row');
}

# Delete rows on the primary and let an index scan mark their entries.  The
# marks travel only in images of whole pages, such as the first write after a
# checkpoint makes.
$primary->do($_) for (
	'DELETE FROM shipped WHERE id % 2 = 0',
	'SET enable_seqscan = off',
	'SET enable_bitmapscan = off',
	'SELECT count(pad) FROM shipped WHERE key > 0',
	'CHECKPOINT',
	q{INSERT INTO shipped SELECT 1000000 + i, 10 * i + 1, '' FROM generate_series(1, 1200, 20) i});
ok(wait_for_standby(), 'the standby has followed');
my ($dead) = $standby->selectrow_array(<<'SQL');
SELECT count(*) FILTER (WHERE dead) FROM generate_series(1, pg_relation_size('shipped_key') / 8192 - 1) b,
	LATERAL (SELECT * FROM bt_page_items('shipped_key', b::int) WHERE (SELECT type = 'l' FROM bt_page_stats('shipped_key', b::int))) item
SQL
cmp_ok($dead, '>', 500, 'entries are marked dead on the standby');

# There are no functions of one's own on a standby; each run is a loop of a join.
sub draw_on_standby
{
	my ($dbh, $runs) = @_;
	return $dbh->selectcol_arrayref(<<"SQL");
SELECT id FROM generate_series(1, $runs) run,
	LATERAL (SELECT id FROM shipped WHERE key > 0 * run ORDER BY random() LIMIT 1) pick
SQL
}

for my $source (@sources)
{
	my $query = 'SELECT id FROM shipped WHERE key > 0 ORDER BY random() LIMIT 1';
	is_raced_over($source, 'an old snapshot', $dbh{$source}, 'shipped', $query);
	is_fair("an old snapshot, $source", sub { rows_p(draw_on_standby($dbh{$source}, 40000), 1, $facts{$source}) });
	$dbh{$source}->do('COMMIT');

	my $facts = table_facts($dbh{$source}, 'shipped', 'true');
	is_fair("a new snapshot, $source", sub { rows_p(draw_on_standby($dbh{$source}, 25000), 1, $facts) });
}

done_testing;
