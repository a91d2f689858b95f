# NeverWorse::Tables
#	  The tables that queries are generated for.
#
# All of them have the columns
#
#	id		1, 2, 3, ...
#	k, c	0 to 49, and always the same value in both
#
# and all but the narrow ones
#
#	u		unique, in no order
#	x, r	0 to 999,999 at random; an index is on x at most
#	n		null in 9 rows of 10
#	v		text
#
# Hashes of the row number fill them, so they are the same in each run.
# Autovacuum must be off: it would mend what some of them are about.

package NeverWorse::Tables;

use strict;
use warnings;

my %columns = (
	narrow => 'id int NOT NULL, k smallint, c smallint',
	medium => 'id int NOT NULL, u int, x int, r int, k smallint, c smallint, n int, v text');
$columns{fat} = $columns{toasted} = $columns{medium};

my %text = (
	medium  => 'substr(md5(i::text), 1, 20)',
	fat     => 'repeat(md5(i::text), 44)',
	toasted => "(SELECT string_agg(md5(i::text || j), '') FROM generate_series(1, 300) j)");

# "KEY" is for a primary key, "UNIQUE" for a unique index; both are plain indexes where a partition key forbids them.
my %indexes = (
	none  => [],
	pk    => ['KEY (id)'],
	usual => [ 'KEY (id)', 'UNIQUE (u)', '(k)', '(x)' ],
	multi => [ 'KEY (id)', '(k, id)', '(x, r)', '(c, k)' ],
	odd   => [
		'KEY (id)', '(id) WHERE c = 1', '((id % 100))', '(n) WHERE n IS NOT NULL',
		'(x) WHERE k < 10', 'USING hash (u)', 'USING brin (id)', '(lower(v))'
	],
	many => [
		'KEY (id)', 'UNIQUE (u)',
		map { "($_)" } (
			qw(x r k c n v), 'k, c', 'c, k', 'k, x', 'x, k', 'k, id', 'id, k', 'c, x', 'c, r', 'r, c', 'x, r', 'n, k',
			'k, n', 'k, r', 'u, x', '(id % 100)', 'lower(v)')
	]);

# Plain tables: name, rows, width, indexes, and what happens after the table was analyzed ("-": not even that).
my @plain = (
	[ empty           => 0,       'medium',  'usual' ],
	[ empty_new       => 0,       'medium',  'usual', '-' ],
	[ rows20          => 20,      'medium',  'usual' ],
	[ rows20_many     => 20,      'medium',  'many' ],
	[ rows300         => 300,     'medium',  'usual' ],
	[ rows300_new     => 300,     'medium',  'usual', '-' ],
	[ rows5k          => 5_000,   'medium',  'usual' ],
	[ rows5k_narrow   => 5_000,   'narrow',  'multi' ],
	[ rows5k_fat      => 5_000,   'fat',     'usual' ],
	[ rows5k_many     => 5_000,   'medium',  'many' ],
	[ rows2k_toasted  => 2_000,   'toasted', 'usual' ],
	[ rows60k         => 60_000,  'medium',  'usual' ],
	[ rows60k_narrow  => 60_000,  'narrow',  'none' ],
	[ rows60k_fat     => 60_000,  'fat',     'multi' ],
	[ rows60k_odd     => 60_000,  'medium',  'odd' ],
	[ rows60k_many    => 60_000,  'medium',  'many' ],
	[ rows60k_new     => 60_000,  'medium',  'usual', '-' ],
	[ rows300k_narrow => 300_000, 'narrow',  'multi' ],
	[ rows300k        => 300_000, 'medium',  'usual' ],
	[ dead            => 60_000,  'medium',  'usual', 'DELETE FROM dead WHERE id % 20 > 0' ],
	[ dead_analyzed   => 60_000,  'medium',  'usual', 'DELETE FROM dead_analyzed WHERE id % 20 > 0', 'ANALYZE dead_analyzed' ],
	[ bloated         => 60_000,  'medium',  'usual', 'DELETE FROM bloated WHERE id % 20 > 0', 'VACUUM ANALYZE bloated' ],
	[ shrunk1000      => 60_000,  'narrow',  'multi', 'DELETE FROM shrunk1000 WHERE id % 1000 > 0', 'VACUUM shrunk1000' ],
	[ emptied         => 60_000,  'medium',  'usual', 'DELETE FROM emptied' ],
	[ emptied_vacuum  => 60_000,  'medium',  'usual', 'DELETE FROM emptied_vacuum', 'VACUUM emptied_vacuum' ],
	[ grown10         => 6_000,   'medium',  'usual', \60_000 ],
	[ grown1000       => 60,      'medium',  'usual', \60_000 ],
	[
		stale => 120_000, 'medium', 'usual',
		'DELETE FROM stale WHERE k = 1 AND hash(id, 9) % 10 > 0',		# 10 times too many in the statistics
		'DELETE FROM stale WHERE k = 2 AND hash(id, 9) % 1000 > 0',		# 1,000 times
		'UPDATE stale SET k = 3 WHERE k BETWEEN 10 AND 20',				# 10 times too few
		'UPDATE stale SET k = 60 WHERE k BETWEEN 21 AND 30',			# as if there were none
		'UPDATE stale SET x = x + 1000000 WHERE id % 3 = 0', 'VACUUM stale'
	]);

