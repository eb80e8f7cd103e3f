#ifndef MARTLET_PROCESS_H
#define MARTLET_PROCESS_H

#include <stdint.h>
#include <sys/types.h>

/// What to start, and the limits it starts with.
typedef struct {
  /// A path, or a name looked up in the PATH of `environment`.
  const char *executable;
  char *const *arguments;
  char *const *environment;
  /// NULL keeps the parent's.
  const char *working_directory;
  /// What become descriptors 0, 1 and 2; -1 is /dev/null.
  int input, output, errors;
  /// What becomes descriptor 3; -1 is closed.
  int events;
  /// Private writable memory in bytes and CPU time in seconds; 0 is no limit.
  uint64_t memory_bytes, cpu_seconds;
  /// Added to the niceness of the parent.
  int niceness;
} martlet_spawn_request;

/// The step at which starting failed.
typedef enum {
  MARTLET_SPAWN_FORK = 1,
  MARTLET_SPAWN_DIRECTORY,
  MARTLET_SPAWN_LIMITS,
  MARTLET_SPAWN_EXECUTE,
} martlet_spawn_stage;

/// Starts a process as the leader of a group of its own. It dies when the calling thread ends, so call this from a
/// thread that lives as long as the program. Returns 0, or the error number with `stage` set.
int martlet_spawn(const martlet_spawn_request *request, pid_t *pid, int *stage);

/// How a process ended and what it used.
typedef struct {
  /// Exit code, or -1 when a signal ended it.
  int exit_code;
  int signal;
  double cpu_seconds;
  int64_t peak_resident_bytes;
} martlet_exit;

/// Whether the process has ended; it is not collected yet, so its id is still its own.
int martlet_has_ended(pid_t pid);

/// Waits until the process ends, then collects it: 1, or -1 when it is not ours.
int martlet_wait(pid_t pid, martlet_exit *result);

/// A descriptor that becomes readable when the process ends; -1 where the kernel has none.
int martlet_open_pid(pid_t pid);

/// Changes the limits of a running process; the CPU seconds count from now on. 0 is no limit.
void martlet_limit(pid_t pid, uint64_t memory_bytes, uint64_t cpu_seconds);

/// Opens a pipe whose ends close when another program starts. Returns 0, or -1 with `errno`.
int martlet_pipe(int ends[2]);

/// Gives memory that is free inside this process back to the system.
void martlet_trim_memory(void);

/// Private memory of a process and of its descendants in bytes, -1 when unknown.
int64_t martlet_tree_private_bytes(pid_t pid);

#endif
