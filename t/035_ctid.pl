# A ctid names one row of one table.  Does randpick_ctid return it whatever the
# plan of its query looks like, and refuse where it would name several rows, or
# none, because another extension keeps the rows elsewhere?

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Modules;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
$builder->do($_) for (
	'CREATE TABLE book (id int PRIMARY KEY, kind int, title text)',
	q{INSERT INTO book SELECT i, i % 7, 'title ' || i FROM generate_series(1, 1000) i},
	'CREATE INDEX ON book (kind)',
	'CREATE TABLE shelf AS SELECT i AS kind FROM generate_series(2, 4) i',
	'CREATE MATERIALIZED VIEW copied AS SELECT * FROM book',
	'CREATE TABLE parent AS SELECT * FROM book', 'CREATE TABLE child () INHERITS (parent)', 'DROP TABLE child',
	'CREATE TABLE owned AS SELECT * FROM book', 'ALTER TABLE owned ENABLE ROW LEVEL SECURITY',
	'CREATE POLICY half ON owned USING (kind IN (SELECT kind FROM shelf))',
	'DROP ROLE IF EXISTS ctid_reader', 'CREATE ROLE ctid_reader', 'GRANT SELECT ON ALL TABLES IN SCHEMA public TO ctid_reader',
	'CREATE TABLE shadow (id int PRIMARY KEY, kind int, title text)', 'INSERT INTO shadow SELECT * FROM book',
	'CREATE TABLE shadow_empty (LIKE shadow)',
	'VACUUM ANALYZE');
END { eval { $builder->do($_) for 'DROP OWNED BY ctid_reader', 'DROP ROLE ctid_reader' } }

# Filters of which the plans are of all kinds, and a plain query to compare with.
my @filters = (
	'true', 'kind = 3', 'id = 17', 'id < 0', 'id BETWEEN 5 AND 900 AND kind > 2', 'false', 'NULL', q{title LIKE '%7%'},
	'kind IN (SELECT kind FROM shelf)', 'EXISTS (SELECT FROM shelf WHERE shelf.kind = T.kind)',
	'NOT EXISTS (SELECT FROM shelf WHERE shelf.kind = T.kind)', 'kind NOT IN (SELECT kind FROM shelf)',
	'id = (SELECT max(id) FROM book)', 'id IN (SELECT b.id FROM book b JOIN shelf USING (kind) WHERE b.id % 2 = 0)',
	'id IN (SELECT id FROM T t2 ORDER BY id LIMIT 5)', q{ctid = '(0,5)'}, q{ctid >= '(1,1)' AND ctid < '(3,1)'},
	'current_user IS NULL', 'now() IS NOT NULL AND kind = 1', 'random() >= 0 AND kind = 2',
	'id IN (SELECT 5 UNION ALL SELECT 9)', 'id = ANY (ARRAY[1, 2, 3])', 'kind IN (SELECT kind FROM shelf UNION SELECT 6)');

for my $settings (
	{}, { role => 'ctid_reader' },
	{ 'randpick.order_by_random' => 'off' },
	(map { { 'randpick.method' => $_ } } qw(heap leaf range deal)),
	{ enable_hashjoin => 'off' }, { enable_hashjoin => 'off', enable_nestloop => 'off' },
	{ enable_hashjoin => 'off', enable_mergejoin => 'off' },
	{ debug_parallel_query => 'on', parallel_setup_cost => 0, parallel_tuple_cost => 0, min_parallel_table_scan_size => 0 },
	{ enable_seqscan => 'off', enable_indexscan => 'off', jit => 'off' })
{
	my $dbh = start_session(%$settings);
	my @wrong;
	for my $table (qw(book copied parent owned))
	{
		for (@filters)
		{
			(my $filter = $_) =~ s/\bT\b/$table/g;
			my ($any, $is_right) = $dbh->selectrow_array(<<"SQL");
SELECT (SELECT count(*) FROM $table WHERE $filter), (SELECT ($filter) IS TRUE FROM $table WHERE ctid = picked)
FROM (SELECT randpick_ctid('$table', \$\$$filter\$\$) AS picked OFFSET 0) s
SQL
			push @wrong, "$table WHERE $filter" if $any ? !$is_right : defined $is_right;
		}
	}
	is_deeply(\@wrong, [], join ', ', 'the ctid of a row that passes', map { "$_ = $settings->{$_}" } sort keys %$settings);
}

# Tables whose rows are not read from the table, as a distributed one of Citus.
my $refused = 'cannot tell a row of relation "shadow" by its ctid';
for my $first (qw(takeover randpick))
{
	my $dbh = connect_to_server();
	load_module($dbh, 'takeover') if $first eq 'takeover';
	prepare_session($dbh);
	load_module($dbh, 'takeover') if $first eq 'randpick';
	$dbh->do('SET takeover.mode = planner');
	is_deeply($dbh->selectall_arrayref('SELECT ctid, id FROM shadow'), [ [ '(7,7)', undef ] ], 'the rows are elsewhere');
	for ('', @filters)
	{
		# a sub-select of another table of this kind changes nothing
		(my $filter = $_) =~ s/\bT\b/shadow/g;
		next if $filter =~ /^(false|NULL)$/;
		my $arguments = $filter ne '' ? ", \$\$$filter\$\$" : '';
		eval { $dbh->do("SELECT randpick_ctid('shadow'$arguments)") };
		like($@, qr/ERROR:  \Q$refused\E\nDETAIL:  Another extension reads its rows from elsewhere.*\nHINT:  Use randpick_row/,
			"$first first: $filter");
		is($dbh->state, '42809', "$first first: $filter: its SQLSTATE");
	}
	for ('false', 'NULL')
	{
		is($dbh->selectrow_array("SELECT randpick_ctid('shadow', '$_')"), undef, "$first first: no row is none anywhere");
	}
	ok(defined $dbh->selectrow_array(q{SELECT randpick_ctid('book', '(SELECT count(*) FROM shadow) = 1')}),
		"$first first: only a filter reads it");
	is(scalar @{ $dbh->selectall_arrayref('SELECT * FROM randpick_row(NULL::shadow)') }, 1, "$first first: a row can be had");

	# what is kept is refused, too, once it is planned in that way
	$dbh->do('SET takeover.mode = none');
	ok(defined $dbh->selectrow_array(q{SELECT randpick_ctid('shadow', 'id > 1')}), "$first first: not yet taken over");
	$dbh->do('SET takeover.mode = planner');
	$builder->do('ALTER TABLE shadow SET (fillfactor = 90)');
	eval { $dbh->do(q{SELECT randpick_ctid('shadow', 'id > 1')}) };
	like($@, qr/\Q$refused\E/, "$first first: taken over meanwhile");
}

done_testing;
