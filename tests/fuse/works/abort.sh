# Aborts a FUSE connection, in a mount namespace of its own: whoever waits for an answer gets an error.
#
# abort.sh CONNECTION
set -eu
mount -t fusectl none /sys/fs/fuse/connections
if [ -d "/sys/fs/fuse/connections/$1" ]; then
  echo 1 >"/sys/fs/fuse/connections/$1/abort"
fi
