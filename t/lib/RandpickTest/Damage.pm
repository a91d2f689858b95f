# RandpickTest::Damage
#	  The file of a table or of a B-tree, damaged as a broken disk, a broken
#	  memory or a broken restore would leave it.
#
# Each damage works on the bytes of a whole file and says what it did.  Perl's
# rand() decides, so srand() makes it repeatable.  The layout of pages is that
# of little-endian machines.
#
# A server looks at the header of each page that it reads.  Damage which that
# look would find is mostly left out: it would test nothing else.

package RandpickTest::Damage;

use strict;
use warnings;

use DBD::Pg ':async';
use Exporter 'import';
use IO::Select;
use Time::HiRes 'time';

our @EXPORT_OK = qw(PAGE damage_file npages peek poke set_special find_items set_item_header ask_within);

use constant {
	PAGE       => 8192,
	HEADER     => 24,
	OPAQUE     => 16,
	NO_BLOCK   => 0xFFFFFFFF,
	LP_NORMAL  => 1,
};

# the fields of a B-tree page's special area: where and how
my %special = (
	left  => [ 0,  'L' ],
	right => [ 4,  'L' ],
	level => [ 8,  'L' ],
	flags => [ 12, 'S' ],
	cycle => [ 14, 'S' ]);

sub pick
{
	return $_[ rand @_ ];
}

sub npages
{
	my ($bytes) = @_;
	return int(length($$bytes) / PAGE);
}

# Put a packed value at a place in a page.
sub poke
{
	my ($bytes, $block, $offset, $value) = @_;
	substr($$bytes, PAGE * $block + $offset, length $value) = $value;
	return;
}

sub peek
{
	my ($bytes, $block, $offset, $template, $length) = @_;
	return unpack $template, substr($$bytes, PAGE * $block + $offset, $length);
}

# Set a field of a B-tree page's special area, by its name.
sub set_special
{
	my ($bytes, $block, $field, $value) = @_;
	my ($offset, $template) = @{ $special{$field} };
	poke($bytes, $block, PAGE - OPAQUE + $offset, pack $template, $value);
	return;
}

# The line pointers of a page that lead somewhere in it: number, offset of the
# item, its length.
sub find_items
{
	my ($bytes, $block) = @_;
	my $lower = peek($bytes, $block, 12, 'S', 2);
	my @items;

	return if $lower < HEADER || $lower > PAGE;
	for my $i (0 .. ($lower - HEADER) / 4 - 1)
	{
		my $lp = peek($bytes, $block, HEADER + 4 * $i, 'L', 4);
		my ($offset, $flags, $length) = ($lp & 0x7FFF, $lp >> 15 & 3, $lp >> 17);
		push @items, { number => $i, offset => $offset, length => $length }
		  if $flags == LP_NORMAL && $length >= 8 && $offset + $length <= PAGE;
	}
	return @items;
}

# Set the first 8 bytes of an index item: block and offset of its TID, and its
# size with flags.  What is undefined stays.
sub set_item_header
{
	my ($bytes, $block, $item, $tid_block, $tid_offset, $info) = @_;
	my ($high, $low, @rest) = peek($bytes, $block, $item->{offset}, 'SSSS', 8);

	($high, $low) = ($tid_block >> 16, $tid_block & 0xFFFF) if defined $tid_block;
	$rest[0] = $tid_offset if defined $tid_offset;
	$rest[1] = $info       if defined $info;
	poke($bytes, $block, $item->{offset}, pack 'SSSS', $high, $low, @rest);
	return;
}

# A block number that a link could have, right or wrong.
sub any_link
{
	my ($bytes, $block) = @_;
	return pick($block, 0, NO_BLOCK, NO_BLOCK - 1, npages($bytes), int rand 2**32,
		map { int rand npages($bytes) } 1 .. 8);
}