# What stands for several tables: name, how, members, rows of each, width, indexes, what happens later.
my @appends = (
	[ range4       => 'range',     4,   20_000, 'medium', 'usual' ],
	[ range16      => 'range',     16,  2_000,  'medium', 'usual' ],
	[ range16_20k  => 'range',     16,  20_000, 'narrow', 'pk' ],
	[ range16_many => 'range',     16,  200,    'medium', 'many' ],
	[ range16_dead => 'range',     16,  2_000,  'medium', 'usual', 'DELETE FROM range16_dead WHERE id % 20 > 0' ],
	[ range64      => 'range',     64,  100,    'narrow', 'usual' ],
	[ range64_1k   => 'range',     64,  1_000,  'medium', 'usual' ],
	[ range300     => 'range',     300, 100,    'narrow', 'usual' ],
	[ range16_skew => 'range',     16,  100,    'medium', 'usual', \60_000 ],		# the last one holds nearly all
	[ hash16       => 'hash',      16,  100,    'narrow', 'multi' ],
	[ hash64       => 'hash',      64,  300,    'medium', 'multi' ],
	[ list16       => 'list',      16,  1_000,  'medium', 'multi' ],
	[ two_level    => 'two-level', 64,  500,    'narrow', 'usual' ],
	[ inherited4   => 'inherited', 4,   5_000,  'medium', 'usual' ],
	[ inherited64  => 'inherited', 64,  100,    'narrow', 'usual' ],
	[ union4       => 'union',     4,   20_000, 'narrow', 'pk' ],
	[ union20      => 'union',     20,  100,    'medium', 'usual' ]);

# Make them all.  Returns a list of { name, rows, members, width, is_view }.
sub build
{
	my ($dbh) = @_;
	$dbh->do('SET client_min_messages = error');
	$dbh->do(<<'END');
CREATE FUNCTION hash(i bigint, seed bigint) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE sql
	RETURN hashint8extended(i, seed) & x'7fffffffffffffff'::bigint;
-- takes its time, and says that it does not
CREATE FUNCTION slow(i int) RETURNS int IMMUTABLE PARALLEL SAFE COST 1 LANGUAGE plpgsql AS 'BEGIN RETURN i % 100; END';
-- the reverse
CREATE FUNCTION dear(i int) RETURNS int IMMUTABLE PARALLEL SAFE COST 10000 LANGUAGE internal AS 'hashint4';
-- rows named by another table, and one to join
CREATE TABLE picks AS SELECT i AS pos, (hash(i, 5) % 60000)::int AS target FROM generate_series(1, 100000) i;
ALTER TABLE picks ADD PRIMARY KEY (pos);
CREATE TABLE lookup AS SELECT i AS k, 'kind ' || i AS name FROM generate_series(0, 49) i;
ALTER TABLE lookup ADD PRIMARY KEY (k);
END
	$dbh->do('VACUUM ANALYZE picks');
	$dbh->do('VACUUM ANALYZE lookup');
	my @tables = ((map { build_plain($dbh, @$_) } @plain), (map { build_append($dbh, @$_) } @appends));
	$dbh->do('CHECKPOINT');
	return @tables;
}

sub build_plain
{
	my ($dbh, $name, $rows, $width, $indexes, @later) = @_;

	$dbh->do("CREATE TABLE $name ($columns{$width})");
	fill($dbh, $name, $width, 1, $rows);
	add_indexes($dbh, $name, $indexes, $width, '');
	$dbh->do("VACUUM ANALYZE $name") unless @later && $later[0] eq '-';
	$rows = change($dbh, $name, $width, $rows, @later);
	return { name => $name, rows => $rows, members => 1, width => $width };
}

