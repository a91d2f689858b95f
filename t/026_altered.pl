# What the functions do when another session alters, renames or rewrites their
# table just before they lock it, or while they wait for that.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan(skip_all => 'randpick is left out') if PLAIN;

my $dbh   = connect_to_server();
my $other = connect_to_server();

# Tables anew for each case.  Rows of "a" have an "a" in x, those of "b" a "b".
sub make_tables
{
	$other->do('DROP TABLE IF EXISTS a, b, c');
	$other->do("CREATE TABLE $_ AS SELECT i AS id, '$_'::text AS x, 7 AS y FROM generate_series(1, 20) i") for 'a', 'b';
	return;
}

# The first value that a query gives, or how it fails.
sub value_or_error
{
	my ($query) = @_;
	my ($value) = eval { $dbh->selectrow_array($query) };
	return $@ ? join ' ', $dbh->state, $dbh->errstr =~ /(.*)/ : $value // 'nothing';
}

# A query whose session knows the table from before, and learns of the change
# only when the function in it locks the table.
sub value_after
{
	my ($query, @changes) = @_;
	$dbh->do($query) for 1 .. 2;
	$dbh->begin_work;
	$dbh->do('SELECT 1');
	$other->do($_) for @changes;
	my $value = value_or_error($query);
	$dbh->rollback;
	return $value;
}

# A query that has to wait until the change has been made.
sub value_behind
{
	my ($query, @changes) = @_;
	$other->begin_work;
	$other->do($_) for @changes;
	my $rows = run_behind($dbh, $query, sub { $other->commit });
	return $rows ? join ' ', map { (values %$_)[0] // '' } @$rows : $dbh->state;
}

# Rows of another shape than the calling query takes them for are an error.
for my $query ('SELECT x FROM randpick_row(NULL::a)', q{SELECT x FROM randpick_rows(NULL::a, 1, 'id < $1', 100)},
	'SELECT s.x FROM (SELECT 1 OFFSET 0) o, LATERAL randpick_rows(NULL::a, 1) s', 'SELECT (s.r).x FROM (SELECT randpick_row(NULL::a) AS r OFFSET 0) s')
{
	for (
		[ 'ALTER TABLE a ALTER x TYPE int USING 2000000001', 2000000001 ],
		[ 'ALTER TABLE a ALTER y TYPE bigint', 'a' ],
		[ 'ALTER TABLE a DROP y',              'a' ],
		[ 'ALTER TABLE a ADD z int DEFAULT 1', 'a' ])
	{
		my ($change, $then) = @$_;
		make_tables();
		is(value_after($query, $change), '42804 ERROR:  row type a was altered after the query had begun',
			"$query after $change: an error");
		is(value_or_error($query), $then, 'and none the next time');
	}
	make_tables();
	is(value_after($query, 'ALTER TABLE a ALTER y SET NOT NULL', 'ALTER TABLE a RENAME y TO z'), 'a',
		"$query after a change of nothing that matters");
}

# A call is for a table, not for its name.  While it waits, the name becomes that
# of another table, which must not be picked from, neither now nor by a plan that
# is kept.
my @renaming = ('ALTER TABLE a RENAME TO c', 'ALTER TABLE b RENAME TO a');
for my $query (
	q{SELECT to_jsonb(randpick('OID'::regclass))->>'x'},
	q{SELECT to_jsonb(randpick('OID'::regclass, 'id > $1', 0))->>'x'},
	q{SELECT CASE WHEN randpick_ctid('OID'::regclass, 'x = ''a''') IS NULL THEN 'nothing' ELSE 'a' END},
	'SELECT x FROM randpick_row(NULL::a)')
{
	for my $is_known (0, 1)
	{
		make_tables();
		my ($oid) = $dbh->selectrow_array(q{SELECT 'a'::regclass::oid});
		(my $call = $query) =~ s/OID/$oid/;
		$dbh->do($call) if $is_known;
		my $what = $call . ($is_known ? ', with a plan' : '');
		is(value_behind($call, @renaming), 'a', "$what: the table that it was called for");
		$call =~ s/NULL::a/NULL::c/;
		is(value_or_error($call), 'a', "$what: and again");
	}
}

# No lock keeps the name of a schema.  It changes when the value is read, between
# finding the plan and running it.
$other->do(<<'SQL');
CREATE FUNCTION swap() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	ALTER SCHEMA home RENAME TO gone;
	ALTER SCHEMA spare RENAME TO home;
	ALTER SCHEMA gone RENAME TO spare;
	RETURN true;
END $$;
CREATE SEQUENCE swaps;
CREATE DOMAIN swapping AS int CHECK (nextval('swaps') > VALUE OR swap());
SQL
for my $kind ('TABLE', 'VIEW', 'MATERIALIZED VIEW')
{
	for my $query (
		q{SELECT x FROM randpick_row(NULL::home.t, '$1::swapping > 0', '%d')},
		q{SELECT to_jsonb(randpick('home.t'::regclass, '$1::swapping > 0', '%d'))->>'x'})
	{
		for ([ 1, 'a' ], [ 9, '55006 ERROR:  could not plan a query of the relation with OID N' ])
		{
			my ($swaps, $answer) = @$_;
			$other->do($_) for 'DROP SCHEMA IF EXISTS home, spare CASCADE', 'CREATE SCHEMA home', 'CREATE SCHEMA spare',
			  "CREATE $kind home.t AS SELECT 'a' AS x", "CREATE $kind spare.t AS SELECT 'b' AS x", 'ALTER SEQUENCE swaps RESTART';
			is(value_or_error(sprintf $query, $swaps) =~ s/OID \K\d+/N/r, $answer, "$query, $kind, $swaps changes of its schema");
		}
	}
}

# What a call sees is what its statement sees.  Of a table that was rewritten
# while it waited that is nothing, as for everybody with so old a snapshot.
for my $query (q{SELECT to_jsonb(randpick('a'))->>'x'}, 'SELECT x FROM randpick_row(NULL::a)')
{
	make_tables();
	$dbh->do($query);
	is(value_behind($query, 'ALTER TABLE a ALTER id TYPE int USING id + 1'), '', "$query behind a rewrite: nothing");
	is(value_or_error($query), 'a', 'and a row the next time');
}

done_testing;
