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

done_testing;
