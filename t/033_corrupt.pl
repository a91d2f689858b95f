# Does a damaged file lead to an error, or to right rows, but never to a crash, a
# statement that does not end, or a backend that grows?
#
# First damage of kinds that have been or could be the ruin of a race, each
# aimed at one thing that is read from a page; then damage at random.  PostgreSQL
# reads the tables alone here, if it is asked: nothing excuses what the indexes do
# to us.  scripts/check-corrupt does the same at length.

use strict;
use warnings;

use FindBin;
use POSIX ();
use lib "$FindBin::Bin/lib";
use RandpickTest;
use RandpickTest::Btree qw(read_file write_file);
use RandpickTest::Damage qw(PAGE damage_file npages peek poke set_special find_items set_item_header ask_within);
use Test::More;

# There is nothing to compare where PostgreSQL's own plans answer.
plan skip_all => 'needs randpick' if PLAIN;

use constant {
	NO_BLOCK     => 0xFFFFFFFF,		# reading it would add a page to the file
	TIMEOUT      => 3,				# seconds
	GROWTH       => 50,				# megabytes
	HALF_DEAD    => 0x0010,
	ALT_TID      => 0x2000,
	POSTING      => 0x2000,
	HEAP_ONLY    => 0x8000,
	HOT_UPDATED  => 0x4000,
	XMAX_INVALID => 0x0800 };

# The blocks of an index that are on a level.
sub blocks_on_level
{
	my ($bytes, $level) = @_;
	return grep { (unpack 'x8 L', substr($$bytes, PAGE * $_ + PAGE - 16, 16)) == $level } 1 .. npages($bytes) - 1;
}

sub is_rightmost
{
	my ($bytes, $block) = @_;
	return !peek($bytes, $block, PAGE - 12, 'L', 4);
}

# Do something to all leaf pages that have one on the right, or to each item of
# all leaf pages but its high key.
sub for_leaves
{
	my ($do) = @_;
	return sub {
		my ($bytes) = @_;
		$do->($bytes, $_) for grep { !is_rightmost($bytes, $_) } blocks_on_level($bytes, 0);
	};
}

sub for_entries
{
	my ($do) = @_;
	return sub {
		my ($bytes) = @_;
		for my $block (blocks_on_level($bytes, 0))
		{
			my @items = find_items($bytes, $block);
			shift @items unless is_rightmost($bytes, $block);
			$do->($bytes, $block, $_) for @items;
		}
	};
}

# Let each entry say that it has a posting list at an offset, of so many TIDs.
sub lay_posting_lists
{
	my ($offset, $ntids) = @_;
	return for_entries(sub { set_item_header(@_, $offset, POSTING | $ntids, ALT_TID | $_[2]{length}) });
}

my %make = (
	# several leaf pages for each k, in posting lists
	posting => [
		'CREATE TABLE T (id int, k int, key text)',
		q{INSERT INTO T SELECT i, i % 5, repeat('x', 100) FROM generate_series(1, 12000) i},
		'CREATE INDEX T_k ON T (k)' ],
	unique => [
		'CREATE TABLE T (id int PRIMARY KEY, k int, key text)',
		'ALTER TABLE T ALTER key SET STORAGE plain',
		q{INSERT INTO T SELECT i, i % 100, repeat('x', 1000) FROM generate_series(1, 3000) i} ],
	text => [
		'CREATE TABLE T (id int, k int, key text COLLATE "C" NOT NULL)',
		'INSERT INTO T SELECT i, i % 100, md5(i::text) FROM generate_series(1, 8000) i',
		'CREATE UNIQUE INDEX T_key ON T (key)' ],

	# the rows of k = 0 were inserted and updated in place in one transaction
	chains => [
		'CREATE TABLE T (id int PRIMARY KEY, k int, key text) WITH (fillfactor = 40)',
		q{DO $$BEGIN INSERT INTO T SELECT i, i % 10, '' FROM generate_series(1, 2000) i; UPDATE T SET key = 'x' WHERE k = 0; END$$} ]);

