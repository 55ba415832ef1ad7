/*
 * Preloaded into the replicas of a chaos run: their wall clock is the machine's plus the nanoseconds that stand in the
 * first eight bytes of CLOCK_OFFSET_FILE, read at each look at the clock. The monotonic clock is left alone, as by a
 * real step.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL
#define SLICE (SECOND / 20)
#define WALL_CLOCK_SECONDS_MIN 1000000000

static volatile const int64_t *offset_nanoseconds;

__attribute__((constructor)) static void open_offset(void) {
  const char *path = getenv("CLOCK_OFFSET_FILE");
  int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  void *mapped = mmap(NULL, sizeof(int64_t), PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (mapped != MAP_FAILED) offset_nanoseconds = mapped;
}

static int64_t offset(void) { return offset_nanoseconds == NULL ? 0 : *offset_nanoseconds; }

static void shift(struct timespec *at, int64_t nanoseconds) {
  int64_t sum = (int64_t)at->tv_sec * SECOND + at->tv_nsec + nanoseconds;
  at->tv_sec = sum / SECOND;
  at->tv_nsec = sum % SECOND;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static int (*original)(clockid_t, struct timespec *);
  if (original == NULL) original = dlsym(RTLD_NEXT, "clock_gettime");
  int result = original(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) shift(now, offset());
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  struct timespec precise;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &precise);
  now->tv_sec = precise.tv_sec;
  now->tv_usec = precise.tv_nsec / 1000;
  return 0;
}

time_t time(time_t *out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}

/*
 * Until a time of the shifted clock, also when that is set while somebody waits. The kernel knows only the machine's
 * clock: so the wait is cut into slices, and the end of one is a spurious wakeup, which POSIX allows at any time.
 * Small numbers are times of the monotonic clock, counted from the boot.
 */
int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
  static int (*original)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
  /* The version that programs are linked with on x86-64; elsewhere there is one only. */
  if (original == NULL) original = dlvsym(RTLD_NEXT, "pthread_cond_timedwait", "GLIBC_2.3.2");
  if (original == NULL) original = dlsym(RTLD_NEXT, "pthread_cond_timedwait");
  if (offset_nanoseconds == NULL || until->tv_sec < WALL_CLOCK_SECONDS_MIN) return original(condition, mutex, until);
  struct timespec now, slice_end;
  clock_gettime(CLOCK_REALTIME, &now);
  int64_t left = ((int64_t)until->tv_sec - now.tv_sec) * SECOND + until->tv_nsec - now.tv_nsec;
  int is_sliced = left > SLICE;
  slice_end = now;
  shift(&slice_end, (is_sliced ? SLICE : left) - offset());
  int result = original(condition, mutex, &slice_end);
  return result == ETIMEDOUT && is_sliced ? 0 : result;
}
