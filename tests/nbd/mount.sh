# Makes ext4 on an NBD export, mounts it by the host's kernel, and compares what it keeps.
#
# mount.sh URI DIRECTORY TREE, in a mount namespace of its own: nothing stays mounted behind it.
set -eu
uri=$1 directory=$2 tree=$3
file=$directory/file mounted=$directory/mounted
mkdir -p "$file" "$mounted"
nbdfuse --pidfile "$directory/pid" "$file" "$uri" &
nbdfuse=$!
trap 'umount "$mounted" 2>/dev/null; umount "$file" 2>/dev/null; wait $nbdfuse' EXIT
until [ -s "$directory/pid" ]; do
  kill -0 $nbdfuse
  sleep 0.02
done
mke2fs -q -F -t ext4 "$file/nbd"
e2fsck -fn "$file/nbd"
mount -o loop "$file/nbd" "$mounted"
cp -a "$tree" "$mounted/tree"
sync -f "$mounted"
rm -r "$mounted/tree/core"
cp -a "$tree" "$mounted/again"
umount "$mounted"
e2fsck -fn "$file/nbd"
mount -o loop,ro "$file/nbd" "$mounted"
diff -r "$tree" "$mounted/again"
umount "$mounted"
umount "$file"
wait $nbdfuse
trap - EXIT
rm -r "$directory"
