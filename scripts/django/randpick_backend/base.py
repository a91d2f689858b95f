"""Connections that check each query in random order before it is run.

The rows of a slice must be rows of the whole, each at most as often as there, and as many as the slice
asks for.  The check is a query of its own on the same connection, out of Django's sight, so that
tests that count queries still do.
"""

import atexit
import re
import sys

import psycopg2
from django.db.backends.postgresql import base, operations

RANDOM_QUERY = re.compile(
    r'(?P<whole>SELECT .*) ORDER BY RANDOM\(\) ASC'
    r'(?: LIMIT (?P<limit>\d+))?(?: OFFSET (?P<offset>\d+))?(?P<lock> FOR .*)?', re.DOTALL)

counts = {'checked': 0, 'wrong': 0, 'not comparable': 0}


@atexit.register
def report():
    print('queries in random order:', ', '.join('%d %s' % (n, what) for what, n in counts.items()), file=sys.stderr)


def is_right(cursor, query, sql, params):
    """Compare a slice with the whole that it was cut from."""
    whole = query['whole']
    part = sql[:len(sql) - len(query['lock'] or '')]
    cursor.execute('SELECT count(*) FROM (%s) s' % whole, params)
    expected = cursor.fetchone()[0] - int(query['offset'] or 0)
    if query['limit']:
        expected = min(expected, int(query['limit']))
    cursor.execute('SELECT count(*) FROM (%s) s' % part, params)
    found = cursor.fetchone()[0]
    cursor.execute('SELECT count(*) FROM ((%s) EXCEPT ALL (%s)) s' % (part, whole), tuple(params or ()) * 2)
    return found == max(expected, 0) and cursor.fetchone()[0] == 0


def check_query(execute, sql, params, many, context):
    query = RANDOM_QUERY.fullmatch(sql)
    if query and not many:
        connection = context['connection'].connection
        with connection.cursor() as cursor:
            try:
                if not connection.autocommit:
                    cursor.execute('SAVEPOINT randpick_check')
                right = is_right(cursor, query, sql, params)
                counts['checked' if right else 'wrong'] += 1
                if not right:
                    print('WRONG: %s with %r' % (sql, params), file=sys.stderr)
            except psycopg2.Error:
                counts['not comparable'] += 1  # a type without equality, or an error that is to be tested
            if not connection.autocommit:
                try:
                    cursor.execute('ROLLBACK TO randpick_check')
                except psycopg2.Error:
                    pass  # there was no transaction to make a savepoint in
    return execute(sql, params, many, context)


class DatabaseOperations(operations.DatabaseOperations):
    compiler_module = 'randpick_backend.compiler'


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(check_query)
