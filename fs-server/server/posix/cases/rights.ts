/**
 * Who may do what: see `../cases.ts`.
 *
 * @module
 */

/** The cases by name. */
export const RIGHTS_CASES: Readonly<Record<string, string>> = {
  "permissions on the way, and at the end": `
    mkdir /open 755
    mkdir /closed 700
    mkdir /search 711
    mkdir /list 744
    open f /open/f rw+creat 644
    open g /search/g rw+creat 640
    open h /list/h rw+creat 666
    open i /closed/i rw+creat 666
    symlink /closed/i /open/si
    open dir /closed r
    as 1000,1000,50
    stat /open/f size
    stat /closed/i size = EACCES
    stat /open/si size = EACCES
    lstat /open/si size = 9
    stat /search/g size
    stat /list/h size = EACCES
    stat /closed type = dir
    stat /closed/. type = EACCES
    stat /closed/none type = EACCES
    stat @dir:i type = EACCES
    ls /open = f si
    ls /closed = EACCES
    ls /search = EACCES
    ls /list = h
    open x /open/f r
    open x /open/f w = EACCES
    open x /open/f r+trunc = EACCES
    open x /open/f rw+creat = EACCES
    open x /open/f rw+creat+excl = EEXIST
    open x /open/new rw+creat = EACCES
    open x /search/g r = EACCES
    open x /closed r = EACCES
    open x /closed path
    open x /search r+dir = EACCES
    mkdir /open/d 755 = EACCES
    mkdir /open/f 755 = EEXIST
    unlink /open/f = EACCES
    rmdir /open = EACCES
    symlink t /open/s = EACCES
    symlink t /open/f = EEXIST
    rename /open/f /open/f2 = EACCES
    rename /open/f /f2 = EACCES
    readlink /open/si = /closed/i
    access /open/f r
    access /open/f w = EACCES
    access /open/f x = EACCES
    access /open/f f
    access /closed x = EACCES
    access /none f = ENOENT
    access /open/si r = EACCES
    as root
    access /open/f rwx = EACCES
    access /open/f rw
    access /closed rwx
    chmod /open/f 745
    access /open/f x
    chown /open/f 1000 50
    chmod /open/f 070
    as 1000,1000
    access /open/f r = EACCES
    as 1001,1000,50
    access /open/f rwx
    as 1001,1000
    access /open/f r = EACCES
  `,
  "chmod, and who may": `
    open f /f rw+creat 644
    chown /f 1000 50
    mkdir /d 755
    chown /d 1000 50
    symlink f /s
    chmod /f 6755
    stat /f mode = 6755
    as 1000,1000
    chmod /f 6755
    stat /f mode = 4755
    as 1000,1000,50
    chmod /f 6755
    stat /f mode = 6755
    chmod /f 7777
    stat /f mode = 7777
    chmod /f 177777
    stat /f mode type = 7777 file
    chmod /s 600
    stat /f mode = 600
    lchmod /s 644 = EOPNOTSUPP
    lchmod /f 640
    stat /f mode = 640
    chmod /d 3777
    stat /d mode = 3777
    as 1001,50
    chmod /f 600 = EPERM
    chmod /none 600 = ENOENT
    chmod /f/x 600 = ENOTDIR
    chmod /f/ 600 = ENOTDIR
    chmod @f:%e 600 = EPERM
  `,
  "chown, and who may": `
    open f /f rw+creat 644
    mkdir /d 755
    chmod /f 6777
    chmod /d 6777
    symlink f /s
    chown /f -1 -1
    stat /f mode uid gid = 777 0 0
    chmod /f 6777
    chown /f 1000 -1
    stat /f mode uid gid = 777 1000 0
    chmod /f 6767
    chown /f -1 50
    stat /f mode uid gid = 2767 1000 50
    chown /d 1000 50
    stat /d mode uid gid = 6777 1000 50
    chmod /f 6777
    as 1000,1000,50,60
    chown /f -1 60
    stat /f mode uid gid = 777 1000 60
    chown /f -1 70 = EPERM
    chown /f 1001 -1 = EPERM
    chown /f 1000 60
    chown /f -1 -1
    as 1001,60
    chown /f -1 -1
    chown /f -1 60 = EPERM
    chown /f 1001 -1 = EPERM
    as root
    lchown /s 5 6
    lstat /s uid gid = 5 6
    stat /f uid gid = 1000 60
    chown /s 7 8
    stat /f uid gid = 7 8
    chown /none 1 1 = ENOENT
    chown @f:%e 9 9
    stat /f uid gid = 9 9
    chown /f 4000000000 100000
    stat /f uid gid = 4000000000 100000
  `,
  "writing drops set-id bits, unless root writes": `
    open f /f rw+creat 666
    chmod /f 6777
    write f 0 x = 1
    stat /f mode = 6777
    chown /f 1000 1000
    chmod /f 6777
    as 1000,1000
    open g /f rw
    stat /f mode = 6777
    write g 0 x = 1
    stat /f mode = 777
    chmod /f 6777
    truncate g 1
    stat /f mode = 777
    chmod /f 2767
    write g 0 x = 1
    stat /f mode = 2767
    chmod /f 6777
    open t /f w+trunc
    stat /f mode = 777
    chmod /f 6777
    allocate g 0 100
    stat /f mode = 777
  `,
  "sticky directories": `
    mkdir /t 1777
    as 1000,1000
    open f /t/f rw+creat 666
    mkdir /t/d 777
    as 1001,1001
    open g /t/g rw+creat 666
    unlink /t/f = EPERM
    rmdir /t/d = EPERM
    rename /t/f /t/x = EPERM
    rename /t/g /t/f = EPERM
    rename /t/g /t/d/g
    rename /t/d/g /t/f = EPERM
    rename /t/f /t/d/g exchange = EPERM
    link /t/f /t/l
    unlink /t/none = ENOENT
    unlink /t/d = EPERM
    open x /t/f rw+creat
    as 1000,1000
    unlink /t/f
    as root
    chown /t 1001 0
    as 1001,1001
    rmdir /t/d = ENOTEMPTY
    unlink /t/d/g
    rmdir /t/d
    unlink /t/l
    ls /t = %e
  `,
  "set-group-id directories": `
    mkdir /d 777
    chown /d -1 50
    chmod /d 2777
    mkdir /d/e 755
    stat /d/e mode gid = 2755 50
    open f /d/f rw+creat 2775
    stat /d/f mode gid = 2775 50
    as 1000,1000
    mkdir /d/g 755
    stat /d/g mode uid gid = 2755 1000 50
    open h /d/h rw+creat 2775
    stat /d/h mode uid gid = 775 1000 50
    mknod /d/p fifo 2775
    stat /d/p mode gid = 775 50
    symlink t /d/s
    lstat /d/s mode gid uid = 777 50 1000
    as 1000,1000,50
    open i /d/i rw+creat 2775
    stat /d/i mode gid = 2775 50
  `,
  "times, and who may set them": `
    open f /f rw+creat 644
    chown /f 1000 1000
    as 1001,1001
    utimens /f 1 1 = EPERM
    utimens /f now now = EACCES
    utimens /f now omit = EPERM
    utimens /f omit omit
    as 1000,1000
    utimens /f 1 1
    utimens /f now omit
    as root
    chmod /f 446
    as 1001,1001
    utimens /f 1 1 = EPERM
    utimens /f now now
    utimens /f now 1 = EPERM
    utimens /f omit now = EPERM
    as 1000,1000
    utimens /f now now
  `,
};
