# Do the files of this tree know of each other?  What a comment or a document names
# must be there, and each file must be built and be on the map.

use strict;
use warnings;

use File::Basename 'basename';
use FindBin;
use Test::More;

chdir "$FindBin::Bin/.." or die $!;
my @files = map { glob } qw(src/*.[ch] src/*/*.[ch] cli/*.[ch] cli/t/*.pl cli/t/lib/*.pm t/*.pl t/*.c t/lib/*.pm t/lib/RandpickTest/*.pm scripts/* README.md doc/*);
my %known = map { basename($_) => 1 } @files;

# PostgreSQL's own
$known{$_} = 1 for qw(setrefs.c parse_coerce.c parse_expr.c nbtinsert.c nbtpage.c regress.c common.mk);

sub content
{
	my ($path) = @_;
	open my $file, '<', $path or die "$path: $!\n";
	local $/;
	return scalar <$file>;
}

my @unknown;
for my $path (grep { -f } @files)
{
	push @unknown, "$path names $_" for grep { !$known{$_} } content($path) =~ /(?<![\w*.])(\w+\.(?:c|pl|pm))\b/g;
}
is_deeply(\@unknown, [], 'files that are named are there');

for ([ src => content('Makefile') ], [ cli => content('cli/Makefile') ])
{
	my ($folder, $makefile) = @$_;
	my @built = sort map { s{^$folder/}{}r } $makefile =~ /^\t(\S+)\.o\b/mg;
	my @there = sort map { s{^$folder/(.*)\.c}{$1}r } glob "$folder/*.c $folder/*/*.c";
	is_deeply(\@built, \@there, "all files of $folder are built");
}

my ($map) = content('cli/main.c') =~ /\A(.*?)\*\//s;
my @lost = grep { my $name = basename($_); $name !~ /^(main|report_\w+)\.c$/ && $map !~ /\b\Q$name\E/ } glob 'cli/*.c';
is_deeply(\@lost, [], 'all files of cli are on the map');

done_testing;
