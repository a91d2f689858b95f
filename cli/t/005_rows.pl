# Does randpick-bench tell right ways of picking from wrong ones?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use BenchTest;
use POSIX ();
use Test::More;

# Below this randpick-bench says that something is not random.  Some 100 p values here must not be, and by chance are so
# less than once in 10^10 times each, see fairness.c; so the tests fail for no reason once in 10^8 times.
my $alarm = 1e-12;

refuses('too few picks', qr/--check must be in range 20\.\./, '--check=1');

needs_server;
create_database(<<'SQL');
CREATE EXTENSION tsm_system_rows;
SELECT EXISTS (SELECT FROM pg_available_extensions WHERE name = 'randpick') AS have
\gset
\if :have
CREATE EXTENSION randpick;
\endif
CREATE SCHEMA evil;
CREATE SEQUENCE evil.calls;
CREATE FUNCTION evil.random() RETURNS float8 LANGUAGE sql VOLATILE
AS $$SELECT CASE WHEN pg_catalog.random() < 0.5 THEN 2 ELSE pg_catalog.nextval('evil.calls') / 1e18 END$$;
CREATE TABLE secret (id int PRIMARY KEY);
CREATE ROLE randpick_bench_nobody;
SQL
END
{
	psql($database, 'DROP OWNED BY randpick_bench_nobody; DROP ROLE randpick_bench_nobody') if defined $ENV{PGHOST};
}
is((run('-q', "--init=$_", '--size=500', "--table=t_$_"))[0], 0, "making $_") for qw(dense bloated uuid partitioned);

my @brief = ('-T', 0.05, '--buffers=0');

# The p values of a contender that are known.
sub p_values
{
	my ($one) = @_;
	return grep { defined } @$one{qw(p_rows p_pages p_places p_pairs)};
}

# The chi-square distribution beyond x, as the finite sum that it is for a whole number of degrees of freedom.
sub chi_square_p
{
	my ($freedom, $x) = @_;
	my $odd = $freedom % 2;
	my $sum = $odd ? POSIX::erfc(sqrt($x / 2)) : 0;
	for (my $k = $odd / 2; $k < $freedom / 2; $k++)
	{
		$sum += exp($k * log($x / 2) - $x / 2 - POSIX::lgamma($k + 1));
	}
	return $sum;
}

