# Another user than root mounts: nobody.sh DIRECTORY ROOT DENO
. "$2tests/mount_command/common.sh"
mke2fs -q -F -t ext4 disk.img

chown -R 65534:65534 "$directory"
chmod 755 "$directory"
export DENO_DIR="$directory/deno" HOME="$directory"

# Where that user can reach them, and nobody can change them: the program, and what it runs.
touch program
mkdir source
mount --bind "$deno" program
mount --bind "$root" source
mount -o remount,bind,ro program
mount -o remount,bind,ro source
deno=$directory/program
root=$directory/source/

# A device of its own: that of the host stays as it is.
mknod device c 10 229
chmod 600 device
mount --bind device /dev/fuse
touch configuration
if [ -e /etc/fuse.conf ]; then mount --bind configuration /etc/fuse.conf; fi
as="setpriv --reuid 65534 --regid 65534 --clear-groups"

told 1 "no right to /dev/fuse; as root, \`chmod 666 /dev/fuse\`" hako mount disk.img mnt
chmod 666 device
told 1 "only root may use --allow-other" hako mount disk.img mnt --allow-other

told 0 "mounted $directory/mnt" hako mount disk.img mnt --uid 65534 --gid 65534
$as sh -c 'echo mine >mnt/file'
told 2 "Permission denied" ls mnt
told 0 "everything is written" hako umount mnt
is_clean
echo mine >data
holds /file data
debugfs -R "stat /file" disk.img 2>/dev/null | grep -q "User: 65534 "

told 0 "mounted $directory/mnt" hako mount disk.img mnt --read-only
host=$(sed -n 's/.*process \([0-9]*\) serves .*/\1/p' said)
kill -KILL "$host"
until_so is_unmounted
test -z "$(ls temporary)"
