/**
 * What `open` and paths make of their arguments: see `../cases.ts`.
 *
 * @module
 */

/** The cases by name. */
export const OPENING_CASES: Readonly<Record<string, string>> = {
  "open makes, refuses and cuts as its flags say": `
    mkdir /d 755
    open f /f rw+creat 640
    stat /f type mode size nlink uid gid = file 640 0 1 0 0
    write f 0 hello = 5
    open x /f rw+creat+excl = EEXIST
    open x /d rw+creat+excl = EEXIST
    open x /none r = ENOENT
    open x /none rw+excl = ENOENT
    open x /none/f rw+creat = ENOENT
    open x /f/x r = ENOTDIR
    open x /f/ r = ENOTDIR
    open x /f/ rw+creat = EISDIR
    open x /new/ rw+creat = EISDIR
    open x /d w = EISDIR
    open x /d rw = EISDIR
    open x /d r+trunc = EISDIR
    open x /d r+creat = EISDIR
    open x /d/ r+creat = EISDIR
    open x /d r+creat+dir = EINVAL
    open x /new r+creat+dir = EINVAL
    stat /new type = ENOENT
    open d /d r+dir
    open x /f r+dir = ENOTDIR
    open x %e r = ENOENT
    open x %e rw+creat = ENOENT
    open c /f r+trunc
    stat /f size
    open g /f rw+creat
    write g 0 more = 4
    open c /f w+trunc
    read g 0 10 = %e
    open x /f r+excl
    open x /. r+creat = EISDIR
    open x / r+creat = EISDIR
    open x / w = EISDIR
    open x /d/.. r+dir
    open x /d/. rw = EISDIR
    open x {n*255} r = ENOENT
    open x {n*256} r = ENAMETOOLONG
    open x {n*256} rw+creat = ENAMETOOLONG
    open x /d/{n*256}/x r = ENAMETOOLONG
    open x /f/{n*256} r = ENOTDIR
  `,
  "open and symbolic links": `
    open f /f rw+creat 644
    write f 0 data = 4
    mkdir /d 755
    symlink f /l
    symlink d /ld
    symlink none /dangling
    symlink /loop /loop
    symlink made/ /slash
    symlink /d/../f /abs
    open x /l r+nofollow = ELOOP
    open x /ld r+nofollow = ELOOP
    open x /ld r+nofollow+dir = ENOTDIR
    open x /ld/ r+nofollow
    open x /ld/. r+nofollow
    open x /ld r+dir
    open x /l r+dir = ENOTDIR
    open x /l/ r = ENOTDIR
    open x /dangling r = ENOENT
    open x /dangling r+nofollow = ELOOP
    open x /dangling rw+creat+excl = EEXIST
    open x /dangling rw+creat+nofollow = ELOOP
    open x /dangling rw+creat 600
    lstat /dangling type = link
    stat /none type mode = file 600
    open x /loop r = ELOOP
    open x /loop rw+creat = ELOOP
    open x /loop r+nofollow = ELOOP
    open x /loop/ rw+creat = EISDIR
    open x /loop/ rw+creat+excl = EISDIR
    open x /d/ rw+creat+excl = EISDIR
    open x /d/. rw+creat+excl = EEXIST
    open x /none/../x/ rw+creat = ENOTDIR
    open x /l/ rw+creat = EISDIR
    open x /loop/ r+creat+dir = EINVAL
    open x /dangling/ rw+creat = EISDIR
    open x /loop/x r = ELOOP
    open x /slash rw+creat = EISDIR
    open x /abs r
    open p /l path+nofollow
    fstat p type size = link 1
    read p 0 4 = EBADF
    open p /l path
    fstat p type = file
    read p 0 4 = EBADF
    write p 0 x = EBADF
    truncate p 0 = EBADF
    fsync p = EBADF
    flock p shared = EBADF
    open q /d path+dir
    open x /f path+dir = ENOTDIR
    open x /l path+nofollow+dir = ENOTDIR
    stat @q:../f size = 4
    open x @q:new rw+creat
    ls /d = new
    chmod @q:%e 700
    stat /d mode = 700
    close q
    stat @q:new type = EBADF
  `,
  "paths": `
    mkdir /d 755
    mkdir /d/e 700
    open f /d/f rw+creat
    symlink d /ld
    symlink /l1 /l2
    symlink /l2 /l1
    symlink d/e /le
    stat /d/../d/./e// type = dir
    stat //d///e type = dir
    stat /../../d type = dir
    stat /d/f/.. type = ENOTDIR
    stat /d/f/. type = ENOTDIR
    stat /d/none/.. type = ENOENT
    stat /ld/e type = dir
    stat /le/../f type = file
    lstat /ld type = link
    lstat /ld/ type = dir
    lstat /ld/. type = dir
    stat /l1 type = ELOOP
    lstat /l1 type = link
    lstat /l1/ type = ELOOP
    stat /l1/x type = ELOOP
    stat %e type = ENOENT
    stat / type = dir
    stat /d nlink = 3
    stat /{a*4095} type = ENAMETOOLONG
    stat {/.*2047} type = dir
    stat {/.*2048} type = ENAMETOOLONG
    stat d/e mode = 700
    open h /d r
    stat @h:e mode = 700
    stat @h:../d/e mode = 700
    stat @h:/d/e mode = 700
    stat @h:%e nlink = 3
    stat @h:. nlink = 3
    stat @h:.. type = dir
    open g /d/f r
    stat @g:x type = ENOTDIR
    stat @g:%e type = file
    stat @g:/d type = dir
    stat @none:x type = EBADF
    stat @none:/d type = dir
    rename /d /moved
    stat @h:e mode = 700
    rmdir /moved/e
    unlink /moved/f
    rmdir /moved
    stat @h:e type = ENOENT
    stat @h:.. type = dir
    stat @h:. nlink
    mkdir @h:x 755 = ENOENT
    open x @h:x rw+creat = ENOENT
    symlink t @h:x = ENOENT
    stat @h:%e nlink
  `,
};