# What is right, and what is not, and by what it shows.
my %wrong = (
	dense => {
		'tablesample-system'    => [qw(p_rows p_pages p_places)],
		'tablesample-bernoulli' => ['p_rows'],
		'system-rows'           => [qw(p_rows p_places)],
	},
	bloated => { 'system-rows' => [qw(p_rows p_places)] },
	uuid    => { 'uuid-probe'  => ['p_rows'], 'system-rows' => ['p_rows'] },
	partitioned => { 'system-rows' => ['p_rows'], 'tablesample-randpick' => ['p_rows'] },
);
my %right = (
	dense => [qw(order-by-random order-by-random+randpick count-offset randpick randpick-rows randpick-record)],
	bloated => [qw(order-by-random randpick-heap randpick-leaf)],
	uuid    => [qw(django rails laravel sqlalchemy hibernate)],
	partitioned => [qw(order-by-random order-by-random+randpick randpick randpick-record)],
);
for my $shape (sort keys %wrong)
{
	my @contenders = (@{ $right{$shape} }, sort keys %{ $wrong{$shape} });
	my ($status, undef, $found, $stderr) =
	  run_json(@brief, '--check', "--table=t_$shape", '--contenders=' . join(',', @contenders));
	is($status, 0, "$shape: exit status") or diag($stderr);
	for my $name (@contenders)
	{
		my $one = $found->{$name};
		next if defined $one->{skipped};

		if ($wrong{$shape}{$name})
		{
			ok(!$one->{claims_exactness}, "$shape, $name: claims nothing");
			cmp_ok($one->{$_} // 1, '<', $alarm, "$shape, $name: $_") for @{ $wrong{$shape}{$name} };
			next;
		}
		ok($one->{claims_exactness}, "$shape, $name: claims to be random");
		is($one->{reachable_share}, 1, "$shape, $name: all rows are reachable");
		is(scalar(grep { $_ > $alarm } p_values($one)), 3, "$shape, $name: and equally likely");
		for (grep { defined && $_->{degrees_of_freedom} > 0 } @$one{qw(by_row by_page by_place)})
		{
			my $p = chi_square_p($_->{degrees_of_freedom}, $_->{chi_square});
			cmp_ok(abs($_->{p} - $p), '<', 1e-5 * $p, "$shape, $name: p for $_->{degrees_of_freedom} df");
		}
	}
}

# Probing for keys is right if, and as long as, none is missing.
{
	run('-q', '--init=gaps', '--size=5000', '--table=t_gaps');
	my @probes = ('id-probe', 'recursive-id');
	for (
		[ 't_dense' => sub { p_values($_[0]) == grep { $_ > $alarm } p_values($_[0]) }, 'right where none is missing' ],
		[ 't_gaps' => sub { $_[0]{reachable_share} < 1 || grep { $_ < $alarm } p_values($_[0]) }, 'wrong where many are' ])
	{
		my ($table, $is_so, $name) = @$_;
		my (undef, undef, $found) = run_json(@brief, '--check', "--table=$table", '--contenders=' . join(',', @probes));
		ok($is_so->($found->{$_}), "$_: $name") for @probes;
	}
}

# Several rows a call: what is right by itself can still be wrong together.
my ($status, undef, $found, $stderr) = run_json(@brief, '-k', 2, '--check', '--table=t_dense',
	'--contenders=order-by-random,randpick,tablesample-randpick,system-rows',
	'--query', 'page=SELECT {columns} FROM {table}, (SELECT floor(random() * 500 / 90) AS page) p'
	  . ' WHERE floor((id - 1) / 90.0) = page ORDER BY random() LIMIT {rows}',
	'--query', 'twice=SELECT {columns} FROM (SELECT * FROM {table} ORDER BY random() LIMIT 1) r, generate_series(1, {rows})',
	'--query', 'neighbours=SELECT {columns} FROM {table} WHERE ctid >= (SELECT ctid FROM {table} ORDER BY random() LIMIT 1) ORDER BY ctid LIMIT {rows}');
is($status, 0, 'pairs: exit status') or diag($stderr);
for (grep { !defined $found->{$_}{skipped} } qw(order-by-random randpick tablesample-randpick))
{
	is(scalar(grep { $_ > $alarm } p_values($found->{$_})), 4, "pairs: $_ is right");
}
is($found->{twice}{p_pairs}, 0, 'pairs: the same row twice');
cmp_ok($found->{neighbours}{p_pairs}, '<', $alarm, 'pairs: neighbours');
is($found->{neighbours}{claims_exactness} ? 1 : 0, 0, 'pairs: an own query claims nothing');

# With a filter that an index serves.
(undef, undef, $found) = run_json(@brief, '--check', '--table=t_dense', '--filter=category < 30',
	'--contenders=order-by-random,randpick-heap,randpick-range,tablesample-randpick');
for (grep { !defined $found->{$_}{skipped} } sort keys %$found)
{
	is(scalar(grep { $_ > $alarm } p_values($found->{$_})), 3, "filter, $_: rows that meet it are equally likely");
}

# What is rare is only counted together with more: 50 rows of 500 at a time make 200 pairs.
(undef, undef, $found) = run_json(@brief, '-k', 50, '--check', '--table=t_dense', '--contenders=order-by-random');
is($found->{'order-by-random'}{check_picks}, 10000, 'few pairs: picks');
cmp_ok($found->{'order-by-random'}{by_pair}{degrees_of_freedom}, '<', 10000 / 50 / 5, 'few pairs: at least 5 expected of each kind');
cmp_ok($found->{'order-by-random'}{by_pair}{degrees_of_freedom}, '>=', 5, 'few pairs: but not many more');

# A row that does not meet the filter needs no statistics.
(undef, undef, $found) = run_json(@brief, '--check', '--table=t_dense', '--filter=category < 30',
	'--contenders=select-1', '--query', 'all=SELECT {columns} FROM {table} ORDER BY random() LIMIT {rows}');
is($found->{all}{p_rows}, 0, 'filter: rows that do not meet it');

# Who claims to be random and is not, raises the alarm.
{
	local $ENV{PGOPTIONS} = '-c search_path=evil,pg_catalog,public';
	my ($alarm, $stdout, $stderr) = run(@brief, '--check', '--table=t_dense', '--contenders=order-by-random');
	is($alarm, 3, 'a random() that is not: exit status');
	is($stderr =~ s/^.*\.\.\.\n//mgr, qq{randpick-bench: error: contender "order-by-random" should pick at random, but does not\n},
		'a random() that is not: says so');
	like(row_of($stdout, 'order-by-random')->{'p rows'}, qr/^(0|<1e-12)$/, 'a random() that is not: shows why');
	is((run(@brief, '--table=t_dense', '--contenders=order-by-random'))[0], 0, 'a random() that is not: no --check, no alarm');
}

# What cannot be checked is not passed over.
psql($database, 'GRANT SELECT ON secret TO randpick_bench_nobody; GRANT SELECT ON t_dense TO randpick_bench_nobody');
psql($database, 'REVOKE TEMPORARY ON DATABASE ' . $database . ' FROM PUBLIC');
psql($database, 'ALTER ROLE randpick_bench_nobody LOGIN');
SKIP:
{
	skip('no randpick', 1) if psql($database, q{SELECT count(*) FROM pg_extension WHERE extname = 'randpick'}) == 0;
	(undef, undef, $found) = run_json(@brief, '--no-reach', '--table=t_dense', '--contenders=order-by-random+randpick', '-U', 'randpick_bench_nobody');
	is($found->{'order-by-random+randpick'}{skipped}, undef, 'no superuser: randpick can be loaded');
}
my $stdout;
($status, $stdout, $stderr) = run(@brief, '--check', '--table=t_dense', '--contenders=order-by-random', '-U', 'randpick_bench_nobody');
is($status, 2, 'no privilege for the copy: exit status');
like($stderr, qr/"order-by-random" could not be checked: no copy of the table could be made: permission denied to create temporary tables/,
	'no privilege for the copy: says so');
($status, undef, $stderr) = run(@brief, '--table=t_uuid', '--contenders=order-by-random', '-U', 'randpick_bench_nobody');
is($status, 1, 'no privilege on the table: exit status');
like($stderr, qr/error: .*permission denied for table t_uuid/, 'no privilege on the table: says so');
is(() = $stderr =~ /error:/g, 1, 'no privilege on the table: says it once') or diag($stderr);

done_testing;
