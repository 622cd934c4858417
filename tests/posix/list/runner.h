/* What the runner shares with a case's processes. */

#ifndef RUNNER_H
#define RUNNER_H

#include <stdatomic.h>
#include <stddef.h>

struct report {
  _Atomic size_t used; /* Bytes of text that are taken. */
  _Atomic int stage;
  char text[1 << 16]; /* Lines, each ended by a newline. */
};

/* Says go here from now on. */
void report_to(struct report *target);

#endif
