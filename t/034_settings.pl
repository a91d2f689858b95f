# A call keeps its plan for the calls to come.  Do these answer as the plain
# query does, whatever has been set meanwhile?  What a filter means depends on
# much: how dates, time zones, strings and names are read, who asks.
#
# This is a search: each filter and its values, some settings that change what
# it means and many that do not, and every function, in one session.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::Bin/lib";
use RandpickTest;
use Test::More;

plan skip_all => 'needs randpick' if PLAIN;

my $builder = connect_to_server();
$builder->do($_) for (
	'CREATE TYPE size AS ENUM (\'small\', \'large\')',
	'CREATE TYPE span AS (since timestamptz, name text)',
	'CREATE DOMAIN moment AS timestamptz CHECK (VALUE IS NOT NULL)',
	'CREATE SCHEMA other',
	'CREATE TABLE shop (id int)', 'CREATE TABLE other.shop (id int)',
	'CREATE FUNCTION noon() RETURNS int LANGUAGE sql IMMUTABLE RETURN 12',
	'CREATE FUNCTION other.noon() RETURNS int LANGUAGE sql IMMUTABLE RETURN 20',

	# a type that reads settings which nobody can know of
	'CREATE TYPE day',
	q{CREATE FUNCTION day_in(cstring) RETURNS day LANGUAGE internal STABLE STRICT AS 'date_in'},
	q{CREATE FUNCTION day_out(day) RETURNS cstring LANGUAGE internal STABLE STRICT AS 'date_out'},
	'CREATE TYPE day (INPUT = day_in, OUTPUT = day_out, LIKE = date)',
	q{CREATE FUNCTION day_lt(day, day) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'date_lt'},
	'CREATE OPERATOR < (LEFTARG = day, RIGHTARG = day, FUNCTION = day_lt)',

	# functions that the planner may put in place of their call
	q{CREATE FUNCTION cutoff() RETURNS timestamptz LANGUAGE sql STABLE AS $$SELECT '2020-01-02 00:00'::timestamptz$$},
	q{CREATE FUNCTION is_early(timestamptz) RETURNS boolean LANGUAGE sql STABLE AS $$SELECT $1 < '2020-01-02 00:00'$$},
	q{CREATE FUNCTION is_before(timestamptz, before timestamptz DEFAULT cutoff()) RETURNS boolean LANGUAGE sql STABLE AS 'SELECT $1 < $2'},
	q{CREATE FUNCTION is_null(text) RETURNS boolean LANGUAGE sql AS 'SELECT $1 = NULL'},
	q{CREATE FUNCTION is_late(timestamptz) RETURNS boolean LANGUAGE plpgsql STABLE AS $$BEGIN RETURN $1 >= '2020-01-02 00:00'::text::timestamptz; END$$},

	'CREATE TABLE event (id int PRIMARY KEY, tz timestamptz, ts timestamp, d date, t timetz, iv interval, txt text, word text,
		kind size, period tstzrange, moments timestamptz[], texts text[], span span, dm moment, day day, xm text, rel regclass, raw bytea, f float8)',
	q{SET TimeZone = 'UTC'},
	q{INSERT INTO event SELECT i, tz, tz, tz::date, tz::timetz, i * interval '1 hour', CASE i % 3 WHEN 0 THEN 'a\\b' WHEN 1 THEN 'it''s' END, 'running',
		CASE WHEN i % 2 = 0 THEN 'small' ELSE 'large' END::size, tstzrange(tz, tz + interval '2 hours'), ARRAY[tz], ARRAY[CASE WHEN i % 4 > 0 THEN 'NULL' END],
		ROW(tz, 'x')::span, tz, tz::date::text::day, '<a/>', CASE WHEN i % 2 = 0 THEN 'shop' ELSE 'other.shop' END::regclass, '\\x61', 0.1
		FROM (SELECT i, timestamptz '2020-01-01 00:00' + i * interval '1 hour' AS tz FROM generate_series(0, 120) i) s},
	'RESET TimeZone',
	'CREATE INDEX ON event (tz)',
	q{CREATE FUNCTION early() RETURNS SETOF int LANGUAGE sql STABLE AS $$SELECT id FROM event WHERE tz < '2020-01-02 00:00'$$},
	'CREATE VIEW early_event AS SELECT * FROM event WHERE tz < \'2020-01-02 00:00\'',
	'CREATE TABLE owned AS SELECT * FROM event',
	'ALTER TABLE owned ENABLE ROW LEVEL SECURITY',
	q{CREATE POLICY half ON owned USING (id % 2 = 0 AND tz < '2020-01-04 00:00')},
	'DROP ROLE IF EXISTS settings_reader', 'CREATE ROLE settings_reader',
	'GRANT SELECT ON ALL TABLES IN SCHEMA public TO settings_reader',
	'GRANT USAGE ON SCHEMA other TO settings_reader',
	'ANALYZE event, owned');
