// Forks a child that inherits the heap, and makes it harmless.
//
// The child is a frozen copy of the process at one instant; it runs one JavaScript function over the heap and ends.
// Everything of the parent that the copy could still reach is taken away from it, in this order:
//
//   signals       All are blocked around the fork, because a handler of the parent (libuv's writes into a pipe that
//                 parent and child share) must not run in the child. Then all are reset to their defaults; crash signals
//                 end the child with an exit code: no core dump, no crash handler of the service.
//   death         PR_SET_PDEATHSIG: the child never outlives the thread that forked it.
//   time          A timer checks every 10 ms whether the child is still within its limits (below). It starts before
//                 anything else that could hang.
//   locks         see lock_slots.cc
//   descriptors   The child holds a duplicate of every socket: a connection that the parent closes would stay open until
//                 the child ends. Closing the duplicates does not work: libuv aborts when a write to its eventfd fails.
//                 So each descriptor except the output is replaced by /dev/null: sockets are released, numbers stay
//                 valid, and anything the child writes by accident goes nowhere.
//   priority      nice 19, SCHED_IDLE, idle I/O class: it runs only when nothing else wants the core. If a lower niceness
//                 is requested, only that is set.
//   out of memory oom_score_adj 1000, so that the kernel kills the child first. Long before that it ends itself at its
//                 allotment (below).
//   the rest      see containment.cc
//
// It calls libc's fork(2), not the system call: libc leaves malloc usable in the child. The SIGCHLD cannot be avoided:
// a program that listens for it sees our child, and one that waits for any child takes its exit status from us
// (ECHILD).
//
// The memory governor. V8's snapshot generator may need many times the size of the heap. A timer signal checks every
// 10 ms how much memory the child has made its own: the pages it has faulted in. Each of them was either new or copied
// because the child wrote to it; pages that were resident at the fork stay shared until then. The estimate errs upwards
// (a page freed and faulted in again counts twice) but never exceeds resident memory. Huge pages are disabled in the
// child, because one fault would bring in 512 pages. At its allotment the child ends. The governor needs nothing from
// the parent, so it works while the service's event loop is blocked.

#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr int kLowest = 19;
constexpr int kIoprioWhoProcess = 1;
constexpr int kIoprioClassIdle = 3 << 13;
constexpr long kTickMicroseconds = 10000;
const int kCrashSignals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};

// State of the child.
SharedPage* shared_page = nullptr;
uint64_t allotment_bytes = 0;
double deadline_ms = 0;
int statm = -1;
uint64_t page_bytes = 4096;
uint64_t resident_at_fork = 0;

double NowMs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

// Resident bytes, from the second number in /proc/self/statm; async-signal-safe.
uint64_t Resident() {
  char text[64];
  const ssize_t length = statm < 0 ? 0 : pread(statm, text, sizeof(text) - 1, 0);
  if (length <= 0) return 0;
  text[length] = '\0';
  const char* at = text;
  while (*at != '\0' && *at != ' ') at++;
  uint64_t pages = 0;
  for (at += *at == ' '; *at >= '0' && *at <= '9'; at++) pages = 10 * pages + static_cast<uint64_t>(*at - '0');
  return pages * page_bytes;
}

uint64_t PrivateBytes() {
  rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const uint64_t faulted = static_cast<uint64_t>(usage.ru_minflt) * page_bytes;
  const uint64_t resident = Resident();
  const uint64_t added = resident > resident_at_fork ? resident - resident_at_fork : 0;
  if (resident == 0) return faulted;
  const uint64_t most = faulted > added ? faulted : added;
  return most < resident ? most : resident;
}

uint64_t NotePeak() {
  const uint64_t bytes = PrivateBytes();
  if (bytes > shared_page->peak_bytes) shared_page->peak_bytes = bytes;
  return bytes;
}

void OnTick(int) {
  const int error = errno;
  const uint64_t bytes = NotePeak();
  if (allotment_bytes != 0 && bytes > allotment_bytes) _exit(kExitMemory);
  if (NowMs() > deadline_ms) _exit(kExitTime);
  errno = error;
}

void OnCrash(int number) { _exit(kExitSignal + number); }

void SetSignals() {
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = SIG_DFL;
  for (int number = 1; number < NSIG; number++) sigaction(number, &action, nullptr);
  // A stack overflow leaves no stack for its handler.
  static char stack[65536];
  stack_t alternate;
  memset(&alternate, 0, sizeof(alternate));
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof(stack);
  sigaltstack(&alternate, nullptr);
  action.sa_handler = OnCrash;
  action.sa_flags = SA_ONSTACK;
  for (int number : kCrashSignals) sigaction(number, &action, nullptr);
  // For the other signals that dump core. A limit of 1, not 0: the kernel then also does not start the program that
  // core_pattern may name.
  const rlimit no_core = {1, 1};
  setrlimit(RLIMIT_CORE, &no_core);
  action.sa_handler = OnTick;
  action.sa_flags = SA_ONSTACK | SA_RESTART;
  sigaction(SIGALRM, &action, nullptr);
}

