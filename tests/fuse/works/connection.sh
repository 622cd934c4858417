# Says the number of the FUSE connection behind a directory, without a question to it.
#
# connection.sh DIRECTORY
set -eu
while read -r _ _ device _ place _; do
  if [ "$place" = "$1" ]; then
    echo "${device#*:}"
  fi
done </proc/self/mountinfo
