# What the scripts share. Each is called as: SCRIPT DIRECTORY ROOT DENO, in namespaces of its own.
set -eu
directory=$1 root=$2 deno=$3
cd "$directory"
mkdir mnt temporary
truncate -s 32M disk.img

# become_hako ARGUMENTS...: as `deno task hako` starts it, by the words in $as if there are any;
# `become_hako ... &` makes its process $!.
become_hako() {
  exec ${as:-} "$deno" run --quiet --frozen --no-prompt --config="$root/deno.json" \
    --allow-env=INIT_CWD,TMPDIR,NO_COLOR "--allow-run=$deno" "$root/tools/hako.ts" "$@"
}

# hako ARGUMENTS...: runs it.
hako() { (become_hako "$@"); }

# told CODE TEXT COMMAND...: the command exits with CODE, and says TEXT.
told() {
  code=$1 text=$2
  shift 2
  got=0
  "$@" >said 2>&1 || got=$?
  if [ "$got" != "$code" ] || ! { [ -z "$text" ] || grep -qF -- "$text" said; }; then
    echo "$*: exit code $got, not $code; or it did not say: $text"
    cat said
    exit 1
  fi
}

is_mounted() { findmnt --kernel --mountpoint "$directory/mnt" >/dev/null; }

is_unmounted() { ! is_mounted; }

# until_so COMMAND...: waits for a state.
until_so() { until "$@"; do sleep 0.02; done; }

is_clean() { e2fsck -fn disk.img >checked 2>&1 || { cat checked; exit 1; }; }

# holds PATH FILE: the image has the same bytes there.
holds() {
  debugfs -R "dump $1 dumped" disk.img 2>/dev/null
  cmp "$2" dumped
}
