# What a session keeps from one race to the next, or while a cursor is open:
# where ranges of an index began, relations, memory.

use strict;
use warnings;

use File::Copy 'copy';
use File::Temp 'tempdir';
use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

my $builder = connect_to_server();
my %settings = (cpu_tuple_cost => 1, 'randpick.method' => 'range');

# A text as wide as wanted for number $n, in the order of the numbers.
sub wide { return sprintf q{lpad(to_char(%s, 'FM00000000'), %d, 'k')}, @_ }

# An index whose file was emptied in place, as that of a temporary table is at
# commit: what was remembered of it is beyond its end.
{
	my $dbh    = start_session(%settings);
	my $key    = wide('i', 1400);
	my $low    = wide('run * 100', 1400);
	my $high   = wide('run * 100 + 50', 1400);
	my $picks  = "SELECT (SELECT count(*) FROM (SELECT 1 FROM emptied WHERE key BETWEEN $low AND $high ORDER BY random() LIMIT 1) x)
		FROM generate_series(1, 40) run";
	$dbh->do('CREATE TEMP TABLE emptied (key text) ON COMMIT DELETE ROWS');
	$dbh->do('ALTER TABLE emptied ALTER key SET STORAGE plain');
	$dbh->do('CREATE INDEX ON emptied (key)');
	is_plan_raced($dbh, $picks, 'a temporary table');
	$dbh->begin_work;
	$dbh->do("INSERT INTO emptied SELECT $key FROM generate_series(1, 5000) i");
	$dbh->selectcol_arrayref($picks) for 1 .. 2;
	$dbh->commit;
	$dbh->begin_work;
	$dbh->do("INSERT INTO emptied SELECT $key FROM generate_series(100, 100) i");
	my $found = $dbh->selectcol_arrayref($picks);
	is("@$found", join(' ', 1, (0) x 39), 'ranges of a file that was emptied in place');
	$dbh->commit;
}

# A narrow range and a wide one that start at the same key.
unless (PLAIN)
{
	my $key = wide('i', 100);
	$builder->do($_) for 'CREATE TABLE start (key text PRIMARY KEY)',
		"INSERT INTO start SELECT $key FROM generate_series(1, 300000) i",
		'VACUUM ANALYZE start';
	my $dbh    = start_session(%settings);
	my $from   = sprintf 'key >= %s', wide(504, 100);
	my $wide   = "SELECT FROM start WHERE $from ORDER BY random() LIMIT 1";
	my $narrow = sprintf "SELECT FROM start WHERE $from AND key < %s ORDER BY random() LIMIT 1", wide(510, 100);
	my $buffers = sub {
		my ($plan) = join "\n", @{ $dbh->selectcol_arrayref("EXPLAIN (ANALYZE, BUFFERS) $_[0]") };
		my ($hits) = $plan =~ /Buffers: shared hit=(\d+)/;
		return $hits;
	};
	# some picks take many looks, but not all of them
	my ($least) = sort { $a <=> $b } map { $buffers->($narrow); $buffers->($wide) } 1 .. 40;
	cmp_ok($least, '<=', 40, 'a wide range does not start where a narrow one did');
}

# How many bytes a session's memory contexts of a name have.
sub memory
{
	my ($dbh, $name) = @_;
	return $dbh->selectrow_array('SELECT sum(total_bytes) FROM pg_backend_memory_contexts WHERE name = ?', undef, $name) // 0;
}

