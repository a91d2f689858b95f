# RandpickTest
#	  What every file of t/ needs: a database, sessions, and draws.
#
# The tests run against the server that PGHOST, PGPORT and PGUSER name, as a
# superuser.  Each file works in a database of its own, which goes when the
# file ends.
#
# RANDPICK_TEST_SEED=n		repeats a run: it seeds every session.  Without it
#							the seed comes from the clock; it is printed.
# RANDPICK_TEST_PLAIN=1		lets PostgreSQL's own plans answer, without the
#							extension, and leaves out what only randpick has.
#							What passes so is a property of the answers that
#							PostgreSQL gives, as it should be.

package RandpickTest;

use strict;
use warnings;

use DBD::Pg ':async';
use DBI;
use Exporter 'import';
use FindBin;
use RandpickTest::Judge;
use RandpickTest::Layout;
use RandpickTest::Statistics;
use Test::More;
use Time::HiRes 'sleep';

our @EXPORT = (
	qw(
	  PLAIN run_seed connect_unseeded connect_to_server start_session prepare_session reopen_database
	  run_behind count_looks is_found_how is_plan_raced
	  draw_ids draw_keyed
	  build_table table_facts is_raced_over is_source_fair
	),
	@RandpickTest::Judge::EXPORT,
	@RandpickTest::Layout::EXPORT,
	@RandpickTest::Statistics::EXPORT);

use constant PLAIN => $ENV{RANDPICK_TEST_PLAIN} ? 1 : 0;

my $seed     = $ENV{RANDPICK_TEST_SEED} // time;
my $sessions = 0;
my @databases = create_database();		# the last one is used

# The seed of the run, for what is drawn at random here.
sub run_seed
{
	return $seed;
}

sub connect_to
{
	my ($name) = @_;
	return DBI->connect("dbi:Pg:dbname=$name", undef, undef,
		{ RaiseError => 1, PrintError => 0, PrintWarn => 1, AutoCommit => 1 });
}

