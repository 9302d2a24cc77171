/* What travels, the same in every system: see src/message.ts. */
#ifndef MESSAGE_H
#define MESSAGE_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Number of the message behind the last; its second word says how many there were. */
#define END (-1)
/* Distance of the words that the receiver looks at. */
#define TOUCH_WORDS 256u

static inline int32_t *new_message(uint32_t bytes) {
  int32_t *words = malloc(bytes);
  for (uint32_t i = 0; i < bytes / 4; i++) words[i] = (int32_t)i;
  return words;
}

static inline void number_message(int32_t *words, uint32_t bytes, int32_t number) {
  words[0] = number;
  words[bytes / 4 - 1] = number;
}

/* Check one message; false when it is the one that ends the sequence. */
static inline int check_message(const int32_t *words, uint32_t bytes, int32_t expected) {
  uint32_t last = bytes / 4 - 1, sum = 0, wanted = 0;
  int32_t number = words[0];
  for (uint32_t i = TOUCH_WORDS; i < last; i += TOUCH_WORDS) {
    sum += (uint32_t)words[i];
    wanted += i;
  }
  int32_t wanted_number = number == END ? END : expected;
  if (number != wanted_number || words[last] != wanted_number || sum != wanted ||
      (number == END && words[1] != expected)) {
    fprintf(stderr, "message %d expected, got %d\n", expected, number);
    exit(1);
  }
  return number != END;
}

#endif
