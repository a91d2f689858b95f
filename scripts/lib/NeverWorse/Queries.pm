# NeverWorse::Queries
#	  Queries at random: a table, a filter, a limit, a way to send it, settings.
#
# A query is a function of the seed and its number, so that it can be run again
# alone.  What is likely to be dear is not rare here: half of the filters match
# nothing, or one row, or not what the planner expects.

package NeverWorse::Queries;

use strict;
use warnings;

use Digest::MD5 'md5_hex';
use List::Util 'max';

sub pick_of { return $_[ rand @_ ]; }

sub chance { return rand() < $_[0]; }

# The query of a number: a case for NeverWorse::Compare, with { number, table, filter, way, sql }.  Fixed settings take
# the place of those that come out.
sub make_case
{
	my ($seed, $number, $tables, $fixed) = @_;
	srand(hex substr(md5_hex("$seed $number"), 0, 8));		# numbers that are close must not give similar queries

	my $table = pick_of(@$tables);
	my %case = (
		number   => $number,
		table    => $table,
		way      => pick_of(('prepared') x 5, ('generic') x 2, 'custom', ('simple') x 4, 'cursor', 'lateral'),
		settings => { make_settings(), %$fixed },
		params   => []);
	$case{settings}{plan_cache_mode} //= "force_$case{way}_plan" if $case{way} =~ /generic|custom/;
	@case{qw(filter where)} = make_filter(\%case);
	$case{sql} = make_select(\%case);
	make_commands(\%case);
	return \%case;
}

sub make_settings
{
	my %settings;
	$settings{random_page_cost} = pick_of(0.1, 1.1, 1.1, 100) if chance(0.25);
	$settings{work_mem} = pick_of('64kB', '64MB') if chance(0.2);
	$settings{ 'enable_' . pick_of(qw(seqscan indexscan bitmapscan indexonlyscan sort)) } = 'off' if chance(0.1);
	if (chance(0.03))
	{
		$settings{max_parallel_workers_per_gather} = 2;
		@settings{qw(min_parallel_table_scan_size parallel_setup_cost)} = (0, 10) if chance(0.5);
	}
	return %settings;
}

# A value in a query: a literal, or a parameter whose value at first is another one.
sub value
{
	my ($case, $type, $value, $first) = @_;
	return $value if $case->{way} !~ /prepared|generic|custom/ || chance(0.2);
	push @{ $case->{params} }, { type => $type, value => $value, first => $first };
	return '$' . @{ $case->{params} };
}

# Filters: how often one comes out, its name, and its SQL, made for a case.
my @filters = (
	[ 6, 'none', sub { 'true' } ],
	# by an index, where there is one
	[ 2, 'k, none', sub { 'k = ' . value($_[0], 'smallint', 77, 1) } ],
	[ 1, 'k', sub { 'k = ' . value($_[0], 'smallint', pick_of(0 .. 60, 'NULL'), 1) } ],
	[ 1, 'id, one', sub { 'id = ' . value($_[0], 'int', some_id($_[0]), 1) } ],
	[ 1, 'id between', sub { 'id BETWEEN ' . join ' AND ', map { value($_[0], 'int', $_, 1) } id_range($_[0]) } ],
	[ 1, 'id above', sub { 'id > ' . value($_[0], 'int', some_id($_[0]), 1) } ],
	[ 1, 'expression index', sub { 'id % 100 = ' . pick_of(7, 777) } ],
	# what is in an index, but is no condition for it
	[ 2, 'index only', sub { pick_of('k * id < -1', 'k * id < ' . int(rand 10_000), 'k % 7 = 8') } ],
	[ 1, 'no index, none', sub { 'id * 2 = ' . value($_[0], 'int', -7, 2) } ],
	[ 1, 'no index, one', sub { 'id * 2 = ' . 2 * some_id($_[0]) } ],
	[ 1, 'no index, 1 in 1,000', sub { 'id % 1000 = ' . value($_[0], 'int', pick_of(0, 3), 3) } ],
	# the planner takes conditions on equal columns to be independent
	[ 1, 'contradiction', sub { pick_of('k = 3 AND c = 4', 'k < 25 AND c >= 25', 'k <> 7 AND c = 7', 'k = 7 AND c = 7') } ],
	# sets
	[ 1, 'k of a list', sub { 'k = ANY (' . value($_[0], 'int[]', q('{3, 70, 71, 72}'), q('{1}')) . ')' } ],
	[ 1, 'k of a list, none', sub { 'k = ANY (' . value($_[0], 'int[]', q('{70, 71, 72, 73, 74}'), q('{1}')) . ')' } ],
	[ 1, 'id of an array', sub { 'id = ANY (ARRAY(' . some_picks(1, 10, 200, 2_300) . '))' } ],
	[ 1, 'k of an array', sub { 'k = ANY (ARRAY(' . some_picks(1, 5, 100) =~ s/target/target % 50/r . '))' } ],
	[ 1, 'NOT IN (SELECT)', sub { 'id NOT IN (' . some_picks(3, 200, 2_300, 20_000) . ')' } ],
	[ 1, 'OR IN (SELECT)', sub { '(id IN (' . some_picks(3, 200, 2_300, 20_000) . ') OR k = 77)' } ],
	[ 1, 'EXISTS', sub { 'EXISTS (' . some_picks(3, 200, 2_300, 20_000) . ' AND target = id)' } ],
	# costs that are wrong
	[ 1, 'slow function', sub { 'slow(id) = ' . pick_of(5, 500) } ],
	[ 1, 'dear function', sub { 'dear(id) % 100 = ' . pick_of(5, 500) } ]);

