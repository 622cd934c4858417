"""Locks ranges of a file from three processes of the host, as told.

Reads [[process, what, kind, offset, byteLength], ...] from stdin; answers a list of answers on
stdout: "0", the name of an error, or for a test "none" or "held".
"""

import errno
import fcntl
import json
import os
import struct
import sys
import tempfile

KINDS = {0: fcntl.F_UNLCK, 1: fcntl.F_RDLCK, 2: fcntl.F_WRLCK}
FLOCK = "hhqqi"


def do(path, fd, what, kind=0, offset=0, length=0):
    if what == "close":
        os.close(os.open(path, os.O_RDWR))
        return "0"
    lock = struct.pack(FLOCK, KINDS[kind], 0, offset, length, 0)
    if what == "set":
        fcntl.fcntl(fd, fcntl.F_SETLK, lock)
        return "0"
    found = struct.unpack(FLOCK, fcntl.fcntl(fd, fcntl.F_GETLK, lock))
    return "none" if found[0] == fcntl.F_UNLCK else "held"


def serve(path, requests, answers):
    fd = os.open(path, os.O_RDWR)
    for line in requests:
        try:
            answer = do(path, fd, *json.loads(line))
        except OSError as error:
            answer = errno.errorcode[error.errno]
        answers.write(answer + "\n")
        answers.flush()
    os._exit(0)


def start(path):
    request_source, request_sink = os.pipe()
    answer_source, answer_sink = os.pipe()
    if os.fork() == 0:
        os.close(request_sink)
        serve(path, os.fdopen(request_source), os.fdopen(answer_sink, "w"))
    os.close(request_source)
    os.close(answer_sink)
    return os.fdopen(request_sink, "w"), os.fdopen(answer_source)


def main():
    steps = json.load(sys.stdin)
    with tempfile.NamedTemporaryFile() as file:
        processes = [start(file.name) for _ in range(3)]
        answers = []
        for process, *step in steps:
            sink, source = processes[process]
            sink.write(json.dumps(step) + "\n")
            sink.flush()
            answers.append(source.readline().strip())
    json.dump(answers, sys.stdout)


main()
