# What must not happen: that somebody sees rows, or has code run on rows, that
# PostgreSQL's own plan would have hidden; that another one's names or rights
# get into a query; that what fails leaves something behind.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Forms;
use Test::More;

my %course = (
	'heap raced' => { cpu_tuple_cost => 1, 'randpick.method' => 'heap' },
	'leaf raced' => { cpu_tuple_cost => 1, 'randpick.method' => 'leaf' },
	'mixed'      => { cpu_tuple_cost => 0.0045 },
	'dealt'      => { 'randpick.method' => 'deal' },
);
my @courses = PLAIN ? 'mixed' : sort keys %course;

my $builder = connect_to_server();
my @roles   = map { "randpick_$_" } qw(alice bob stranger owner definer);
sub drop_roles
{
	my ($dbh) = @_;
	$dbh->do('SET client_min_messages = error');
	for my $role (@roles)
	{
		next if !$dbh->selectrow_array('SELECT 1 FROM pg_roles WHERE rolname = ?', undef, $role);
		$dbh->do("DROP OWNED BY $role CASCADE; DROP ROLE $role");
	}
}
drop_roles($builder);
END { drop_roles($builder) if $builder }

# No setting may be left over from what failed, and no warning comes.
my @warnings;
local $SIG{__WARN__} = sub { push @warnings, @_ };

$builder->do("CREATE ROLE $_") for @roles;
$builder->do(<<'SQL');
GRANT CREATE ON SCHEMA public TO randpick_owner, randpick_definer;
CREATE TABLE secret (id int PRIMARY KEY, owner name NOT NULL, amount int NOT NULL, note text);
INSERT INTO secret SELECT i, CASE i % 3 WHEN 0 THEN 'randpick_alice' WHEN 1 THEN 'randpick_bob' ELSE 'randpick_owner' END,
	i * 10, 'note ' || i FROM generate_series(1, 60) i;
CREATE INDEX secret_amount ON secret (amount);
ALTER TABLE secret OWNER TO randpick_owner;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON secret USING (owner = current_user);
GRANT SELECT, UPDATE (note) ON secret TO randpick_alice;
GRANT SELECT (id, owner) ON secret TO randpick_bob;
CREATE VIEW bare_secret AS SELECT id, amount FROM secret;
CREATE VIEW guarded_secret WITH (security_barrier) AS SELECT id, owner, amount FROM secret WHERE amount < 300;
CREATE VIEW invoked_secret WITH (security_invoker) AS SELECT id, owner FROM secret;
ALTER VIEW bare_secret OWNER TO randpick_owner;
GRANT SELECT ON bare_secret, guarded_secret, invoked_secret TO randpick_stranger, randpick_alice, randpick_bob;

CREATE TABLE parted_secret (id int, owner name, amount int) PARTITION BY LIST (owner);
CREATE TABLE parted_secret_a PARTITION OF parted_secret FOR VALUES IN ('randpick_alice');
CREATE TABLE parted_secret_rest PARTITION OF parted_secret DEFAULT;
INSERT INTO parted_secret SELECT id, owner, amount FROM secret;
ALTER TABLE parted_secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON parted_secret USING (owner = current_user OR amount = 100);
GRANT SELECT ON parted_secret TO randpick_alice;

-- tells what it is shown, costs nothing, and so would come first if it could
CREATE FUNCTION leak(what anyelement) RETURNS boolean LANGUAGE plpgsql STABLE COST 0.0001
	AS 'BEGIN RAISE WARNING ''seen %'', what; RETURN true; END';
CREATE FUNCTION pick_as_definer() RETURNS SETOF secret LANGUAGE sql VOLATILE SECURITY DEFINER
	AS 'SELECT * FROM public.secret ORDER BY random() LIMIT 1';
ALTER FUNCTION pick_as_definer OWNER TO randpick_definer;
GRANT SELECT ON secret TO randpick_definer;
CREATE POLICY definer ON secret TO randpick_definer USING (id <= 5);
CREATE FUNCTION pick_as_caller() RETURNS TABLE (id int) LANGUAGE plpgsql VOLATILE
	AS 'BEGIN RETURN QUERY SELECT s.id FROM public.secret s ORDER BY random() LIMIT 1; END';
ANALYZE
SQL

