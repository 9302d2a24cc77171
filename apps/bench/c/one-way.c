/*
 * One way through a ring between two processes: one-way BYTES BATCH CAPACITY WARM_UP_SECONDS SECONDS prints the messages
 * per second, from the first one until the consumer has seen the last.
 */
#include "ring.h"

#include <sys/wait.h>

#include "message.h"

/* What the two tell each other beside the ring. */
typedef struct {
  _Atomic uint32_t warm; /* the consumer has seen the end of the warm-up */
  uint64_t end_nanos;
} notes;

typedef struct {
  uint32_t bytes, batch, capacity;
} shape;

static void put(producer *p, int32_t *words, const shape *s) {
  while (!write_record(p, words, s->bytes)) publish(p);
}

/* Send for some time, then the end; returns how many. */
static int32_t produce(producer *p, int32_t *words, const shape *s, double seconds) {
  uint64_t until = now_nanos() + (uint64_t)(seconds * 1e9);
  /* A look at the clock each 64 KiB. */
  int32_t batches = (int32_t)(65536 / (s->bytes * s->batch)), number = 0;
  do {
    for (int32_t i = 0; i < batches; i++) {
      for (uint32_t staged = 0; staged < s->batch; staged++) {
        number_message(words, s->bytes, number++);
        put(p, words, s);
      }
      publish(p);
    }
  } while (now_nanos() < until);
  int32_t second = words[1];
  words[1] = number;
  number_message(words, s->bytes, END);
  put(p, words, s);
  publish(p);
  words[1] = second;
  return number;
}

static void consume(consumer *c, const shape *s) {
  int32_t expected = 0;
  while (true) {
    /* Give room back each eighth of the ring, and when it is empty. */
    const int32_t *words = next_record(c);
    if (words == NULL) {
      release(c);
      continue;
    }
    if (!check_message(words, s->bytes, expected)) break;
    expected++;
    if (c->head - c->released >= s->capacity / 8) release(c);
  }
  release(c);
}

int main(int argc, char **argv) {
  if (argc != 6) return 2;
  shape s = {(uint32_t)atoi(argv[1]), (uint32_t)atoi(argv[2]), (uint32_t)atoi(argv[3])};
  ring *r = new_ring(s.capacity);
  notes *n = shared_memory(sizeof(notes));
  double warm_up_seconds = atof(argv[4]), seconds = atof(argv[5]);
  pid_t child = fork_side(warm_up_seconds + seconds);
  if (child == 0) {
    consumer c = consumer_of(r, s.capacity);
    consume(&c, &s);
    atomic_store(&n->warm, 1);
    consume(&c, &s);
    n->end_nanos = now_nanos();
    return 0;
  }
  int32_t *words = new_message(s.bytes);
  producer p = producer_of(r, s.capacity);
  produce(&p, words, &s, warm_up_seconds);
  while (!atomic_load(&n->warm)) {
  }
  uint64_t start = now_nanos();
  int32_t count = produce(&p, words, &s, seconds);
  int status;
  waitpid(child, &status, 0);
  if (status != 0) return 1;
  printf("{\"rate\":%f}\n", count / ((double)(n->end_nanos - start) / 1e9));
}
