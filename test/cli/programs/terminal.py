"""Runs the command named by the arguments with a terminal as its standard error, or as all three.

terminal.py watch OUT COMMAND...      standard output goes to the file OUT; prints what the terminal received
terminal.py interrupt FIFO COMMAND... writes the beginning of a snapshot, read from standard input, into FIFO, presses
                                      Ctrl-C when the command shows its progress, and prints the signal that ended it
terminal.py answer WORDS COMMAND...   types what it reads from standard input once the command has written WORDS, and
                                      prints what the terminal received
"""
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios

COLUMNS = 60


def read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # Its other end is closed.
        return b""


def size(terminal):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, COLUMNS, 0, 0))


def watch(out, command):
    terminal, stderr = pty.openpty()
    size(stderr)
    with open(out, "wb") as stdout:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr)
    os.close(stderr)
    while chunk := read(terminal):
        sys.stdout.buffer.write(chunk)
    sys.exit(child.wait())


def interrupt(fifo, command):
    beginning = sys.stdin.buffer.read()
    os.mkfifo(fifo)
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    size(terminal)
    writer = os.open(fifo, os.O_WRONLY)
    os.write(writer, beginning)
    received = b""
    while b"reading" not in received:
        chunk = read(terminal)
        if not chunk:
            break
        received += chunk
    os.write(terminal, b"\x03")
    while read(terminal):
        pass
    _, status = os.waitpid(pid, 0)
    print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else f"ended by itself: {received!r}")


def answer(words, command):
    typed = sys.stdin.buffer.read()
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    size(terminal)
    received = b""
    while words.encode() not in received:
        chunk = read(terminal)
        if not chunk:
            break
        received += chunk
    os.write(terminal, typed)
    while chunk := read(terminal):
        received += chunk
    os.waitpid(pid, 0)
    sys.stdout.buffer.write(received)


mode, path, *rest = sys.argv[1:]
{"watch": watch, "interrupt": interrupt, "answer": answer}[mode](path, rest)
