# RandpickTest::Statistics
#	  p-values, and the rule by which a random test may fail.
#
# A random test that is right must stay green, and one that is wrong must turn
# red, so the rule is fixed here and nowhere else: a check is tried up to TRIES
# times on fresh draws and fails only if p < ALPHA in every try.  For a sampler
# that is right this happens with probability ALPHA ** TRIES = 1e-12 a check;
# with two thousand checks, two runs of the suite in a billion are false alarms.
#
# Power is kept because a bias does not go away when one tries again.  With
# 300,000 draws, one row in five that comes back 5 % too seldom moves the
# chi-square of that property (one degree of freedom) to 120, p to 1e-27, in
# each try.  What can hide is a bias of less than some 2 % on the same fifth of
# the rows, where p comes near to 1e-4.  t/000_harness.pl shows both sides.
#
# What is not random (a row twice, a row that is not there) is not judged by
# p-values: the sample dies, and that fails the check at once.

package RandpickTest::Statistics;

use strict;
use warnings;

use Exporter 'import';
use POSIX ();
use Statistics::Distributions ();
use Test::More;

our @EXPORT = qw(
  ALPHA TRIES chi_square_p extremes_p homogeneity_p kolmogorov_p is_fair is_caught
);

use constant {
	ALPHA => 1e-4,
	TRIES => 3,
};

# Upper tail of chi-square.  Up to 100 degrees of freedom the module computes
# the exact sum, beyond it the Wilson-Hilferty approximation, whose p is too
# large by 1 % at p = 1e-4 (more in the far tail, always on the safe side);
# t/000_harness.pl compares it with exact values.
sub chi_square_tail
{
	my ($df, $chi2) = @_;
	return 1 if $df < 1;
	return 0 + Statistics::Distributions::chisqrprob($df, $chi2);
}

# Upper tail of Kolmogorov's distribution.
sub kolmogorov_tail
{
	my ($lambda) = @_;

	# where p is 1 the series does not converge
	return 1 if $lambda < 0.3;
	my $p = 0;
	$p += 2 * (-1)**($_ - 1) * exp(-2 * $_**2 * $lambda**2) for 1 .. 100;
	return $p;
}

