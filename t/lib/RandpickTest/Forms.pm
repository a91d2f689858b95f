# RandpickTest::Forms
#	  Queries as clients send them, with randpick and without.
#
# A form of query is taken, if the plan has a race in it, or left to PostgreSQL.
# What a taken form gives cannot be compared row by row, so three things are: its
# columns and the set of all rows that come with those of a session without
# randpick; how often each row comes, and in which position; and the random()
# values, where they are shown.  What a left form gives is, from the same seed,
# the same rows in the same order by the same plan, or the same error.
#
# A form is sent as it stands, by the protocol that fits: with values as a
# statement that the driver prepares, hundreds of times over, else as a simple
# query.

package RandpickTest::Forms;

use strict;
use warnings;

use Exporter 'import';
use List::Util qw(shuffle uniq);
use RandpickTest;
use Test::More;

our @EXPORT = qw(form_rows form_answer is_answered_alike is_taken is_taken_empty is_left start_plain);

# A session without randpick, under the settings given that are not randpick's.
sub start_plain
{
	my (%settings) = @_;
	my $dbh = connect_to_server();
	$dbh->do("SET $_ = '$settings{$_}'") for grep { !/^randpick\./ } sort keys %settings;
	return $dbh;
}

# The statements of a form, a query or a list of statements.
sub statements
{
	my ($query) = @_;
	return ref $query ? @$query : $query;
}