void StartTicking(const ForkOptions& options) {
  allotment_bytes = options.allotment_bytes;
  deadline_ms = NowMs() + options.limit_ms;
  page_bytes = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  resident_at_fork = Resident();
  itimerval every;
  memset(&every, 0, sizeof(every));
  every.it_interval.tv_usec = every.it_value.tv_usec = kTickMicroseconds;
  setitimer(ITIMER_REAL, &every, nullptr);
}

void Write(const char* path, const char* text) {
  const int file = open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return;
  if (write(file, text, strlen(text)) < 0) {
  }
  close(file);
}

// Each of these may be forbidden; the child then only takes more than it should.
void LowerPriority(int niceness) {
  prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
  setpriority(PRIO_PROCESS, 0, niceness);
  Write("/proc/self/oom_score_adj", "1000");
  if (niceness < kLowest) return;
  sched_param none;
  memset(&none, 0, sizeof(none));
  sched_setscheduler(0, SCHED_IDLE, &none);
  syscall(SYS_ioprio_set, kIoprioWhoProcess, 0, kIoprioClassIdle);
}

// The kernel's layout. readdir would allocate, and a custom allocator of the service may not be usable yet.
struct DirectoryEntry {
  uint64_t inode;
  int64_t next;
  uint16_t bytes;
  uint8_t type;
  char name[];
};

// -1 if the name is not a number ("." and "..").
int DescriptorOf(const char* name) {
  int descriptor = 0;
  for (; *name >= '0' && *name <= '9'; name++) descriptor = 10 * descriptor + (*name - '0');
  return *name == '\0' ? descriptor : -1;
}

bool LetGoOfDescriptors(int output) {
  const int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
  const int directory = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (nothing < 0 || directory < 0) return false;
  alignas(DirectoryEntry) char buffer[4096];
  long filled;
  while ((filled = syscall(SYS_getdents64, directory, buffer, sizeof(buffer))) > 0) {
    long at = 0;
    while (at < filled) {
      const DirectoryEntry* entry = reinterpret_cast<const DirectoryEntry*>(buffer + at);
      at += entry->bytes;
      const int descriptor = DescriptorOf(entry->name);
      if (descriptor < 0 || descriptor == output || descriptor == statm) continue;
      if (descriptor == nothing || descriptor == directory) continue;
      // dup2 fails above the descriptor limit; a descriptor there was inherited, or is older than the limit.
      if (dup2(nothing, descriptor) < 0 && close(descriptor) != 0) return false;
    }
  }
  close(directory);
  return filled == 0;
}

// In the child. All signals are blocked when it is called, and none when it returns.
void BecomeHarmless(pid_t parent, const ForkOptions& options, SharedPage* page) {
  shared_page = page;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kExitOrphaned);
  SetSignals();
  StartTicking(options);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (!NeutraliseLocks()) _exit(kExitUnable);
  // While the child still has the service's priority: until this is done, a connection that the service closes stays
  // open.
  if (!LetGoOfDescriptors(options.output)) _exit(kExitUnable);
  LowerPriority(options.niceness);
  if (!Contain(options.output, page, options.sealed)) _exit(kExitUnable);
}

}  // namespace

SharedPage* PageOfChild() { return shared_page; }

void LeaveWaited() { _exit(kExitWaited); }

void LeaveChild(int code) {
  NotePeak();
  _exit(code);
}

ForkResult ForkInheriting(Mappings* mappings, const ForkOptions& options, SharedPage* page) {
  ForkResult result = {-1, 0, 0, 0};
  const double began = NowMs();
  if (!FindLockSlots()) {
    result.error = errno;
    return result;
  }
  if (!ShareMappings(mappings)) {
    result.error = errno;
    UnshareMappings(mappings);
    return result;
  }
  sigset_t all, before;
  sigfillset(&all);
  sigprocmask(SIG_SETMASK, &all, &before);
  const pid_t parent = getpid();
  const double forking = NowMs();
  result.pid = fork();
  if (result.pid == 0) {
    BecomeHarmless(parent, options, page);
    return result;
  }
  result.error = result.pid < 0 ? errno : 0;
  result.fork_ms = NowMs() - forking;
  sigprocmask(SIG_SETMASK, &before, nullptr);
  UnshareMappings(mappings);
  result.blocked_ms = NowMs() - began;
  return result;
}
