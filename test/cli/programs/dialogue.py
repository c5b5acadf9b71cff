"""Runs the command named by the arguments on a terminal of its own, and holds a dialogue with it: a JSON list of [words, keys] on
standard input. The keys are pressed once the words have appeared since the keys before. Prints what the terminal received.
"""
import json
import os
import pty
import sys

dialogue = json.load(sys.stdin)
command = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(command[0], command)


def read():
    try:
        return os.read(terminal, 65536)
    except OSError:  # Its other end is closed.
        return b""


received = b""
seen = 0
for words, keys in dialogue:
    while words.encode() not in received[seen:]:
        chunk = read()
        if not chunk:
            break
        received += chunk
    seen = len(received)
    os.write(terminal, keys.encode())
while chunk := read():
    received += chunk
os.waitpid(pid, 0)
sys.stdout.buffer.write(received)
