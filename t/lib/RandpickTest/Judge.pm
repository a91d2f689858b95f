# RandpickTest::Judge
#	  How rows in random order, and their random() values, must be distributed.
#
# Each judge returns a verdict for is_fair: pairs of what was looked at and its
# p-value.  What cannot be at all, in whatever luck, makes it die.

package RandpickTest::Judge;

use strict;
use warnings;

use Exporter 'import';
use RandpickTest::Statistics;

our @EXPORT = qw(rows_p prefixes_p keys_p);

# Judge draws of $k rows a run, as draw_ids gives them, from the rows that
# %$facts describes (id => { row => id, other group => what the row is there }):
# does each row come equally often, and each page, each place in a page and so
# on, as often as it has rows?  Also in the first and in the last position of a
# run.  A run must not give a row twice.
sub rows_p
{
	my ($ids, $k, $facts) = @_;
	my $rows = keys %$facts;
	my (%all, %first, %last);

	for (my $start = 0; $start < @$ids; $start += $k)
	{
		my %in_run;
		for my $id (@$ids[ $start .. $start + $k - 1 ])
		{
			die "row $id was drawn, but cannot be\n" unless $facts->{$id};
			die "row $id came twice in a run\n" if $in_run{$id}++;
			$all{$id}++;
		}
		$first{ $ids->[$start] }++;
		$last{ $ids->[ $start + $k - 1 ] }++;
	}

	# there is nothing to compare it with
	return ('the only row' => 1) if $rows == 1;

	# what is judged, and what corrects its variance
	my @judged = (
		$k < $rows ? [ '', \%all, ($rows - 1) / ($rows - $k) ] : (),
		$k > 1 ? ([ 'first ', \%first ], [ 'last ', \%last ]) : ());
	my @verdict;
	for (@judged)
	{
		my ($position, $row_count, $scale) = @$_;
		for my $group (sort keys %{ (values %$facts)[0] })
		{
			my (%weight, %count);
			while (my ($id, $fact) = each %$facts)
			{
				$weight{ $fact->{$group} }++;
				$count{ $fact->{$group} } += $row_count->{$id} // 0;
			}
			push @verdict, "${position}by $group" => chi_square_p(\%count, \%weight, $scale);
			push @verdict, "${position}rarest and commonest row" => extremes_p(\%count)
			  if $group eq 'row';
		}
	}
	return @verdict;
}

# Judge runs of $k rows of the rows 1 to $n as orders: all $n! / ($n - $k)! are
# equally likely.
sub prefixes_p
{
	my ($ids, $k, $n) = @_;
	my @orders = ('');
	for (1 .. $k)
	{
		@orders = map {
			my $order = $_;
			map { "$order$_" } grep { $order !~ /$_/ } 1 .. $n;
		} @orders;
	}
	my %weight = map { $_ => 1 } @orders;
	my %count;
	for (my $start = 0; $start < @$ids; $start += $k)
	{
		$count{ join '', @$ids[ $start .. $start + $k - 1 ] }++;
	}
	return ('all ' . @orders . ' orders' => chi_square_p(\%count, \%weight));
}

# Judge the keys of runs of $k rows out of $n, as draw_keyed gives them.  Of n
# uniform numbers, take the smallest, then the next and so on: the part by which
# (1 - key) shrinks from one to the next, to the power of the numbers left, is
# uniform, and independent of all before.  So each key and each step between two
# is judged.  For DESC, key takes the place of 1 - key.
#
# A key must also tell nothing about its row: with %$facts of the rows, the low
# keys come from the same pages as the high ones (of one-row runs: those below
# and above their median).
sub keys_p
{
	my ($rows, $k, $n, $descending, $facts) = @_;
	my @steps;
	my @page_count = ({}, {});

	for (my $start = 0; $start < @$rows; $start += $k)
	{
		my $before = 1;
		for my $i (0 .. $k - 1)
		{
			my ($key, $id) = @{ $rows->[ $start + $i ] };
			die "a key is missing\n" unless defined $key;
			die "key $key is not in [0, 1)\n" unless $key >= 0 && $key < 1;
			my $left = $descending ? $key : 1 - $key;
			die "key $key is out of order\n" if $left > $before;
			my $step = ($left / $before)**($n - $i);
			push @steps, $step;
			$before = $left;

			my $is_low = $k > 1 ? $i < $k / 2 : $step > 0.5;
			$page_count[$is_low]{ $facts->{$id}{page} }++ if $facts;
		}
	}

	# a run's rows are split into two halves, not by coins: a little more varied
	my $scale = $k > 1 ? ($n - 1) / $n : 1;
	return (
		'keys'        => kolmogorov_p(\@steps),
		'key and row' => $facts && homogeneity_p(@page_count, $scale));
}

1;