# p of the counts %$observed, if each cell is to be hit in proportion to its
# %$weight.  $scale corrects the variance where draws are not independent (k of
# N rows without replacement: (N-1)/(N-k), since each cell's variance is
# smaller by its inverse).  Cells that expect fewer than 5 hits are pooled:
# chi-square does not hold for them.  undef if that leaves nothing to compare.
sub chi_square_p
{
	my ($observed, $weight, $scale) = @_;
	my ($hits, $total_weight) = (0, 0);
	$hits         += $_ for values %$observed;
	$total_weight += $_ for values %$weight;
	die "no hits to judge\n" if $hits == 0;

	my ($chi2, $cells, $pool_hits, $pool_expected) = (0, 0, 0, 0);
	my $add = sub {
		my ($hits, $expected) = @_;
		$chi2 += ($hits - $expected)**2 / $expected;
		$cells++;
	};

	for my $cell (keys %$observed)
	{
		die "\"$cell\" was drawn, but cannot be\n" unless $weight->{$cell};
	}
	for my $cell (keys %$weight)
	{
		my $expected = $hits * $weight->{$cell} / $total_weight;
		my $found    = $observed->{$cell} // 0;
		if ($expected >= 5)
		{
			$add->($found, $expected);
		}
		else
		{
			$pool_hits     += $found;
			$pool_expected += $expected;
		}
	}
	$add->($pool_hits, $pool_expected) if $pool_expected > 0;
	return undef if $cells < 2;
	return chi_square_tail($cells - 1, $chi2 * ($scale // 1));
}

# p of the least and the greatest of %$count, if all cells are equally likely:
# it finds the one row in thousands that never comes, which chi-square does not.
# The counts are taken as Poisson's and p is multiplied by the number of chances
# to be extreme; both make p too large, if anything.  undef if there are too few
# draws for a row to be missed.
sub extremes_p
{
	my ($count) = @_;
	my ($least, @more) = sort { $a <=> $b } values %$count;
	my $greatest = $more[-1] // $least;
	my $mean     = 0;
	$mean += $_ / keys %$count for values %$count;

	return undef if $mean < 20;

	# probability of the count $from and of all beyond it
	my $tail = sub {
		my ($from, $step) = @_;
		my $sum = 0;
		for (my $n = $from; $n >= 0; $n += $step)
		{
			my $term = exp($n * log($mean) - $mean - POSIX::lgamma($n + 1));
			$sum += $term;
			last if $term <= 1e-9 * $sum;
		}
		return $sum;
	};
	my ($low, $high) = ($tail->($least, -1), $tail->($greatest, 1));
	my $p = 2 * keys(%$count) * ($low < $high ? $low : $high);
	return $p > 1 ? 1 : $p;
}

# p of the counts %$left and %$right, if both come from one distribution,
# whatever it is.  $scale is as above.
sub homogeneity_p
{
	my ($left, $right, $scale) = @_;
	my %both = %$left;
	$both{$_} += $right->{$_} for keys %$right;
	my ($n_left, $n_right) = (0, 0);
	$n_left  += $_ for values %$left;
	$n_right += $_ for values %$right;
	die "nothing to compare\n" if $n_left == 0 || $n_right == 0;

	my ($chi2, $cells) = (0, 0);
	for my $cell (keys %both)
	{
		my $expected = $both{$cell} * $n_left / ($n_left + $n_right);
		my $rest     = $both{$cell} - $expected;
		next if $expected < 5 || $rest < 5;
		$chi2 += (($left->{$cell} // 0) - $expected)**2 * (1 / $expected + 1 / $rest);
		$cells++;
	}
	return chi_square_tail($cells - 1, $chi2 * $scale);
}

# p of the numbers @$u, if they are independent and uniform on [0, 1]:
# Kolmogorov and Smirnov's test, with Stephens' correction for finite n.
sub kolmogorov_p
{
	my ($u) = @_;
	my $n = @$u or die "no numbers to judge\n";
	for (@$u)
	{
		die "a number is missing\n" unless defined $_;
		die "$_ is not in [0, 1]\n" unless $_ >= 0 && $_ <= 1;
	}

	my $distance = 0;
	my $i        = 0;
	for my $value (sort { $a <=> $b } @$u)
	{
		my $below = $value - $i / $n;
		my $above = ++$i / $n - $value;
		$distance = $below if $below > $distance;
		$distance = $above if $above > $distance;
	}

	return kolmogorov_tail((sqrt($n) + 0.12 + 0.11 / sqrt($n)) * $distance);
}

# Draw by $sample, which returns a list (label => p, ...), until each label has
# passed once or TRIES is reached.  Returns the labels in order and the best p
# of each; a label without p is left out.
sub try_sample
{
	my ($sample) = @_;
	my (@labels, %best);

	for (1 .. TRIES)
	{
		my @verdict = $sample->();
		@labels = ();
		while (my ($label, $p) = splice(@verdict, 0, 2))
		{
			next unless defined $p;
			push @labels, $label;
			$best{$label} = $p if $p > ($best{$label} // -1);
		}
		die "nothing was judged\n" unless @labels;
		last unless grep { $best{$_} < ALPHA } @labels;
	}
	return (\@labels, \%best);
}

# The sample is as it should be: one test a label.
sub is_fair
{
	my ($name, $sample) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my ($labels, $best) = eval { try_sample($sample) };
	if ($@)
	{
		fail($name);
		diag($@);
		return;
	}
	ok($best->{$_} >= ALPHA, sprintf("%s: %s, p = %.2g", $name, $_, $best->{$_})) for @$labels;
}

# The sample is broken, and is_fair would say so: one try is so far beyond ALPHA
# that none would pass.  Dying is not enough here, or a mutant that dies of a
# typing error would look caught.
sub is_caught
{
	my ($name, $sample) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my @verdict = eval { $sample->() };
	if ($@)
	{
		fail("$name is caught");
		diag($@);
		return;
	}
	my @seen_by;
	while (my ($label, $p) = splice(@verdict, 0, 2))
	{
		push @seen_by, sprintf('%s, p = %.2g', $label, $p)
		  if defined $p && $p < ALPHA**TRIES;
	}
	ok(@seen_by > 0, join ': ', "$name is caught", @seen_by ? join('; ', @seen_by) : ());
}

1;
