# RandpickTest::Modules
#	  Libraries of t/modules, which stand in for other people's extensions.
#
# load_module($dbh, 'takeover') builds t/modules/takeover with the server's own
# headers, outside of the source tree, and LOADs it in a session.  The file goes
# with the test.  Load it before randpick or after; whoever is loaded last has
# its hooks called first.

package RandpickTest::Modules;

use strict;
use warnings;

use Cwd 'abs_path';
use Exporter 'import';
use File::Basename 'dirname';
use File::Temp 'tempdir';

our @EXPORT = qw(load_module);

my $source = abs_path(dirname(__FILE__) . '/../../modules');
my %built;

# Build a module; returns the library's path without its suffix, which the
# server knows.
sub build
{
	my ($name) = @_;
	my $folder = tempdir('module.XXXXXX', TMPDIR => 1, CLEANUP => 1);
	my $config = $ENV{PG_CONFIG} || 'pg_config';

	# the server may have an account of its own
	chmod 0755, $folder;

	# neither make's own settings nor those of the extension are for a module
	local @ENV{qw(MAKEFLAGS MAKELEVEL MFLAGS)};
	my $log = `cd '$folder' && make -s -f '$source/$name/Makefile' PG_CONFIG='$config' 2>&1`;
	die "could not build $name:\n$log" if $?;
	return "$folder/$name";
}

sub load_module
{
	my ($dbh, $name) = @_;
	$built{$name} //= build($name);
	$dbh->do("LOAD '$built{$name}'");
	return;
}

1;