sub create_database
{
	diag("RANDPICK_TEST_SEED=$seed");

	my ($file) = $FindBin::Script =~ /(\w+)/;
	my $name = "randpick_$file";
	my $admin = connect_to($ENV{PGDATABASE} // 'postgres');
	$admin->do('SET client_min_messages = error');
	$admin->do("DROP DATABASE IF EXISTS $name WITH (FORCE)");
	$admin->do("CREATE DATABASE $name");

	my $dbh = connect_to($name);
	$dbh->do("CREATE EXTENSION $_")
	  for 'pageinspect', 'tsm_system_rows', PLAIN ? () : 'randpick';
	return $name;
}

END
{
	# keep the exit code of the test
	local $?;
	if (@databases)
	{
		my $admin = connect_to($ENV{PGDATABASE} // 'postgres');
		$admin->do("DROP DATABASE IF EXISTS $_ WITH (FORCE)") for @databases;
	}
}

# Let further connections go to a copy of the database, made of the files that
# it has on disk after $change has run (with a connection to another database).
# There may be no connection to it.
sub reopen_database
{
	my ($change) = @_;
	my $admin = connect_to($ENV{PGDATABASE} // 'postgres');
	my $copy  = "$databases[0]_" . @databases;

	$admin->do('SET client_min_messages = error');
	$admin->do("DROP DATABASE IF EXISTS $copy WITH (FORCE)");
	$admin->do('CHECKPOINT');
	$change->($admin);
	$admin->do("CREATE DATABASE $copy TEMPLATE $databases[-1] STRATEGY file_copy");
	push @databases, $copy;
	return;
}

# A connection to the file's database, as any client's.  PostgreSQL seeds it.
sub connect_unseeded
{
	my $dbh = connect_to($databases[-1]);

	# What hangs shall fail.
	$dbh->do("SET statement_timeout = '100s'");
	$dbh->do('SET client_min_messages = warning');
	return $dbh;
}

# A connection with a seed of its own, which the run's seed gives.
sub connect_to_server
{
	my $dbh = connect_unseeded();

	# Many sessions of many runs: spread the seeds over [-1, 1].
	my $spread = ($seed * 7919 + ++$sessions * 104729) % 2000003;
	$dbh->do("SELECT setseed($spread / 1000001.0 - 1)");
	return $dbh;
}

# A connection that answers ORDER BY random() by a race wherever it may, under
# the settings given.  randpick's own are left out where there is no randpick.
# A session for each group of settings, because plans that a session keeps do
# not follow them.  Names are those of PostgreSQL 16.
sub start_session
{
	my (%settings) = @_;
	return prepare_session(connect_to_server(), %settings);
}

sub prepare_session
{
	my ($dbh, %settings) = @_;

	$dbh->do("LOAD 'randpick'") unless PLAIN;
	%settings = ('randpick.order_by_random' => 'force', %settings);
	for my $name (sort keys %settings)
	{
		next if PLAIN && $name =~ /^randpick\./;
		my $here = $name eq 'debug_parallel_query' && $dbh->{pg_server_version} < 160000
		  ? 'force_parallel_mode'
		  : $name;
		$dbh->do("SET $here = '$settings{$name}'");
	}
	return $dbh;
}

# Run $query, which has to wait for a lock, have &$release let it go on, and
# return its rows, or nothing but its error in $@.
sub run_behind
{
	my ($dbh, $query, $release) = @_;
	my $watcher   = connect_unseeded();
	my $statement = $dbh->prepare($query, { pg_async => PG_ASYNC });

	$statement->execute;
	for (1 .. 400)
	{
		last if $watcher->selectrow_array(
			'SELECT count(*) FROM pg_locks WHERE NOT granted AND pid = ?', undef, $dbh->{pg_pid});
		die "nobody waits for a lock\n" if $_ == 400;
		sleep 0.025;
	}
	$release->();
	return eval { $dbh->pg_result; $statement->fetchall_arrayref({}) };
}

# A test that the plan of $query has a race in it (or, if $is_raced is false,
# has not).  Without it other tests would pass on plans that have nothing to do
# with randpick.
sub is_plan_raced
{
	my ($dbh, $query, $name, $is_raced) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	return if PLAIN;
	$is_raced //= 1;
	my $plan = join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN (COSTS off) $query") };
	ok(($plan =~ /Custom Scan \(RandPick\)/) == $is_raced,
		"$name: " . ($is_raced ? 'the plan has a race' : 'the plan is PostgreSQL\'s own'))
	  or diag($plan);
}

# Run $query $runs times, each with the full budget, and sum up what the scan nodes
# say of themselves, those in randpick's functions too.
sub count_looks
{
	my ($settings, $query, $runs) = @_;
	my $dbh   = start_session(%$settings);
	my $plans = '';
	my %sum   = map { $_ => 0 } qw(Looks Misses Deals);

	$dbh->do($_) for (
		"LOAD 'auto_explain'",
		'SET auto_explain.log_analyze = on',
		'SET auto_explain.log_timing = off',
		'SET auto_explain.log_nested_statements = on',
		'SET auto_explain.log_level = warning',
		'SET auto_explain.log_min_duration = 0');
	{
		local $SIG{__WARN__} = sub { $plans .= shift };
		for (1 .. $runs)
		{
			$dbh->do('SELECT randpick_stats_reset()');
			$dbh->selectall_arrayref($query);
		}
	}
	$sum{$1} += $2 while $plans =~ /(Looks|Misses|Deals): (\d+)/g;
	return \%sum;
}

# A test that the rows of $query, which may call randpick's functions, are found
# as $how says: "raced", "dealt", or "mixed", raced until a deal finishes it.
sub is_found_how
{
	my ($how, $settings, $query, $name, $runs) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	return if PLAIN;
	$runs //= 100;
	my $sum  = count_looks($settings, $query, $runs);
	my $hits = $sum->{Looks} - $sum->{Misses};
	ok( $how eq 'raced'   ? $hits > 0 && $sum->{Deals} < $runs / 2
		: $how eq 'dealt' ? $hits == 0 && $sum->{Deals} == $runs
		:                   $hits > 0 && $sum->{Deals} > 0,
		sprintf '%s: %s (in %d runs %d looks, %d hits, %d deals)',
		$name, $how, $runs, $sum->{Looks}, $hits, $sum->{Deals});
}

# Run $query $runs times inside of the server, as a function with a kept plan
# does, and return its rows: of one column as a flat list, else a list of lists.
# Each run must give $k rows.  Each race gets the full budget, whatever became of
# those before, if $keeps_past is not true.
sub draw
{
	my ($dbh, $columns, $query, $runs, $k, $keeps_past) = @_;
	my $forget = PLAIN || $keeps_past ? '' : 'PERFORM randpick_stats_reset();';

	$dbh->do(<<"SQL");
DROP FUNCTION IF EXISTS pg_temp.draw();
CREATE FUNCTION pg_temp.draw() RETURNS TABLE ($columns) LANGUAGE plpgsql AS \$draw\$
#variable_conflict use_column
DECLARE
	found_rows int := 0;
BEGIN
	FOR run IN 1..$runs LOOP
		$forget
		FOR ${\ join ', ', $columns =~ /(drawn_\w+)/g} IN $query LOOP
			found_rows := found_rows + 1;
			RETURN NEXT;
		END LOOP;
		IF found_rows <> run * $k THEN
			RAISE 'run % gave % rows instead of $k', run, found_rows - (run - 1) * $k;
		END IF;
	END LOOP;
END \$draw\$
SQL
	my $draws = 'SELECT * FROM pg_temp.draw()';
	return $columns =~ /,/
	  ? $dbh->selectall_arrayref($draws)
	  : $dbh->selectcol_arrayref($draws);
}

# $query gives an integer
sub draw_ids
{
	my ($dbh, $query, $runs, $k, $keeps_past) = @_;
	return draw($dbh, 'drawn_id int', $query, $runs, $k // 1, $keeps_past);
}

# $query gives a random() value and an integer
sub draw_keyed
{
	my ($dbh, $query, $runs, $k) = @_;
	return draw($dbh, 'drawn_key float8, drawn_id int', $query, $runs, $k // 1);
}

# Make a table of the SQL that builds it, in which T stands for its name.  Every
# such table has a column id, of different integers, and a column key.
sub build_table
{
	my ($dbh, $table, @sql) = @_;
	for (@sql)
	{
		s/\b((?:other_)?)T((?:_b)?)\b/$1$table$2/g;
		$dbh->do($_);
	}
	$dbh->do($_) for "ALTER TABLE $table SET (autovacuum_enabled = off)", "ANALYZE $table";
	return;
}

# What %$facts of rows_p are, of the rows that a session sees: groups by which
# a bias could go.
sub table_facts
{
	my ($dbh, $table, $filter) = @_;
	return $dbh->selectall_hashref(<<"SQL", 'row');
SELECT id AS row, (ctid::text::point)[0]::bigint AS page, ntile(20) OVER (ORDER BY $table.key) AS range
FROM $table WHERE $filter
SQL
}

# A test that $query is answered by races over the source, not by deals, which
# would hide what is wrong with it.
sub is_raced_over
{
	my ($source, $name, $dbh, $table, $query) = @_;
	my $index  = $source eq 'heap' ? '' : qr/\n\s+Index: (?:other_)?${table}_/;
	my $runs   = 12;
	my @plans  = map { join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN (ANALYZE, COSTS off, TIMING off) $query") } } 1 .. $runs;
	my $raced  = grep { /Deals: 0/ } @plans;
	my ($looks) = "@plans" =~ /Looks: (\d+)/;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	return ok($plans[0] =~ /Source: $source$index/ && $raced > $runs / 2,
		"$name: the race is over the $source, $raced of $runs without a deal, first after $looks looks")
	  || diag($plans[0]);
}

# A test that a session draws all rows of a table that meet the filter equally
# often, where it races over the source.  If there are many rows each race is
# for several: that takes less time a row, and shows what comes after the first.
sub is_source_fair
{
	my ($source, $name, $dbh, $table, $filter) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my $facts = table_facts($dbh, $table, $filter);
	my $rows  = keys %$facts;
	my $k     = $rows < 100 ? 1 : 4;
	my $draws = $rows < 1500 ? 100 * $rows : 150_000;
	my $query = "SELECT id FROM $table WHERE $filter ORDER BY random() LIMIT $k";

	is_raced_over($source, $name, $dbh, $table, $query);
	is_fair($name, sub { rows_p(draw_ids($dbh, $query, $draws / $k, $k), $k, $facts) });
	return;
}

1;