# Privileges: who may ask for what.
my @asked = (
	'SELECT * FROM secret ORDER BY random() LIMIT 1',
	'SELECT id FROM secret ORDER BY random() LIMIT 1',
	'SELECT random() AS r FROM secret ORDER BY r LIMIT 1',
	'SELECT 1 FROM secret ORDER BY random() LIMIT 1',
	'SELECT secret FROM secret ORDER BY random() LIMIT 1',
	'SELECT ctid FROM secret ORDER BY random() LIMIT 1',
	'SELECT id FROM secret WHERE amount > 0 ORDER BY random() LIMIT 1',
	'SELECT id FROM secret ORDER BY random(), note LIMIT 1',
	'SELECT id FROM secret ORDER BY random() LIMIT 1 FOR UPDATE',
	'SELECT id FROM secret ORDER BY random() LIMIT 1 FOR SHARE SKIP LOCKED',
	q{UPDATE secret SET note = 'x' WHERE id = (SELECT id FROM secret ORDER BY random() LIMIT 1)},
	'DELETE FROM secret WHERE id = (SELECT id FROM secret ORDER BY random() LIMIT 1)',
	'SELECT id FROM (SELECT id, note FROM secret ORDER BY random() LIMIT 1) s',
	(map { ("SELECT id FROM $_ ORDER BY random() LIMIT 1", "SELECT id FROM $_ WHERE id > 0 ORDER BY random() LIMIT 100") }
		qw(bare_secret guarded_secret invoked_secret parted_secret)),
	'SELECT id FROM parted_secret_rest ORDER BY random() LIMIT 1',
	'SELECT id FROM pick_as_definer()',
	'SELECT id FROM pick_as_caller()',
);
for my $how (@courses)
{
	my ($dbh, $plain) = (start_session(%{ $course{$how} }), start_plain(%{ $course{$how} }));
	for my $role (@roles)
	{
		$_->do("SET ROLE $role") for $dbh, $plain;
		is_answered_alike($dbh, $plain, "$_, $role, $how", [ 'BEGIN', $_, 'ROLLBACK' ]) for @asked;
	}
}

# Row security: whose rows come, and nobody else's.
my @rows_of = (
	# role, rows, settings, query
	[ 'randpick_alice', 'secret', {}, 'SELECT id, owner, random() AS r FROM secret ORDER BY r LIMIT 2' ],
	[ 'randpick_alice', 'secret WHERE amount > 300', {}, 'SELECT id, owner, random() AS r FROM secret WHERE amount > 300 ORDER BY r LIMIT 2' ],
	[ 'randpick_alice', 'parted_secret', {}, 'SELECT id, owner, random() AS r FROM parted_secret ORDER BY r LIMIT 2' ],
	[ 'randpick_owner', 'secret', {}, 'SELECT id, owner, random() AS r FROM secret ORDER BY r LIMIT 2' ],
	[ 'randpick_owner', 'secret', { force => 1 }, 'SELECT id, owner, random() AS r FROM secret ORDER BY r LIMIT 2' ],
	[ 'randpick_definer', 'secret WHERE id <= 5', {}, 'SELECT id, owner, random() AS r FROM secret ORDER BY r LIMIT 2' ],
);
for (@rows_of)
{
	my ($role, $rows, $options, $query) = @$_;
	$builder->do('ALTER TABLE secret ' . ($options->{force} ? '' : 'NO ') . 'FORCE ROW LEVEL SECURITY');
	for my $how (@courses)
	{
		is_taken({ %{ $course{$how} }, role => $role }, name => "$rows of $role" . ($options->{force} ? ', forced' : '') . ", $how",
			rows => $rows, k => 2, id => 'id', key => 'r', query => $query, values => []);
	}
}
$builder->do('ALTER TABLE secret NO FORCE ROW LEVEL SECURITY');
for my $how (@courses)
{
	my ($dbh, $plain) = (start_session(%{ $course{$how} }), start_plain(%{ $course{$how} }));
	$_->do('SET row_security = off; SET ROLE randpick_alice') for $dbh, $plain;
	is_answered_alike($dbh, $plain, "row_security off, $how", 'SELECT id FROM secret ORDER BY random() LIMIT 1');
}

