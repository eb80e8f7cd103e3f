#ifndef MARTLET_ENGINES_H
#define MARTLET_ENGINES_H

#include <stdint.h>

// The few C structures that the engines pass by value, which Swift alone cannot declare. Only their layout is
// ours to know; everything else is a function pointer found at run time.

/// DuckDB's result: filled by it, read only through its functions, passed to them by value.
typedef struct {
  uint64_t reserved_counts[3];
  void *reserved_columns;
  char *reserved_message;
  void *internal;
} martlet_duckdb_result;

/// DuckDB's progress of a running query; `percentage` is -1 while unknown.
typedef struct {
  double percentage;
  uint64_t rows_done;
  uint64_t rows_total;
} martlet_duckdb_progress;

/// DuckDB's 128-bit integer; also how wide decimals are stored.
typedef struct {
  uint64_t lower;
  int64_t upper;
} martlet_duckdb_hugeint;

#endif
