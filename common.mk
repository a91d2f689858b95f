# What the extension and the client program are built with alike; PGXS builds either a module or a program, not both

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs 2>/dev/null)

# PostgreSQL's callbacks have parameters that not every callback needs.  A
# server built by gcc hands down options and attributes that clang lacks.
PG_CFLAGS = -Wall -Wextra -Wno-unused-parameter \
	$(if $(findstring clang,$(CC)),-Wno-ignored-attributes -Wno-ignored-optimization-argument -Wno-unknown-warning-option)

# Bitcode serves JIT inlining, which has nothing to gain here, and needs clang.
override with_llvm := no
