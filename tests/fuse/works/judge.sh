# Judges an image that was unmounted: e2fsck finds it clean, and the host's own ext4 the same files. Where
# there are no loop devices, debugfs finds the same contents.
#
# judge.sh IMAGE DIRECTORY LIST
set -eu
image=$1 directory=$2 list=$3
contents() { grep -aE '^\\?[0-9a-f]{64}  ' "$1"; }
if mountpoint -q "$directory"; then
  echo "$directory is still mounted" >&2
  exit 1
fi
e2fsck -fn "$image"
if mount -o loop,ro "$image" "$directory" 2>"$list.said"; then
  trap 'umount "$directory"' EXIT
  sh "$(dirname "$0")/list.sh" "$directory" >"$list.after"
  diff "$list" "$list.after"
else
  cat "$list.said"
  debugfs -R "rdump / $directory" "$image" >"$list.said" 2>&1
  sh "$(dirname "$0")/list.sh" "$directory" >"$list.after"
  contents "$list" >"$list.before"
  contents "$list.after" | diff "$list.before" -
fi
