# What drivers send: values without a type (PQexecParams and PQprepare with type
# 0, as psycopg 3, JDBC and DBD::Pg do), with a type, again and again, and
# wrong.  psql cannot show this: its \bind is not in all versions.  Names are the errors of
# PostgreSQL's appendix: what a driver's user can tell apart.

use strict;
use warnings;
use utf8;

use DBD::Pg ':pg_types';
use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan(skip_all => 'randpick is left out') if PLAIN;

my $builder = connect_to_server();
$builder->do('DROP ROLE IF EXISTS randpick_nobody');
$builder->do(<<'SQL');
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE TABLE people (id int PRIMARY KEY, name text, kind int, born date, tags text[], doc jsonb, mood mood, small small);
INSERT INTO people VALUES
	(1, 'Ann', 10, '2001-01-01', '{x,y}', '{"a": 1}', 'glad', 1),
	(2, 'Bob', 10, '2002-02-02', '{y}',   '{"a": 2}', 'sad',  2),
	(3, 'O''Hara \ "x" $1 é', 20, NULL, '{}', NULL, NULL, NULL);
CREATE TABLE secret AS SELECT 1 AS id;
CREATE ROLE randpick_nobody;
GRANT SELECT ON people TO randpick_nobody;
SQL
END { $builder->do('DROP OWNED BY randpick_nobody; DROP ROLE randpick_nobody') if $builder }

# without a type unless the case has one
my $dbh = start_session();
$dbh->{pg_server_prepare} = 1;

