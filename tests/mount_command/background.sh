# hako mount in the background, and hako umount: background.sh DIRECTORY ROOT DENO
. "$2tests/mount_command/common.sh"
mke2fs -q -F -t ext4 disk.img

told 0 "mounted $directory/mnt" hako mount disk.img mnt
head -c 3000000 /dev/urandom >data
cp data mnt/data
mkdir mnt/below
told 2 "disk.img is mounted there; hako umount $directory/mnt" hako mount disk.img mnt

(cd mnt/below && exec sleep 60) &
holder=$!
until_so test "$(readlink /proc/$holder/cwd)" = "$directory/mnt/below"
told 1 "$directory/mnt is busy: " hako umount mnt
if command -v fuser >/dev/null && command -v ps >/dev/null; then grep -q sleep said; fi
told 1 "$directory/mnt/below is not mounted; it lies in the mount $directory/mnt" \
  hako umount mnt/below
kill $holder
wait $holder || true

told 0 "and everything is written" hako umount mnt
is_unmounted
is_clean
holds /data data
told 1 "$directory/mnt is not mounted" hako umount mnt
told 1 "and none of hako mount" hako umount /proc
test -z "$(ls temporary)"
tail -n 1 state/hako/mount-*.log | grep -q "event=ended code=0"

truncate -s 1M disk.img
told 2 "it has 1048576 bytes, its file system" hako mount disk.img mnt