# Each case: its name, its table, the file and the damage; then for a source a
# filter and what comes of it, an SQLSTATE or rows.  If nothing is said, either may
# come.
my @cases = (
	{
		name => 'a right-link that leads to its own page', make => 'posting', file => 'T_k',
		damage => for_leaves(sub { set_special(@_, right => $_[1]) }),
		ask    => [ [ range => 'k = 2', 'XX002' ], [ range => 'k > 1' ], [ leaf => 'true', 'rows' ], [ heap => 'k = 2', 'rows' ] ],
	},
	{
		name => 'right-links that lead back to the first leaf', make => 'posting', file => 'T_k',
		damage => for_leaves(sub { set_special(@_, right => 1) }),
		ask    => [ [ range => 'k = 2', 'XX002' ], [ range => 'k > 1' ] ],
	},
	{
		name => 'links to the right and to the left that form a ring', make => 'posting', file => 'T_k',
		damage => sub {
			my ($bytes) = @_;
			my ($last) = grep { is_rightmost($bytes, $_) } blocks_on_level($bytes, 0);
			set_special($bytes, 1,     left  => $last);
			set_special($bytes, $last, right => 1);
		},
		ask => [ [ range => 'k > 3', 'XX002' ], [ range => 'k >= 1' ], [ range => 'k = 1', 'rows' ] ],
	},
	{
		name => 'right-links that would add pages to the file', make => 'posting', file => 'T_k',
		damage => for_leaves(sub { set_special(@_, right => NO_BLOCK) }),
		ask    => [ [ range => 'k = 2', 'XX002' ] ],
	},
	{
		name => 'downlinks that would add pages to the file', make => 'posting', file => 'T_k',
		damage => sub {
			my ($bytes) = @_;
			my ($root) = blocks_on_level($bytes, 1);
			set_item_header($bytes, $root, $_, NO_BLOCK) for find_items($bytes, $root);
		},
		ask => [ [ range => 'k = 2', 'XX002' ] ],
	},
	{
		name => 'TIDs that would add pages to the table', make => 'unique', file => 'T_pkey',
		damage => for_entries(sub { set_item_header(@_, NO_BLOCK) }),
		ask    => [ [ leaf => 'true', 'XX001' ], [ range => 'id > 1000', 'XX001' ] ],
	},
	{
		name => 'posting lists longer than a page', make => 'unique', file => 'T_pkey',
		damage => lay_posting_lists(16, 4095),
		ask    => [ [ leaf => 'true', 'XX002' ], [ range => 'id > 1000', 'XX002' ] ],
	},
	{
		name => 'posting lists far from their items', make => 'posting', file => 'T_k',
		damage => lay_posting_lists(0x7FFFFFF8, 300),
		ask    => [ [ leaf => 'true', 'XX002' ], [ range => 'k = 2', 'XX002' ] ],
	},
	{
		name => 'pivots among the entries', make => 'posting', file => 'T_k',
		damage => for_entries(sub { set_item_header(@_, undef, 1, ALT_TID | $_[2]{length}) }),
		ask    => [ [ leaf => 'true' ], [ range => 'k = 2', 'XX002' ] ],
	},
	{
		name => 'line pointers that lead out of the page', make => 'text', file => 'T_key',
		damage => for_entries(sub {
			my ($bytes, $block, $item) = @_;
			poke($bytes, $block, 24 + 4 * $item->{number}, pack 'L', 32760 | 1 << 15 | $item->{length} << 17);
		}),
		ask => [ [ leaf => 'true', 'XX002' ], [ range => q{key > '5'}, 'XX002' ] ],
	},
	{
		name => 'keys that are longer than their items', make => 'text', file => 'T_key',
		damage => sub {
			my ($bytes) = @_;
			for my $block (1 .. npages($bytes) - 1)
			{
				poke($bytes, $block, $_->{offset} + 8, pack 'L', 0x3FFFFFF0) for grep { $_->{length} > 16 } find_items($bytes, $block);
			}
		},
		ask => [ [ leaf => q{key > '5'}, 'XX002' ], [ range => q{key > '5'}, 'XX002' ], [ leaf => 'true', 'rows' ] ],
	},
	{
		name => 'a root on a level that no index has', make => 'posting', file => 'T_k',
		damage => sub {
			my ($bytes) = @_;
			my ($root) = blocks_on_level($bytes, 1);
			set_special($bytes, $root, level => 0x80000000);
			poke($bytes, 0, 24 + 12, pack 'LLL', 0x80000000, $root, 0x80000000);
		},
		ask => [ [ range => 'k = 2', 'XX002' ] ],
	},
	{
		name => 'a root that is one of many pages', make => 'text', file => 'T_key',
		damage => sub { poke($_[0], 0, 24 + 16, pack 'LL', 1, 0) },		# the first leaf
		ask      => [ [ range => q{key > ''}, 'rows' ] ],
		settings => { work_mem => '64kB' },				# a few pages
	},
	{
		name => 'a metapage that would add pages to the file', make => 'posting', file => 'T_k',
		damage => sub { poke($_[0], 0, 24 + 16, pack 'L', NO_BLOCK) },
		ask => [ [ range => 'k = 2', 'XX002' ] ],
	},
	{
		name => 'a dead root that leads to itself', make => 'posting', file => 'T_k',
		damage => sub {
			my ($bytes) = @_;
			my ($root) = blocks_on_level($bytes, 1);
			set_special($bytes, $root, right => $root);
			set_special($bytes, $root, flags => HALF_DEAD);
		},
		ask => [ [ range => 'k = 2', 'XX002' ] ],
	},
	{
		name => 'a HOT chain that leads to itself', make => 'chains', file => 'T',
		damage => sub {
			my ($bytes) = @_;
			for my $block (0 .. npages($bytes) - 1)
			{
				for my $item (find_items($bytes, $block))
				{
					my $at = $item->{offset};
					my ($xmin) = peek($bytes, $block, $at, 'L', 4);
					my ($infomask2, $infomask) = peek($bytes, $block, $at + 18, 'SS', 4);
					next unless $infomask2 & HEAP_ONLY;
					poke($bytes, $block, $at + 4,  pack 'L', $xmin);
					poke($bytes, $block, $at + 18, pack 'SS', $infomask2 | HOT_UPDATED, $infomask & ~XMAX_INVALID);
				}
			}
		},
		ask => [ [ leaf => 'k = 0', 'XX001' ], [ range => 'id > 1000 AND k = 0', 'XX001' ], [ heap => 'true', 'rows' ] ],
	},
	{
		name => 'tuples that leave their page', make => 'chains', file => 'T',
		damage => sub {
			my ($bytes) = @_;
			for my $block (0 .. npages($bytes) - 1)
			{
				poke($bytes, $block, 24 + 4 * $_->{number}, pack 'L', 32760 | 1 << 15 | 64 << 17) for find_items($bytes, $block);
			}
		},
		ask => [ [ heap => 'true', 'XX001' ], [ leaf => 'true', 'XX001' ], [ range => 'id > 1000', 'XX001' ] ],
	},
	{
		name => 'tuples whose header leaves them', make => 'unique', file => 'T',
		damage => sub {
			my ($bytes) = @_;
			for my $block (0 .. npages($bytes) - 1)
			{
				poke($bytes, $block, $_->{offset} + 22, chr 7) for find_items($bytes, $block);
			}
		},
		ask => [ [ heap => 'true', 'XX001' ], [ leaf => 'true', 'XX001' ], [ range => 'id > 1000', 'XX001' ] ],
	},
	{
		name => 'an index cut off behind its metapage', make => 'unique', file => 'T_pkey',
		damage => sub { ${ $_[0] } = substr ${ $_[0] }, 0, PAGE },
		ask => [ [ leaf => 'true', 'XX001' ], [ range => 'id > 1000', 'XX001' ] ],
	},
	{
		name => 'an index without a page', make => 'unique', file => 'T_pkey',
		damage => sub { ${ $_[0] } = '' },
		ask => [ [ leaf => 'true' ], [ range => 'id > 1000' ] ],
	},
	{
		name => 'zeroed pages', make => 'posting', file => 'T_k',
		damage => for_leaves(sub { poke(@_, 0, "\0" x PAGE) }),
		ask    => [ [ range => 'k = 2', 'XX002' ], [ leaf => 'true' ] ],
	});