# A cursor over many races, each of which has its frontier read anew many times.
{
	$builder->do($_) for 'CREATE TABLE grown (cat int, id int)',
		'INSERT INTO grown SELECT i % 10, i FROM generate_series(1, 200000) i', 'CREATE INDEX ON grown (cat, id)', 'VACUUM ANALYZE grown';
	my $dbh = start_session(%settings);
	$dbh->begin_work;
	$dbh->do('DECLARE c CURSOR FOR SELECT FROM generate_series(1, 100000) c,
		LATERAL (SELECT FROM grown WHERE cat = c % 10 AND id % 200 = 7 + 0 * c ORDER BY random() LIMIT 1) x');
	$dbh->do('MOVE 50 c');
	my $early = memory($dbh, 'ExecutorState');
	$dbh->do('MOVE 300 c');
	cmp_ok(memory($dbh, 'ExecutorState'), '<=', $early + 65536, 'a cursor over many races takes no more memory with each');
	$dbh->rollback;
}

# Many ranges at once.
{
	my $key  = wide('i', 2000);
	my $each = join ', ', map { "'$_'" } 1 .. 40;
	$builder->do($_) for 'CREATE TABLE many (kind text, key text)', 'ALTER TABLE many ALTER key SET STORAGE plain',
		"INSERT INTO many SELECT (i % 40 + 1)::text, $key FROM generate_series(1, 10000) i", 'CREATE INDEX ON many (kind, key)',
		'VACUUM ANALYZE many';
	my $dbh = start_session(%settings, work_mem => '64kB');
	my $query = "SELECT FROM many WHERE kind IN ($each) ORDER BY random()";
	is_plan_raced($dbh, $query, '40 ranges');
	$dbh->begin_work;
	$dbh->do("DECLARE c CURSOR FOR $query");
	$dbh->do('MOVE 1 c');
	cmp_ok(memory($dbh, 'randpick race'), '<=', 8 * 1024 * 1024, 'ranges share their memory');
	$dbh->rollback;
}

# What an open cursor reads cannot be changed by its session.
$builder->do($_) for 'CREATE TABLE apart (id int, pad text) PARTITION BY RANGE (id)',
	'CREATE TABLE apart_1 PARTITION OF apart FOR VALUES FROM (0) TO (500)',
	'CREATE TABLE apart_2 PARTITION OF apart FOR VALUES FROM (500) TO (2000)',
	q{INSERT INTO apart SELECT i, 'x' FROM generate_series(1, 1000) i}, 'CREATE INDEX apart_id ON apart (id)', 'ANALYZE apart';
$builder->do($_) for 'CREATE TABLE whole AS SELECT i AS id, i % 10 AS kind FROM generate_series(1, 1000) i',
	'CREATE INDEX whole_kind ON whole (kind)', 'ANALYZE whole';
my @changes = (
	[ 'apart', 'TRUNCATE apart_2' ],
	[ 'apart', 'ALTER TABLE apart ALTER pad TYPE varchar' ],
	[ 'apart', 'DROP TABLE apart_2' ],
	[ 'whole', 'TRUNCATE whole' ],
	[ 'whole WHERE kind = 1', 'DROP INDEX whole_kind' ],
	[ 'apart WHERE id > 200', 'DROP INDEX apart_id' ]);
for (@changes)
{
	my ($from, $change) = @$_;
	my $dbh = start_session(%settings, 'randpick.method' => $from =~ /WHERE/ ? 'range' : 'auto');
	$dbh->{PrintError} = 0;
	$dbh->begin_work;
	$dbh->do("DECLARE c NO SCROLL CURSOR FOR SELECT id FROM $from ORDER BY random()");
	eval { $dbh->do($change) };
	is($dbh->state, '55006', "$change, before the first row of a cursor on $from");
	$dbh->rollback;
}

# The library is loaded once.  A copy of it under another name is refused before
# it has changed anything.
unless (PLAIN)
{
	my $dbh     = start_session();
	my $config  = $ENV{PG_CONFIG} || 'pg_config';
	my ($path)  = $dbh->selectrow_array('SHOW dynamic_library_path');
	my ($file)  = grep { -f } map { s/\$libdir/`$config --pkglibdir` =~ s{\n}{}r/er . '/randpick.so' } split /:/, $path;
	my $folder  = tempdir('copy.XXXXXX', TMPDIR => 1, CLEANUP => 1);
	chmod 0755, $folder;
	copy($file, "$folder/randpick_copy.so") or die "$file: $!";
	$dbh->do("LOAD 'randpick'");
	eval { $dbh->do("LOAD '$folder/randpick_copy.so'") };
	like($@, qr/attempt to redefine parameter "randpick\.order_by_random"/, 'a copy of the library is refused');
	is_plan_raced($dbh, 'SELECT * FROM whole ORDER BY random() LIMIT 1', 'the library itself goes on');
	is(scalar @{ $dbh->selectall_arrayref('SELECT * FROM whole ORDER BY random() LIMIT 3') }, 3, 'and gives rows');
}

done_testing;
