# RandpickTest::Btree
#	  The file of a B-tree, brought into the states that a crash leaves.
#
# A split and the deletion of a page are done in two steps, each of which is
# logged by itself.  After a crash between them the tree is used as it is until
# somebody finishes the work: a page that split without its parent being told
# (INCOMPLETE_SPLIT), or a page that its parent has given up, but that is still
# among its siblings (HALF_DEAD).  No SQL leaves an index so.  So its file is
# read, its pages are changed as nbtinsert.c or nbtpage.c would have, and it is
# written back into the data directory, by the server as it may be another
# account's.
#
# That the server does not know of the change must be seen to by the caller:
# nobody may use the database before it is copied (reopen_database of
# RandpickTest).  The layout of pages is that of little-endian machines.

package RandpickTest::Btree;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(read_file write_file read_btree write_btree pages_of forget_split half_kill);

use constant {
	PAGE             => 8192,
	HEADER           => 24,
	OPAQUE           => 16,
	NO_BLOCK         => 0xFFFFFFFF,
	LEAF             => 0x01,
	DELETED          => 0x04,
	META             => 0x08,
	HALF_DEAD        => 0x10,
	INCOMPLETE_SPLIT => 0x80,
	ALT_TID          => 0x2000,
};

# The bytes of a file, which is given relative to the data directory.
sub read_file
{
	my ($dbh, $path) = @_;
	my ($hex) = $dbh->selectrow_array("SELECT encode(pg_read_binary_file('$path'), 'hex')");
	return pack 'H*', $hex;
}

sub write_file
{
	my ($dbh, $path, $bytes) = @_;
	my $hex = unpack 'H*', $bytes;
	my ($object) = $dbh->selectrow_array("SELECT lo_from_bytea(0, decode('$hex', 'hex'))");
	$dbh->do("SELECT lo_export($object, '$path')");
	$dbh->do("SELECT lo_unlink($object)");
	return;
}

# The pages of a B-tree: its file, and each page's fields and items.
sub read_btree
{
	my ($dbh, $path) = @_;
	my $bytes = read_file($dbh, $path);
	my @pages = map { parse_page($_, substr($bytes, PAGE * $_, PAGE)) } 0 .. length($bytes) / PAGE - 1;
	return { path => $path, pages => \@pages };
}

sub write_btree
{
	my ($dbh, $tree) = @_;
	set_checksum($dbh, $_) for grep { $_->{changed} } @{ $tree->{pages} };
	write_file($dbh, $tree->{path}, join '', map { $_->{bytes} } @{ $tree->{pages} });
	return;
}

# Give a page the bytes that it has now, with their checksum, should the cluster
# have those.  The extension that knows it leaves no traces in this database.
sub set_checksum
{
	my ($dbh, $page) = @_;
	$page->{bytes} = format_page($page);
	my $hex = unpack 'H*', $page->{bytes};

	$dbh->begin_work;
	$dbh->do('CREATE EXTENSION IF NOT EXISTS pageinspect');
	my ($checksum) = $dbh->selectrow_array("SELECT page_checksum(decode('$hex', 'hex'), $page->{block})");
	$dbh->rollback;
	substr($page->{bytes}, 8, 2) = pack 's', $checksum;
	return;
}

sub parse_page
{
	my ($block, $bytes) = @_;
	my ($lower) = unpack 'x12 S', $bytes;
	my %page = (block => $block, bytes => $bytes, items => []);

	@page{qw(left right level flags cycle)} = unpack 'LLLSS', substr($bytes, -OPAQUE);

	# a metapage has no line pointers, and a deleted page need not
	return \%page if $page{flags} & (META | DELETED);
	for (unpack 'L*', substr($bytes, HEADER, $lower - HEADER))
	{
		push @{ $page{items} }, substr($bytes, $_ & 0x7FFF, $_ >> 17);
	}
	return \%page;
}

sub format_page
{
	my ($page) = @_;
	my $items = '';
	my @pointers;
	for my $item (@{ $page->{items} })
	{
		$items = $item . $items;
		push @pointers, PAGE - OPAQUE - length($items) | 1 << 15 | length($item) << 17;
	}
	my $lower = HEADER + 4 * @pointers;
	my $upper = PAGE - OPAQUE - length($items);
	return join '',
	  substr($page->{bytes}, 0, 12), pack('SS', $lower, $upper), substr($page->{bytes}, 16, HEADER - 16),
	  pack('L*', @pointers), "\0" x ($upper - $lower), $items,
	  pack('LLLSS', @$page{qw(left right level flags cycle)});
}

# the block that an item of an internal page leads to
sub downlink
{
	my ($item) = @_;
	my ($high, $low) = unpack 'SS', $item;
	return $high << 16 | $low;
}

# The pages of a level from left to right, that are in use.
sub pages_of
{
	my ($tree, $level) = @_;
	my @pages = grep { $_->{level} == $level && !($_->{flags} & (META | DELETED | HALF_DEAD)) } @{ $tree->{pages} };
	my ($page) = grep { $_->{left} == 0 } @pages;
	my @sorted;
	while ($page)
	{
		push @sorted, $page;
		$page = $page->{right} && $tree->{pages}[ $page->{right} ];
	}
	return @sorted;
}

# The parent of a page and of its right sibling, and the number of the page's
# item there.  Dies if these are not side by side in one parent.
sub common_parent
{
	my ($tree, $page) = @_;
	for my $parent (pages_of($tree, $page->{level} + 1))
	{
		my $items = $parent->{items};
		for (1 .. $#$items)
		{
			return ($parent, $_ - 1)
			  if downlink($items->[ $_ - 1 ]) == $page->{block} && downlink($items->[$_]) == $page->{right};
		}
	}
	die "block $page->{block} and the one on its right have different parents\n";
}

# As if the server had crashed when this page had just got its right sibling by
# a split (_bt_insert_parent).  They must be half full, for what both of them
# have stood on one page, and was not added to since: an insert would have
# finished the split.
sub forget_split
{
	my ($tree, $page) = @_;
	my ($parent, $number) = common_parent($tree, $page);

	splice @{ $parent->{items} }, $number + 1, 1;
	$page->{flags} |= INCOMPLETE_SPLIT;
	$_->{changed} = 1 for $parent, $page;
	return;
}

# As if the server had crashed when VACUUM had just emptied this leaf and begun
# to delete it (_bt_mark_page_halfdead).  All its rows must be dead.
sub half_kill
{
	my ($tree, $page) = @_;
	my ($parent, $number) = common_parent($tree, $page);
	my $items = $parent->{items};

	# the key of the page with the downlink of its sibling
	$items->[$number] = substr($items->[ $number + 1 ], 0, 4) . substr($items->[$number], 4);
	splice @$items, $number + 1, 1;

	# of the high key a rest is left: no column, no parent to be deleted too
	$page->{items} = [ pack 'LSS', NO_BLOCK, 0, ALT_TID | 8 ];
	$page->{flags} |= HALF_DEAD;
	$_->{changed} = 1 for $parent, $page;
	return;
}

1;
