# RandpickTest::Protocol
#	  The extended query protocol, message by message.
#
# libpq reads a portal to its end; JDBC's setFetchSize and others read it in
# steps, with several portals open at a time.  This is what it takes to do so:
# a connection by the server's socket, without a password.

package RandpickTest::Protocol;

use strict;
use warnings;

use IO::Socket::UNIX;

# Connect to a database, and set what %settings has.
sub connect
{
	my ($class, $database, %settings) = @_;
	my $path = "$ENV{PGHOST}/.s.PGSQL.$ENV{PGPORT}";
	my $socket = IO::Socket::UNIX->new(Peer => $path) or die "$path: $!\n";
	my $self = bless { socket => $socket }, $class;

	my $options = join '', map { "$_\0" } user => $ENV{PGUSER}, database => $database, %settings;
	my $startup = pack('N', 3 << 16) . "$options\0";
	print $socket pack('N', 4 + length $startup), $startup;
	$self->read_until('Z');
	return $self;
}

# Send messages, each of a type and its contents.
sub send
{
	my ($self, @messages) = @_;
	my $bytes = '';
	while (my ($type, $contents) = splice @messages, 0, 2)
	{
		$bytes .= $type . pack('N', 4 + length $contents) . $contents;
	}
	my $socket = $self->{socket};
	print $socket $bytes;
	$socket->flush;
	return;
}

# Read messages up to one of these types.  Returns the rows among them, and the
# last message's type.
sub read_until
{
	my ($self, @types) = @_;
	my @rows;
	for (;;)
	{
		read($self->{socket}, my $head, 5) == 5 or die "the server hung up\n";
		my ($type, $length) = unpack 'aN', $head;
		my $contents = '';
		read($self->{socket}, $contents, $length - 4) if $length > 4;
		die "$1\n" if $type eq 'E' && $contents =~ /\0M([^\0]*)/;
		push @rows, [ unpack 'xx(N/a)*', $contents ] if $type eq 'D';
		return (\@rows, $type) if grep { $_ eq $type } @types;
	}
}

# Give a statement a name.
sub parse
{
	my ($self, $name, $query) = @_;
	$self->send(P => "$name\0$query\0" . pack('n', 0), H => '');
	$self->read_until('1');
	return;
}

# Open a portal on a statement, with values as text.
sub bind
{
	my ($self, $portal, $name, @values) = @_;
	$self->send(
		B => "$portal\0$name\0" . pack('n n', 0, scalar @values) . join('', map { pack 'N/a', $_ } @values) . pack('n', 0),
		H => '');
	$self->read_until('2');
	return;
}

# Read up to $count rows of a portal, all if it is 0.  Returns the rows, and
# whether there may be more.
sub fetch
{
	my ($self, $portal, $count) = @_;
	$self->send(E => "$portal\0" . pack('N', $count), H => '');
	my ($rows, $type) = $self->read_until('s', 'C');
	return ($rows, $type eq 's');
}

# End the transaction, and with it all portals.
sub sync
{
	my ($self) = @_;
	$self->send(S => '');
	$self->read_until('Z');
	return;
}

1;
