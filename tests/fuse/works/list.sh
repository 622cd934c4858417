# Lists all that can be seen of a tree, in an order that does not depend on where it lies.
#
# list.sh DIRECTORY
set -eu
export LC_ALL=C
cd "$1"
# A directory's size is up to whoever keeps it.
find . -type d -printf '%p d %m %U %G %n %T@\n' -o \
  -printf '%p %y %m %U %G %n %s %T@ %l\n' | sort
find . -type f -size -1G -print0 | sort -z | xargs -0 sha256sum
python3 - <<'END'
import os
for directory, directories, files in os.walk("."):
    for name in sorted(directories + files):
        path = os.path.join(directory, name)
        for key in sorted(os.listxattr(path, follow_symlinks=False)):
            print(repr(path), key, os.getxattr(path, key, follow_symlinks=False).hex())
    directories.sort()
END
