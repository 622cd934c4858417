# gcc: a program of several files and a library, built by make where it lies, and run from there.
set -eu
place=$1
cd "$place"
mkdir parts
for number in 1 2 3 4; do
  cat >parts/part_$number.c <<END
#include "parts.h"
int part_$number(int value) { return value * 31 + $number; }
END
  echo "int part_$number(int value);" >>parts/parts.h
done
cat >main.c <<'END'
#include <stdio.h>
#include "parts/parts.h"
int main(void) {
  printf("%d\n", part_4(part_3(part_2(part_1(1)))));
  return 0;
}
END
cat >Makefile <<'END'
objects = $(patsubst %.c,%.o,$(wildcard parts/*.c))
program: main.o libparts.a
	gcc -o $@ main.o libparts.a
shared: main.o libparts.so
	gcc -o $@ main.o libparts.so -Wl,-rpath,.
libparts.a: $(objects)
	ar rcs $@ $^
libparts.so: $(objects)
	gcc -shared -o $@ $^
%.o: %.c parts/parts.h
	gcc -O1 -fPIC -g -c -o $@ $<
END
make -s -j 2 program shared
[ "$(./program)" = 955331 ]
[ "$(./shared)" = "$(./program)" ]
[ "$(make program)" = "make: 'program' is up to date." ]
touch parts/part_3.c
make -s program
[ "$(./program)" = 955331 ]
