/**
 * Access control lists, and the mask of what is made: see `../cases.ts`. A list is written
 * `u::7,u:1000:6,g::5,m::7,o::0`: owner, users, group, groups, mask, others.
 *
 * @module
 */

/** The cases by name. */
export const LIST_CASES: Readonly<Record<string, string>> = {
  "a umask takes permissions away from what is made": `
    umask 027
    mkdir /d 777
    stat /d mode = 750
    mkdir /t 1777
    stat /t mode = 1750
    open f /f rw+creat 666
    stat /f mode = 640
    open g /g rw+creat 6777
    stat /g mode = 6750
    open f /f rw+creat 777
    stat /f mode = 640
    mknod /p fifo 666
    stat /p mode = 640
    symlink t /s
    lstat /s mode = 777
    umask 777
    mkdir /none 777
    stat /none mode = 0
    mkdir /none 777 = EEXIST
    umask 0
    mkdir /all 777
    stat /all mode = 777
    chmod /d 2777
    umask 077
    mkdir /d/e 777
    stat /d/e mode = 2700
  `,
  "a umask does not count where the directory has a default list": `
    mkdir /d 777
    setacl /d default u::7,u:1000:6,g::5,m::7,o::4
    umask 077
    mkdir /d/e 777
    stat /d/e mode = 774
    getacl /d/e access = u::7,u:1000:6,g::5,m::7,o::4
    getacl /d/e default = u::7,u:1000:6,g::5,m::7,o::4
    mkdir /d/g 750
    stat /d/g mode = 750
    getacl /d/g access = u::7,u:1000:6,g::5,m::5,o::0
    open f /d/f rw+creat 666
    stat /d/f mode = 664
    getacl /d/f access = u::6,u:1000:6,g::5,m::6,o::4
    getacl /d/f default = ENODATA
    mknod /d/p fifo 644
    stat /d/p mode = 644
    symlink t /d/s
    lstat /d/s mode = 777
    setacl /d default u::7,g::5,o::0
    open h /d/h rw+creat 666
    stat /d/h mode = 640
    getacl /d/h access = ENODATA
    dropacl /d default
    open i /d/i rw+creat 666
    stat /d/i mode = 600
    mkdir /d/j 777
    stat /d/j mode = 700
  `,
  "lists are set, told and taken away": `
    open f /f rw+creat 640
    mkdir /d 755
    symlink f /s
    getacl /f access = ENODATA
    setacl /f access u::6,u:1000:4,g::4,m::4,o::0
    getacl /f access = u::6,u:1000:4,g::4,m::4,o::0
    stat /f mode = 640
    setacl /f access u::7,g::5,o::1
    getacl /f access = ENODATA
    stat /f mode = 751
    setacl /f access u::7,u:1000:7,g::5,m::7,o::1
    chmod /f 700
    getacl /f access = u::7,u:1000:7,g::5,m::0,o::0
    dropacl /f access
    getacl /f access = ENODATA
    dropacl /f access
    setacl /f default u::7,g::5,o::1 = EACCES
    dropacl /f default
    setacl /f default none
    setacl /d default u::7,g::5,o::1
    getacl /d default = u::7,g::5,o::1
    setacl /d default none
    getacl /d default = ENODATA
    dropacl /d default
    setacl /f access u::7,g::5 = EINVAL
    setacl /f access u::7,u:1000:7,g::5,o::1 = EINVAL
    setacl /f access none
    as 1000,1000
    setacl /f access u::7,g::5,o::1 = EPERM
    dropacl /f access = EPERM
    getacl /f access = ENODATA
  `,
  "a list takes the set-group-id bit from who is no member": `
    open f /f rw+creat 2755
    chown /f 1000 50
    chmod /f 2755
    as 1000,1000
    setacl /f access u::7,u:1001:4,g::5,m::5,o::5
    stat /f mode = 755
    as root
    chmod /f 2755
    setacl /f access u::7,u:1001:6,g::5,m::5,o::5
    stat /f mode = 2755
    as 1000,1000,50
    setacl /f access u::7,u:1001:6,g::5,m::7,o::5
    stat /f mode = 2775
    as 1000,1000
    setacl /f access u::7,g::5,o::5
    stat /f mode = 755
    as root
    chmod /f 2755
    setacl /f access u::7,u:1001:6,g::5,m::7,o::5
    as 1000,1000
    dropacl /f access
    stat /f mode = 2775
  `,
};
