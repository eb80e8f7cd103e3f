#define _GNU_SOURCE
#include "martlet_process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

/// What the child tells its parent when it cannot become what was asked for.
typedef struct {
  int stage;
  int error;
} spawn_failure;

static void fail(int report, int stage) {
  spawn_failure failure = {stage, errno};
  ssize_t ignored = write(report, &failure, sizeof failure);
  (void)ignored;
  _exit(127);
}

/// Keeps descriptors 0 to `last`; all others close when the new program starts.
static void close_others_on_exec(int last) {
#ifdef SYS_close_range
  if (syscall(SYS_close_range, (unsigned)last + 1, ~0U, 4U /* CLOSE_RANGE_CLOEXEC */) == 0) return;
#endif
  struct rlimit files;
  int count = getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 65536 ? (int)files.rlim_cur : 65536;
  for (int descriptor = last + 1; descriptor < count; descriptor++) {
    int flags = fcntl(descriptor, F_GETFD);
    if (flags >= 0) fcntl(descriptor, F_SETFD, flags | FD_CLOEXEC);
  }
}

/// A copy of the descriptor above those that are about to be replaced; /dev/null for -1.
static int lift(int descriptor, int null_mode) {
  if (descriptor < 0) return null_mode < 0 ? -1 : open("/dev/null", null_mode | O_CLOEXEC);
  return fcntl(descriptor, F_DUPFD_CLOEXEC, 16);
}

static void place(int descriptor, int target) {
  if (descriptor == target) {
    fcntl(target, F_SETFD, 0);
  } else if (descriptor >= 0) {
    dup2(descriptor, target);
  } else {
    close(target);
  }
}

static int limit(int resource, uint64_t soft, uint64_t hard) {
  struct rlimit current;
  if (getrlimit(resource, &current) != 0) return -1;
  struct rlimit wanted = {soft, hard};
  if (current.rlim_max != RLIM_INFINITY && wanted.rlim_max > current.rlim_max) wanted.rlim_max = current.rlim_max;
  if (wanted.rlim_cur > wanted.rlim_max) wanted.rlim_cur = wanted.rlim_max;
  return setrlimit(resource, &wanted);
}

static void run_child(const martlet_spawn_request *request, pid_t parent, int report) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);

  for (int number = 1; number < 65; number++) signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);

  report = fcntl(report, F_DUPFD_CLOEXEC, 16);
  int lifted[4] = {
      lift(request->input, O_RDONLY), lift(request->output, O_WRONLY), lift(request->errors, O_WRONLY),
      lift(request->events, -1),
  };
  for (int target = 0; target < 4; target++) place(lifted[target], target);
  close_others_on_exec(3);

  if (limit(RLIMIT_CORE, 0, 0) != 0) fail(report, MARTLET_SPAWN_LIMITS);
  if (request->memory_bytes > 0 && limit(RLIMIT_DATA, request->memory_bytes, RLIM_INFINITY) != 0)
    fail(report, MARTLET_SPAWN_LIMITS);
  if (request->cpu_seconds > 0 && limit(RLIMIT_CPU, request->cpu_seconds, request->cpu_seconds + 5) != 0)
    fail(report, MARTLET_SPAWN_LIMITS);
  if (request->niceness != 0) {
    errno = 0;
    int ignored = nice(request->niceness);
    (void)ignored;
  }
  if (request->working_directory != NULL && chdir(request->working_directory) != 0)
    fail(report, MARTLET_SPAWN_DIRECTORY);
  environ = (char **)request->environment;
  execvp(request->executable, request->arguments);
  fail(report, MARTLET_SPAWN_EXECUTE);
}

int martlet_spawn(const martlet_spawn_request *request, pid_t *pid, int *stage) {
  int report[2];
  *stage = MARTLET_SPAWN_FORK;
  if (pipe2(report, O_CLOEXEC) != 0) return errno;
  pid_t parent = getpid();
  pid_t child = fork();
  if (child == 0) {
    close(report[0]);
    run_child(request, parent, report[1]);
  }
  int error = errno;
  close(report[1]);
  if (child < 0) {
    close(report[0]);
    return error;
  }
  setpgid(child, child);
  spawn_failure failure;
  ssize_t count;
  do count = read(report[0], &failure, sizeof failure);
  while (count < 0 && errno == EINTR);
  close(report[0]);
  if (count == (ssize_t)sizeof failure) {
    waitpid(child, NULL, 0);
    *stage = failure.stage;
    return failure.error;
  }
  *pid = child;
  return 0;
}

int martlet_has_ended(pid_t pid) {
  siginfo_t information = {0};
  int outcome;
  do outcome = waitid(P_PID, (id_t)pid, &information, WEXITED | WNOHANG | WNOWAIT);
  while (outcome != 0 && errno == EINTR);
  return outcome != 0 || information.si_pid == pid;
}

int martlet_wait(pid_t pid, martlet_exit *result) {
  int status;
  struct rusage usage;
  pid_t found;
  do found = wait4(pid, &status, 0, &usage);
  while (found < 0 && errno == EINTR);
  if (found <= 0) return -1;
  result->exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  result->cpu_seconds = (double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
                        (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  result->peak_resident_bytes = (int64_t)usage.ru_maxrss * 1024;
  return 1;
}

int martlet_open_pid(pid_t pid) {
#ifdef SYS_pidfd_open
  return (int)syscall(SYS_pidfd_open, pid, 0);
#else
  return -1;
#endif
}

/// CPU seconds used so far, rounded up.
static uint64_t cpu_seconds_used(pid_t pid) {
  clockid_t clock;
  struct timespec used;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return (uint64_t)used.tv_sec + 1;
}

void martlet_limit(pid_t pid, uint64_t memory_bytes, uint64_t cpu_seconds) {
  struct rlimit memory = {memory_bytes > 0 ? memory_bytes : RLIM_INFINITY, RLIM_INFINITY};
  prlimit(pid, RLIMIT_DATA, &memory, NULL);
  struct rlimit cpu = {cpu_seconds > 0 ? cpu_seconds_used(pid) + cpu_seconds : RLIM_INFINITY, RLIM_INFINITY};
  prlimit(pid, RLIMIT_CPU, &cpu, NULL);
}

static int64_t private_bytes(pid_t pid) {
  char path[64], line[256];
  snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return -1;
  int64_t total = -1;
  long long kilobytes;
  while (fgets(line, sizeof line, file) != NULL) {
    if (sscanf(line, "RssAnon: %lld", &kilobytes) == 1 || sscanf(line, "RssShmem: %lld", &kilobytes) == 1)
      total = (total < 0 ? 0 : total) + kilobytes * 1024;
  }
  fclose(file);
  return total;
}

static int64_t sum_tree(pid_t pid, int depth) {
  int64_t total = private_bytes(pid);
  if (total < 0) return -1;
  char path[96];
  snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
  DIR *tasks = depth < 16 ? opendir(path) : NULL;
  if (tasks == NULL) return total;
  for (struct dirent *task = readdir(tasks); task != NULL; task = readdir(tasks)) {
    if (task->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%.20s/children", (int)pid, task->d_name);
    FILE *children = fopen(path, "re");
    if (children == NULL) continue;
    int child;
    while (fscanf(children, "%d", &child) == 1) {
      int64_t bytes = sum_tree(child, depth + 1);
      if (bytes > 0) total += bytes;
    }
    fclose(children);
  }
  closedir(tasks);
  return total;
}

int64_t martlet_tree_private_bytes(pid_t pid) { return sum_tree(pid, 0); }

int martlet_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC); }

void martlet_trim_memory(void) { malloc_trim(0); }