# Functions that tell: they are shown no row that the caller may not see, none
# that is not there, and none beyond a security barrier.
$builder->do($_) for
  'CREATE TABLE haunted (id int PRIMARY KEY, x int NOT NULL) WITH (autovacuum_enabled = off)',
  'CREATE INDEX haunted_x ON haunted (x)',
  'INSERT INTO haunted SELECT i, i FROM generate_series(1, 40) i',
  'BEGIN', 'INSERT INTO haunted SELECT -i, 0 FROM generate_series(1, 40) i', 'ROLLBACK',
  'INSERT INTO haunted SELECT 100 + i, 0 FROM generate_series(1, 40) i',
  'DELETE FROM haunted WHERE id > 100', 'ANALYZE haunted';
my $unfinished = connect_to_server();
$unfinished->begin_work;
$unfinished->do('INSERT INTO haunted SELECT 200 + i, 0 FROM generate_series(1, 40) i');
$unfinished->do('UPDATE haunted SET x = -x WHERE id <= 3');

my @leaks = (
	# role, what may be seen, query
	[ 'randpick_alice', q{SELECT amount FROM secret WHERE owner = 'randpick_alice'},
		'SELECT id FROM secret WHERE leak(amount) ORDER BY random() LIMIT 1' ],
	[ 'randpick_alice', q{SELECT amount FROM secret WHERE owner = 'randpick_alice'},
		'SELECT id FROM secret WHERE leak(amount) AND amount > 0 ORDER BY random() LIMIT 30' ],
	[ 'randpick_alice', q{SELECT amount FROM secret WHERE owner = 'randpick_alice'},
		'SELECT id FROM secret WHERE leak(amount) AND amount = ANY (ARRAY[10, 20, 30, 60]) ORDER BY random() LIMIT 1' ],
	[ 'randpick_alice', q{SELECT amount FROM parted_secret WHERE owner = 'randpick_alice' OR amount = 100},
		'SELECT id FROM parted_secret WHERE leak(amount) ORDER BY random() LIMIT 2' ],
	[ 'randpick_alice', 'SELECT amount FROM guarded_secret',
		'SELECT id FROM guarded_secret WHERE leak(amount) ORDER BY random() LIMIT 2' ],
	[ 'randpick_stranger', q{SELECT amount FROM secret},
		'SELECT id FROM bare_secret WHERE leak(amount) ORDER BY random() LIMIT 2' ],
	[ undef, 'SELECT x FROM haunted', 'SELECT id FROM haunted WHERE leak(x) ORDER BY random() LIMIT 1' ],
	[ undef, 'SELECT x FROM haunted', 'SELECT id FROM haunted WHERE leak(x) AND x >= 0 ORDER BY random() LIMIT 30' ],
	[ undef, 'SELECT x FROM haunted', 'SELECT id FROM haunted WHERE 1 / x >= 0 AND leak(x) ORDER BY random() LIMIT 3' ],
);
for my $how (@courses)
{
	for (@leaks)
	{
		my ($role, $visible, $query) = @$_;
		my %may_see = map { $_ => 1 } @{ $builder->selectcol_arrayref($visible) };
		my $dbh = start_session(%{ $course{$how} }, $role ? (role => $role) : ());
		@warnings = ();
		$dbh->selectall_arrayref($query) for 1 .. 100;
		my @seen = map { /seen (-?\d+)/ } @warnings;
		ok(@seen >= 100 && !(grep { !$may_see{$_} } @seen), sprintf('%s, %s: tells of %d rows', $query, $how, scalar @seen));
	}
}
$unfinished->rollback;
@warnings = ();

# A plan that is kept serves whoever asks, with his rights and his rows.
for my $how (@courses)
{
	my ($dbh, $plain) = (start_session(%{ $course{$how} }), start_plain(%{ $course{$how} }));
	for my $session ($dbh, $plain)
	{
		$session->do('PREPARE secrets AS SELECT id, owner FROM secret ORDER BY random() LIMIT 100');
		$session->do('PREPARE amounts AS SELECT id FROM secret WHERE amount > 100 ORDER BY random() LIMIT 100');
	}
	for my $role ('postgres', 'randpick_alice', 'randpick_stranger', 'randpick_owner', 'randpick_bob', 'randpick_definer', 'randpick_alice', 'NONE')
	{
		my $set = $role eq 'postgres' ? 'RESET ROLE' : "SET ROLE $role";
		for my $session ($dbh, $plain)
		{
			$session->do('RESET ROLE');
			$session->do($set);
		}
		for (1 .. 7)
		{
			is_answered_alike($dbh, $plain, "kept plan, $set, $how", 'EXECUTE secrets');
			is_answered_alike($dbh, $plain, "kept plan with a filter, $set, $how", 'EXECUTE amounts');
		}
		is_answered_alike($dbh, $plain, "kept plan of PL/pgSQL, $set, $how", 'SELECT * FROM pick_as_caller()');
	}
}

