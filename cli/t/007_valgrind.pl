# Runs of randpick-bench under valgrind: no access to memory that is not ours,
# and no leak.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use BenchTest;
use IPC::Run ();
use Test::More;

needs_server;
plan(skip_all => 'no valgrind') unless grep { -x "$_/valgrind" } split /:/, $ENV{PATH};

create_database('CREATE EXTENSION tsm_system_rows');
my @known = ('-q', '--contenders=select-1,primary-key,order-by-random,count-offset,tablesample-system,system-rows,uuid-probe');
for (
	[ 'a table', '--init=partitioned', '--size=200' ],
	[ '4 threads', '-T', 1, '-c', 4, '-j', 4, '--buffers=3', '--check', '--query', 'bad=SELECT 1 / 0',
		'--format=json', '-o', "$scratch/old.json", "--log=$scratch/log" ],
	[ 'a schedule', '-T', 1, '-c', 4, '-j', 2, '-R', 2000, '-L', 5, '-k', 2, '--buffers=3', '--warmup=0.1',
		"--compare=$scratch/old.json", '--fail-if=p50>+10000%' ],
	[ 'a sweep', '-t', 2, '--sweep=10..20', '-M', 'simple', '--no-reach', '--buffers=0', '--format=markdown' ])
{
	my ($name, @arguments) = @$_;
	my $errors = '';
	IPC::Run::run(
		[ 'valgrind', '-q', '--leak-check=full', '--show-leak-kinds=definite,indirect,possible',
			"$FindBin::Bin/../randpick-bench", $arguments[0] =~ /init/ ? '-q' : @known, @arguments ],
		'<', '/dev/null', '>', '/dev/null', '2>', \$errors);
	is($?, 0, "$name: exit status");
	is($errors, '', "$name: nothing to say");
}

done_testing;
