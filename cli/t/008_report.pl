# The page of --report: what is in it, and what a browser makes of it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use BenchTest;
use IPC::Run ();
use Test::More;

{
	# a search path without gnuplot
	local $ENV{PATH} = "$scratch";
	refuses('no gnuplot', qr/could not run gnuplot.*\n.*hint: .*gnuplot-nox/, "--report=$scratch/x.html");
}
refuses('no such folder', qr/could not open file/, "--report=$scratch/none/x.html");

needs_server;
create_database(<<'SQL');
CREATE EXTENSION tsm_system_rows;
CREATE TABLE mymodel (id int PRIMARY KEY, f int);
INSERT INTO mymodel SELECT g, g % 10 FROM generate_series(1, 2000) g;
VACUUM ANALYZE;
SQL
my @known = ('-q', '--contenders=select-1,primary-key,order-by-random,count-offset,system-rows,uuid-probe');
my ($status, $stdout, $stderr) = run(@known, '-T', 0.5, "--report=$scratch/run.html",
	'--query', "<b>'`touch $scratch/pwned`'&amp;=SELECT '<i>'", '--query', 'bad=SELECT 1 / 0', '--filter=f < 5');
is($status, 0, 'exit status') or diag($stderr);
is($stderr, '', 'nothing on stderr');
like($stdout, qr/^server: /, 'the results as ever');
my $page = slurp("$scratch/run.html");
is(() = $page =~ /<svg/g, 5, 'a chart for all but the size of the table');
is(() = $page =~ /<h2>[^<]*<\/h2>\n<p class="soft">[^<]{40}/g, 6, 'each with a line on how to read it');
like($page, qr/<code>SELECT '&lt;i&gt;'<\/code>/, 'what contenders send, escaped');
like($page, qr/&lt;b&gt;'`touch .*`'&amp;amp;/, 'names are escaped');
unlike($page, qr/<b>|<i>/, 'everywhere');
ok(!-e "$scratch/pwned", 'gnuplot runs nothing');
like($page, qr/skipped: division by zero/, 'why a contender did not run');
like($page, qr/meet the filter f &lt; 5/, 'the filter');
unlike($page, qr/(?:src|href)\s*=\s*["'](?!#)|url\((?!['"]?#)|\@import/, 'nothing comes from elsewhere');
unlike($page, qr/rgb\( *1, *2, *3\)|black/, 'lines and text have the colours of the page');
like($page, qr/prefers-color-scheme: dark.*\@media print/s, 'light, dark and on paper');

($status, undef, $stderr) = run(@known, '-t', 3, '--sweep=10..1000', "--report=$scratch/sweep.html");
is($status, 0, 'sweep: exit status') or diag($stderr);
my $sweep = slurp("$scratch/sweep.html");
is(() = $sweep =~ /<svg/g, 6, 'sweep: a chart of sizes, too');
is(() = $sweep =~ /<h2>Numbers, on/g, 3, 'sweep: the numbers of each size');
my ($sizes) = $sweep =~ /the size of the table<.*?<svg(.*?)<\/svg>/s;
is(() = $sizes =~ />order-by-random</g, 1, 'sweep: a square for a contender');
is(() = $sizes =~ />count-offset</g, 1, 'sweep: and one for another');
is($stderr, '', 'sweep: nothing on stderr');

($status, undef, $stderr) = run('-q', '-t', 3, '--buffers=5', '--contenders=select-1,primary-key', "--report=$scratch/one.html");
is("$status$stderr", '0', 'a single dot: gnuplot has nothing to say');

($status, undef, $stderr) = run(@known, '-t', 3, '--report=/dev/full');
is($status, 2, 'disk full: exit status');
like($stderr, qr{could not write file "/dev/full": No space}, 'disk full: says so');

# What a browser says and shows.  Its policy makes each request an error.
my ($chromium) = grep { -x } map { ("$_/chromium", "$_/chromium-browser") } split /:/, $ENV{PATH};

sub browse
{
	my ($name, @options) = @_;
	my $log = '';
	unlink("$scratch/shot.png");
	IPC::Run::run(
		[ $chromium, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run',
			"--user-data-dir=$scratch/chromium", '--enable-logging=stderr', '--window-size=1000,3000',
			"--screenshot=$scratch/shot.png", @options, "file://$scratch/$name.html" ],
		'<', '/dev/null', '>', '/dev/null', '2>', \$log, IPC::Run::timeout(120));
	return ([ $log =~ /.*CONSOLE.*/g ], -e "$scratch/shot.png" ? slurp("$scratch/shot.png") : '');
}

SKIP:
{
	skip('no chromium', 6) unless $chromium;
	my ($console, $light) = browse('run');
	is_deeply($console, [], 'browser: nothing on the console');
	my (undef, $dark) = browse('run', '--blink-settings=preferredColorScheme=0');
	isnt($dark, $light, 'browser: dark is another picture');
	($console) = browse('sweep');
	is_deeply($console, [], 'browser, sweep: nothing on the console');

	# is that what it would say, and show?
	(my $asking = $page) =~ s{<h1>}{<img src="http://127.0.0.1:1/x.png"><h1>};
	(my $blank = $page) =~ s{<body>.*</body>}{<body></body>}s;
	for ([ asking => $asking ], [ blank => $blank ])
	{
		open(my $file, '>', "$scratch/$_->[0].html") or die $!;
		print $file $_->[1];
	}
	($console) = browse('asking');
	like("@$console", qr/Content Security Policy/, 'browser: a request would be an error');
	my (undef, $nothing) = browse('blank');
	cmp_ok(length($nothing), '>', 0, 'browser: a picture of nothing');
	cmp_ok(length($light), '>', 5 * length($nothing), 'browser: there is more to be seen');
}

done_testing;
