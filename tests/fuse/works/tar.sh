# tar, there and back.
set -eu
place=$1 scratch=$2 tree=$4
pack() { tar --xattrs --xattrs-include='*' --sparse --numeric-owner --exclude=hole "$@"; }
mkdir "$place/out"
pack -C "$tree" -cf "$place/tree.tar" .
sh "$(dirname "$0")/forget.sh" "$place"
pack -C "$place/out" -xpf "$place/tree.tar"
pack -C "$place/out" --compare -f "$place/tree.tar"
pack -C "$place/out" -cf "$scratch/back.tar" .
pack -C "$tree" --compare -f "$scratch/back.tar"
gzip -k "$place/tree.tar"
gzip -dc "$place/tree.tar.gz" | cmp - "$place/tree.tar"
rm "$place/tree.tar" "$scratch/back.tar"
