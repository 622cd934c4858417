# The process that serves a mount is killed: killed.sh DIRECTORY ROOT DENO
. "$2tests/mount_command/common.sh"
mke2fs -q -F -t ext4 disk.img

told 0 "mounted $directory/mnt" hako mount disk.img mnt
host=$(sed -n 's/.*process \([0-9]*\) serves .*/\1/p' said)
echo synced >mnt/synced
sync mnt/synced mnt
kill -KILL "$host"
until_so test ! -d "/proc/$host"
until_so is_unmounted
ls mnt >said
test ! -s said

told 0 "mounted" hako mount disk.img mnt
test "$(cat mnt/synced)" = synced
told 0 "everything is written" hako umount mnt
is_clean

# In the foreground, the command tells what there is of the mount.
: >out
become_hako mount disk.img mnt --foreground >out 2>err &
command=$!
until_so grep -q mounted out
host=$(pgrep -P "$(pgrep -P $command)")
kill -KILL "$host"
code=0
wait $command || code=$?
test $code = 137
grep -q "is lost, and $directory/mnt is unmounted" err

# Who would unmount is killed as well: a dead mount is left.
told 0 "mounted" hako mount disk.img mnt
host=$(sed -n 's/.*process \([0-9]*\) serves .*/\1/p' said)
kill -KILL "$(pgrep -P "$host" fusermount3)" "$host"
until_so test ! -d "/proc/$host"
told 2 "whoever served a mount there has died; hako umount" hako mount disk.img mnt
told 1 "but the servers had died before" hako umount mnt
is_unmounted
test -z "$(ls temporary)"
