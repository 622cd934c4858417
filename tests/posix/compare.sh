# Runs the list on the host's own ext4 and on Hako, in a mount and a process namespace of its own.
#
# compare.sh DIRECTORY RUNNER COMMAND...: COMMAND mounts the image DIRECTORY/hako.img on
# DIRECTORY/hako, runs RUNNER there with its output into DIRECTORY/hako.json, and unmounts.
set -eu
directory=$1 runner=$2
shift 2
cd "$directory"
mkdir ext4 hako
for image in ext4.img hako.img; do
  mke2fs -q -t ext4 -b 4096 -E hash_seed=5eed5eed-5eed-5eed-5eed-5eed5eed5eed "$image" 64M
done
mount -o loop ext4.img ext4
"$runner" "$directory/ext4" >ext4.json &
"$@"
wait $!
umount ext4
e2fsck -fn hako.img >judged 2>&1 || { cat judged; exit 1; }
