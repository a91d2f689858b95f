# Picked rows that are locked, changed and deleted, while others do the same:
# the queue from which many workers take random jobs.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Forms;
use Test::More;

my %settings = (cpu_tuple_cost => 1000);

my $builder = connect_to_server();
$builder->do(<<'SQL');
-- room on each page, so that changes that are rolled back are cleaned up there and then
CREATE TABLE job (id int PRIMARY KEY, kind int NOT NULL, done int NOT NULL, pad text) WITH (fillfactor = 30);
INSERT INTO job SELECT i, i % 3, 0, repeat('x', i % 7 * 150) FROM generate_series(1, 40) i;
CREATE TABLE task (id int PRIMARY KEY, job_id int NOT NULL) PARTITION BY HASH (id);
CREATE TABLE task_0 PARTITION OF task FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE task_1 PARTITION OF task FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO task SELECT i, i FROM generate_series(1, 30) i;
ANALYZE
SQL

my $pick = 'ORDER BY random() LIMIT';
my @writes = (
	# what it is, of which rows it picks, how many, query
	[ 'UPDATE by ctid', 'job', 1,
		"UPDATE job SET done = 1 WHERE ctid = (SELECT ctid FROM job $pick 1) RETURNING id" ],
	[ 'UPDATE by ctids', 'job', 3,
		"UPDATE job SET done = 1 WHERE ctid = ANY (ARRAY(SELECT ctid FROM job $pick 3)) RETURNING id" ],
	[ 'UPDATE by id', 'job', 1,
		"UPDATE job SET done = 1 WHERE id = (SELECT id FROM job $pick 1 FOR UPDATE SKIP LOCKED) RETURNING id" ],
	[ 'UPDATE by ids', 'job WHERE kind = 1', 3,
		"UPDATE job SET done = 1 WHERE id IN (SELECT id FROM job WHERE kind = 1 $pick 3 FOR UPDATE) RETURNING id" ],
	[ 'UPDATE FROM', 'job', 3,
		"UPDATE job SET done = 1 FROM (SELECT id FROM job $pick 3 FOR NO KEY UPDATE) s WHERE s.id = job.id RETURNING job.id" ],
	[ 'UPDATE by a CTE', 'job', 3,
		"WITH picked AS (SELECT id FROM job $pick 3 FOR UPDATE SKIP LOCKED) UPDATE job SET done = 1 FROM picked WHERE picked.id = job.id RETURNING job.id" ],
	[ 'DELETE by ctid', 'job', 1,
		"DELETE FROM job WHERE ctid = (SELECT ctid FROM job $pick 1 FOR UPDATE SKIP LOCKED) RETURNING id" ],
	[ 'DELETE by ids', 'job', 3,
		"DELETE FROM job WHERE id IN (SELECT id FROM job $pick 3) RETURNING id" ],
	[ 'DELETE USING', 'job', 3,
		"DELETE FROM job USING (SELECT id FROM job $pick 3) s WHERE s.id = job.id RETURNING job.id" ],
	[ 'DELETE from partitions', 'task', 3,
		"DELETE FROM task WHERE id IN (SELECT id FROM task $pick 3 FOR UPDATE SKIP LOCKED) RETURNING id" ],
	[ 'INSERT', 'job', 3,
		"INSERT INTO task SELECT id + 100, id FROM job $pick 3 RETURNING job_id AS id" ],
	[ 'INSERT ON CONFLICT', 'task', 3,
		"INSERT INTO task SELECT id, 0 FROM task $pick 3 ON CONFLICT (id) DO UPDATE SET job_id = 0 RETURNING id" ],
	map({ [ "FOR $_", 'job', 3, "SELECT id FROM job $pick 3 FOR $_" ] }
		'UPDATE', 'NO KEY UPDATE', 'SHARE', 'KEY SHARE', 'UPDATE OF job', 'UPDATE NOWAIT', 'UPDATE SKIP LOCKED'),
	[ 'FOR UPDATE of partitions', 'task', 3, "SELECT id FROM task $pick 3 FOR UPDATE SKIP LOCKED" ],
	[ 'FOR UPDATE outside of the sub-select', 'job', 3, "SELECT * FROM (SELECT id FROM job $pick 3) s FOR UPDATE" ],
);
for (@writes)
{
	my ($name, $rows, $k, $query) = @$_;
	is_taken(\%settings, name => $name, rows => $rows, k => $k, id => 'id', unordered => 1,
		values => [], query => [ 'BEGIN', $query, 'ROLLBACK' ]);
}

