# randpick: exactly random rows of a PostgreSQL table, fast
#
#   make, make install, make installcheck, make uninstall, make clean
#                              as for every extension; PG_CONFIG=... chooses the server, SUBDIRS= leaves out the client
#   make demo [ROWS=1000000]   compare randpick with the usual ways, on a throwaway server
#   make measure [ROWS=1000000]  what a pick costs on tables of all kinds, into doc/measurements.md
#   make test                  build with -Werror and run all tests, on a throwaway server
#   make check-postgres        compare what PostgreSQL's own tests print, with randpick and without
#   make check-django          run Django's own tests of queries at random, with randpick and without
#   make check-queue           empty a queue by random picks, with randpick and without
#   make check-never-worse     search for queries that take more than twice PostgreSQL's own time
#   make check-bench           compare what a call costs by randpick-bench and by pgbench
#   make check-corrupt         damage files, and see that this leads to errors or right rows
#   make check-overhead        count what randpick costs queries that it has nothing to do with
#   scripts/check-major sid    make test with the PostgreSQL of another release of Debian
#
# All but the first install the packages that lack, so they must work before there is anything of PostgreSQL to include.

EXTENSION = randpick
MODULE_big = randpick
OBJS = \
	src/append_exec.o \
	src/append_path.o \
	src/append_race.o \
	src/btree_check.o \
	src/btree_frontier.o \
	src/btree_hint.o \
	src/btree_position.o \
	src/btree_range.o \
	src/btree_run.o \
	src/capacity.o \
	src/conditions.o \
	src/cost.o \
	src/deal.o \
	src/declined.o \
	src/exec.o \
	src/explain.o \
	src/filter.o \
	src/functions.o \
	src/heap_check.o \
	src/key.o \
	src/limit.o \
	src/match.o \
	src/member.o \
	src/ordinary.o \
	src/past.o \
	src/path.o \
	src/plan.o \
	src/prices.o \
	src/private.o \
	src/query.o \
	src/query_ctid.o \
	src/query_literals.o \
	src/query_text.o \
	src/race.o \
	src/racing.o \
	src/randpick.o \
	src/sample.o \
	src/scan_deal.o \
	src/source.o \
	src/source_heap.o \
	src/source_leaf.o \
	src/source_range.o \
	src/stats.o \
	src/tablesample.o \
	src/unread.o \
	src/wanted.o
DATA = sql/randpick--1.0.sql
SUBDIRS = cli

# In sql/ a name with "--" is an extension script, and any other a test.
REGRESS := $(filter-out randpick--%,$(sort $(basename $(notdir $(wildcard sql/*.sql)))))
ISOLATION := $(sort $(basename $(notdir $(wildcard specs/*.spec))))
TAP := $(sort $(wildcard cli/t/*.pl t/*.pl))
EXTRA_CLEAN = report.html tmp_check

SHLIB_LINK = -lm

include common.mk
headers := $(wildcard $(addsuffix /postgres.h,$(shell $(PG_CONFIG) --includedir-server 2>/dev/null)))

ifneq ($(and $(wildcard $(PGXS)),$(headers)),)
include $(PGXS)

$(OBJS): $(wildcard src/*.h)

all: $(SUBDIRS:%=%-all)
install: $(SUBDIRS:%=%-install)
uninstall: $(SUBDIRS:%=%-uninstall)
clean: $(SUBDIRS:%=%-clean)
cli-all cli-install cli-uninstall cli-clean: cli-%:
	$(MAKE) -C cli $*

# The race by itself: no server, no planner, no executor.
tmp_check/race_test: t/race_test.c src/race.c src/race.h
	$(MKDIR_P) $(@D)
	$(CC) $(CPPFLAGS) -DFRONTEND -Isrc $(CFLAGS) $(filter %.c,$^) $(LDFLAGS) -L$(pkglibdir) -lpgcommon -lpgport -lm -o $@

else
all install uninstall installcheck clean:
	@echo "$(PG_CONFIG) shows no PostgreSQL server headers: install postgresql-server-dev-15 or set PG_CONFIG" >&2; exit 1
endif

.PHONY: check-bench check-corrupt check-django check-never-worse check-overhead check-postgres check-queue demo measure test \
	run-demo run-measure run-test run-tests cli-all cli-install cli-uninstall cli-clean

demo measure test:
	@PG_CONFIG=$$(scripts/install-deps $@) && exec $(MAKE) --no-print-directory run-$@ PG_CONFIG="$$PG_CONFIG"

check-postgres:
	@scripts/check-postgres-tests
check-bench check-corrupt check-django check-never-worse check-overhead check-queue:
	@scripts/$@

run-demo:
	@$(MAKE) -s all
	@scripts/with-postgres -i scripts/demo

run-measure:
	@$(MAKE) -s all
	@scripts/with-postgres -i -c 'session_preload_libraries = randpick' -c 'shared_buffers = 3GB' scripts/measure >doc/measurements.md

run-test:
	@$(MAKE) -s all tmp_check/race_test COPT=-Werror
	@scripts/with-postgres -i $(MAKE) --no-print-directory run-tests

run-tests:
	@status=0; \
	$(MAKE) -s installcheck ISOLATION= || { status=1; cat regression.diffs; }; \
	$(MAKE) -s installcheck REGRESS= || { status=1; cat output_iso/regression.diffs; }; \
	prove $(PROVE_FLAGS) tmp_check/race_test $(TAP) || status=1; \
	exit $$status