# And at random, at times in several ways.
my @filters = ('true', 'k = 2', 'k > 1', 'id BETWEEN 1000 AND 1500', q{key > '5'});
for my $n (1 .. 24)
{
	my $make = (sort keys %make)[ $n % keys %make ];
	my $file = $make eq 'posting' ? 'T_k' : $make eq 'text' ? 'T_key' : 'T_pkey';
	push @cases, {
		name   => "damage number $n",
		make   => $make,
		file   => $file,
		damage => sub {
			srand(run_seed() + $n);
			return damage_file($_[0], 1);
		},
		ask => [ map { my $source = $_; map { [ $source => $_ ] } @filters } 'leaf', 'range' ] };
}

# --- make the tables and damage them ---

my $number = 0;
{
	my $builder = connect_to_server();
	for my $case (@cases)
	{
		my $table = $case->{table} = 'corrupt_' . ++$number;
		build_table($builder, $table, map { s/\bT_/${table}_/gr } @{ $make{ $case->{make} } });
		($case->{path}) = $builder->selectrow_array("SELECT pg_relation_filepath('" . $case->{file} =~ s/^T/$table/r . "')");
		for (@{ $case->{ask} })
		{
			$case->{right}{ $_->[1] } //=
			  { map { $_ => 1 } @{ $builder->selectcol_arrayref("SELECT id FROM $table WHERE $_->[1]") } };
		}
	}

	# for the end of a histogram the planner would ask the index
	$builder->do('DELETE FROM pg_statistic');
	$builder->disconnect;
}
reopen_database(sub {
	my ($admin) = @_;
	for my $case (@cases)
	{
		my $bytes = read_file($admin, $case->{path});
		$case->{done} = $case->{damage}->(\$bytes);
		write_file($admin, $case->{path}, $bytes);
	}
});

