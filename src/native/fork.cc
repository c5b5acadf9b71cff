// Forks a child that inherits the heap, and makes it harmless.
//
// The child is a frozen copy of the process at one instant; it runs one JavaScript function over the heap and ends. In
// what follows, everything of the parent that the copy could still reach is taken from it, in this order:
//
//   signals       All are blocked around the fork, because a handler of the parent's (libuv's writes into a pipe that
//                 parent and child share) must not run in the child. Then all go back to their defaults; those of a
//                 crash end the child by exit code: no core dump, no crash handler of the service.
//   death         PR_SET_PDEATHSIG: the child never outlives the thread that forked it.
//   time          A timer looks every 10 ms whether the child is still within its limits (below). It runs before anything
//                 else that could hang.
//   locks         see lock_slots.cc
//   priority      nice 19, SCHED_IDLE, idle I/O class: it runs when nobody else wants the core; where less was asked
//                 for, only nice.
//   out of memory oom_score_adj 1000, so that the kernel takes it first; and long before that it gives up by itself at
//                 its allotment (below).
//   descriptors   The child holds a duplicate of every socket: a connection that the parent closes would stay open until
//                 the child ends. Closing them is no way out: libuv aborts when writing to its eventfd fails. So
//                 /dev/null is put over each but the output: sockets are let go, numbers stay valid, and whatever the
//                 child writes by accident goes nowhere.
//   the rest      see containment.cc
//
// fork(2) of libc, not the system call: it leaves malloc usable in the child. Its SIGCHLD cannot be helped: a program that
// listens for it hears of our child, and one that waits for any child takes its end from us (ECHILD).
//
// The memory governor. V8's snapshot generator may take many times the heap. A timer signal looks every 10 ms at what
// the child has taken for itself: pages that came to it by faults, each of which was new or was copied because the child
// wrote to it; what had been resident at the fork is shared until then. It errs upwards (pages freed and taken again
// count twice) and never exceeds what is resident; the child has no huge pages, of which one fault brings 512 pages. At
// the allotment the child ends. It needs nothing of the parent, so it holds while the service's event loop is blocked.

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

// Of the child.
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

// Bytes resident, from the second number of /proc/self/statm; async-signal-safe.
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
  // A deep recursion has no stack left for its handler.
  static char stack[65536];
  stack_t alternate;
  memset(&alternate, 0, sizeof(alternate));
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof(stack);
  sigaltstack(&alternate, nullptr);
  action.sa_handler = OnCrash;
  action.sa_flags = SA_ONSTACK;
  for (int number : kCrashSignals) sigaction(number, &action, nullptr);
  // Of what else leaves one. A limit of 1, not 0: the kernel then also does not start a program that core_pattern may name.
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

// Each of these may be forbidden; the child is then only less modest.
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

// As the kernel writes it; readdir would allocate, which an allocator of the service's own may not be able to yet.
struct DirectoryEntry {
  uint64_t inode;
  int64_t next;
  uint16_t bytes;
  uint8_t type;
  char name[];
};

// -1 where the name is no number ("." and "..").
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
      // Nothing can be put above the limit of descriptors; what is there was inherited, or is older than the limit.
      if (dup2(nothing, descriptor) < 0 && close(descriptor) != 0) return false;
    }
  }
  close(directory);
  return filled == 0;
}

// In the child, with all signals blocked; returns with them open.
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
  // While it still has the service's priority: until then a connection that the service closes stays open.
  if (!LetGoOfDescriptors(options.output)) _exit(kExitUnable);
  LowerPriority(options.niceness);
  if (!Contain(options.output, page)) _exit(kExitUnable);
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