END { eval { $builder->do($_) for 'DROP OWNED BY settings_reader', 'DROP ROLE settings_reader' } }

# The first value is what each session begins with.
my @settings = (
	[ TimeZone                         => 'UTC', "'Asia/Tokyo'", "'America/New_York'" ],
	[ DateStyle                        => "'ISO, MDY'", "'SQL, DMY'", "'ISO, YMD'" ],
	[ IntervalStyle                    => 'postgres', 'sql_standard' ],
	[ timezone_abbreviations           => "'Default'", "'India'" ],
	[ search_path                      => 'public', 'other, public', 'pg_catalog' ],
	[ xmloption                        => 'content', 'document' ],
	[ default_text_search_config       => "'pg_catalog.simple'", "'pg_catalog.english'" ],
	[ array_nulls                      => 'on', 'off' ],
	[ standard_conforming_strings      => $builder->{pg_server_version} < 190000 ? ('on', 'off') : 'on' ],
	[ backslash_quote                  => 'safe_encoding', 'off', 'on' ],
	[ client_encoding                  => 'UTF8', 'SJIS' ],
	[ transform_null_equals            => 'off', 'on' ],
	[ role                             => 'none', 'settings_reader' ],
	[ row_security                     => 'on', 'off' ],
	[ bytea_output                     => 'hex', 'escape' ],
	[ extra_float_digits               => '1', '-15' ],
	[ 'settings.of_mine'               => "'1'", "'50'" ],
	[ 'randpick.method'                => 'auto', 'deal', 'heap' ],
	[ 'randpick.order_by_random'       => 'off', 'force' ],
	[ plan_cache_mode                  => 'auto', 'force_custom_plan', 'force_generic_plan' ]);

