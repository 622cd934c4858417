# fio: random writes of all sizes that are read again and found right, by every way into a file.
set -eu
place=$1 scratch=$2 scale=$3
cd "$scratch"
check() {
  name=$1
  shift
  fio --name="$name" --directory="$place" --verify=crc32c --verify_fatal=1 --verify_state_save=0 \
    --allrandrepeat=1 --randseed=11 --output="$scratch/$name.log" "$@" ||
    { cat "$scratch/$name.log" >&2; exit 1; }
}
check plain --ioengine=psync --rw=randrw --bsrange=512-64k --blockalign=512 \
  --size=$((4 * scale))M --fsync=64
check backlog --ioengine=psync --rw=randwrite --bs=4k --size=$((2 * scale))M --numjobs=2 \
  --verify_backlog=64
check direct --ioengine=libaio --iodepth=8 --direct=1 --rw=randwrite --bsrange=4k-32k \
  --size=$((4 * scale))M
check mapped --ioengine=mmap --rw=randwrite --bs=4k --size=$((2 * scale))M --fsync=128