# MERGE returns no rows in all versions.
{
	my $dbh = start_session(%settings);
	my $merge = "MERGE INTO job USING (SELECT id FROM job $pick 5) s ON s.id = job.id WHEN MATCHED THEN UPDATE SET done = done + 1";
	is_plan_raced($dbh, $merge, 'MERGE');
	my @sums = map { $dbh->do($merge); $dbh->selectrow_array('SELECT sum(done) FROM job') } 1 .. 20;
	is("@sums", join(' ', map { 5 * $_ } 1 .. 20), 'MERGE changes five rows each time');
	$builder->do('UPDATE job SET done = 0');
}

# Half of the rows are locked by somebody else.  SKIP LOCKED picks from the other
# half, and all of it.
my $other = connect_to_server();
for my $lock ('FOR UPDATE', 'FOR SHARE')
{
	$other->begin_work;
	$other->do("SELECT FROM job WHERE id % 2 = 0 $lock");
	$other->do("SELECT FROM task WHERE id % 2 = 0 $lock");
	for (
		[ 'a locked half is skipped', 'job WHERE id % 2 = 1', 1, "SELECT id FROM job $pick 1 FOR UPDATE SKIP LOCKED" ],
		[ 'what is not locked', 'job WHERE id % 2 = 1', 20, "SELECT id FROM job $pick 40 FOR UPDATE SKIP LOCKED" ],
		[ 'not locked and filtered', 'job WHERE id % 2 = 1 AND kind = 0', 2, "SELECT id FROM job WHERE kind = 0 $pick 2 FOR UPDATE SKIP LOCKED" ],
		[ 'locked partitions', 'task WHERE id % 2 = 1', 2, "SELECT id FROM task $pick 2 FOR UPDATE SKIP LOCKED" ],
		[ 'locks that do not conflict', 'job', 1, "SELECT id FROM job $pick 1 FOR KEY SHARE SKIP LOCKED" ])
	{
		my ($name, $rows, $k, $query) = @$_;
		next if $name =~ /conflict/ && $lock eq 'FOR UPDATE';
		is_taken(\%settings, name => "$name, $lock", rows => $rows, k => $k, id => 'id', values => [],
			query => [ 'BEGIN', $query, 'ROLLBACK' ]);
	}

	# NOWAIT fails as often as the row that is picked is locked: every other time
	my $dbh = start_session(%settings);
	is_fair("NOWAIT, $lock", sub {
		my %count = (locked => 0, picked => 0);
		for (1 .. 2000)
		{
			my $answer = form_answer($dbh, "SELECT id FROM job $pick 1 FOR UPDATE NOWAIT");
			die "$answer->[1]\n" if !ref $answer->[1] && $answer->[0] ne '55P03';
			$count{ ref $answer->[1] ? 'picked' : 'locked' }++;
		}
		return ('errors' => chi_square_p(\%count, { locked => 1, picked => 1 }));
	});
	$other->rollback;
}

# Whoever waits finds the rows changed, and changes those that it has picked, as
# they are now.
my @waits = (
	# what the others do, what waits, rows of it, what must be true afterwards
	[ 'UPDATE job SET done = 10', "UPDATE job SET done = done + 1 WHERE id IN (SELECT id FROM job $pick 5) RETURNING done", 5, 'done IN (10, 11)' ],
	[ 'UPDATE job SET done = 10', "UPDATE job SET done = done + 1 WHERE id IN (SELECT id FROM job $pick 5 FOR UPDATE) RETURNING done", 5, 'done IN (10, 11)' ],
	# of ctids that are old the rows are not found
	[ 'UPDATE job SET done = 10', "UPDATE job SET done = done + 1 WHERE ctid = ANY (ARRAY(SELECT ctid FROM job $pick 5)) RETURNING done", 0, 'done = 10' ],
	[ 'DELETE FROM job WHERE id > 40; UPDATE job SET done = 10 WHERE id <= 40',
		"DELETE FROM job WHERE id IN (SELECT id FROM job $pick 40 FOR UPDATE) RETURNING done", 40, 'done = 10' ],
	[ 'UPDATE job SET kind = 5', "SELECT done FROM job WHERE kind < 3 $pick 5 FOR UPDATE", 0, 'kind = 5' ],
);
for (@waits)
{
	my ($change, $query, $count, $fact) = @$_;
	$builder->do('TRUNCATE job');
	$builder->do('INSERT INTO job SELECT i, i % 3, 0 FROM generate_series(1, 40) i');
	my $dbh = start_session(%settings);
	is_plan_raced($dbh, $query, $query);
	$other->begin_work;
	$other->do($change);
	my $rows = run_behind($dbh, $query, sub { $other->commit });
	is(scalar @$rows, $count, "$query behind $change");
	my ($bad) = $builder->selectrow_array("SELECT count(*) FROM job WHERE NOT ($fact)");
	is($bad, 0, "$query behind $change: $fact");
}

