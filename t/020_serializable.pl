# Is a pick a read of all the rows that it is from, to a serializable
# transaction?  Of two that both pick from a set and both add to it, without
# seeing what the other one adds, one must fail, as with PostgreSQL's own plan.
#
# A race does not see what was written to the table before it, so it takes every
# concurrent serializable transaction that has written anything for one that has
# written there.  Some schedules fail only for this; README.md says so.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

my $builder = connect_to_server();
build_table($builder, 'guarded',
	'CREATE TABLE T (id int, key int)',
	'INSERT INTO T SELECT i, i % 5 FROM generate_series(1, 5000) i',
	'CREATE INDEX ON T (key)',
	'CREATE TABLE other_T (id int, key int)');

my %sql = (
	begin  => 'BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM pg_class',
	pick   => 'SELECT id FROM guarded WHERE key = 3 ORDER BY random() LIMIT 1',
	none   => 'SELECT id FROM guarded WHERE key = 7 ORDER BY random() LIMIT 1',
	write  => 'INSERT INTO guarded VALUES (0, 3)',
	fill   => 'INSERT INTO guarded VALUES (0, 7)',
	beside => 'INSERT INTO other_guarded VALUES (0, 3)',
	commit => 'COMMIT',
);
my @schedules = (
	# steps of sessions, whether all commit, whether they do if there is a race
	[ 'a begin, b begin, a pick, b pick, a write, b write, a commit, b commit', 0 ],
	[ 'a begin, b begin, a pick, b pick, a write, a commit, b write, b commit', 0 ],
	[ 'a begin, b begin, b pick, b write, b commit, a pick, a write, a commit', 0 ],
	[ 'a begin, b begin, b pick, b write, a pick, a write, a commit, b commit', 0 ],
	[ 'a begin, b begin, b pick, b write, a pick, b commit, a write, a commit', 0 ],
	[ 'b begin, b pick, b write, a begin, a pick, a write, b commit, a commit', 0 ],
	[ 'a begin, b begin, a none, b none, a fill, b fill, a commit, b commit', 0 ],
	# what is no conflict
	[ 'a begin, a pick, a write, a commit, b begin, b pick, b write, b commit', 1 ],
	[ 'a begin, b begin, a pick, b pick, a beside, b beside, a commit, b commit', 1 ],
	[ 'a begin, b begin, a pick, b pick, a write, b commit, a commit', 1 ],
	[ 'a begin, b begin, c beside, a pick, b pick, a write, a commit, b commit', 1 ],
	[ 'a begin, b begin, b pick, a pick, a write, b beside, a commit, b commit', 1 ],
	# what is no conflict, but could be for all that a race knows
	[ 'a begin, b begin, b beside, a pick, b pick, a write, a commit, b commit', 1, 0 ],
	[ 'a begin, b begin, b pick, b beside, b commit, a pick, a write, a commit', 1, 0 ],
);

# Run a schedule; returns the errors of its sessions.
sub run
{
	my ($schedule, %settings) = @_;
	my %session = map { $_ => start_session(%settings) } 'a' .. 'c';
	my %error;

	for (split /, /, $schedule)
	{
		my ($name, $step) = split ' ';
		next if $error{$name};
		eval { $session{$name}->do($sql{$step}) } or do { $error{$name} = $session{$name}->state };
	}
	return values %error;
}

for my $source ('PostgreSQL', PLAIN ? () : ('heap', 'leaf', 'range'))
{
	my %settings = $source eq 'PostgreSQL'
	  ? ('randpick.order_by_random' => 'off')
	  : ('randpick.method' => $source, cpu_tuple_cost => 1);

	is_raced_over($source, 'a pick', start_session(%settings), 'guarded', $sql{pick}) if $source ne 'PostgreSQL';
	for (@schedules)
	{
		my ($schedule, $all_commit, $all_commit_raced) = @$_;
		$all_commit = $all_commit_raced // $all_commit if $source ne 'PostgreSQL';
		is_deeply([ run($schedule, %settings) ], [ $all_commit ? () : '40001' ],
			"$source: $schedule: " . ($all_commit ? 'all commit' : 'one fails'));
	}
}

done_testing;