# Run a form once.  Returns the names of its columns and its rows: of all its
# statements that give rows.
sub form_rows
{
	my ($dbh, $query, @values) = @_;
	my ($names, @rows);
	for (statements($query))
	{
		my @bound = /\$\d/ ? @values : ();
		local $dbh->{pg_expand_array} = 0;
		my $statement = $dbh->prepare_cached($_, { pg_server_prepare => @bound ? 1 : 0 });
		$statement->execute(@bound);
		next unless $statement->{NUM_OF_FIELDS};
		$names //= [ @{ $statement->{NAME} } ];
		push @rows, @{ $statement->fetchall_arrayref };
	}
	return ($names // [], \@rows);
}

# What a form gives: its columns and rows, or the SQLSTATE and message by which
# it fails.
sub form_answer
{
	my ($dbh, $query, @values) = @_;
	my @answer = eval { form_rows($dbh, $query, @values) };
	@answer = ($dbh->state, $dbh->errstr) if $@;
	# a number above 2 tells of an open transaction
	$dbh->do('ROLLBACK') if $dbh->ping > 2;
	return \@answer;
}

# The statements of a form that PostgreSQL can explain.
sub explain_form
{
	my ($dbh, $options, $query, @values) = @_;
	my @lines;
	for (grep { /^\W*(SELECT|WITH|INSERT|UPDATE|DELETE|DECLARE|EXECUTE|CREATE .* AS)\b/i } statements($query))
	{
		push @lines, @{ $dbh->selectcol_arrayref("EXPLAIN ($options) $_", undef, /\$\d/ ? @values : ()) };
	}
	return join "\n", @lines;
}

# A test that a form is answered by a race.
sub is_form_raced
{
	my ($settings, $dbh, $is_hidden, $name, $query, @values) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	return if PLAIN;
	return is_found_how('raced', $settings, $query, $name, 10) if $is_hidden;
	like(explain_form($dbh, 'COSTS off', $query, @values), qr/Custom Scan \(RandPick\)/, "$name: taken");
	return;
}

# Run a form $runs times, of which each must give $k rows.  Returns the ids in the
# order they came, the pairs of key and id if there is a key, and the set of
# rows without the key.
sub draw_form
{
	my ($dbh, $form, $runs) = @_;
	my (@ids, @keyed, %rows);

	for my $run (1 .. $runs)
	{
		my ($names, $rows) = form_rows($dbh, $form->{query}, @{ $form->{values} });
		my ($id, $key) = map {
			my $wanted = $form->{$_};
			grep { defined $wanted && $names->[$_] eq $wanted } 0 .. $#$names;
		} qw(id key);
		my @run = map { $_->[$id] } @$rows;
		@run = uniq @run if $form->{repeated};
		@run = shuffle @run if $form->{unordered};
		die "run $run gave " . @run . " rows instead of $form->{k}\n" if @run != $form->{k};
		push @ids, @run;
		for (@$rows)
		{
			push @keyed, [ $_->[$key], $_->[$id] ] if defined $key;
			my @shown = @$_;
			splice @shown, $key, 1 if defined $key;
			$rows{ join '|', map { $_ // 'NULL' } @shown }++;
		}
	}
	return (\@ids, \@keyed, \%rows);
}

# Tests of a taken form.  What is to be known of it:
#	name, query, values		the query is one, or a list of statements
#	rows					of which rows it picks: "table" or "table WHERE ..."
#	k						how many
#	id, key					names of its columns; key if random() is shown
#	descending				for the key
#	unordered, repeated		the picked rows come in any order, or with others
#	is_hidden				it is a call of a function, whose plan EXPLAIN does not show
#	varies					its columns differ from run to run
sub is_taken
{
	my ($settings, %form) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my $name  = $form{name};
	my $dbh   = start_session(%$settings);
	my $plain = start_plain(%$settings);
	my $facts = $plain->selectall_hashref(<<"SQL", 'row');
SELECT row, tableoid || ' ' || (ctid::text::point)[0] AS page FROM (SELECT id AS row, tableoid, ctid FROM $form{rows}) s
SQL
	my $rows = keys %$facts;
	my $runs = int(100 * $rows / $form{k});

	is_form_raced($settings, $dbh, $form{is_hidden}, $name, $form{query}, @{ $form{values} });
	my ($names)      = form_rows($dbh,   $form{query}, @{ $form{values} });
	my ($same_names) = form_rows($plain, $form{query}, @{ $form{values} });
	is_deeply($names, $same_names, "$name: columns");

	my %found;
	is_fair("$name", sub {
		my ($ids, $keyed, $rows_found) = draw_form($dbh, \%form, $runs);
		$found{$_}++ for keys %$rows_found;
		return (rows_p($ids, $form{k}, $facts),
			$form{key} ? keys_p($keyed, $form{k}, $rows, $form{descending}, $facts) : ());
	});
	return if $form{varies};
	my (undef, undef, $rows_found) = draw_form($plain, \%form, int($runs / 3) + 1);
	is_deeply([ sort keys %found ], [ sort keys %$rows_found ], "$name: the rows are PostgreSQL's");
	return;
}

# A taken form that gives no row, as without randpick.
sub is_taken_empty
{
	my ($settings, $name, $query, @values) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my ($dbh, $plain) = (start_session(%$settings), start_plain(%$settings));
	is_form_raced($settings, $dbh, 0, $name, $query, @values);
	my ($names,      $rows)      = form_rows($dbh,   $query, @values);
	my ($same_names, $same_rows) = form_rows($plain, $query, @values);
	is_deeply([ $names, $rows ], [ $same_names, $same_rows ], "$name: nothing");
	is(@$rows, 0, "$name: no row");
	return;
}

# A test that a form gives as many rows as without randpick, of the same columns,
# or the same error.
sub is_answered_alike
{
	my ($dbh, $plain, $name, $query, @values) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my @answers = map {
		my ($head, $tail) = @{ form_answer($_, $query, @values) };
		ref $head ? join(' ', @$head, scalar @$tail, 'rows') : "$head $tail";
	} $dbh, $plain;
	is($answers[0], $answers[1], "$name: " . $answers[1] =~ s/\n.*//sr);
	return;
}

# Tests of a form that is left to PostgreSQL.
sub is_left
{
	my ($settings, $name, $query, @values) = @_;
	local $Test::Builder::Level = $Test::Builder::Level + 1;

	my @sessions = (start_session(%$settings), start_plain(%$settings));
	my (@plans, @answers);
	for my $dbh (@sessions)
	{
		push @plans, eval { explain_form($dbh, 'VERBOSE', $query, @values) } // $dbh->errstr;
		$dbh->do('ROLLBACK') if $dbh->ping > 2;
	}
	for my $dbh (@sessions)
	{
		$dbh->do('SELECT setseed(0.25)');
		# more often than it takes for a plan to be kept
		push @answers, [ map { form_answer($dbh, $query, @values) } 1 .. 8 ];
	}
	is($plans[0], $plans[1], "$name: left to PostgreSQL");
	unlike($plans[0], qr/RandPick/, "$name: no race");
	is_deeply($answers[0], $answers[1], "$name: the same rows or error");
	return;
}

1;