# --- ask ---

$| = 1;

# The most memory that a session has had, in megabytes, where the kernel says.
sub memory_peak
{
	my ($dbh) = @_;
	my $status = eval { $dbh->selectrow_array(q{SELECT pg_read_file('/proc/self/status')}) } // '';
	return $status =~ /^VmHWM:\s+(\d+)/m ? $1 / 1024 : 0;
}

# How many pages the files of a table and its indexes have.
sub count_pages
{
	my ($dbh, $table) = @_;
	return join ' ', map { "@$_" } @{ $dbh->selectall_arrayref(<<"SQL") };
SELECT relname, pg_relation_size(oid) / 8192 FROM pg_class WHERE relname ~ '^${table}(_|\$)' AND relkind IN ('r', 'i') ORDER BY 1
SQL
}

# Ask for rows of a damaged table.  Returns what is wrong with the answer, or
# nothing.
sub ask
{
	my ($case, $dbh, $filter, $expected, $k) = @_;
	my ($rows, $how) = ask_within($dbh, "SELECT id FROM $case->{table} WHERE $filter ORDER BY random() LIMIT $k", TIMEOUT + 10);
	my $came = $rows ? 'rows' : $how;

	if ($came eq 'stuck')
	{
		# no database can be dropped now
		print "Bail out!  $case->{name}: a backend takes no notice of a timeout\n";
		POSIX::_exit(255);
	}
	return $came if $came =~ /^(crash|timeout)$/;
	return "$came instead of $expected" if $expected && $came ne $expected;
	return unless $rows;
	my %left = %{ $case->{right}{$filter} };
	return 'rows that should not come' if grep { !delete $left{ $_->[0] // -1 } } @$rows;
	return 'too few rows' if $expected && @$rows < $k;
	return;
}

for my $case (@cases)
{
	my (@wrong, $is_gone);

	for (@{ $case->{ask} })
	{
		my ($source, $filter, $expected) = @$_;
		my $dbh = start_session(
			'randpick.method'       => $source,
			statement_timeout       => TIMEOUT . 's',
			ignore_checksum_failure => 'on',
			seq_page_cost           => 1000,
			%{ $case->{settings} // {} },
			map { ("enable_$_" => 'off') } qw(indexscan indexonlyscan bitmapscan));
		my $start = memory_peak($dbh);
		my $pages = count_pages($dbh, $case->{table});

		for my $k (1, 3, 30)
		{
			my $wrong = ask($case, $dbh, $filter, $expected, $k) or next;
			push @wrong, "$source, $filter, LIMIT $k: $wrong";
			last if $is_gone = $wrong eq 'crash';
		}
		last if $is_gone;
		my $grown = memory_peak($dbh) - $start;
		push @wrong, "$source, $filter: the backend grew by $grown MB" if $grown > GROWTH;
		push @wrong, "$source, $filter: pages were added, now " . count_pages($dbh, $case->{table}) . " instead of $pages"
		  if count_pages($dbh, $case->{table}) ne $pages;
	}
	is(join("\n", @wrong), '', $case->{name}) or diag($case->{done} // '');
	last if $is_gone;
}

done_testing;