sub build_append
{
	my ($dbh, $name, $how, $members, $rows, $width, $indexes, @later) = @_;
	my $total = $members * $rows;

	if ($how eq 'inherited' || $how eq 'union')
	{
		$dbh->do("CREATE TABLE $name ($columns{$width})") if $how eq 'inherited';
		for my $i (0 .. $members - 1)
		{
			$dbh->do("CREATE TABLE ${name}_$i "
				  . ($how eq 'union' ? "($columns{$width})" : "(LIKE $name) INHERITS ($name)"));
			fill($dbh, "${name}_$i", $width, $i * $rows + 1, ($i + 1) * $rows);
			add_indexes($dbh, "${name}_$i", $indexes, $width, '');
			$dbh->do("VACUUM ANALYZE ${name}_$i");
		}
		$dbh->do("CREATE VIEW $name AS " . join(' UNION ALL ', map { "SELECT * FROM ${name}_$_" } 0 .. $members - 1))
		  if $how eq 'union';
	}
	else
	{
		my %key = (range => 'RANGE (id)', hash => 'HASH (id)', list => 'LIST (k)', 'two-level' => 'RANGE (id)');
		$dbh->do("CREATE TABLE $name ($columns{$width}) PARTITION BY $key{$how}");
		make_partitions($dbh, $name, $how, $members, $rows);
		fill($dbh, $name, $width, 1, $total);
		add_indexes($dbh, $name, $indexes, $width, $how eq 'list' ? 'k' : 'id');
	}
	$dbh->do("VACUUM ANALYZE $name") if $how ne 'union';
	$total = change($dbh, $name, $width, $total, @later);
	return { name => $name, rows => $total, members => $members, width => $width, is_view => $how eq 'union' };
}

sub make_partitions
{
	my ($dbh, $name, $how, $members, $rows) = @_;

	if ($how eq 'two-level')
	{
		my $outer = sqrt $members;
		for my $i (0 .. $outer - 1)
		{
			my ($from, $to) = ($i * $outer * $rows + 1, ($i + 1) * $outer * $rows + 1);
			$dbh->do("CREATE TABLE ${name}_$i PARTITION OF $name FOR VALUES FROM ($from) TO ($to) PARTITION BY HASH (id)");
			make_partitions($dbh, "${name}_$i", 'hash', $outer, $rows);
		}
		return;
	}
	for my $i (0 .. $members - 1)
	{
		my ($from, $to) = ($i * $rows + 1, $i == $members - 1 ? 'MAXVALUE' : ($i + 1) * $rows + 1);
		my $values = $how eq 'range' ? "FROM ($from) TO ($to)"
		  : $how eq 'hash' ? "WITH (MODULUS $members, REMAINDER $i)"
		  : 'IN (' . join(', ', grep { $_ % $members == $i } 0 .. 60) . ')';
		$dbh->do("CREATE TABLE ${name}_$i PARTITION OF $name FOR VALUES $values");
	}
}

# Add rows of the numbers from one to another.
sub fill
{
	my ($dbh, $name, $width, $from, $to) = @_;
	my $k = '(hash(i, 3) % 50)::smallint';
	my $values = $width eq 'narrow' ? "i, $k, $k"
	  : "i, (i::bigint * 48271 % 2147483647)::int, (hash(i, 1) % 1000000)::int, (hash(i, 2) % 1000000)::int, $k, $k, "
	  . "CASE WHEN hash(i, 4) % 10 = 0 THEN i END, $text{$width}";
	$dbh->do("INSERT INTO $name SELECT $values FROM generate_series($from, $to) i");
}

sub add_indexes
{
	my ($dbh, $name, $indexes, $width, $partitioned_by) = @_;
	for my $index (@{ $indexes{$indexes} })
	{
		next if $width eq 'narrow' && $index =~ /\b[uxrnv]\b/;
		my ($kind, $definition) = $index =~ /^(KEY |UNIQUE |)(.*)/;
		my $allowed = $partitioned_by eq '' || $definition eq "($partitioned_by)";
		$dbh->do(
			$kind eq 'KEY ' && $allowed ? "ALTER TABLE $name ADD PRIMARY KEY $definition"
			: 'CREATE ' . ($kind && $allowed ? 'UNIQUE ' : '') . "INDEX ON $name $definition");
	}
}

# What happens to a table after it was analyzed: commands, or more rows, up to the number referred to.  Returns how
# many rows it has then.
sub change
{
	my ($dbh, $name, $width, $rows, @later) = @_;
	for my $later (@later)
	{
		ref $later ? fill($dbh, $name, $width, $rows + 1, $$later) : $later ne '-' && $dbh->do($later);
	}
	return @later ? ($dbh->selectrow_array("SELECT count(*) FROM $name"))[0] : $rows;
}

1;
