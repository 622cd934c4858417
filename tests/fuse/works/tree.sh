# Makes the tree that programs copy: real source beside everything else that a directory can hold.
#
# tree.sh TREE SOURCE
set -eu
tree=$1 source=$2
mkdir -p "$tree"
cp -R "$source" "$tree/source"
cd "$tree"
mkdir modes names links empty many
for mode in 0000 0200 0444 0640 0755 1777 2755 4755 6711; do
  echo $mode >modes/$mode
  chmod $mode modes/$mode
done
chmod 2770 empty
echo of >modes/owned
chown 1234:54321 modes/owned
long=$(printf '%0255d' 7)
echo long >"names/$long"
echo line >"names/with
newline"
for name in 'a space' '-rf' '*' '\back' 'dot.' '.hidden' 'größe' '漢字' '🦆'; do
  echo "$name" >"names/$name"
done
for number in $(seq 300); do
  echo $number >many/entry-$number
done
echo linked >links/first
ln links/first links/second
ln links/first names/third
ln -s first links/relative
ln -s /nowhere/at/all links/dangling
ln -s "$long$long$long" links/long
ln -s . links/itself
mkfifo links/pipe
if [ "$(id -u)" = 0 ]; then
  mknod links/null c 1 3
  mknod links/block b 259 1048575
fi
: >empty/file
printf middle | dd of=names/hole bs=1 seek=5000000000 status=none
truncate -s 6G names/hole
printf end | dd of=names/sparse bs=1 seek=5000000 status=none
python3 - <<'END'
import os
os.setxattr("links/first", "user.small", b"value")
os.setxattr("links/first", "user.bytes", bytes(range(256)))
os.setxattr("many", "user.of a directory", b"")
for number in range(20):
    os.setxattr("names/sparse", f"user.number-{number}", b"x" * number * 9)
END
touch -d '2001-02-03 04:05:06.789012345' names/.hidden links/first
touch -h -d '1975-01-01 00:00:00.5' links/relative
touch -d '2100-01-01 00:00:00.000000001' many
