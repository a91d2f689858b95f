# What randpick-bench writes for programs, and what it says about itself.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use BenchTest;
use Encode ();
use IPC::Run ();
use JSON::PP ();
use JSON::Validator ();
use Test::More;

my $root = "$FindBin::Bin/../..";
my (undef, $help) = run('--help');
my @options = sort { $a cmp $b } map { s/=$//r } $help =~ /(?:^|, | )(--[a-z-]+)/g;
my %seen;
@options = grep { !$seen{$_}++ } @options;
cmp_ok(scalar @options, '>', 30, 'there are options');

# Who adds an option must not forget a place.
my @known_options = map { "--$_" } slurp("$root/cli/options.c") =~ /^\t\{"([a-z-]+)",/mg;
is_deeply([ sort { $a cmp $b } @known_options ], \@options, '--help: all options, and no others');
my @letters = slurp("$root/cli/options.c") =~ /^\t\{"[a-z-]+", \w+, NULL, '(.)'/mg;
like($help, qr/^  -\Q$_\E, --/m, "--help: -$_") for @letters;
is(join('', sort @letters), join('', sort((slurp("$root/cli/options.c") =~ /short_options\[\] = "(.*)"/)[0] =~ /\w/g)), 'options with a letter are known by it');
my $man = slurp("$root/doc/randpick-bench.1") =~ s/\\-/-/gr;
unlike($man, qr/^ /m, 'man page: no line begins with a space');
like($man, qr/\Q$_\E(?![a-z-])/, "man page: $_") for @options;
like($man, qr/^\.B[IR]+ "?-$_\b/m, "man page: -$_") for @letters;
my $groff = '';
IPC::Run::run([ 'groff', '-ww', '-man', '-Tascii', "$root/doc/randpick-bench.1" ], '>', '/dev/null', '2>', \$groff)
  && is($groff, '', 'man page: groff has nothing to say')
  if grep { -x "$_/groff" } split /:/, $ENV{PATH};

# Complete a command line as bash does, which breaks words at "=".
sub complete
{
	my @words = @_;
	my $list = join ' ', map { "'$_'" } @words;
	my $out;
	IPC::Run::run([ 'bash', '-c', <<"BASH" ], '<', '/dev/null', '>', \$out, '2>', '/dev/null');
PATH="$FindBin::Bin/..:\$PATH"
. "$FindBin::Bin/../completion/randpick-bench.bash"
compopt() { :; }
COMP_WORDS=($list) COMP_CWORD=$#words
_randpick_bench
printf '%s\\n' "\${COMPREPLY[@]}"
BASH
	return [ split /\n/, $out ];
}
is_deeply([ map { s/=$//r } @{ complete('randpick-bench', '--') } ], [ map { s/=$//r } $help =~ /(--[a-z-]+)/g ],
	'bash: all options');
is_deeply(complete('randpick-bench', '--format', '=', 'm'), ['markdown'], 'bash: values');
is_deeply(complete('randpick-bench', '--contenders', '=', 'select-1,system-r'), ['select-1,system-rows'], 'bash: a list');
is_deeply(complete('randpick-bench', '--init', 'm'), ['mixed'], 'bash: shapes');
{
	open(my $file, '>', "$scratch/a page.html") or die $!;
	is_deeply(complete('randpick-bench', $_, '=', "$scratch/a"), ["$scratch/a page.html"], "bash: files for $_")
	  for grep { $help =~ /$_=FILE/ } @options;
	local $ENV{PATH} = "$scratch/bin:$ENV{PATH}";
	mkdir "$scratch/bin";
	open($file, '>', "$scratch/bin/psql") or die $!;
	print $file "#!/bin/sh\necho 'db|owner'\n";
	close $file;
	chmod 0755, "$scratch/bin/psql";
	is_deeply(complete('randpick-bench', $_, '=', ''), [], "bash: no database for $_")
	  for grep { $help =~ /$_=(?!FILE|SHAPE|LIST|[a-z])/ } @options;
	is_deeply(complete('randpick-bench', $_, ''), ['db'], "bash: databases after $_") for '--quiet', '--list', '-q';
	is_deeply(complete('randpick-bench', $_, ''), [], "bash: no database for $_") for $help =~ /^  (-[a-zA-Z]), --[a-z-]+=(?!FILE|simple)/mg;
}
my ($shapes) = (run('--init=?'))[2] =~ /shapes are: (.*)\./;
like(slurp("$FindBin::Bin/../completion/_randpick-bench"), qr/\(@{[ $shapes =~ tr{,}{}dr ]}\)/, 'zsh: shapes');
like($help =~ s/\s+/ /gr, qr/SHAPE: \Q$shapes\E/, '--help: shapes');
SKIP:
{
	skip('no zsh', 1) unless grep { -x "$_/zsh" } split /:/, $ENV{PATH};
	is(system('zsh', '-n', "$FindBin::Bin/../completion/_randpick-bench"), 0, 'zsh: its syntax');
}

# What make install puts where.
my $said;
IPC::Run::run([ 'make', '-s', '-C', "$FindBin::Bin/..", 'install', "DESTDIR=$scratch/dest" ], '>', \$said, '2>&1')
  or diag($said);
my @installed = map { s/.*\///r } sort split /\n/, qx(find "$scratch/dest" -type f);
is_deeply([ sort @installed ],
	[qw(_randpick-bench randpick-bench randpick-bench randpick-bench.1 randpick-bench.schema.json)], 'make install');
like(qx(cat \$(find "$scratch/dest" -name randpick-bench.1)), qr/^\.TH .*"randpick \d+\.\d+"/, 'man page: version');
IPC::Run::run([ 'make', '-s', '-C', "$FindBin::Bin/..", 'uninstall', "DESTDIR=$scratch/dest" ], '>', \$said, '2>&1');
is(qx(find "$scratch/dest" -type f), '', 'make uninstall');

refuses('no file to compare with', qr/could not read file ".*none"/, "--compare=$scratch/none");
refuses('no JSON',                 qr/could not read file/,          "--compare=$0");
{
	open(my $file, '>', "$scratch/foreign.json") or die $!;
	print $file '{"schema_version": 0}';
}
refuses('another JSON',   qr/is not what --format=json of this version writes/, "--compare=$scratch/foreign.json");
refuses('no comparison',  qr/--fail-if needs --compare/,     '--fail-if=p99>+1%');
refuses('no such column', qr/invalid value "p98>\+1%".*\n.*hint: .*p99>\+10%/, '--fail-if=p98>+1%');
refuses("a bad limit: $_", qr/invalid value "\Q$_\E"/, "--fail-if=$_") for 'p99', 'p99>', 'p99>1%', 'p99>+x%', 'p99>+1', 'p99<+1%';

needs_server;
create_database(<<'SQL');
CREATE EXTENSION tsm_system_rows;
CREATE TABLE mymodel (id int PRIMARY KEY, f int);
INSERT INTO mymodel SELECT g, g % 10 FROM generate_series(1, 2000) g;
VACUUM ANALYZE;
SQL
my @known = ('--buffers=5', '--contenders=select-1,primary-key,order-by-random,count-offset,system-rows,uuid-probe');
my @brief = (@known, '--no-reach');

# Every form of JSON there is, against the schema.
my $schema = JSON::PP::decode_json(slurp("$root/doc/randpick-bench.schema.json"));
my $validator = JSON::Validator->new->schema($schema);
my @described = sort keys %{ $schema->{definitions}{contender}{properties} };
for (
	[ 'closed loop', '-T', 0.2 ],
	[ 'schedule', '-T', 0.2, '-R', 1000, '-L', 100, '--warmup=0.1', '-c', 2 ],
	[ 'calls', '-t', 5, '-M', 'simple', '--no-reach', '--buffers=0', '--filter=f = 1' ],
	[ 'check', '-t', 5, '--check', '-k', 2, '--query', 'bad=SELECT 1 / 0' ],
	[ 'sweep', '-t', 2, '--sweep=10..100' ])
{
	my ($name, @arguments) = @$_;
	my ($status, $run, undef, $stderr, $json) = run_json(@known, @arguments);
	is($status, 0, "JSON, $name: exit status") or diag($stderr);
	is_deeply([ map { "$_" } $validator->validate($json) ], [], "JSON, $name: as the schema has it");
	is_deeply([ sort keys %{ $run->{contenders}[0] } ], \@described, "JSON, $name: the schema has all of it");
}
$schema->{definitions}{contender}{properties}{calls}{type} = 'string';
cmp_ok(scalar(JSON::Validator->new->schema($schema)->validate((run_json(@brief, '-t', 1))[4])), '>', 0,
	'JSON: the validator finds faults');

# Names of many bytes, and more: in the locale's encoding, whatever the server's is, and UTF-8 in JSON in any case.
{
	my $latin = "${database}_latin";
	local $ENV{LC_ALL} = 'C.UTF-8';
	psql($database, "CREATE DATABASE $latin ENCODING LATIN1 LOCALE 'C' TEMPLATE template0");
	psql($latin, qq{SET client_encoding = 'UTF8'; CREATE TABLE "\xc3\x9c" AS SELECT '\xc3\xa9' AS "\xc3\xa9"});
	my @own = ('--query', "\xe6\xbc\xa2\xe5\xad\x97=SELECT 1", '--query', 'a|b=SELECT 1');
	my (undef, $out) = run('-q', '-t', 1, '--no-reach', '--contenders=select-1', @own);
	my @bars = map { index(Encode::decode('UTF-8', $_) =~ s/([^ -~])/$1 /gr, ' |') } $out =~ /^( (?:select-1|\xe6).*)$/mg;
	is(scalar(grep { $_ == $bars[0] } @bars), 6, 'wide characters: columns are aligned') or diag($out);
	(undef, $out) = run('-q', '-t', 1, '--no-reach', '--contenders=select-1', '--format=markdown', @own);
	is(() = $out =~ /^\| a\\\|b \|/mg, 3, 'Markdown: a bar in a name') or diag($out);

	my @there = ('-t', 1, '-d', $latin, '--contenders=order-by-random');
	my (undef, $run) = run_json(@there, qq{--table="\xc3\x9c"}, "--filter=\xc3\xa9 = '\xc3\xa9'");
	is($run->{table}{name}, qq{"\xdc"}, 'LATIN1 database: its name in JSON');
	is($run->{table}{matching_rows}, 1, 'LATIN1 database: a filter');
	local $ENV{LC_ALL} = 'C';
	(undef, $run) = run_json(@there, qq{--table="\xdc"});
	is($run->{table}{name}, '"?"', 'LATIN1 database, C locale: still JSON');
	psql($database, "DROP DATABASE $latin");
}

# Comparing with an earlier run.
my ($status, $stdout, $stderr) = run(@brief, '-t', 5, '--format=json', '-o', "$scratch/old.json");
is($status, 0, 'compare: the earlier run');
($status, $stdout, $stderr) = run(@brief, '-t', 5, "--compare=$scratch/old.json",
	'--fail-if=buffers>+1000%', '--fail-if=picks_per_s<-99.999%');
is($status, 0, 'compare: within the limits') or diag($stderr);
like($stdout, qr/^Changes since the earlier run:\n\n +contender .* buffers *\n.*\n select-1 .* 0 % *$/m, 'compare: the changes');
my $old = JSON::PP::decode_json(slurp("$scratch/old.json"));
for (@{ $old->{runs}[0]{contenders} })
{
	$_->{buffers}{value} /= 2 if $_->{name} eq 'order-by-random';
	$_->{picks_per_s} = 1e9 if $_->{name} eq 'count-offset';
}
{
	open(my $file, '>', "$scratch/old.json") or die $!;
	print $file JSON::PP::encode_json($old);
}
($status, $stdout, $stderr) = run('-q', @brief, '-t', 5, "--compare=$scratch/old.json", '--fail-if=buffers>+99%', '--fail-if=picks_per_s<-99%');
is($status, 4, 'compare: beyond the limits');
like($stderr, qr/^randpick-bench: error: buffers of contender "order-by-random" is 9, was 4\.5: \+100\.0 %$/m, 'compare: says what rose');
like($stderr, qr/^randpick-bench: error: picks_per_s of contender "count-offset" is .*: -\d+\.\d %$/m, 'compare: says what fell');
is(() = $stderr =~ /error:/g, 2, 'compare: and nothing else') or diag($stderr);

# Every call.
($status) = run('-q', '-t', 20, '-c', 2, "--log=$scratch/log", @brief);
is($status, 0, 'log: exit status');
my @lines = split /\n/, slurp("$scratch/log");
is(shift @lines, 'table_rows,contender,client,latency_ns,service_ns,lag_ns', 'log: head');
is(scalar(grep { /^2000,primary-key,[12],(\d+),\1,$/ } @lines), 40, 'log: all calls of a contender');
is(scalar(grep { /^2000,primary-key,2,/ } @lines), 20, 'log: by client');
run('-q', '-t', 20, '-R', 10000, "--log=$scratch/log", @brief);
for (grep { /,primary-key,/ } split /\n/, slurp("$scratch/log"))
{
	my (undef, undef, undef, $latency, $service, $lag) = split /,/;
	next if $latency == $service + $lag;
	fail("log: $latency = $service + $lag");
	last;
}
refuses('log: no such folder', qr/could not open file/, "--log=$scratch/none/log", @brief);
($status, undef, $stderr) = run('-q', '-t', 5, '--log=/dev/full', @brief);
is($status, 2, 'log: disk full');
like($stderr, qr{could not write file "/dev/full": No space}, 'log: says so');

done_testing;
