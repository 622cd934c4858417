# git: a clone, commits, a merge, a repack, and a clone of that.
set -eu
place=$1 scratch=$2 tree=$4
forget=$(dirname "$0")/forget.sh
export HOME="$scratch" GIT_CONFIG_NOSYSTEM=1
for who in AUTHOR COMMITTER; do
  export GIT_${who}_NAME=Hako GIT_${who}_EMAIL=hako@example.org
done
git -c init.defaultBranch=main init -q "$scratch/origin"
cp -R "$tree/source" "$tree/many" "$scratch/origin/"
git -C "$scratch/origin" add .
git -C "$scratch/origin" commit -qm first
git clone -q --no-local "$scratch/origin" "$place/clone"
cd "$place/clone"
git fsck --strict --no-progress
diff -r --exclude=.git "$scratch/origin" .
git checkout -qb branch
git mv many moved
echo more >>moved/entry-1
git commit -qam second
git checkout -q main
for round in 1 2 3; do
  echo $round >new-$round
  git add new-$round
  git commit -qm "new $round"
done
git merge -q --no-edit branch
git gc -q
sh "$forget" .
git fsck --strict --no-progress
[ -z "$(git status --porcelain)" ]
git clone -q --no-local . "$scratch/back"
[ "$(git rev-parse HEAD)" = "$(git -C "$scratch/back" rev-parse HEAD)" ]
git -C "$scratch/back" fsck --strict --no-progress