# Those that want columns that narrow tables lack.
my @wide_filters = (
	[ 2, 'x', sub { 'x < ' . value($_[0], 'int', share(), 500_000) } ],
	[ 2, 'r', sub { 'r < ' . value($_[0], 'int', share(), 500_000) } ],
	[ 1, 'x beyond', sub { 'x > ' . pick_of(999_990, 1_000_000, 1_500_000) } ],
	[ 1, 'u, one', sub { 'u = ' . value($_[0], 'int', some_id($_[0]) * 48271 % 2147483647, 48271) } ],
	[ 1, 'u, none', sub { 'u = ' . value($_[0], 'int', -5, 48271) } ],
	[ 1, 'k and r', sub { 'k = ' . value($_[0], 'smallint', int rand 50, 1) . ' AND r < ' . share() } ],
	[ 1, 'x and r', sub { 'x < ' . pick_of(1000, 100_000) . ' AND r < ' . share() } ],
	[ 1, 'k or x', sub { '(k = 77 OR x < ' . share() . ')' } ],
	[ 1, 'n', sub { pick_of('n IS NULL', 'n IS NOT NULL', 'n IS NOT NULL AND r < 100') } ],
	[ 1, 'partial index', sub { pick_of('c = 1 AND id > 0', 'k < 10 AND x < 1000') } ],
	[ 1, 'text', sub { pick_of("lower(v) = 'abc'", "v LIKE '%ffffff%'", 'length(v) < 5', "md5(v) < '000'") } ]);

sub some_id { return int rand($_[0]{table}{rows} + 1); }

sub id_range
{
	my $from = some_id(@_);
	return ($from, $from + pick_of(0, 3, 100, 3000));
}

# rows of a million
sub share { return pick_of(0, 0, 1, 10, 100, 1000, 10_000, 100_000, 500_000); }

sub some_picks { return 'SELECT target FROM picks WHERE pos <= ' . pick_of(@_); }

# A filter, by name and SQL.
sub make_filter
{
	my ($case) = @_;
	my @all = (@filters, $case->{table}{width} eq 'narrow' ? () : @wide_filters);
	my (undef, $name, $sql) = @{ pick_of(map { ($_) x $_->[0] } @all) };
	return ($name, $sql->($case));
}

# How many rows: few mostly, but up to all of them.
sub make_limit
{
	my ($case) = @_;
	my $rows = $case->{table}{rows};
	my @limits = grep { $_ <= max($rows, 1) } 1, 2, 10, 30, 100, 300, 1000, 3000, 10_000, int($rows / 10), int($rows / 3), $rows;
	my $limit = chance(0.5) ? 1 : max(1, pick_of(@limits));
	return 'LIMIT ' . value($case, 'int', $limit, 1) if chance(0.75);
	return 'LIMIT (SELECT count(*) / ' . pick_of(5, 100) . " FROM $case->{table}{name})" if chance(0.2);
	return "LIMIT (SELECT $limit)" if chance(0.2);
	return 'LIMIT ' . value($case, 'int', pick_of(1, 10), 1) . ' OFFSET ' . value($case, 'int', $limit, 0);
}

