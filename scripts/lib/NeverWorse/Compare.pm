# NeverWorse::Compare
#	  What a query takes by PostgreSQL's own plan and by randpick's.
#
# Three sessions take turns: one with randpick off, one whose memory of lost
# races is made to forget before each execution ("first"), and one that goes on
# as an application does ("steady").  A turn runs the query so often that it
# takes some milliseconds, and what counts is the median of the turns.
#
# A case is a hash:
#
#	settings	{ name => value }, of all sessions
#	prepare		[ command ], once: PREPARE, and executions that make the server choose a generic plan
#	before		[ command ], before each turn, not timed
#	commands	[ command ], what is timed
#
# A session that executes the query for the tenth time has the steady state
# that past.c leads to, or is near it.

package NeverWorse::Compare;

use strict;
use warnings;

use List::Util qw(max min sum);
use NeverWorse::Session;
use POSIX 'ceil';
use Time::HiRes 'time';

use constant {
	TURN_MS     => 2.5,		# a turn takes at least this long
	MAX_LOOPS   => 300,		# but has no more executions
	LEAST_TURNS => 3,
	WARM_UP     => 10,		# executions before the first turn, or
	WARM_UP_MS  => 1000,	# for this long
};

# The median of a list.
sub median
{
	my @sorted = sort { $a <=> $b } @_;
	return ($sorted[$#sorted / 2] + $sorted[@sorted / 2]) / 2;
}

# With control, all three sessions run PostgreSQL's own plans: what they differ by is noise.
sub new
{
	my ($class, %options) = @_;
	return bless { %options, sessions => undef }, $class;
}

# Begin with new sessions, in which nothing is cached.
sub reconnect
{
	my ($self) = @_;
	$self->{sessions} = undef;
	$self->{sessions} =
	  { map { $_ => NeverWorse::Session->new($self->{control} ? 'off' : $_) } qw(off first steady) };
}

# Measure a case.  Returns { off, first, steady } in milliseconds, the medians of their turns, and { worst }, the
# larger of the two ratios to off.  After min_turns it ends when both ratios are below enough, in any case after max_turns,
# or when it has taken max_seconds and three turns.  Returns nothing if PostgreSQL's own plan takes longer than the
# sessions' timeout.
sub measure
{
	my ($self, $case, %limits) = @_;
	$self->reconnect unless $self->{sessions};
	my %sessions = %{ $self->{sessions} };
	my $started = time;

	$_->prepare($case->{settings} // {}, @{ $case->{prepare} // [] }) for values %sessions;
	if (($case->{settings}{max_parallel_workers_per_gather} // 0) > 0 && grep { /Gather/ } $self->plans($case, 'COSTS off'))
	{
		$_->{by_wall_clock} = 1 for values %sessions;
	}
	my $n = $case->{loops} // $self->warm_up($case) // return;

	my %turns;
	my $result;
	do
	{
		for my $mode (qw(off first steady))
		{
			$sessions{$mode}->run_ms($case->{before}, 1) if $case->{before};
			push @{ $turns{$mode} }, $sessions{$mode}->run_ms($case->{commands}, $n);
		}
		$result = { map { $_ => median(@{ $turns{$_} }) } keys %turns };
		$result->{worst} = max(@$result{qw(first steady)}) / $result->{off};
		$result->{turns} = @{ $turns{off} };
	  }
	  until ($result->{turns} >= $limits{max_turns}
		|| $result->{turns} >= $limits{min_turns} && $result->{worst} < $limits{enough}
		|| $result->{turns} >= LEAST_TURNS && time - $started > $limits{max_seconds});
	return $result;
}

# Execute what will be measured until it is in its steady state; returns how often a turn is to execute it, or nothing.
sub warm_up
{
	my ($self, $case) = @_;
	my %sessions = %{ $self->{sessions} };

	my @off_ms = eval { map { $sessions{off}->run_ms($case->{commands}, 1) } 1 .. 2 };
	if ($@)
	{
		return if NeverWorse::Session::is_timeout($@);
		die $@;
	}
	$sessions{first}->run_ms($case->{commands}, 1);
	my $steady_ms = 0;
	for (my $i = 0; $i < WARM_UP && $steady_ms < WARM_UP_MS; $i++)
	{
		$steady_ms += $sessions{steady}->run_ms($case->{commands}, 1);
	}
	return min(MAX_LOOPS, max(1, ceil(TURN_MS / max(min(@off_ms), 0.001))));
}

# The two plans of a case, PostgreSQL's own and randpick's as if no race had been lost.  Options are those of EXPLAIN.
sub plans
{
	my ($self, $case, $options) = @_;
	my $command = $case->{explain} // $case->{commands}[0];
	return map { $_->forget; $_->plan($command, $options) } @{ $self->{sessions} }{qw(off first)};
}

1;