my @answers = (
	# query, values, ids that come
	[ q{randpick_rows(NULL::people, 3, 'name = $1', $1)}, ['Ann'], [1] ],
	[ q{randpick_rows(NULL::people, 3, 'name = $1', $1)}, [ q{O'Hara \\ "x" $1 é} ], [3] ],
	[ q{randpick_rows(NULL::people, 3, 'name = $1', $1)}, [q{') OR true --}], [] ],
	[ q{randpick_rows(NULL::people, 3, 'name = $1', $1)}, [''], [] ],
	[ q{randpick_rows(NULL::people, 3, 'name = $1', $1)}, [undef], [] ],
	[ q{randpick_rows(NULL::people, 3, 'name = $1 OR $1 IS NULL', $1)}, [undef], [ 1, 2, 3 ] ],
	[ q{randpick_rows(NULL::people, 3, 'kind = $1', $1)}, ['10'], [ 1, 2 ] ],
	[ q{randpick_rows(NULL::people, 3, 'kind = $1', $1)}, [ [ 10, PG_INT4 ] ], [ 1, 2 ] ],
	[ q{randpick_rows(NULL::people, 3, 'kind = $1', $1)}, [ [ 10, PG_INT8 ] ], [ 1, 2 ] ],
	[ q{randpick_rows(NULL::people, 3, 'kind = $1', $1)}, [ [ 10, PG_TEXT ] ], [ 1, 2 ] ],
	[ q{randpick_rows(NULL::people, 3, 'born < $1', $1)}, ['2002-01-01'], [1] ],
	[ q{randpick_rows(NULL::people, 3, 'tags @> $1', $1)}, ['{y}'], [ 1, 2 ] ],
	[ q{randpick_rows(NULL::people, 3, 'id = ANY ($1)', $1)}, ['{1,3}'], [ 1, 3 ] ],
	[ q{randpick_rows(NULL::people, 3, 'doc @> $1', $1)}, ['{"a": 2}'], [2] ],
	[ q{randpick_rows(NULL::people, 3, 'mood = $1', $1)}, ['sad'], [2] ],
	[ q{randpick_rows(NULL::people, 3, 'small = $1', $1)}, ['2'], [2] ],
	[ q{randpick_rows(NULL::people, 3, 'kind = $1 AND name = $2', $1, $2)}, [ 10, 'Bob' ], [2] ],
	[ q{randpick_rows(NULL::people, 3, 'name = $2 AND kind = $1', $1, $2)}, [ 10, 'Bob' ], [2] ],
	[ q{randpick_rows(NULL::people, 3, 'id BETWEEN $1 AND $1 + 1', $1)}, [2], [ 2, 3 ] ],
	[ q{randpick_rows(NULL::people, 3, 'kind = $1 AND name = $2', $1, $2)}, [ [ 10, PG_INT4 ], [ 'Bob', PG_TEXT ] ], [2] ],
	[ q{randpick_rows(NULL::people, $1, 'name > $1', $2)}, [ 3, 'B' ], [ 2, 3 ] ],
	[ q{randpick_rows(NULL::people, 3, $1, $2)}, [ 'kind = $1', 20 ], [3] ],
	[ q{randpick_rows(NULL::people, 3, $1)}, ['kind = 20'], [3] ],
	[ q{randpick_row(NULL::people, 'name = $1', $1)}, ['Bob'], [2] ],
	[ q{(SELECT (to_jsonb(randpick('people', 'name = $1', $1))->>'id')::int AS id) s}, ['Bob'], [2] ],
	[ q{people WHERE ctid = (SELECT randpick_ctid('people', 'name = $1', $1))}, ['Bob'], [2] ],
	[ q{people WHERE ctid = (SELECT randpick_ctid($1, $2, VARIADIC $3::text[]))}, [ 'people', 'kind = $1 AND name = $2', '{10,Ann}' ], [1] ],
	[ q{(SELECT (to_jsonb(randpick($1))->>'id')::int AS id) s WHERE id IN (1, 2, 3) LIMIT 0}, ['people'], [] ],
	[ q{(SELECT id FROM people WHERE name = $1 ORDER BY random() LIMIT $2) s}, [ 'Bob', 5 ], [2] ],
	[ q{(SELECT id FROM people WHERE $1 IS NULL OR id = $1 ORDER BY random() LIMIT $2) s}, [ [ 2, PG_INT4 ], 5 ], [2] ],
	[ q{(SELECT id FROM people WHERE $1 IS NULL OR id = $1 ORDER BY random() LIMIT $2) s}, [ [ undef, PG_INT4 ], 5 ], [ 1, 2, 3 ] ],
);

# Run it with values bound as the case says.
sub run
{
	my ($dbh, $statement, $values) = @_;
	while (my ($i, $value) = each @$values)
	{
		ref $value
		  ? $statement->bind_param($i + 1, $value->[0], { pg_type => $value->[1] })
		  : $statement->bind_param($i + 1, $value);
	}
	$statement->execute;
	return [ sort { $a <=> $b } map { $_->[0] } @{ $statement->fetchall_arrayref } ];
}

sub show
{
	return join ', ', map { !defined $_ ? 'NULL' : ref $_ ? ($_->[0] // 'NULL') . " (type $_->[1])" : "'$_'" } @{ $_[0] };
}

for (@answers)
{
	my ($query, $values, $ids) = @$_;
	my $statement = $dbh->prepare("SELECT id FROM $query");

	# the first time by PQexecParams, then by PQprepare, at last by a plan that
	# PostgreSQL keeps
	my @found = eval { map { run($dbh, $statement, $values) } 1 .. 10 };
	diag($@) if $@;
	is_deeply(\@found, [ map { $ids } 1 .. 10 ], "$query with " . show($values));
}

# What goes wrong: an error that says so, once and again, and a connection that
# still works.
my %error = (
	undefined_parameter             => '42P02',
	indeterminate_datatype          => '42P18',
	invalid_text_representation     => '22P02',
	invalid_datetime_format         => '22007',
	numeric_value_out_of_range      => '22003',
	check_violation                 => '23514',
	datatype_mismatch               => '42804',
	syntax_error                    => '42601',
	undefined_column                => '42703',
	undefined_function              => '42883',
	undefined_table                 => '42P01',
	ambiguous_function              => '42725',
	grouping_error                  => '42803',
	windowing_error                 => '42P20',
	feature_not_supported           => '0A000',
	wrong_object_type               => '42809',
	null_value_not_allowed          => '22004',
	invalid_row_count_in_limit_clause => '2201W',
	division_by_zero                => '22012',
	insufficient_privilege          => '42501',
);
my @errors = (
	# error, query, values
	[ 'undefined_parameter', q{randpick_rows(NULL::people, 3, 'name = $1')}, [] ],
	[ 'undefined_parameter', q{randpick_rows(NULL::people, 3, 'name = $2', $1)}, ['Ann'] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, 'name = $1', $1, $2)}, [ 'Ann', 'Bob' ] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, 'true', $1)}, ['Ann'] ],
	[ 'indeterminate_datatype', q{randpick_rows(NULL::people, 3, '$1 IS NULL', $1)}, ['Ann'] ],
	[ 'indeterminate_datatype', q{randpick_rows(NULL::people, 3, 'kind = $1 AND name = $2', $1, $2)}, [ [ 10, PG_INT4 ], 'Bob' ] ],
	[ 'invalid_text_representation', q{randpick_rows(NULL::people, 3, 'kind = $1', $1)}, ['ten'] ],
	[ 'invalid_text_representation', q{randpick_rows(NULL::people, 3, 'mood = $1', $1)}, ['angry'] ],
	[ 'invalid_text_representation', q{randpick_rows(NULL::people, 3, 'tags = $1', $1)}, ['x,y'] ],
	[ 'invalid_datetime_format', q{randpick_rows(NULL::people, 3, 'born = $1', $1)}, ['yesterday week'] ],
	[ 'numeric_value_out_of_range', q{randpick_rows(NULL::people, 3, 'kind = $1', $1)}, ['99999999999'] ],
	[ 'undefined_function', q{randpick_rows(NULL::people, 3, 'born = $1', $1)}, [ [ 10, PG_INT4 ] ] ],
	[ 'datatype_mismatch', q{randpick_rows(NULL::people, 3, $1)}, ['name'] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, $1)}, ['name ='] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, $1)}, [''] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, $1)}, ['true) OR (true'] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, $1)}, ['true; DROP TABLE people'] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, $1)}, ['true, true'] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, $1)}, ['true FROM secret'] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, $1)}, ['true LIMIT 1'] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, $1)}, ['true AS x'] ],
	[ 'syntax_error', q{randpick_rows(NULL::people, 3, $1)}, ['true UNION SELECT true'] ],
	[ 'undefined_column', q{randpick_rows(NULL::people, 3, $1)}, ['nmae = name'] ],
	[ 'grouping_error', q{randpick_rows(NULL::people, 3, $1)}, ['count(*) > 0'] ],
	[ 'windowing_error', q{randpick_rows(NULL::people, 3, $1)}, ['row_number() OVER () > 0'] ],
	[ 'feature_not_supported', q{randpick_rows(NULL::people, 3, $1)}, ['generate_series(1, 2) > 0'] ],
	[ 'division_by_zero', q{randpick_rows(NULL::people, 3, '1 / (kind - $1) > 0', $1)}, [20] ],
	[ 'null_value_not_allowed', q{randpick_rows(NULL::people, 3, $1)}, [undef] ],
	[ 'null_value_not_allowed', q{randpick_rows(NULL::people, $1)}, [undef] ],
	[ 'invalid_row_count_in_limit_clause', q{randpick_rows(NULL::people, $1)}, [-1] ],
	[ 'wrong_object_type', q{(SELECT 1 AS id, randpick_rows($1, 3)) s}, [ [ 1, PG_INT4 ] ] ],
	[ 'undefined_table', q{(SELECT 1 AS id, randpick($1)) s}, ['peopel'] ],
	[ 'wrong_object_type', q{(SELECT 1 AS id, randpick($1)) s}, ['people_pkey'] ],
	[ 'null_value_not_allowed', q{(SELECT 1 AS id, randpick($1)) s}, [undef] ],
	[ 'insufficient_privilege', q{(SELECT 1 AS id, randpick($1)) s}, ['secret'] ],
	[ 'insufficient_privilege', q{randpick_rows(NULL::secret, 3)}, [] ],
	[ 'insufficient_privilege', q{randpick_rows(NULL::people, 3, 'id = (SELECT id FROM secret WHERE id = $1)', $1)}, [1] ],
);

