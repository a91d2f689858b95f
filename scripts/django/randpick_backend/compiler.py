"""SQL as Django writes it, where a slice of an unordered query is a random one.

Such a query may give any of its rows, so ORDER BY RANDOM() gives nothing that it could not have given.
Queries with DISTINCT, groups or set operations are left as they are: there RANDOM() would become a
column, or an error.
"""

from django.db.models.expressions import OrderBy
from django.db.models.functions import Random
from django.db.models.sql import compiler
from django.db.models.sql.compiler import (  # noqa: F401, names that Django looks for here
    SQLAggregateCompiler, SQLDeleteCompiler, SQLInsertCompiler, SQLUpdateCompiler,
)


class SQLCompiler(compiler.SQLCompiler):
    def get_order_by(self):
        order_by = super().get_order_by()
        query = self.query
        if (order_by or not query.is_sliced or query.combinator or query.distinct or
                query.group_by is not None):
            return order_by
        expression = OrderBy(Random()).resolve_expression(query, allow_joins=True, reuse=None)
        sql, params = self.compile(expression)
        return [(expression, (sql, params, False))]
