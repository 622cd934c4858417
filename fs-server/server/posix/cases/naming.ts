/**
 * What operations on names do and refuse: see `../cases.ts`.
 *
 * @module
 */

/** The cases by name. */
export const NAMING_CASES: Readonly<Record<string, string>> = {
  "mkdir and rmdir": `
    mkdir /d 1777
    stat /d mode nlink = 1777 2
    mkdir /d 755 = EEXIST
    mkdir / 755 = EEXIST
    mkdir /. 755 = EEXIST
    mkdir /d/. 755 = EEXIST
    mkdir /d/.. 755 = EEXIST
    mkdir /x/y 755 = ENOENT
    mkdir /x/ 755
    stat /x type = dir
    open f /f rw+creat
    mkdir /f 755 = EEXIST
    mkdir /f/ 755 = EEXIST
    mkdir /f/x 755 = ENOTDIR
    symlink none /s
    mkdir /s 755 = EEXIST
    mkdir /s/ 755 = EEXIST
    mkdir /s/x 755 = ENOENT
    mkdir {n*256} 755 = ENAMETOOLONG
    mkdir {n*255} 755
    mkdir %e 755 = ENOENT
    mkdir /d/e 755
    stat /d nlink = 3
    rmdir /d = ENOTEMPTY
    rmdir /d/e/. = EINVAL
    rmdir /d/e/.. = ENOTEMPTY
    rmdir /d/e/./ = EINVAL
    rmdir / = EBUSY
    rmdir /. = EINVAL
    rmdir /.. = ENOTEMPTY
    rmdir /none = ENOENT
    rmdir /f = ENOTDIR
    rmdir /f/ = ENOTDIR
    rmdir /f/x = ENOTDIR
    rmdir /s = ENOTDIR
    rmdir /s/ = ENOTDIR
    symlink d/e /se
    rmdir /se = ENOTDIR
    rmdir /se/ = ENOTDIR
    rmdir %e = ENOENT
    rmdir /d/e/
    stat /d nlink = 2
    rmdir /d
    stat /d type = ENOENT
  `,
  "unlink": `
    open f /f rw+creat
    mkdir /d 755
    symlink f /s
    symlink none /dangling
    symlink d /sd
    link /f /g
    stat /f nlink = 2
    unlink /d = EISDIR
    unlink /d/ = EISDIR
    unlink /d/. = EISDIR
    unlink /d/.. = EISDIR
    unlink / = EISDIR
    unlink /. = EISDIR
    unlink /none = ENOENT
    unlink /none/x = ENOENT
    unlink /f/ = ENOTDIR
    unlink /f/x = ENOTDIR
    unlink /s/ = ENOTDIR
    unlink /sd/ = ENOTDIR
    unlink /sd
    unlink /dangling
    unlink %e = ENOENT
    unlink {n*256} = ENAMETOOLONG
    unlink /g
    fstat f nlink = 1
    unlink /f
    fstat f nlink
    write f 0 still = 5
    read f 0 5 = still
    stat /f type = ENOENT
    ls / = d s
    open f2 /f rw+creat
    fstat f nlink
    fstat f2 size
  `,
  "rename of every type onto every type": `
    mkdir /r 755
    open a /f1 rw+creat
    write a 0 one = 3
    open b /f2 rw+creat
    mkdir /d1 755
    mkdir /d2 755
    mkdir /full 755
    mkdir /full/x 755
    symlink f1 /s1
    symlink none /s2
    mknod /p fifo 644
    rename /f1 /d1 = EISDIR
    rename /f1 /full = EISDIR
    rename /d1 /f1 = ENOTDIR
    rename /d1 /s1 = ENOTDIR
    rename /d1 /full = ENOTEMPTY
    rename /full /d1
    stat /d1/x type = dir
    rename /d1 /full
    rename /f1 /s1
    lstat /s1 type = file
    rename /s1 /f2
    stat /f2 size = 3
    rename /s2 /f2
    lstat /f2 type = link
    rename /p /f2
    lstat /f2 type = fifo
    rename /none /x = ENOENT
    rename /none /full = ENOENT
    rename /full /full
    rename /f2 /f2
    rename /full /full/x = EINVAL
    rename /full /full/x/y = EINVAL
    rename /full/x /full = ENOTEMPTY
    rename /full/x/. /y = EBUSY
    rename /full/x/.. /y = EBUSY
    rename /full /. = EBUSY
    rename /full /full/x/.. = EBUSY
    rename / /x = EBUSY
    rename /full / = EBUSY
    rename /. /x = EBUSY
    rename /full /none/x = ENOENT
    rename /full /f2/x = ENOTDIR
    rename /f2 /full/ = ENOTDIR
    rename /f2 /new/ = ENOTDIR
    rename /f2/ /new = ENOTDIR
    rename /full/ /moved/
    stat /moved/x type = dir
    rename %e /x = ENOENT
    rename /moved %e = ENOENT
    rename /moved {n*256} = ENAMETOOLONG
    rename {n*256} /moved = ENAMETOOLONG
    rename /moved/x/ /up
    stat /moved nlink = 2
    ls / = d2 f2 moved r up
  `,
  "rename and hard links, symbolic links, open files": `
    open a /a rw+creat
    write a 0 aaa = 3
    link /a /b
    rename /a /b
    stat /a nlink = 2
    stat /b nlink = 2
    open c /c rw+creat
    rename /a /c
    fstat c nlink
    write c 0 xx = 2
    read a 0 3 = aaa
    mkdir /d 755
    symlink d /s
    rename /s /t
    lstat /t type = link
    rename /t/ /u = ENOTDIR
    rename /b /t
    lstat /t type = file
    symlink d /s
    rename /t /s/ = ENOTDIR
    rename /t /s/in
    ls /d = in
    open h /d r
    mkdir /e 755
    rename @h:in /e/out
    rename /e/out @h:back
    ls /d = back
    newer /d mtime>atime = false
  `,
  "which error comes first, where there are several": `
    mkdir /d 755
    mkdir /d/e 755
    open f /f rw+creat
    symlink /loop /loop
    rename /none/x /f/x = ENOENT
    rename /f/x /none/x = ENOTDIR
    rename /none /f/x = ENOTDIR
    rename /none /none/x = ENOENT
    rename /none /loop/x = ELOOP
    rename /none /d/. = EBUSY
    rename /d/. /none/x = ENOENT
    rename /none / = EBUSY
    rename /d/.. /f = EBUSY
    rename /none /d noreplace = ENOENT
    rename /d /d/e noreplace = EEXIST
    rename /d/e /d noreplace = EEXIST
    rename /d /d/none noreplace = EINVAL
    rename /f /d exchange
    rename /d /f exchange
    rename /f/ /d exchange = ENOTDIR
    rename /f /d/ exchange
    rename /d/ /f exchange = ENOTDIR
    rename /d /f/ exchange
    rename /d/ /new noreplace
    rename /new /d/ noreplace
    link /none /f = ENOENT
    link /none /f/x = ENOENT
    link /none/x /f = ENOENT
    link /d /f = EEXIST
    link /d /none/x = ENOENT
    link /f /d/. = EEXIST
    link /d /d/. = EEXIST
    symlink t /f = EEXIST
    symlink {t*5000} /f = ENAMETOOLONG
    symlink %e /f = ENOENT
    symlink {t*4096} /none/x = ENAMETOOLONG
    mkdir /f/x/y 755 = ENOTDIR
    mkdir /loop/x 755 = ELOOP
    mkdir /loop 755 = EEXIST
    mkdir /loop/ 755 = EEXIST
    unlink /d/{n*256} = ENAMETOOLONG
    unlink /loop/ = ENOTDIR
    unlink /f/. = ENOTDIR
    unlink /f/.. = ENOTDIR
    rmdir /f/. = ENOTDIR
    rmdir /none/. = ENOENT
    rmdir /d/e/../../f = ENOTDIR
    rmdir /loop/ = ENOTDIR
    open x /none/ rw+creat+excl = EISDIR
    open x /f/. rw+creat = ENOTDIR
    open x /f/.. rw+creat+excl = ENOTDIR
    as 1000,1000
    rename /f /none/x = ENOENT
    rename /f /d = EACCES
    rename /d /f = EACCES
    rename /d /d/e/x = EINVAL
    rename /d/e /d = ENOTEMPTY
    rename /none /d/x = ENOENT
    rename /f /f
    rmdir /d = EACCES
    rmdir /f = EACCES
    rmdir /none = ENOENT
    unlink /d = EACCES
    unlink /none = ENOENT
    mkdir /d 755 = EEXIST
    mkdir /new 755 = EACCES
    mkdir /d/e/ 755 = EEXIST
    link /none /new = ENOENT
    symlink t /d = EEXIST
    symlink t /new = EACCES
    chown /none 1 1 = ENOENT
    chmod /d 700 = EPERM
    utimens /d 1 1 = EPERM
    open x /d w = EISDIR
    open x /d r+creat = EISDIR
    open x /d/new r+creat+excl = EACCES
    open x /d/e r+creat+excl = EEXIST
  `,
  "rename with flags": `
    open a /a rw+creat
    write a 0 a = 1
    open b /b rw+creat
    write b 0 bb = 2
    mkdir /d 755
    mkdir /d/x 755
    symlink a /s
    rename /a /b noreplace = EEXIST
    rename /a /d noreplace = EEXIST
    rename /a /a noreplace = EEXIST
    rename /a /c noreplace
    stat /c size = 1
    rename /none /x noreplace = ENOENT
    rename /c /b exchange
    stat /b size = 1
    stat /c size = 2
    rename /c /d exchange
    stat /c type nlink = dir 3
    stat /d type size = file 2
    rename /c /none exchange = ENOENT
    rename /none /c exchange = ENOENT
    rename /c /c/x exchange = EINVAL
    rename /c/x /c exchange = EINVAL
    rename /c /c exchange
    rename /s /b exchange
    lstat /b type = link
    mkdir /e 755
    mkdir /e/sub 755
    rename /e/sub /d exchange
    stat /e nlink = 2
    stat /d type = dir
    rename /e/sub /d exchange
    rename /a /b both = EINVAL
    rename /a /b bad = EINVAL
    rename /e /e/. exchange = EBUSY
    rename /e/. /b exchange = EBUSY
    rename /b /e/.. noreplace = EEXIST
    ls / = b c d e s
  `,
  "link": `
    open f /f rw+creat
    mkdir /d 755
    symlink f /s
    symlink none /dangling
    symlink /loop /loop
    link /f /g
    link /f /g = EEXIST
    link /f /d = EEXIST
    link /f /d/ = EEXIST
    link /f /new/ = ENOENT
    link /f/ /new = ENOTDIR
    link /d /e = EPERM
    link /none /e = ENOENT
    link /none /f = ENOENT
    link /f /none/x = ENOENT
    link /f /f/x = ENOTDIR
    link /f %e = ENOENT
    link %e /x = ENOENT
    link /f {n*256} = ENAMETOOLONG
    link /s /s2
    lstat /s2 type nlink = link 2
    linkfollow /s /s3
    lstat /s3 type nlink = file 3
    linkfollow /dangling /x = ENOENT
    link /dangling /dangling2
    linkfollow /loop /x = ELOOP
    link /loop /loop2
    link /f /dangling = EEXIST
    link /f /d/. = EEXIST
    link / /x = EPERM
    link /f/. /x = ENOTDIR
    mknod /p fifo 600
    link /p /p2
    stat /p2 type nlink = fifo 2
    unlink /f
    unlink /g
    unlink /s3
    fstat f nlink
    link @f:%e /again = ENOENT
  `,
  "symbolic links": `
    symlink {t*4095} /long
    lstat /long type size mode = link 4095 777
    symlink {t*4096} /x = ENAMETOOLONG
    symlink t /s
    symlink t /s = EEXIST
    symlink %e /x = ENOENT
    symlink t %e = ENOENT
    symlink t /new/ = ENOENT
    symlink t /none/x = ENOENT
    symlink t /. = EEXIST
    symlink t {n*256} = ENAMETOOLONG
    readlink /s = t
    readlink /s 0 = EINVAL
    readlink /long 5 = ttttt
    readlink / = EINVAL
    readlink /none = ENOENT
    readlink /s/ = ENOENT
    open f /f rw+creat
    readlink /f = EINVAL
    readlink /f/x = ENOTDIR
    open p /s path+nofollow
    readlink @p:%e = t
    open d / r
    readlink @d:%e = ENOENT
    symlink /s /d1
    symlink d1 /d2
    symlink . /dot
    stat /dot type = dir
    stat /dot/dot/dot type = dir
    lstat /dot/dot type = link
  `,
  "special files": `
    mknod /p fifo 644
    mknod /c char 600 4:64
    mknod /b block 660 300:70000
    mknod /s sock 777
    mknod /f file 640
    stat /p type mode = fifo 644
    stat /c type mode rdev = char 600 4:64
    stat /b type rdev = block 300:70000
    stat /s type = sock
    stat /f type size rdev = file 0 0:0
    mknod /f file 640 = EEXIST
    mknod / file 640 = EEXIST
    mknod /new/ file 640 = ENOENT
    mknod /none/x fifo 644 = ENOENT
    mknod /f/x fifo 644 = ENOTDIR
    open x /s r = ENXIO
    open p /p path
    fstat p type = fifo
    chmod /p 600
    link /c /c2
    stat /c2 rdev = 4:64
    rename /b /p
    stat /p type rdev = block 300:70000
    as 1000,1000
    mknod /x char 600 1:3 = EACCES
    as root
    chmod / 777
    as 1000,1000
    mknod /x char 600 1:3 = EPERM
    mknod /x block 600 1:3 = EPERM
    mknod /y fifo 600
    stat /y uid gid = 1000 1000
  `,
};