$dbh->do('SET ROLE randpick_nobody');
for (@errors)
{
	my ($error, $query, $values) = @$_;
	my @states = map {
		eval { run($dbh, $dbh->prepare("SELECT id FROM $query"), $values) };
		$dbh->state;
	} 1 .. 2;
	is_deeply(\@states, [ ($error{$error}) x 2 ], "$error: $query with " . show($values))
	  or diag($dbh->errstr);
	is_deeply(run($dbh, $dbh->prepare(q{SELECT id FROM randpick_row(NULL::people, 'name = $1', $1)}), ['Bob']),
		[2], 'the connection works');
}

# A session's plans are kept, and must not be what they were after a change.
$dbh->do('RESET ROLE');
my $call = $dbh->prepare(q{SELECT id FROM randpick_rows(NULL::people, 3, 'kind = $1', $1)});
my @changes = (
	# statements of another session, statements of this one, ids that come
	[ [],                                                 [],                           [ 1, 2 ] ],
	[ ['ALTER TABLE people ADD extra int DEFAULT 5'],     [],                           [ 1, 2 ] ],
	[ ['INSERT INTO people (id, kind) VALUES (4, 10)'],   [],                           [ 1, 2, 4 ] ],
	[ [ 'CREATE POLICY even ON people USING (id % 2 = 0)', 'ALTER TABLE people ENABLE ROW LEVEL SECURITY' ],
		[],                                                                             [ 1, 2, 4 ] ],
	[ [],                                                 ['SET ROLE randpick_nobody'], [ 2, 4 ] ],
	[ ['ALTER POLICY even ON people USING (id > 3)'],     [],                           [4] ],
	[ [],                                                 ['RESET ROLE'],               [ 1, 2, 4 ] ],
	[ ['ALTER TABLE people RENAME TO folk'],              [],                           [ 1, 2, 4 ] ],
	[ [ 'ALTER TABLE folk RENAME kind TO sort', 'ALTER TABLE folk RENAME small TO kind' ], [], [] ],
	[ ['UPDATE folk SET kind = 10 WHERE id = 3'],         [],                           [3] ],
	[ ['TRUNCATE folk'],                                  [],                           [] ],
);
for (@changes)
{
	my ($others, $own, $ids) = @$_;
	$builder->do($_) for @$others;
	$dbh->do($_) for @$own;
	is_deeply(eval { run($dbh, $call, [10]) }, $ids, join '; ', 'as it is now', @$others, @$own)
	  or diag($@);
}
$builder->do('REVOKE SELECT ON folk FROM randpick_nobody');
$dbh->do('SET ROLE randpick_nobody');
eval { run($dbh, $call, [10]) };
is($dbh->state, $error{insufficient_privilege}, 'as it is after REVOKE');

done_testing;