# What can be done to a page.  Each returns what it did, or nothing if the page
# gave no opportunity.
my %page_damage = (
	bits => sub {
		my ($bytes, $block) = @_;
		my $n = 1 + int rand 16;
		for (1 .. $n)
		{
			my $at = HEADER + int rand PAGE - HEADER;
			poke($bytes, $block, $at, peek($bytes, $block, $at, 'a', 1) ^ chr(1 << int rand 8));
		}
		return "$n bits";
	},
	bytes => sub {
		my ($bytes, $block) = @_;
		my $n  = pick(1, 2, 4, 8, 64, 512);
		my $at = HEADER + int rand PAGE - HEADER - $n;
		my $fill = pick("\0", "\xFF", undef);
		poke($bytes, $block, $at, join '', map { $fill // chr int rand 256 } 1 .. $n);
		return "$n bytes at $at";
	},
	header => sub {
		my ($bytes, $block) = @_;
		my ($lower, $upper) = peek($bytes, $block, 12, 'SS', 4);
		if (rand() < 0.1)
		{
			my $at = 10 + int rand 10;
			poke($bytes, $block, $at, chr int rand 256);
			return "header byte $at";
		}
		if (rand() < 0.5)
		{
			my $new = HEADER + 4 * int rand +(pick($upper, $lower, 64) - HEADER) / 4 + 1;
			poke($bytes, $block, 12, pack 'S', $new);
			return "pd_lower $lower -> $new";
		}
		my $new = $lower + int rand PAGE - OPAQUE - $lower;
		poke($bytes, $block, 14, pack 'S', $new);
		return "pd_upper $upper -> $new";
	},
	pointer => sub {
		my ($bytes, $block) = @_;
		my $item = pick(find_items($bytes, $block)) or return;
		my ($offset, $flags, $length) = (@$item{qw(offset)}, LP_NORMAL, $item->{length});

		for (pick('offset', 'flags', 'length', 'all'))
		{
			$offset = pick(int rand 32768, int rand 8192, 8 * int rand 1024, 8184, 32767, 0) if /offset|all/;
			$flags  = int rand 4                                                             if /flags|all/;
			$length = pick(int rand 32768, int rand 64, 8, 1, 0, 32767)                      if /length|all/;
		}
		poke($bytes, $block, HEADER + 4 * $item->{number}, pack 'L', $offset | $flags << 15 | $length << 17);
		return "line pointer $item->{number} -> $offset, $flags, $length";
	},
	special => sub {
		my ($bytes, $block, $is_index) = @_;
		$is_index or return;
		my $field = pick('right', 'right', 'right', 'left', 'level', 'flags');
		my ($offset, $template) = @{ $special{$field} };
		my $old = peek($bytes, $block, PAGE - OPAQUE + $offset, $template, 4);
		my $new =
		    $field eq 'level' ? pick(0 .. 4, 64, int rand 2**32)
		  : $field eq 'flags' ? pick($old ^ 1 << int rand 9, int rand 512, int rand 65536)
		  :                     any_link($bytes, $block);
		set_special($bytes, $block, $field, $new);
		return "$field $old -> $new";
	},
	item => sub {
		my ($bytes, $block, $is_index) = @_;
		my $item = pick(find_items($bytes, $block)) or return;

		if (!$is_index)
		{
			my $at = int rand 23;
			poke($bytes, $block, $item->{offset} + $at, chr int rand 256);
			return "tuple $item->{number}, byte $at";
		}
		my @new = map { rand() < 0.6 ? $_ : undef } (
			pick(any_link($bytes, $block), 8, 16, 24, 8 * int rand 64),
			pick(0, 1, 0x1000, 0x2FFF, 0x2002, 0x2000 | int rand 4096, int rand 16, int rand 65536),
			pick(map { peek($bytes, $block, $item->{offset} + 6, 'S', 2) ^ $_ } 1 << 15, 1 << 14, 1 << 13, 1 << int rand 16,
				int rand 65536, int rand 65536));
		set_item_header($bytes, $block, $item, @new);
		return "item $item->{number} -> " . join ', ', map { $_ // '-' } @new;
	},
	value => sub {
		my ($bytes, $block, $is_index) = @_;
		my $item = pick(find_items($bytes, $block)) or return;
		my $from = $is_index ? 8 : 23;
		$item->{length} > $from or return;
		my $at = $from + int rand +(pick(8, $item->{length} - $from));
		my $new = pick(0, 1, 2, 3, 0x7F, 0x80, 0xFC, 0xFF, int rand 256);
		$at < $item->{length} or return;
		poke($bytes, $block, $item->{offset} + $at, chr $new);
		return "item $item->{number}, byte $at -> $new";
	},
	zero => sub {
		my ($bytes, $block) = @_;
		poke($bytes, $block, 0, "\0" x PAGE);
		return 'zeroed';
	},
	copy => sub {
		my ($bytes, $block) = @_;
		my $from = int rand npages($bytes);
		poke($bytes, $block, 0, peek($bytes, $from, 0, 'a' . PAGE, PAGE));
		return "copy of $from";
	},
	swap => sub {
		my ($bytes, $block) = @_;
		my $with = int rand npages($bytes);
		my $page = peek($bytes, $with, 0, 'a' . PAGE, PAGE);
		poke($bytes, $with,  0, peek($bytes, $block, 0, 'a' . PAGE, PAGE));
		poke($bytes, $block, 0, $page);
		return "swapped with $with";
	});

my @kinds = sort keys %page_damage;

# Cut the file off, within a page or not.
sub truncate_file
{
	my ($bytes) = @_;
	my $length = pick(PAGE * int rand npages($bytes), int rand length $$bytes);
	$$bytes = substr($$bytes, 0, $length);
	return "cut off at $length";
}

# Damage a file.  Returns what was done.
sub damage_file
{
	my ($bytes, $is_index) = @_;
	my $npages = npages($bytes);
	my $kind   = pick(@kinds, rand() < 0.2 ? 'truncate' : (), 'all');
	my @done;

	return truncate_file($bytes) if $kind eq 'truncate';
	for (1 .. pick(1, 1, 2, 5, 5, $npages, 3 * $npages))
	{
		my $block = int rand $npages;

		# in an index the metapage and the root, which is one of the first, count for more
		$block = pick(0, 1 .. ($npages > 3 ? 3 : $npages - 1)) if $is_index && rand() < 0.05;
		my $did = $page_damage{ $kind eq 'all' ? pick(@kinds) : $kind }->($bytes, $block, $is_index);
		push @done, "block $block: $did" if defined $did;
	}
	return join '; ', @done > 12 ? (@done[ 0 .. 11 ], @done - 12 . ' more') : @done;
}

# Run a query on what is damaged.  Returns its rows; or undef and what became of
# it: "crash"; "timeout" if it was cancelled; "stuck" if it was not even that,
# after so many seconds; or an SQLSTATE.
sub ask_within
{
	my ($dbh, $query, $seconds) = @_;
	my $is_stuck = 0;
	my $rows = eval {
		my $statement = $dbh->prepare($query, { pg_async => PG_ASYNC });
		$statement->execute;
		my $socket = IO::Select->new($dbh->{pg_socket});
		my $end    = time + $seconds;
		until ($dbh->pg_ready)
		{
			$socket->can_read(1);
			next if time < $end;

			# or the driver would wait for it
			$is_stuck = open my $copy, '+<&', $dbh->{pg_socket};
			shutdown $copy, 2;
			die "it takes no notice of the timeout\n";
		}
		$dbh->pg_result;
		$statement->fetchall_arrayref;
	};
	return $rows if $rows;
	return (undef, 'stuck') if $is_stuck;
	my $state = $dbh->state;
	return (undef,
		  $state =~ /^08|^57P/ || !eval { $dbh->ping } ? 'crash'
		: $state eq '57014' ? 'timeout'
		:                     $state);
}

1;