# A cursor names its row, also under a row lock.
for my $lock ('', 'FOR UPDATE')
{
	# PostgreSQL's own plan for a cursor that sorts allows this under a lock alone
	next if PLAIN && !$lock;
	$builder->do('TRUNCATE job');
	$builder->do('INSERT INTO job SELECT i, i % 3, 0 FROM generate_series(1, 40) i');
	my $dbh = start_session(%settings);
	$dbh->begin_work;
	$dbh->do("DECLARE c CURSOR FOR SELECT id FROM job ORDER BY random() $lock");
	my @fetched = map {
		my ($id) = $dbh->selectrow_array('FETCH c');
		my ($changed) = $dbh->selectrow_array('UPDATE job SET done = 1 WHERE CURRENT OF c RETURNING id');
		is($changed, $id, "WHERE CURRENT OF, $lock");
		$id;
	} 1 .. 5;
	$dbh->commit;
	is_deeply([ sort { $a <=> $b } @fetched ], $builder->selectcol_arrayref('SELECT id FROM job WHERE done = 1 ORDER BY id'),
		"rows of a cursor, $lock");
}

# Partitions read by a sub-select of a row that is being changed: the row is
# rechecked, and the sub-select read as always.
{
	$builder->do($_) for 'TRUNCATE task', 'TRUNCATE job', 'INSERT INTO job SELECT i, 0, 0 FROM generate_series(1, 100) i',
		'INSERT INTO task SELECT i, i FROM generate_series(1, 1000) i', 'ANALYZE task';
	my $pick = 'SELECT task.id FROM task WHERE task.job_id <> job.kind - 9 ORDER BY random() LIMIT 1';
	my ($other, $dbh) = (connect_unseeded(), start_session(%settings));
	$other->begin_work;
	$other->do('UPDATE job SET kind = 1');
	run_behind($dbh, "UPDATE job SET done = ($pick) RETURNING done", sub { $other->commit });
	my ($first) = $builder->selectrow_array('SELECT count(*) FROM job JOIN task_0 ON task_0.id = done');
	# of 100 rows half: 10 or fewer, or 90 or more, come once in 10^16 times
	cmp_ok($first, '>', 10, 'a sub-select of a rechecked row reads all partitions');
	cmp_ok($first, '<', 90, 'a sub-select of a rechecked row reads all partitions, too');
	is($builder->selectrow_array('SELECT count(*) FROM job WHERE kind = 1'), 100, 'and the rows were rechecked');
}

# Workers in earnest, as many as there are sessions: each row once.
sub drain_queue
{
	my ($name, $rows, $take) = @_;
	my $clients = 8;
	my $file    = ($ENV{TMPDIR} // '/tmp') . "/randpick_take_$$.sql";
	my ($database) = $builder->selectrow_array('SELECT current_database()');

	$builder->do('DROP TABLE IF EXISTS queue, taken');
	$builder->do("CREATE TABLE queue AS SELECT i AS id FROM generate_series(1, $rows) i");
	$builder->do('ALTER TABLE queue ADD PRIMARY KEY (id)');
	$builder->do('CREATE TABLE taken (id int, worker int)');
	$builder->do('ANALYZE queue');
	is_plan_raced(start_session(%settings), $take, $name);
	open(my $script, '>', $file) or die "$file: $!\n";
	print $script "$take;\n";
	close $script;
	local $ENV{PGOPTIONS} = PLAIN ? '' : '-c session_preload_libraries=randpick -c randpick.order_by_random=force -c seq_page_cost=1000';
	# one more each than it takes, in vain
	my $each = $rows / $clients + 1;
	my $output = `pgbench -n -M prepared -c $clients -j 2 -t $each -f $file $database 2>&1`;
	is($?, 0, "$name: no error") or diag($output);
	unlink $file;
	my @found = $builder->selectrow_array('SELECT count(*), count(DISTINCT id), count(DISTINCT worker), (SELECT count(*) FROM queue) FROM taken');
	is("@found", "$rows $rows $clients 0", "$name: $rows rows, each once, by $clients workers");
	return;
}
my $take = 'WITH taken AS (DELETE FROM queue WHERE %s RETURNING id) INSERT INTO taken SELECT id, pg_backend_pid() FROM taken';
my $jobs = PLAIN ? 400 : 4000;
drain_queue('by id', $jobs, sprintf $take, "id = (SELECT id FROM queue $pick 1 FOR UPDATE SKIP LOCKED)");
drain_queue('by ctid', $jobs, sprintf $take, "ctid = (SELECT ctid FROM queue $pick 1 FOR UPDATE SKIP LOCKED)");

done_testing;
