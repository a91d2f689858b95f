# Do all rows of a B-tree come equally often when a crash has left a split of
# which the parent was not told, or a page whose deletion was begun?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Btree qw(read_btree write_btree pages_of forget_split half_kill);
use Test::More;

# There is nothing to compare where PostgreSQL's own plans answer.
plan skip_all => 'needs randpick' if PLAIN;

my $narrow = q{lpad(i::text, 6, '0')};
my $wide   = qq{lpad(i::text, 1000, 'k')};

my @cases = (
	# name, table, SQL that makes it, pages whose split is not known above (level,
	# number), leaf whose deletion was begun, key of a new entry in the first of
	# the former, filters
	{
		name  => 'leaves below the root',
		table => 'low',
		make  => [
			'CREATE TABLE T (id int, key bigint NOT NULL)',
			'INSERT INTO T SELECT i, 2 * i FROM generate_series(1, 6000) i',
			# two pages hold what one could: as a split leaves them
			'CREATE UNIQUE INDEX ON T (key) WITH (fillfactor = 50)',
			'DELETE FROM T WHERE id BETWEEN 2600 AND 2870' ],
		split   => [ [ 0, 3 ], [ 0, 18 ] ],
		dead    => 13,
		key     => '1301',
		filters => [
			'key > 0',
			'key BETWEEN 1300 AND 1900',
			'key > 1700 AND key < 1950',
			'key BETWEEN 1250 AND 2000',
			'key BETWEEN 5000 AND 5900',
			'key BETWEEN 5500 AND 6100',
			'key BETWEEN 3000 AND 7200' ],
	},
	{
		name  => 'two levels below the root',
		table => 'high',
		make  => [
			'CREATE TABLE T (id int, key bigint NOT NULL)',
			'INSERT INTO T SELECT i, 2 * i FROM generate_series(1, 55000) i',
			'CREATE UNIQUE INDEX ON T (key) WITH (fillfactor = 10)' ],
		# the last page of level 1 has few children, so both have not too many
		split   => [ [ 1, 4 ], [ 0, 200 ] ],
		key     => '2 * 45000 + 1',
		filters => ['key > 0'],
	},
	{
		name  => 'wide keys, many levels',
		table => 'wide',
		make  => [
			'CREATE TABLE T (id int, key text)',
			'ALTER TABLE T ALTER key SET STORAGE plain',
			"INSERT INTO T SELECT i, $wide FROM generate_series(1000, 1700) i",
			'CREATE INDEX ON T (key)' ],
		split   => [ [ 0, 15 ], [ 0, 50 ], [ 1, 4 ], [ 2, 1 ] ],
		key     => q{lpad('1094', 1000, 'k') || 'l'},
		filters => [
			q{key < lpad('1600', 1000, 'k')},
			q{key > lpad('1090', 1000, 'k') AND key < lpad('1102', 1000, 'k')},
			q{key > lpad('1120', 1000, 'k') AND key < lpad('1500', 1000, 'k')} ],
	},
);

# Make the tables, and let the server crash, as it were.
my @paths;
{
	my $builder = connect_to_server();
	$builder->do('CREATE EXTENSION amcheck');
	for my $case (@cases)
	{
		build_table($builder, $case->{table}, @{ $case->{make} });
		($case->{index}, $case->{path}) = $builder->selectrow_array(<<"SQL");
SELECT indexrelid::regclass, pg_relation_filepath(indexrelid) FROM pg_index WHERE indrelid = '$case->{table}'::regclass
SQL
	}
	$builder->disconnect;
}
reopen_database(sub {
	my ($admin) = @_;
	for my $case (@cases)
	{
		my $tree  = read_btree($admin, $case->{path});
		my @split = map { (pages_of($tree, $_->[0]))[ $_->[1] ] } @{ $case->{split} };

		half_kill($tree, $case->{dead} = (pages_of($tree, 0))[ $case->{dead} ]) if $case->{dead};
		forget_split($tree, $_) for @split;
		write_btree($admin, $tree);
		$case->{split} = \@split;
	}
});

my $builder = connect_to_server();
my %dbh     = map { $_ => start_session(cpu_tuple_cost => 1, 'randpick.method' => $_) } 'range', 'leaf';

# The flags of a page's opaque data, by name.
sub flags_of
{
	my ($case, $page) = @_;
	return $builder->selectrow_array(<<"SQL");
SELECT concat_ws(' ', CASE WHEN btpo_flags & 4 > 0 THEN 'deleted' END, CASE WHEN btpo_flags & 16 > 0 THEN 'half-dead' END,
                 CASE WHEN btpo_flags & 128 > 0 THEN 'incomplete split' END)
FROM bt_page_stats('$case->{index}', $page->{block})
SQL
}

sub is_tree_valid
{
	my ($case, $when) = @_;
	ok(eval { $builder->do("SELECT bt_index_parent_check('$case->{index}', true, true)") }, "$case->{name}: the tree is valid $when")
	  or diag($@);
}

for my $case (@cases)
{
	is_tree_valid($case, 'after the crash');
	is(flags_of($case, $_), 'incomplete split', "$case->{name}: block $_->{block} of level $_->{level}") for @{ $case->{split} };
	is(flags_of($case, $case->{dead}), 'half-dead', "$case->{name}: block $case->{dead}{block}") if $case->{dead};

	for my $filter (@{ $case->{filters} })
	{
		is_source_fair('range', "$case->{name}: $filter", $dbh{range}, $case->{table}, $filter);
	}
	is_source_fair('leaf', "$case->{name}, leaf", $dbh{leaf}, $case->{table}, 'true') if $case->{table} eq 'low';
}

# The server goes on from there: who inserts finishes the split, and VACUUM the
# deletion.
for my $case (@cases)
{
	$builder->do($_) for "INSERT INTO $case->{table} SELECT 0, $case->{key}", "VACUUM $case->{table}";
	unlike(flags_of($case, $case->{split}[0]), qr/incomplete/, "$case->{name}: an insert finishes the split");
	is(flags_of($case, $case->{dead}), 'deleted', "$case->{name}: VACUUM finishes the deletion") if $case->{dead};
	is_tree_valid($case, 'after that');
}

done_testing;
