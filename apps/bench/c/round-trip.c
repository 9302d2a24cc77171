/*
 * Round trips through two rings between two processes: round-trip MODE PAUSE_MICROS TIMED_EVERY WARM_UP_SECONDS SECONDS
 * prints p50 and p99 in microseconds.
 *
 * MODE `spin` looks at the memory until a message is there; `futex` blocks in the kernel at once.
 */
#include "ring.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "message.h"

#define CAPACITY (1u << 20)
#define BYTES 64u
#define MAX_SAMPLES (1u << 21)

/* A consumer that sleeps says so here. */
typedef struct {
  alignas(128) _Atomic uint32_t sleeps;
} sleeper;

typedef struct {
  producer out;
  consumer in;
  sleeper *theirs, *own;
  int32_t *words;
  bool futex;
} side;

static void send_message(side *s, int32_t number) {
  number_message(s->words, BYTES, number);
  write_record(&s->out, s->words, BYTES);
  if (!s->futex) {
    publish(&s->out);
    return;
  }
  /* Either this sees the sleeper, or the sleeper sees the record: both orders are sequentially consistent. */
  atomic_store(&s->out.ring->tail, s->out.tail);
  if (atomic_load(&s->theirs->sleeps)) syscall(SYS_futex, &s->out.ring->tail, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static const int32_t *await_message(side *s) {
  while (true) {
    const int32_t *words = next_record(&s->in);
    if (words != NULL) return words;
    if (!s->futex) continue;
    atomic_store(&s->own->sleeps, 1);
    if (atomic_load(&s->in.ring->tail) == s->in.tail) {
      syscall(SYS_futex, &s->in.ring->tail, FUTEX_WAIT, s->in.tail, NULL, NULL, 0);
    }
    atomic_store(&s->own->sleeps, 0);
  }
}

static int receive_message(side *s, int32_t expected) {
  int more = check_message(await_message(s), BYTES, expected);
  release(&s->in);
  return more;
}

static void trip(side *s, int32_t number) {
  send_message(s, number);
  receive_message(s, number);
}

static void echo(side *s) {
  int32_t number = 0;
  while (receive_message(s, number)) send_message(s, number++);
}

static int by_value(const void *a, const void *b) {
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

/* What two looks at the clock in a row are apart: it is part of each sample. */
static uint64_t clock_nanos(uint64_t *samples) {
  for (int i = 0; i < 10000; i++) {
    uint64_t start = now_nanos();
    samples[i] = now_nanos() - start;
  }
  qsort(samples, 10000, sizeof(uint64_t), by_value);
  return samples[5000];
}

static uint32_t measure(side *s, uint64_t *samples, int32_t *number, int timed_every, int pause_micros, double seconds) {
  uint64_t until = now_nanos() + (uint64_t)(seconds * 1e9), end;
  uint32_t count = 0;
  do {
    for (int i = 1; i < timed_every; i++) trip(s, (*number)++);
    if (pause_micros > 0) usleep((useconds_t)pause_micros);
    uint64_t start = now_nanos();
    trip(s, (*number)++);
    end = now_nanos();
    samples[count++] = end - start;
  } while (end < until && count < MAX_SAMPLES);
  return count;
}

static double percentile(uint64_t *sorted, uint32_t count, double rank, uint64_t clock) {
  uint64_t nanos = sorted[(uint32_t)(rank * (count - 1))];
  return nanos > clock ? (double)(nanos - clock) / 1e3 : 0;
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  bool futex = strcmp(argv[1], "futex") == 0;
  int pause_micros = atoi(argv[2]), timed_every = atoi(argv[3]);
  double warm_up_seconds = atof(argv[4]), seconds = atof(argv[5]);
  ring *there = new_ring(CAPACITY), *back = new_ring(CAPACITY);
  sleeper *sleepers = shared_memory(2 * sizeof(sleeper));
  int32_t *words = new_message(BYTES);
  pid_t child = fork_side(warm_up_seconds + seconds);
  if (child == 0) {
    side s = {producer_of(back, CAPACITY), consumer_of(there, CAPACITY), &sleepers[0], &sleepers[1], words, futex};
    echo(&s);
    return 0;
  }
  side s = {producer_of(there, CAPACITY), consumer_of(back, CAPACITY), &sleepers[1], &sleepers[0], words, futex};
  uint64_t *samples = malloc(MAX_SAMPLES * sizeof(uint64_t));
  int32_t number = 0;
  measure(&s, samples, &number, timed_every, 0, warm_up_seconds);
  uint32_t count = measure(&s, samples, &number, timed_every, pause_micros, seconds);
  words[1] = number;
  send_message(&s, END);
  int status;
  waitpid(child, &status, 0);
  if (status != 0) return 1;
  qsort(samples, count, sizeof(uint64_t), by_value);
  uint64_t clock = clock_nanos(malloc(10000 * sizeof(uint64_t)));
  printf("{\"p50\":%f,\"p99\":%f}\n", percentile(samples, count, 0.5, clock), percentile(samples, count, 0.99, clock));
}
