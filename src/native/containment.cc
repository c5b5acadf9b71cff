// Keeps code that runs in the child by accident from affecting anything outside it.
//
// The child collects garbage, and V8 then calls the weak callbacks of native addons: the destructors of wrapped
// objects. These assume that they run in the service. A database's destructor may close the database, which deletes its
// journal by path and writes to memory that it shares with the file. And because the child truncates collections,
// objects that are alive in the service become garbage in the child. Descriptors are handled in fork.cc. Three ways out
// remain, and are closed here:
//
//   system calls      A seccomp filter refuses (EPERM) calls that change something outside the process: names and
//                     attributes of files, opening for writing, sockets, signals to others, new processes and programs,
//                     System V and POSIX queues. All others are allowed: V8 and libc may need any of them, and the
//                     memory, descriptors and time of this process affect nobody else. A sealed child, whose job is code
//                     of a client, may not open files for reading either.
//   shared mappings   All writable ones except the shared page become read-only; a write to one ends the child.
//   the snapshot      V8's writer opens its file by path, which the filter would refuse: see OpenInChild.
//
// Installing a filter needs no privilege (PR_SET_NO_NEW_PRIVS). If the kernel does not support it, the child does not
// run.

#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#else
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#endif

// Refused whatever the arguments. arm64 has no numbers for the calls that the …at calls replace.
const uint16_t kRefused[] = {
#ifdef SYS_unlink
    SYS_unlink, SYS_rename, SYS_rmdir, SYS_mkdir, SYS_link, SYS_symlink, SYS_mknod, SYS_creat, SYS_chmod, SYS_chown,
    SYS_lchown, SYS_utime, SYS_utimes, SYS_futimesat, SYS_fork, SYS_vfork,
#endif
#ifdef SYS_renameat
    SYS_renameat,
#endif
    SYS_unlinkat, SYS_renameat2, SYS_mkdirat, SYS_linkat, SYS_symlinkat, SYS_mknodat, SYS_truncate, SYS_ftruncate,
    SYS_fallocate, SYS_fchmod, SYS_fchmodat, SYS_fchown, SYS_fchownat, SYS_utimensat, SYS_setxattr, SYS_lsetxattr,
    SYS_fsetxattr, SYS_removexattr, SYS_lremovexattr, SYS_fremovexattr, SYS_openat2, SYS_mount, SYS_umount2,
    SYS_socket, SYS_connect, SYS_bind, SYS_sendto, SYS_sendmsg, SYS_sendmmsg, SYS_tkill, SYS_rt_sigqueueinfo,
    SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal, SYS_execve, SYS_execveat, SYS_clone, SYS_clone3, SYS_ptrace,
    SYS_process_vm_writev, SYS_msgsnd, SYS_msgctl, SYS_semop, SYS_semtimedop, SYS_semctl, SYS_shmctl, SYS_mq_open,
    SYS_mq_unlink, SYS_mq_timedsend, SYS_io_uring_setup, SYS_io_uring_enter, SYS_keyctl, SYS_reboot,
};
constexpr uint32_t kWriting = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;

constexpr sock_filter Statement(uint16_t code, uint32_t value) { return sock_filter{code, 0, 0, value}; }

// A BPF program can only jump forward. Each test stands directly before its own return, so no distance has to be
// counted.
struct Filter {
  sock_filter code[4 * (sizeof(kRefused) / sizeof(kRefused[0])) + 64];
  uint16_t length = 0;

  void Add(sock_filter statement) { code[length++] = statement; }
  void Load(size_t offset) { Add(Statement(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset))); }
  void Answer(uint32_t answer) { Add(Statement(BPF_RET | BPF_K, answer)); }
  void Refuse() { Answer(SECCOMP_RET_ERRNO | EPERM); }
  // Skips the next `count` statements unless the loaded word is `value`.
  void SkipUnless(uint32_t value, uint8_t count) { Add(sock_filter{BPF_JMP | BPF_JEQ | BPF_K, 0, count, value}); }
  void SkipUnlessAny(uint32_t bits, uint8_t count) { Add(sock_filter{BPF_JMP | BPF_JSET | BPF_K, 0, count, bits}); }
};

// The lower half of an argument: every argument tested here is an int.
constexpr size_t Argument(size_t index) { return offsetof(seccomp_data, args) + 8 * index; }

// `sealed`: also for reading.
void RefuseOpening(Filter* filter, uint32_t number, size_t flags, bool sealed) {
  if (sealed) {
    filter->SkipUnless(number, 1);
    filter->Refuse();
    return;
  }
  filter->SkipUnless(number, 4);
  filter->Load(Argument(flags));
  filter->SkipUnlessAny(kWriting, 1);
  filter->Refuse();
  filter->Answer(SECCOMP_RET_ALLOW);
}

// Signals to itself stay allowed: abort() sends one.
void RefuseForOthers(Filter* filter, uint32_t number, uint32_t pid) {
  filter->SkipUnless(number, 4);
  filter->Load(Argument(0));
  filter->SkipUnless(pid, 1);
  filter->Answer(SECCOMP_RET_ALLOW);
  filter->Refuse();
}

bool InstallFilter(bool sealed) {
  static Filter filter;
  const uint32_t pid = static_cast<uint32_t>(getpid());
  filter.Load(offsetof(seccomp_data, arch));
  filter.SkipUnless(kArchitecture, 1);
  filter.Add(Statement(BPF_JMP | BPF_JA, 1));
  filter.Refuse();
  filter.Load(offsetof(seccomp_data, nr));
#if defined(__x86_64__)
  // The x32 ABI has its own numbers.
  filter.SkipUnlessAny(0x40000000, 1);
  filter.Refuse();
#endif
#ifdef SYS_open
  RefuseOpening(&filter, SYS_open, 1, sealed);
#endif
  RefuseOpening(&filter, SYS_openat, 2, sealed);
  RefuseForOthers(&filter, SYS_kill, pid);
  RefuseForOthers(&filter, SYS_tgkill, pid);
  for (uint16_t number : kRefused) {
    filter.SkipUnless(number, 1);
    filter.Refuse();
  }
  filter.Answer(SECCOMP_RET_ALLOW);
  const sock_fprog program = {filter.length, filter.code};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int output_descriptor = -1;

bool IsOutput(const char* path) {
  char expected[40];
  snprintf(expected, sizeof(expected), "/proc/self/fd/%d", output_descriptor);
  return strcmp(path, expected) == 0;
}

}  // namespace

bool Contain(int output, const SharedPage* page, bool sealed) {
  Range* ranges;
  size_t count;
  if (!SharedMappings(&ranges, &count)) return false;
  for (size_t i = 0; i < count; i++) {
    void* begin = reinterpret_cast<void*>(ranges[i].begin);
    if (begin != page && mprotect(begin, ranges[i].end - ranges[i].begin, PROT_READ) != 0) return false;
  }
  free(ranges);
  output_descriptor = output;
  return InstallFilter(sealed);
}

int OpenInChild(const char* path, int flags, unsigned mode) {
  if (IsOutput(path)) return fcntl(output_descriptor, F_DUPFD_CLOEXEC, 0);
  return open(path, flags, mode);
}
