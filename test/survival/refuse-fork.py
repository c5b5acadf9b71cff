# Runs a program in which the kernel answers each fork with an error: refuse-fork.py ERRNO PROGRAM ARGUMENTS.
# A filter of seccomp(2), as containers have them. Threads can be started as ever: the flag CLONE_VM tells them from
# processes; of clone3, whose flags a filter cannot see, it says that there is none, and libc takes clone instead.
import ctypes, os, platform, struct, sys

CLONE, CLONE3, FORK = {"x86_64": (56, 435, 57), "aarch64": (220, 435, -1)}[platform.machine()]
CLONE_VM, ENOSYS = 0x100, 38
LOAD, EQUAL, ANY, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, ERROR = 0x7FFF0000, 0x00050000
refusal = ERROR | int(sys.argv[1])
# Of struct seccomp_data: the number of the call at 0, the lower half of its first argument at 16.
program = [
    (LOAD, 0, 0, 0),
    (EQUAL, 0, 1, CLONE3),
    (RETURN, 0, 0, ERROR | ENOSYS),
    (EQUAL, 0, 1, FORK & 0xFFFFFFFF),
    (RETURN, 0, 0, refusal),
    (EQUAL, 1, 0, CLONE),
    (RETURN, 0, 0, ALLOW),
    (LOAD, 0, 0, 16),
    (ANY, 0, 1, CLONE_VM),
    (RETURN, 0, 0, ALLOW),
    (RETURN, 0, 0, refusal),
]
code = b"".join(struct.pack("HBBI", *instruction) for instruction in program)
buffer = ctypes.create_string_buffer(code)
filter = ctypes.create_string_buffer(struct.pack("HL", len(program), ctypes.addressof(buffer)))
libc = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, filter) != 0:
    sys.exit(f"seccomp: {os.strerror(ctypes.get_errno())}")
os.execv(sys.argv[2], sys.argv[2:])
