/*
 * A bounded ring of records in shared memory for one producer and one consumer, as the packages in TypeScript have it:
 * records lie contiguous behind a header of 8 bytes, padding fills the end. Each side remembers the other's position
 * and looks it up again only when it seems full or empty; positions lie 128 bytes apart, so that the pairs of cache
 * lines that processors fetch together are not shared.
 */
#ifndef RING_H
#define RING_H

#define _GNU_SOURCE
#include <stdalign.h>
#include <stdatomic.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define HEADER_BYTES 8u
#define PADDING UINT32_MAX

typedef struct {
  alignas(128) _Atomic uint32_t tail; /* published by the producer */
  alignas(128) _Atomic uint32_t head; /* released by the consumer */
  alignas(128) unsigned char bytes[];
} ring;

typedef struct {
  uint32_t length; /* of the payload */
  uint32_t kind;
} header;

typedef struct {
  ring *ring;
  uint32_t mask, tail, head;
} producer;

typedef struct {
  ring *ring;
  uint32_t mask, tail, head, released;
} consumer;

static inline uint32_t record_bytes(uint32_t length) { return (length + HEADER_BYTES + 7u) & ~7u; }

/* Memory that a process forked later shares. */
static inline void *shared_memory(size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) {
    perror("mmap");
    exit(1);
  }
  return memory;
}

static inline ring *new_ring(uint32_t capacity) { return shared_memory(sizeof(ring) + capacity); }

static inline producer producer_of(ring *ring, uint32_t capacity) {
  return (producer){.ring = ring, .mask = capacity - 1};
}

static inline consumer consumer_of(ring *ring, uint32_t capacity) {
  return (consumer){.ring = ring, .mask = capacity - 1};
}

static inline bool has_room(producer *p, uint32_t bytes) {
  if (p->mask + 1 - (p->tail - p->head) >= bytes) return true;
  p->head = atomic_load_explicit(&p->ring->head, memory_order_acquire);
  return p->mask + 1 - (p->tail - p->head) >= bytes;
}

/* Write one record; false when the ring is full. It is visible after `publish`. */
static inline bool write_record(producer *p, const void *payload, uint32_t length) {
  uint32_t wanted = record_bytes(length), index = p->tail & p->mask;
  uint32_t to_end = p->mask + 1 - index, padding = wanted > to_end ? to_end : 0;
  if (!has_room(p, wanted + padding)) return false;
  unsigned char *record = p->ring->bytes + index;
  if (padding > 0) {
    *(header *)record = (header){padding - HEADER_BYTES, PADDING};
    record = p->ring->bytes;
  }
  *(header *)record = (header){length, 0};
  memcpy(record + HEADER_BYTES, payload, length);
  p->tail += padding + wanted;
  return true;
}

static inline void publish(producer *p) { atomic_store_explicit(&p->ring->tail, p->tail, memory_order_release); }

/* The payload of the next record, or NULL when there is none. It stays until `release`. */
static inline const void *next_record(consumer *c) {
  while (true) {
    if (c->head == c->tail) {
      c->tail = atomic_load_explicit(&c->ring->tail, memory_order_acquire);
      if (c->head == c->tail) return NULL;
    }
    const header *record = (const header *)(c->ring->bytes + (c->head & c->mask));
    c->head += record_bytes(record->length);
    if (record->kind != PADDING) return record + 1;
  }
}

static inline void release(consumer *c) {
  if (c->released == c->head) return;
  c->released = c->head;
  atomic_store_explicit(&c->ring->head, c->head, memory_order_release);
}

static inline uint64_t now_nanos(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* Start the other side; 0 there. Neither outlives the other for long: a loop that spins does not notice such an end. */
static inline pid_t fork_side(double seconds) {
  alarm((unsigned)seconds + 10);
  pid_t child = fork();
  if (child == 0) prctl(PR_SET_PDEATHSIG, SIGKILL);
  return child;
}

#endif