# Filters, and values that come as text.
my @filters = (
	[q{tz < '2020-01-02 00:00'}],
	[q{tz < timestamptz '2020-01-02 00:00' AND id <> 3}],
	[q{tz < CAST('2020-01-02 00:00' AS timestamptz(0))}],
	[q{tz < timestamptz('2020-01-02 00:00')}],
	[q{tz < '2020-01-02 00:00'::text::timestamptz}],
	[q{tz < '2020-01-01 16:00 IST'}],
	[q{tz BETWEEN SYMMETRIC '2020-01-03 00:00' AND '2020-01-02 00:00'}],
	[q{tz IN ('2020-01-02 00:00', '2020-01-03 00:00')}],
	[q{tz = ANY ('{2020-01-02 00:00, 2020-01-03 00:00}')}],
	[q{tz = ANY (ARRAY['2020-01-02 00:00', '2020-01-03 00:00']::timestamptz[])}],
	[q{(tz, id) < ('2020-01-02 00:00', 5)}],
	[q{CASE tz WHEN '2020-01-02 00:00' THEN true ELSE id = 1 END}],
	[q{tz < COALESCE(NULL::timestamptz, '2020-01-02 00:00')}],
	[q{NOT tz >= ALL (SELECT '2020-01-02 00:00'::timestamptz UNION ALL SELECT '2020-01-03 00:00')}],
	[q{id IN (SELECT e.id FROM event e WHERE e.tz < '2020-01-02 00:00' LIMIT 200)}],
	[q{id IN (WITH w AS (SELECT e.id FROM event e WHERE e.tz < '2020-01-02 00:00') SELECT * FROM w)}],
	[q{EXISTS (SELECT FROM (VALUES ('2020-01-02 00:00'::timestamptz)) v (x) WHERE tz < x)}],
	[q{tz < $1}, '2020-01-02 00:00'],
	[q{tz < $1 AND tz > '2020-01-01 12:00'}, '2020-01-02 00:00'],
	[q{d < '02/03/2020'}],
	[q{d < $1}, '02/03/2020'],
	[q{d::text < '02'}],
	[q{ts::text LIKE '2020-01-02%'}],
	[q{tz::date = '2020-01-02'}],
	[q{ts < '02/03/2020' AND ts > 'epoch'}],
	[q{t < '12:00' AND t > '04:00'}],
	[q{iv > '1 -2:00'}],
	[q{iv > INTERVAL '1 2' DAY TO HOUR}],
	[q{iv < interval '2 days' + '-1 2:00'}],
	[q{iv < $1}, '2 -2:00'],
	[q{period && '[2020-01-02 00:00, 2020-01-02 06:00)'}],
	[q{period @> timestamptz '2020-01-02 01:00'}],
	[q{moments = '{2020-01-02 00:00}'}],
	[q{moments[1] < '2020-01-02 00:00'}],
	[q{span = '("2020-01-02 00:00",x)'::span}],
	[q{span < ROW('2020-01-02 00:00', 'x')::span}],
	[q{dm < '2020-01-02 00:00'}],
	[q{dm < '2020-01-02 00:00'::moment}],
	[q{day < '02/03/2020'}],
	[q{day < $1}, '02/03/2020'],
	[q{day_lt(day, '02/03/2020')}],
	[q{texts = '{NULL}'}],
	[q{'{NULL,x}'::text[] @> texts}],
	[q{txt = 'a\\\\b'}],
	[q{txt = 'a\\b'}],
	[q{txt = E'it\\'s'}],
	[q{txt = U&'a\\005Cb'}],
	[q{txt = NULL}],
	[q{(txt = NULL) IS NULL OR txt <> $1}, 'a\\b'],
	[q{kind = 'small'}],
	[q{kind = $1}, 'large'],
	[q{rel = 'shop'::regclass}],
	[q{rel = $1}, 'shop'],
	[q{id < noon()}],
	[q{id IN (SELECT count(*)::int FROM shop)}],
	[q{xmlserialize(content xml 'x<a/>' AS text) > xm OR id = 1}],
	[q{xm::xml IS DOCUMENT AND id < 10}],
	[q{to_tsvector(word) @@ to_tsquery('runs')}],
	[q{to_tsvector(word) @@ 'run'::tsquery}],
	[q{to_tsvector('english', word) @@ plainto_tsquery('running')}],
	[q{cutoff() > tz}],
	[q{is_early(tz)}],
	[q{is_before(tz)}],
	[q{is_before(tz, '2020-01-02 00:00')}],
	[q{is_null(txt)}],
	[q{is_late(tz)}],
	[q{id IN (SELECT early())}],
	[q{id IN (SELECT * FROM early())}],
	[q{id IN (SELECT id FROM early_event)}],
	[q{id IN (SELECT id FROM owned)}],
	[q{current_user = 'settings_reader' OR id = 7}],
	[q{raw::text = 'a'}],
	[q{(f * 3)::text = '0.3'}],
	[q{id < current_setting('settings.of_mine')::int}],
	[q{extract(hour FROM tz) = 0 AND to_char(tz, 'TZ') <> 'x'}],
	[q{tz >= date_trunc('day', '2020-01-03 12:00'::timestamptz)}],
	[q{id = 5 AND '2020-01-02 00:00'::timestamptz < timestamptz '2020-01-01 20:00 UTC'}]);

# The ids that a query gives, in order, or its error.
sub answer
{
	my ($dbh, $query) = @_;
	my $ids = eval { $dbh->selectcol_arrayref($query) };
	return defined $ids ? join(' ', sort { $a <=> $b } @$ids) : 'error ' . $dbh->state;
}

sub quoted
{
	my ($text, $mark) = @_;
	return "\$$mark\$$text\$$mark\$";
}

# What is wrong with the functions' answers to a filter, as of now.
sub compare
{
	my ($dbh, $table, $filter, @values) = @_;
	my $arguments = join ', ', quoted($filter, 'filter'), map { quoted($_, 'value') } @values;
	(my $where = $filter) =~ s/\$(\d+)/quoted($values[$1 - 1], 'value')/eg;

	my $plain = answer($dbh, "SELECT id FROM public.$table WHERE ($where)");
	my %plain = map { $_ => 1 } split ' ', $plain;
	my $rows  = answer($dbh, "SELECT id FROM public.randpick_rows(NULL::public.$table, 100000, $arguments)");
	my $fails = $plain =~ /^error/;

	# which error it is, if there are several, depends on what is read first
	my @wrong = ($fails ? $rows =~ /^error/ : $rows eq $plain) ? () : "randpick_rows gives $rows instead of $plain";
	my %one   = (
		randpick_row => "SELECT id FROM public.randpick_row(NULL::public.$table, $arguments)",
		randpick     => "SELECT to_jsonb(r) ->> 'id' FROM (SELECT public.randpick('public.$table'::regclass, $arguments) AS r OFFSET 0) s WHERE r IS DISTINCT FROM NULL",
		randpick_ctid => "SELECT id FROM public.$table WHERE ctid = (SELECT public.randpick_ctid('public.$table', $arguments))");
	for my $name (sort keys %one)
	{
		my $id = answer($dbh, $one{$name});
		my $is_right = $fails ? $id =~ /^error/ : $plain eq '' ? $id eq '' : $plain{$id};
		push @wrong, "$name gives '$id', not one of '$plain'" if !$is_right;
	}
	return @wrong;
}

# A session under the first value of each setting.
sub begin_session
{
	my $dbh = connect_to_server();
	$dbh->do('SET client_min_messages = error');
	$dbh->do("LOAD 'randpick'");
	$dbh->do("SET $_->[0] = $_->[1]") for @settings;
	return $dbh;
}

my %matters;
for (@filters, [q{tz < '2020-01-02 00:00' AND txt IS NULL}])
{
	my ($filter, @values) = @$_;
	my $table = $filter =~ /txt IS NULL/ ? 'owned' : 'event';
	my $dbh   = begin_session();
	my (@wrong, %answers);

	for (@settings)
	{
		my ($name, $first, @others) = @$_;
		for my $value ($first, map { ($_, $first) } @others)
		{
			$dbh->do("SET $name = $value");
			push @wrong, "$name = $value: $_" for compare($dbh, $table, $filter, @values);
			(my $where = $filter) =~ s/\$(\d+)/quoted($values[$1 - 1], 'value')/eg;
			$answers{$name}{ answer($dbh, "SELECT id FROM public.$table WHERE ($where)") } = 1;
		}
		$matters{$name}++ if keys %{ $answers{$name} } > 1;
	}
	is_deeply(\@wrong, [], join ', ', $filter, @values);
}

# The search is worth something if the settings it turns do change answers.
my @idle = grep { @$_ > 2 && !$matters{ $_->[0] } } @settings;
is(join(' ', sort map { $_->[0] } @idle), 'plan_cache_mode randpick.method randpick.order_by_random row_security',
	'all settings but some matter by themselves');

# Several settings at once, in random order.
{
	my $dbh = begin_session();
	my @some = grep { $_->[0] =~ /tz|kind|day|txt|iv/ } @filters;
	my @wrong;
	for my $run (1 .. 300)
	{
		my ($name, @values) = @{ $settings[ rand @settings ] };
		my $value = $values[ rand @values ];
		my $table = rand > 0.5 ? 'event' : 'owned';
		$dbh->do("SET $name = $value");
		push @wrong, "run $run, after $name = $value: $_" for map { compare($dbh, $table, @$_) } @some[ map { rand @some } 1 .. 3 ];
	}
	is_deeply(\@wrong, [], 'settings in random order');
}

# What literals mean also depends on the time and on what is in the catalogs.
my $dbh = begin_session();
my @now = (event => q{timestamptz 'now' = now()});
is_deeply([ compare($dbh, @now), compare($dbh, @now) ], [], 'now');
is(answer($dbh, q{SELECT count(*) FROM randpick_rows(NULL::event, 1000, $$'now'::timestamptz = now()$$)}), 121, 'now is now');
for (
	[ q{kind = 'small'}, 'ALTER TYPE size RENAME VALUE \'small\' TO \'tiny\'', 'ALTER TYPE size RENAME VALUE \'large\' TO \'small\'' ],
	[ q{'settings_reader'::regrole < 1::oid OR id = 3}, 'DROP OWNED BY settings_reader', 'DROP ROLE settings_reader', 'CREATE ROLE settings_reader' ],
	[ q{'noon'::regproc = 'noon()'::regprocedure AND 'noon'::regproc IN (SELECT oid FROM pg_proc)},
		'DROP FUNCTION noon', 'CREATE FUNCTION noon() RETURNS int LANGUAGE sql RETURN 13' ],
	[ q{'shop'::regclass IN (SELECT oid FROM pg_class)}, 'ALTER TABLE shop RENAME TO store', 'ALTER TABLE other.shop SET SCHEMA public' ],
	[ q{tz < cutoff()}, q{CREATE OR REPLACE FUNCTION cutoff() RETURNS timestamptz LANGUAGE sql AS $$SELECT '2020-01-03 00:00'::timestamptz$$} ],
	[ q{tz < '2020-01-02 00:00' AND id < 10}, 'DROP VIEW early_event', 'ALTER TABLE event ALTER tz TYPE timestamp' ])
{
	my ($filter, @changes) = @$_;
	my @wrong = compare($dbh, event => $filter);
	for my $change (@changes)
	{
		$builder->do($change);
		push @wrong, map { "after $change: $_" } compare($dbh, event => $filter);
	}
	is_deeply(\@wrong, [], $filter);
}

# A literal that can no longer be read is the same error as in a new session.
{
	my @errors;
	my $query = q{SELECT * FROM randpick_row(NULL::event, $$id < 5 AND d <> '13/02/2020' AND true$$)};
	for my $begins_well (0, 1)
	{
		my $session = begin_session();
		if ($begins_well)
		{
			$session->do(q{SET DateStyle = 'ISO, DMY'});
			$session->do($query);
			$session->do(q{SET DateStyle = 'ISO, MDY'});
		}
		eval { $session->do($query) };
		push @errors, $@ =~ s/ at \S+ line .*//sr;
	}
	like($errors[0], qr/date\/time field value out of range: "13\/02\/2020".*LINE 1: .*'13\/02\/2020'/s, 'a literal that cannot be read');
	is($errors[1], $errors[0], 'nor can it later');
}

# Plans that are of use for one call only take no more room than others.
{
	my $session = begin_session();
	my $memory  = sub { $session->selectrow_array('SELECT sum(total_bytes) FROM pg_backend_memory_contexts') };
	my $picks   = q{SELECT count(*) FROM generate_series(1, 2000) i, LATERAL (SELECT * FROM randpick_rows(NULL::event, i % 2, $$is_early(tz::timestamptz) AND tz < 'now'$$)) s};
	$session->do($picks);
	my $before = $memory->();
	$session->do($picks);
	cmp_ok($memory->() - $before, '<', 1_000_000, 'plans for one call go');
}

done_testing;
