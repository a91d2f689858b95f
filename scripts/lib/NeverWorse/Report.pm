# NeverWorse::Report
#	  What came out, as text.
#
# A result is what NeverWorse::Compare returned for a case, with { case } and
# { raced }: does randpick's plan have a race in it?

package NeverWorse::Report;

use strict;
use warnings;

use List::Util 'max';
use NeverWorse::Queries;

my @steps = (0.5, 0.9, 1.1, 1.25, 1.5, 1.8, 2.2, 3, 5, 9e9);

# One line about a result.
sub line
{
	my ($result) = @_;
	my $case = $result->{case};
	return sprintf "case %d: first %.2f, steady %.2f times PostgreSQL's %.3f ms; %s, %s, %s, %s",
	  $case->{number}, ratios($result), $result->{off}, $case->{table}{name}, $case->{filter}, $case->{way},
	  $result->{raced} ? 'raced' : 'left to PostgreSQL';
}

sub ratios
{
	my ($result) = @_;
	return map { $result->{$_} / $result->{off} } qw(first steady);
}

# How many cases have which ratio.
sub distribution
{
	my (@results) = @_;
	my ($text, %count) = ('');
	for my $result (@results)
	{
		my @names = $result->{raced} ? qw(first steady) : qw(left);
		my %ratio = (left => $result->{worst});
		@ratio{qw(first steady)} = ratios($result);
		for my $name (@names)
		{
			my ($step) = grep { $ratio{$name} <= $steps[$_] } 0 .. $#steps;
			$count{$name}[$step]++;
		}
	}
	$text .= sprintf "%-34s %s\n", 'ratio up to', join '', map { sprintf '%7s', $_ > 100 ? 'more' : $_ } @steps;
	my %title = (
		first  => 'raced, first execution',
		steady => 'raced, steady state',
		left   => 'left to PostgreSQL, larger of both');
	$text .= sprintf "%-34s %s\n", $title{$_}, join '', map { sprintf '%7d', $_ // 0 } @{ $count{$_} }[ 0 .. $#steps ]
	  for qw(first steady left);
	return $text;
}

# The worst results, with what to send to see them.
sub worst
{
	my ($how_many, $with_plans, @results) = @_;
	my $text = '';
	for my $result ((sort { $b->{worst} <=> $a->{worst} } @results)[ 0 .. $how_many - 1 ])
	{
		last if !$result;
		$text .= '-- ' . line($result) . "\n" . NeverWorse::Queries::describe($result->{case}) . "\n";
		next if !$with_plans || !$result->{plans};
		$text .= "$_\n\n" =~ s/^(?=.)/    /gmr for @{ $result->{plans} };
	}
	return $text;
}

# How many cases there are, how many of them above the limit, and the worst, by some property of a case.
sub by
{
	my ($title, $property, $limit, @results) = @_;
	my %group;
	push @{ $group{ $property->($_->{case}) } }, $_ for @results;

	my $text = sprintf "%-24s %6s %6s %6s %7s\n", $title, 'cases', 'raced', 'above', 'worst';
	for my $name (sort { worst_of($group{$b}) <=> worst_of($group{$a}) } keys %group)
	{
		my @in = @{ $group{$name} };
		$text .= sprintf "%-24s %6d %6d %6d %7.2f\n", $name, scalar @in, scalar(grep { $_->{raced} } @in),
		  scalar(grep { $_->{worst} > $limit } @in), worst_of(\@in);
	}
	return $text;
}

sub worst_of
{
	my ($results) = @_;
	return max map { $_->{worst} } @$results;
}

1;
