# NeverWorse::Queries
#	  Queries at random: a table, a filter, a limit, a way to send it, settings.
#
# A query is a function of the seed and its number, so that it can be run again
# alone.  What is likely to be dear is not rare here: half of the filters match
# nothing, or one row, or not what the planner expects.

package NeverWorse::Queries;

use strict;
use warnings;

use List::Util qw(max min);

sub pick_of { return $_[ rand @_ ]; }

sub chance { return rand() < $_[0]; }

# The query of a number: a case for NeverWorse::Compare, with { number, table, filter, way, sql }.  Fixed settings take
# the place of those that come out.
sub make_case
{
	my ($seed, $number, $tables, $fixed) = @_;
	srand($seed * 1_000_003 + $number);
	rand for 1 .. 3;		# seeds that are close give first numbers that are close

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

# A filter, by name and SQL.
sub make_filter
{
	my ($case) = @_;
	my ($rows, $is_narrow) = ($case->{table}{rows}, $case->{table}{width} eq 'narrow');
	my $some_id = int rand($rows + 1);
	my $few     = pick_of(0, 0, 1, 10, 100, 1000, 10_000, 100_000, 500_000);		# in a million
	my $in      = pick_of(3, 10, 200, 2_300, 20_000);

	my @filters = (
		(['none', 'true']) x 3,
		# by an index, where there is one
		(['k, none', 'k = ' . value($case, 'smallint', 77, 1)]) x 2,
		['k', 'k = ' . value($case, 'smallint', int rand 60, 1)],
		['id, one', 'id = ' . value($case, 'int', $some_id, 1)],
		['id range', "id BETWEEN $some_id AND " . value($case, 'int', $some_id + pick_of(0, 3, 100, 3000), $some_id)],
		['id below', 'id > ' . value($case, 'int', $some_id, 1)],
		['expression index', "id % 100 = " . pick_of(7, 777)],
		# what is in an index, but is no condition for it
		['index only', pick_of('k * id < -1', 'k * id < ' . int(rand 10_000), 'k % 7 = 8')],
		['no index, none', 'id * 2 = ' . value($case, 'int', -7, 2)],
		['no index, one', "id * 2 = " . 2 * $some_id],
		['no index, one in 1,000', 'id % 1000 = ' . value($case, 'int', pick_of(0, 3), 3)],
		# the planner takes conditions on equal columns to be independent
		['contradiction', pick_of('k = 3 AND c = 4', 'k < 25 AND c >= 25', 'k <> 7 AND c = 7', 'k = 7 AND c = 7')],
		# sets
		['k of a list', 'k = ANY (' . value($case, 'int[]', q('{3, 70, 71, 72}'), q('{1}')) . ')'],
		['k of none', 'k = ANY (' . value($case, 'int[]', q('{70, 71, 72, 73, 74, 75}'), q('{1}')) . ')'],
		['id of a sub-select', "id = ANY (ARRAY(SELECT target FROM picks WHERE pos <= " . min($in, 2_300) . '))'],
		['k of a sub-select', 'k = ANY (ARRAY(SELECT target % 50 FROM picks WHERE pos <= ' . pick_of(1, 5, 100) . '))'],
		['NOT IN (SELECT)', "id NOT IN (SELECT target FROM picks WHERE pos <= $in)"],
		['OR IN (SELECT)', "(id IN (SELECT target FROM picks WHERE pos <= $in) OR k = 77)"],
		['EXISTS', "EXISTS (SELECT 1 FROM picks WHERE pos <= $in AND target = t.id)"],
		# costs that are wrong
		['slow function', 'slow(id) = ' . pick_of(5, 500)],
		['dear function', 'dear(id) % 100 = ' . pick_of(5, 500)]);

	push @filters, (
		(['x', "x < " . value($case, 'int', $few, 500_000)]) x 2,
		(['r', "r < " . value($case, 'int', $few, 500_000)]) x 2,
		['x beyond', 'x > ' . pick_of(999_990, 1_000_000, 1_500_000)],
		['u, one', 'u = ' . value($case, 'int', $some_id * 48271 % 2147483647, 48271)],
		['u, none', 'u = ' . value($case, 'int', -5, 48271)],
		['k and r', "k = " . int(rand 50) . " AND r < $few"],
		['x and r', 'x < ' . pick_of(1000, 100_000) . " AND r < $few"],
		['k or x', "(k = 77 OR x < $few)"],
		['partial index', pick_of('c = 1 AND id > 0', 'k < 10 AND x < 1000', 'n IS NOT NULL', 'n IS NOT NULL AND r < 100')],
		['text', pick_of("lower(v) = 'abc'", "v LIKE '%ffffff%'", 'length(v) < 5', "md5(v) < '000'")])
	  if !$is_narrow;

	my $filter = pick_of(@filters);
	keep_params($case, $filter->[1]);
	return @$filter;
}

# Keep the parameters that the filter uses, and number them from 1 on; the other filters' go.
sub keep_params
{
	my ($case, undef) = @_;
	my @used = $_[1] =~ /\$(\d+)/g;
	@{ $case->{params} } = @{ $case->{params} }[ map { $_ - 1 } @used ];
	my $n = 0;
	$_[1] =~ s/\$\d+/'$' . ++$n/ge;
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
	my $list = pick_of(('t.*') x 4, 't.id', 't.id, t.k', 'list');
	($list, $order) = ('t.id, random() AS r', 'r') if $list eq 'list';
	$order .= ' DESC' if chance(0.1);

	my $from = "$table->{name} t";
	if (chance(0.05))
	{
		$from .= ' JOIN lookup l ON l.k = t.k';
		$case->{joined} = 1;
	}
	my $where = $case->{where};
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
		$case->{warm_up} = "$warm_ups times " . $call->('first');
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
	$text .= "$case->{prepare}[0];\n-- $case->{warm_up}; then\n" if $case->{prepare};
	return $text . join("; ", @{ $case->{commands} }) . ";\n";
}

1;