sub make_select
{
	my ($case) = @_;
	my $table = $case->{table};
	my $order = 'random()';
	my $list = pick_of(('t.*') x 3, ('t.id') x 2, 't.id, t.k', 'list');
	($list, $order) = ('t.id, random() AS r', 'r') if $list eq 'list';
	$order .= ' DESC' if chance(0.1);

	my $from = "$table->{name} t";
	my $where = $case->{where};
	if (chance(0.05))
	{
		$from .= pick_of('', ' LEFT') . ' JOIN lookup l ON l.k = t.k';
		$where .= " AND l.name = 'kind " . pick_of(3, 77) . "'" if chance(0.3);
	}
	$where .= pick_of(' AND t.k = g % 50', ' AND t.id > g') if $case->{way} eq 'lateral';
	$where =~ s/\b(?<![.:])(id|k|c|u|x|r|n|v)\b(?! *\()/t.$1/g;

	my $sql = "SELECT $list FROM $from WHERE $where ORDER BY $order";
	$sql .= ' ' . make_limit($case) unless $case->{way} eq 'cursor';
	$sql .= pick_of(' FOR UPDATE OF t', ' FOR UPDATE OF t SKIP LOCKED')
	  if !$table->{is_view} && $case->{way} ne 'lateral' && $sql =~ /LIMIT (\$\d+|\d{1,3})$/ && chance(0.1);
	$sql = "SELECT count(*) FROM ($sql) s" if $case->{way} ne 'lateral' && $case->{way} ne 'cursor' && chance(0.1);
	return $sql;
}

# What to send to the server.
sub make_commands
{
	my ($case) = @_;
	my ($sql, @params) = ($case->{sql}, @{ $case->{params} });

	if ($case->{way} eq 'cursor')
	{
		my $n = pick_of(1, 10, 100, 'ALL');
		$case->{commands} = [ "DECLARE c CURSOR FOR $sql", "FETCH $n FROM c", 'CLOSE c' ];
		$case->{explain} = $case->{commands}[0];
	}
	elsif ($case->{way} eq 'lateral')
	{
		my $loops = pick_of(3, $case->{table}{rows} > 20_000 ? 3 : 20, $case->{table}{rows} > 2_000 ? 3 : 100);
		$case->{sql} = "SELECT count(*) FROM generate_series(1, $loops) g, LATERAL ($sql) s";
		$case->{commands} = [ $case->{sql} ];
	}
	elsif ($case->{way} eq 'simple')
	{
		$case->{commands} = [$sql];
	}
	else
	{
		my $call = sub {
			my ($which) = @_;
			return 'EXECUTE q' . (@params ? '(' . join(', ', map { $_->{$which} } @params) . ')' : '');
		};
		my $types = @params ? '(' . join(', ', map { $_->{type} } @params) . ')' : '';
		# EXPLAIN makes the server count a plan, and choose between custom and generic ones, as an execution does.
		my $warm_ups = pick_of(6, 8, 12);
		$case->{warm_up} = "SELECT '" . $call->('first') =~ s/'/''/gr . "' FROM generate_series(1, $warm_ups) \\gexec";
		$case->{prepare} = [ "PREPARE q$types AS $sql", ('EXPLAIN ' . $call->('first')) x $warm_ups ];
		$case->{commands} = [ $call->('value') ];
	}
}

# A case as text: what can be fed to psql.
sub describe
{
	my ($case) = @_;
	my $settings = join ' ', map { "SET $_ = '$case->{settings}{$_}';" } sort keys %{ $case->{settings} };
	my $text = $settings ? "$settings\n" : '';
	$text .= "$case->{prepare}[0];\n$case->{warm_up}\n" if $case->{prepare};
	return $text . join("; ", @{ $case->{commands} }) . ";\n";
}

1;