# Names that somebody else could have taken.
$builder->do(<<'SQL');
CREATE SCHEMA evil;
CREATE FUNCTION evil.caught() RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE ''caught''; END';
CREATE FUNCTION evil.random() RETURNS float8 LANGUAGE sql AS 'SELECT evil.caught()::int::float8';
CREATE FUNCTION evil.less(float8, float8) RETURNS boolean LANGUAGE sql AS 'SELECT evil.caught()';
CREATE OPERATOR evil.< (LEFTARG = float8, RIGHTARG = float8, FUNCTION = evil.less);
CREATE FUNCTION evil.equals(int, int) RETURNS boolean LANGUAGE sql AS 'SELECT evil.caught()';
CREATE OPERATOR evil.= (LEFTARG = int, RIGHTARG = int, FUNCTION = evil.equals);
CREATE TABLE evil.haunted (id int, x int);
CREATE DOMAIN evil.int4 AS int CHECK (evil.caught());
CREATE DOMAIN evil.record AS int CHECK (evil.caught())
SQL
for my $how (@courses)
{
	my ($dbh, $plain) = (start_session(%{ $course{$how} }), start_plain(%{ $course{$how} }));
	$_->do('SET search_path = evil, pg_catalog, public') for $dbh, $plain;
	is_answered_alike($dbh, $plain, "$_, $how", $_) for
	  'SELECT id FROM public.haunted ORDER BY random() LIMIT 1',
	  'SELECT id FROM public.haunted ORDER BY pg_catalog.random() LIMIT 1',
	  'SELECT id FROM public.haunted WHERE id = 7 ORDER BY pg_catalog.random() LIMIT 1',
	  'SELECT id FROM haunted ORDER BY pg_catalog.random() LIMIT 1';
	next if PLAIN;
	my ($n) = $dbh->selectrow_array('SELECT count(*) FROM randpick_rows(NULL::public.haunted, 100)');
	is($n, 40, "a function looks up no name on the way, $how");
	$n = $dbh->selectrow_array(q{SELECT count(*) FROM randpick_rows(NULL::public.haunted, 100, 'x > $1', 20)});
	is($n, 20, "nor with a filter, $how");
	eval { $dbh->selectrow_array(q{SELECT count(*) FROM randpick_rows(NULL::public.haunted, 100, 'x = 20')}) };
	like($@, qr/caught/, "the filter is the caller's own, $how");
}

# Who may create objects may create the extension, whatever names are about; its
# functions then are the superuser's.
if (!PLAIN)
{
	my $dbh = connect_to_server();
	$dbh->begin_work;
	$dbh->do($_) for
	  'DROP EXTENSION randpick',
	  'CREATE FUNCTION evil.randpick(regclass) RETURNS record LANGUAGE sql AS $$ SELECT ROW(evil.caught()) $$',
	  'GRANT ALL ON SCHEMA evil TO randpick_owner',
	  'DO $$ BEGIN EXECUTE format(\'GRANT CREATE ON DATABASE %I TO randpick_owner\', current_database()); END $$',
	  'CREATE SCHEMA mine AUTHORIZATION randpick_owner',
	  'SET ROLE randpick_owner',
	  'SET search_path = evil, pg_catalog, public',
	  'CREATE EXTENSION randpick SCHEMA mine',
	  'RESET ROLE';
	my ($theirs) = $dbh->selectrow_array(<<'SQL');
SELECT count(*) FROM pg_proc WHERE pronamespace = 'mine'::regnamespace AND pg_get_userbyid(proowner) = 'randpick_owner'
SQL
	is($theirs, 0, 'the functions of the extension are not those of its creator');
	is($dbh->selectrow_array('SELECT count(*) FROM mine.randpick_rows(NULL::public.haunted, 100)'), 40, 'and they work');
	$dbh->rollback;
}

is_deeply(\@warnings, [], 'no warning came');
done_testing;
