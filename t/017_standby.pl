# A hot standby: picks there are as random and as complete, also where an index
# of the primary says that entries are dead which an older snapshot of the
# standby still sees.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Standby;
use Test::More;

my $primary = connect_to_server();
$primary->do(<<'SQL');
CREATE TABLE hundred (id int PRIMARY KEY, f int NOT NULL, pad text) WITH (autovacuum_enabled = off);
INSERT INTO hundred SELECT i, i % 3, repeat('x', i % 7 * 100) FROM generate_series(1, 100) i;
-- all on one page of the heap, with room that keeps it from being pruned
CREATE TABLE ghosts (id int PRIMARY KEY, f int NOT NULL) WITH (autovacuum_enabled = off);
INSERT INTO ghosts SELECT i, i % 3 FROM generate_series(1, 60) i;
ANALYZE
SQL
my ($database) = $primary->selectrow_array('SELECT current_database()');

my $standby = eval { RandpickTest::Standby->start($ENV{PGPORT} + 1) };
plan(skip_all => 'the server lets no standby be made') if !$standby && $@ =~ /no socket|pg_hba|replication/;
die $@ if !$standby;
$standby->catch_up($primary);

my %course = (
	heap  => { cpu_tuple_cost => 1, 'randpick.method' => 'heap' },
	leaf  => { cpu_tuple_cost => 1, 'randpick.method' => 'leaf' },
	range => { cpu_tuple_cost => 1, 'randpick.method' => 'range' },
	deal  => { 'randpick.method' => 'deal' },
);
sub start_standby_session
{
	my ($method) = @_;
	my $dbh = prepare_session($standby->connect($database), %{ $course{$method} });
	$dbh->do("SET statement_timeout = '100s'");
	return $dbh;
}

# Draw on the standby, where nothing can be created: by the client.
sub draw_on_standby
{
	my ($dbh, $query, $runs) = @_;
	my $statement = $dbh->prepare($query);
	return [ map { $statement->execute; map { $_->[0] } @{ $statement->fetchall_arrayref } } 1 .. $runs ];
}

my @queries = (
	# query, rows a run, which rows
	[ 'SELECT id FROM hundred ORDER BY random() LIMIT 1', 1, 'hundred' ],
	[ 'SELECT id FROM hundred WHERE f = 1 ORDER BY random() LIMIT 3', 3, 'hundred WHERE f = 1' ],
	PLAIN ? () : (
		[ 'SELECT id FROM randpick_rows(NULL::hundred, 3)', 3, 'hundred' ],
		[ q{SELECT id FROM randpick_row(NULL::hundred, 'f = $1', 1)}, 1, 'hundred WHERE f = 1' ],
	),
);
for my $method (PLAIN ? 'deal' : sort keys %course)
{
	my $dbh = start_standby_session($method);
	for (@queries)
	{
		my ($query, $k, $rows) = @$_;
		is_plan_raced($dbh, $query, "on a standby, $query, $method") if $query !~ /randpick/;
		my $facts = $dbh->selectall_hashref("SELECT id AS row, (ctid::text::point)[0] AS page FROM $rows", 'row');
		is_fair("on a standby, $query, $method",
			sub { rows_p(draw_on_standby($dbh, $query, int(100 * keys(%$facts) / $k)), $k, $facts) });
	}
	for my $refused ('SELECT id FROM hundred ORDER BY random() LIMIT 1 FOR UPDATE',
		'DELETE FROM hundred WHERE id = (SELECT id FROM hundred ORDER BY random() LIMIT 1)')
	{
		eval { $dbh->do($refused) };
		is($dbh->state, '25006', "on a standby, $refused, $method");
	}
}

# Entries that the primary has marked dead.  The snapshots here are older, and see
# all rows; the marks come with the image of the index page.
my %old = map { $_ => start_standby_session($_) } PLAIN ? 'deal' : sort keys %course;
my $facts = $primary->selectall_hashref('SELECT id AS row FROM ghosts', 'row');
for my $dbh (values %old)
{
	$dbh->do('BEGIN ISOLATION LEVEL REPEATABLE READ');
	$dbh->selectrow_array('SELECT count(*) FROM ghosts');
}
$primary->do('DELETE FROM ghosts WHERE id <= 50');
$primary->do('SET enable_seqscan = off; SET enable_bitmapscan = off');
# no other transaction of the primary may hold the marks up
for (1 .. 200)
{
	$primary->do('SELECT id FROM ghosts WHERE id > 0');
	last if $primary->selectrow_array(q{SELECT count(*) FROM bt_page_items('ghosts_pkey', 1) WHERE dead}) == 50;
	select undef, undef, undef, 0.05;
}
$primary->do('CHECKPOINT');
$primary->do('INSERT INTO ghosts VALUES (100, 0)');
$standby->catch_up($primary);

my ($dead) = (values %old)[0]->selectrow_array(q{SELECT count(*) FROM bt_page_items('ghosts_pkey', 1) WHERE dead});
is($dead, 50, 'the standby has the entries that are marked dead');
for my $method (sort keys %old)
{
	my $query = 'SELECT id FROM ghosts ORDER BY random() LIMIT 1';
	is_plan_raced($old{$method}, $query, "an older snapshot, $method");
	is_fair("an older snapshot, $method", sub { rows_p(draw_on_standby($old{$method}, $query, 6000), 1, $facts) });
	my ($all, $distinct) = $old{$method}->selectrow_array('SELECT count(*), count(DISTINCT id) FROM (SELECT id FROM ghosts ORDER BY random() OFFSET 0) s');
	is("$all $distinct", '60 60', "an older snapshot sees all rows, $method");
	$old{$method}->do('COMMIT');
	($all) = $old{$method}->selectrow_array('SELECT count(*) FROM (SELECT id FROM ghosts ORDER BY random() OFFSET 0) s');
	is($all, 11, "a newer one does not, $method");
}

$_->disconnect for values %old;
done_testing;
