# Tables of several tables: partitions, children, arms of a UNION ALL.  Sizes
# are unequal, so that whoever picks a table first and then a row of it, or
# merges runs whose keys do not belong to their rows, is wrong by far.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

my $builder = connect_to_server();
$builder->do(<<'SQL');
CREATE TABLE parts (id int, f int) PARTITION BY HASH (id);
CREATE TABLE parts_0 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE parts_1 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE parts_2 PARTITION OF parts FOR VALUES WITH (MODULUS 3, REMAINDER 2)
	PARTITION BY RANGE (f);
CREATE TABLE parts_2_0 PARTITION OF parts_2 FOR VALUES FROM (0) TO (1);
CREATE TABLE parts_2_1 PARTITION OF parts_2 FOR VALUES FROM (1) TO (3);
INSERT INTO parts
SELECT i, row_number() OVER () % 3 FROM (
	(SELECT i FROM generate_series(1, 2000) i WHERE satisfies_hash_partition('parts'::regclass, 3, 0, i) LIMIT 200)
	UNION ALL
	(SELECT i FROM generate_series(1, 2000) i WHERE satisfies_hash_partition('parts'::regclass, 3, 1, i) LIMIT 97)
	UNION ALL
	(SELECT i FROM generate_series(1, 2000) i WHERE satisfies_hash_partition('parts'::regclass, 3, 2, i) LIMIT 3)) s;

-- 230 rows with id and f
CREATE TABLE parent (id int, f int);
CREATE TABLE child (pad text) INHERITS (parent);
CREATE TABLE grandchild () INHERITS (child);
INSERT INTO parent SELECT i, i % 3 FROM generate_series(10001, 10003) i;
INSERT INTO child SELECT i, i % 3, repeat('x', 1000) FROM generate_series(10004, 10030) i;
INSERT INTO grandchild SELECT i, i % 3 FROM generate_series(10031, 10230) i;

CREATE VIEW everything AS SELECT id, f, tableoid FROM parts UNION ALL SELECT id, f, tableoid FROM parent;
ANALYZE
SQL

# The rows of $tables, a table expression with id and f, and where each is.
sub facts_of
{
	my ($tables, $filter) = @_;
	return $builder->selectall_hashref(
		"SELECT id AS row, part FROM (SELECT id, f, tableoid::regclass AS part FROM $tables) s WHERE $filter", 'row');
}

my @sources = (
	# what it is, its name or what stands in its place, whether it is raced
	[ 'partitions',                          'parts',      1 ],
	[ 'children',                            'parent',     1 ],
	[ 'partitions and children in a view',   'everything', 1 ],
	[ 'arms', '(SELECT id, f, tableoid FROM parts_0 UNION ALL SELECT id, f, tableoid FROM parts_1
		UNION ALL SELECT id, f, tableoid FROM parts_2_1) arms', 1 ],
);

my @forms = (
	# what is asked for, rows that qualify, rows a run, query; S stands for the source
	[ 'LIMIT 1', 'true', 1,
		'SELECT id FROM S ORDER BY random() LIMIT 1' ],
	[ 'LIMIT 10, DESC', 'true', 10,
		'SELECT id FROM S ORDER BY random() DESC LIMIT 10' ],
	[ 'filter', 'f = 1', 1,
		'SELECT id FROM S WHERE f = 1 ORDER BY random() LIMIT 1' ],
	[ 'one-time filter', 'true', 10,
		q{SELECT id FROM S WHERE current_setting('work_mem') <> '' ORDER BY random() LIMIT 10} ],
	[ 'LATERAL with one-time filter', 'true', 1,
		'SELECT s.id FROM generate_series(1, 1) i,
			LATERAL (SELECT id FROM S WHERE i > 0 ORDER BY random() LIMIT 1) s' ],
	[ 'row lock', 'true', 1,
		'SELECT id FROM S ORDER BY random() LIMIT 1 FOR SHARE' ],
	[ 'randpick_rows(t, 10, filter)', 'f = 1', 10,
		q{SELECT id FROM randpick_rows(NULL::S, 10, 'f = 1')} ],
);

for (@sources)
{
	my ($source, $tables, $is_raced) = @$_;
	my %settings = (raced => { cpu_tuple_cost => 1 }, dealt => { 'randpick.method' => 'deal' });
	%settings = ('not raced' => {}) if PLAIN || !$is_raced;

	for my $how (reverse sort keys %settings)
	{
		my $dbh = start_session(%{ $settings{$how} });
		for my $form (@forms)
		{
			my ($name, $filter, $k, $query) = @$form;
			my $is_function = $name =~ /randpick/;
			$query =~ s/\bS\b/$tables/;

			# PostgreSQL locks no rows of a UNION ALL; a row type takes a name
			next if $name eq 'row lock' && $tables !~ /^par/;
			next if $is_function && (PLAIN || $tables =~ /\W/);

			is_plan_raced($dbh, $query, "$source, $how: $name", $is_raced)
			  unless $is_function || $name =~ /one-time/;
			my $facts = facts_of($tables, $filter);
			my $runs  = int(50 * keys(%$facts) / $k);
			is_fair("$source, $how: $name", sub { rows_p(draw_ids($dbh, $query, $runs, $k), $k, $facts) });
		}

		# and the keys, which must rise or fall over all tables
		my $facts = facts_of($tables, 'true');
		my %page  = map { $_ => { page => $facts->{$_}{part} } } keys %$facts;
		for my $direction ('ASC', 'DESC')
		{
			my $query = "SELECT random() AS key, id FROM $tables ORDER BY key $direction LIMIT 10";
			is_fair("$source, $how: $direction keys",
				sub { keys_p(draw_keyed($dbh, $query, 5000, 10), 10, scalar(keys %$facts), $direction eq 'DESC', \%page) });
		}
	}
}

# A sub-select whose cost is not a number is equal to no other one, and not even
# to its copy.
{
	my $dbh = start_session(cpu_tuple_cost => '1e308');
	my $rows = $dbh->selectall_arrayref('SELECT f, (SELECT max(f) FROM parts p WHERE p.id = parts.id) FROM parts ORDER BY random() LIMIT 300');
	is(scalar(grep { $_->[0] == $_->[1] } @$rows), 300, 'a sub-select with an infinite cost');
}

done_testing;
