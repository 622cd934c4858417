/**
 * What becomes of data, times and extended attributes: see `../cases.ts`.
 *
 * @module
 */

/** The cases by name. */
export const DATA_CASES: Readonly<Record<string, string>> = {
  "reads and writes at every offset, and what the flags of open allow": `
    open f /f rw+creat
    write f 0 abcdef = 6
    read f 2 2 = cd
    read f 4 10 = ef
    read f 6 10 = %e
    read f 100 10 = %e
    read f 0 0 = %e
    write f 10 xy = 2
    read f 0 20 = abcdef0000xy
    stat /f size = 12
    write f 3 %e
    open r /f r
    open w /f w
    open a /f w+append
    write r 0 x = EBADF
    read w 0 1 = EBADF
    truncate r 0 = EINVAL
    write a 0 END = 3
    read f 0 20 = abcdef0000xyEND
    truncate a 4
    read f 0 20 = abcd
    write a 100 e = 1
    stat /f size = 5
    open ar /f rw+append
    read ar 0 10 = abcde
    truncate f 8
    read f 0 20 = abcde000
    truncate f 0
    stat /f size blocks = 0 0
    open d / r
    read d 0 1 = EISDIR
    write d 0 x = EBADF
    truncate d 0 = EINVAL
    read none 0 1 = EBADF
    write none 0 1 = EBADF
    close f
    close f = EBADF
    read f 0 1 = EBADF
    open s /f rw+sync
    write s 0 durable = 7
    open s2 /f rw+dsync+append
    write s2 0 too = 3
    read s2 0 20 = durabletoo
  `,
  "holes are found, made and filled": `
    open f /f rw+creat
    seek f 0 data = ENXIO
    seek f 0 hole = ENXIO
    write f 0 {a*4096} = 4096
    truncate f 40960
    write f 20480 {b*8192} = 8192
    seek f 0 data
    seek f 0 hole = 4096
    seek f 4095 hole = 4096
    seek f 4096 hole = 4096
    seek f 4096 data = 20480
    seek f 20480 hole = 28672
    seek f 28672 data = ENXIO
    seek f 28672 hole = 28672
    seek f 40959 hole = 40959
    seek f 40960 data = ENXIO
    seek f 40960 hole = ENXIO
    seek f 100000 hole = ENXIO
    allocate f 0 4096 punch+keep
    seek f 0 data = 20480
    read f 0 3 = 000
    allocate f 20480 4096 punch = EOPNOTSUPP
    allocate f 20480 100 punch+keep
    read f 20578 4 = 00bb
    stat /f size = 40960
    allocate f 0 100
    stat /f size = 40960
    allocate f 50000 10
    stat /f size = 50010
    allocate f 60000 10 keep
    stat /f size = 50010
    allocate f 0 0 = EINVAL
    allocate f 24576 10 zero
    read f 24584 4 = 00bb
    allocate f 70000 10 zero+keep
    stat /f size = 50010
    allocate f 70000 10 zero
    stat /f size = 70010
    open r /f r
    allocate r 0 10 = EBADF
    open d / r
    allocate d 0 10 = EBADF
    allocate f 0 10 zero+punch = EOPNOTSUPP
    allocate none 0 10 = EBADF
    seek none 0 data = EBADF
    open p /f path
    seek p 0 data = EBADF
  `,
  "times": `
    open f /f rw+creat
    utimens /f 1000000000.000000001 1234567890.987654321
    stat /f atime mtime = 1000000000.000000001 1234567890.987654321
    utimens /f omit 5
    stat /f atime mtime = 1000000000.000000001 5.000000000
    utimens /f 7.5 omit
    stat /f atime mtime = 7.000000005 5.000000000
    utimens /f omit omit
    utimens /none omit omit
    utimens /none 1 1 = ENOENT
    newer /f ctime>mtime = true
    utimens /f now omit
    newer /f atime>mtime = true
    utimens /f 1 now
    newer /f mtime>atime = true
    utimens /f -1 -1000000000.25
    stat /f mtime = -1000000000.000000025
    utimens /f 15000000000 1
    stat /f atime = 15000000000.000000000
    utimens /f 99999999999 1
    stat /f atime = 15032385535.000000000
    symlink f /s
    lutimens /s 3 4
    lstat /s atime mtime = 3.000000000 4.000000000
    stat /f mtime = 1.000000000
    utimens /s 8 9
    stat /f atime mtime = 8.000000000 9.000000000
    utimens /f/ 1 1 = ENOTDIR
    utimens %e 1 1 = ENOENT
    open d / r
    utimens @d:f 11 12
    stat /f atime mtime = 11.000000000 12.000000000
    utimens @f:%e 13 14
    stat /f atime mtime = 13.000000000 14.000000000
    utimens /f 1.1000000000 1 = EINVAL
  `,
  "times of access follow relatime": `
    open f /f rw+creat
    write f 0 data = 4
    utimens /f 100 200
    read f 0 4 = data
    newer /f atime>mtime = true
    utimens /f now 100
    open n /f r+noatime
    utimens /f 100 200
    read n 0 4 = data
    stat /f atime = 100.000000000
    read f 0 0 = %e
    stat /f atime = 100.000000000
    read f 100 1 = %e
    newer /f atime>mtime = true
    as 1000,1000
    open x /f r+noatime = EPERM
    as root
    chmod /f 666
    as 1000,1000
    open x /f r+noatime = EPERM
    open x /f r
  `,
  "times of a change": `
    open f /f rw+creat
    utimens /f 1 1
    write f 0 x = 1
    newer /f mtime>atime = true
    utimens /f 1 1
    truncate f 1
    newer /f mtime>atime = true
    utimens /f 1 1
    write f 0 %e
    newer /f mtime>atime = false
    open t /f w+trunc
    newer /f mtime>atime = true
    utimens /f 1 1
    open t /f w+trunc
    newer /f mtime>atime = true
    mkdir /d 755
    utimens /d 1 1
    open x /d/x rw+creat
    newer /d mtime>atime = true
    utimens /d 1 1
    open x /d/x rw+creat
    newer /d mtime>atime = false
    link /d/x /d/y
    newer /d mtime>atime = true
    utimens /d 1 1
    chmod /d/x 600
    newer /d mtime>atime = false
    unlink /d/y
    newer /d mtime>atime = true
    utimens /f 1 1
    allocate f 0 100 keep
    newer /f mtime>atime = true
  `,
  "extended attributes": `
    open f /f rw+creat 644
    mkdir /d 755
    symlink f /s
    mknod /p fifo 666
    getxattr /f user.a = ENODATA
    setxattr /f user.a one
    getxattr /f user.a = one
    setxattr /f user.a two create = EEXIST
    setxattr /f user.a two replace
    getxattr /s user.a = two
    setxattr /f user.b x replace = ENODATA
    setxattr /f user.b %e
    getxattr /f user.b = %e
    setxattr /f trusted.t root
    setxattr /f security.s sec
    listxattr /f = security.s trusted.t user.a user.b
    removexattr /f user.b
    removexattr /f user.b = ENODATA
    setxattr /f user. x = EINVAL
    setxattr /f user x = EOPNOTSUPP
    setxattr /f unknown.a x = EOPNOTSUPP
    setxattr /f system.a x = EOPNOTSUPP
    setxattr /f user.{n*250} x
    setxattr /f user.{n*251} x = ERANGE
    setxattr /f user.big {v*65537} = E2BIG
    setxattr /f user.big {v*65536} = ENOSPC
    setxattr /f user.big {v*3000}
    setxattr /f user.more {v*3000} = ENOSPC
    getxattr /f user.a = two
    removexattr /f user.big
    setxattr /f user.more {w*3000}
    setxattr /d user.d dir
    getxattr /d user.d = dir
    setxattr /p user.p x = EPERM
    getxattr /p user.p = ENODATA
    setxattr /p trusted.p x
    getxattr /p trusted.p = x
    setxattr @f:%e user.h by-handle
    getxattr @f:%e user.h = by-handle
    listxattr /none = ENOENT
    getxattr /f/x user.a = ENOTDIR
    as 1000,1000
    getxattr /f user.a = two
    getxattr /f trusted.t = ENODATA
    getxattr /f security.s = sec
    setxattr /f user.a mine = EACCES
    setxattr /f trusted.t mine = EPERM
    setxattr /f security.s mine = EPERM
    removexattr /f user.a = EACCES
    removexattr /f trusted.t = EPERM
    listxattr /p = %e
    as root
    chmod /f 600
    as 1000,1000
    getxattr /f user.a = EACCES
    as root
    chmod /d 1777
    as 1000,1000
    setxattr /d user.d other = EPERM
    getxattr /d user.d = dir
  `,
  "locks of whole files": `
    open a /f rw+creat
    open b /f r
    open d / r
    flock a shared
    flock b shared
    flock a exclusive = EAGAIN
    flock b exclusive
    flock b none
    flock a exclusive
    flock a exclusive
    flock b shared = EAGAIN
    flock b exclusive = EAGAIN
    close a
    flock b exclusive
    flock d exclusive
    flock b none
    flock b none
    flock none shared = EBADF
    open c /f rw
    flock b shared
    flock c shared
    flock b exclusive = EAGAIN
    flock c exclusive
  `,
  "removing what is open, and directories in use": `
    mkdir /d 755
    mkdir /d/e 755
    open h /d/e r
    rmdir /d/e
    fstat h nlink type = 0 dir
    ls /d = %e
    stat @h:.. type = dir
    open x @h:f rw+creat = ENOENT
    mkdir /d/e 700
    stat @h:%e mode = 755
    stat /d/e mode = 700
    open f /d/f rw+creat
    rename /d/f /f
    write f 0 x = 1
    stat /f size = 1
    open g /g rw+creat
    rename /f /g
    fstat g nlink
    fstat f nlink = 1
    write g 0 old = 3
    read g 0 3 = old
    read f 0 3 = x
    stat /g size = 1
  `,
};
