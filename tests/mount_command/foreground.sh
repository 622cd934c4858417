# hako mount --foreground, and its ends: foreground.sh DIRECTORY ROOT DENO
. "$2tests/mount_command/common.sh"
mke2fs -q -F -t ext2 disk.img

# Ctrl-C, with much that Linux has not written yet.
: >out
become_hako mount disk.img mnt --foreground >out 2>err &
host=$!
until_so grep -q "mounted $directory/mnt" out
head -c 8000000 /dev/urandom >data
cp data mnt/data
kill -INT $host
wait $host || { cat out err; exit 1; }
grep -q "is unmounted, and everything is written" err
is_unmounted
is_clean
holds /data data

# Somebody unmounts.
: >out
become_hako mount disk.img mnt -f --quiet >out 2>err &
host=$!
until_so grep -q mounted out
mv mnt/data mnt/moved
told 0 "" fusermount3 -u mnt
wait $host || { cat out err; exit 1; }
test ! -s err
is_clean
holds /moved data

# Nobody can write to what is read only.
: >out
become_hako mount disk.img mnt -f --quiet --read-only >out 2>err &
host=$!
until_so grep -q mounted out
cmp data mnt/moved
told 1 "Read-only file system" touch mnt/moved
kill -TERM $host
wait $host || { cat out err; exit 1; }
test -z "$(ls temporary)"
