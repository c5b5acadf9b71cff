// Why a forked child needs no locks, and how they are removed.
//
// After fork(2) only the forking thread exists in the child, but V8 keeps posting tasks to its worker threads. The
// condition variables it signals still count the waiters that are gone, and pthread_cond_signal then blocks forever (in
// about one child in three). A lock that a thread held at the moment of the fork also stays held forever. A child that
// is single-threaded for the rest of its life needs neither: there is no other thread to exclude or to wake. So every
// call from the loaded objects into libc's locks is redirected, in the child only:
//
//   lock, unlock, signal, post      → return 0 (success)
//   wait, join                      → exit the process at once with kExitWaited: the work it would wait for belonged to
//                                     a thread that is gone. The parent tries again a little later.
//   pthread_create                  → return 0 and start nothing. libuv's thread pool then waits once on a semaphore for
//                                     each thread it believes it started, so each such start allows one sem_wait.
//   syscall(SYS_futex, …, WAIT)     → like wait (absl and libstdc++ wait without pthread)
//
// The calls go through the slots of the global offset tables (ELF: JUMP_SLOT and GLOB_DAT relocations) of the
// executable and of each shared object, where the dynamic loader wrote the addresses; overwriting them changes no code.
// libc and the loader themselves are left alone: their internal locks are either handled by fork(2) (malloc, stdio) or
// not needed. Data that a dead thread was changing under a lock may be inconsistent. Code that comes upon it in the
// child crashes there, and the parent sees one more failed attempt.
//
// The slots are found in the parent, before the fork: dl_iterate_phdr takes the loader's lock, which a dead thread may
// hold in the child. They are searched again only if the loader has loaded or unloaded something since.

#include "addon.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <linux/futex.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace {

#if defined(__x86_64__)
constexpr unsigned kJumpSlot = R_X86_64_JUMP_SLOT;
constexpr unsigned kGlobDat = R_X86_64_GLOB_DAT;
#elif defined(__aarch64__)
constexpr unsigned kJumpSlot = R_AARCH64_JUMP_SLOT;
constexpr unsigned kGlobDat = R_AARCH64_GLOB_DAT;
#else
#error "leakwatch's addon knows the relocations of x64 and arm64 only"
#endif

int pretended_threads = 0;

// Called with up to three arguments of pointer size; the calling conventions of both architectures let a callee ignore
// them.
int Done() { return 0; }
int Waits() { LeaveWaited(); }
int WaitsOnSemaphore() {
  if (pretended_threads == 0) LeaveWaited();
  pretended_threads--;
  return 0;
}
int PretendsToCreate(pthread_t* thread) {
  pretended_threads++;
  *thread = pthread_self();
  return 0;
}

long Syscall(long number, ...) {
  va_list list;
  va_start(list, number);
  long a[6];
  for (long& argument : a) argument = va_arg(list, long);
  va_end(list);
  if (number == SYS_futex) {
    const long command = a[1] & FUTEX_CMD_MASK;
    if (command == FUTEX_WAIT || command == FUTEX_WAIT_BITSET) LeaveWaited();
  }
  return syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

struct Replacement {
  const char* name;
  void* with;
};

const Replacement kReplacements[] = {
    {"pthread_mutex_lock", reinterpret_cast<void*>(Done)},
    {"pthread_mutex_trylock", reinterpret_cast<void*>(Done)},
    {"pthread_mutex_timedlock", reinterpret_cast<void*>(Done)},
    {"pthread_mutex_clocklock", reinterpret_cast<void*>(Done)},
    {"pthread_mutex_unlock", reinterpret_cast<void*>(Done)},
    {"pthread_mutex_destroy", reinterpret_cast<void*>(Done)},
    {"pthread_rwlock_rdlock", reinterpret_cast<void*>(Done)},
    {"pthread_rwlock_wrlock", reinterpret_cast<void*>(Done)},
    {"pthread_rwlock_tryrdlock", reinterpret_cast<void*>(Done)},
    {"pthread_rwlock_trywrlock", reinterpret_cast<void*>(Done)},
    {"pthread_rwlock_timedrdlock", reinterpret_cast<void*>(Done)},
    {"pthread_rwlock_timedwrlock", reinterpret_cast<void*>(Done)},
    {"pthread_rwlock_unlock", reinterpret_cast<void*>(Done)},
    {"pthread_rwlock_destroy", reinterpret_cast<void*>(Done)},
    {"pthread_spin_lock", reinterpret_cast<void*>(Done)},
    {"pthread_spin_trylock", reinterpret_cast<void*>(Done)},
    {"pthread_spin_unlock", reinterpret_cast<void*>(Done)},
    {"pthread_cond_signal", reinterpret_cast<void*>(Done)},
    {"pthread_cond_broadcast", reinterpret_cast<void*>(Done)},
    {"pthread_cond_destroy", reinterpret_cast<void*>(Done)},
    {"sem_post", reinterpret_cast<void*>(Done)},
    {"pthread_cond_wait", reinterpret_cast<void*>(Waits)},
    {"pthread_cond_timedwait", reinterpret_cast<void*>(Waits)},
    {"pthread_cond_clockwait", reinterpret_cast<void*>(Waits)},
    {"pthread_barrier_wait", reinterpret_cast<void*>(Waits)},
    {"pthread_join", reinterpret_cast<void*>(Waits)},
    {"sem_wait", reinterpret_cast<void*>(WaitsOnSemaphore)},
    {"sem_timedwait", reinterpret_cast<void*>(WaitsOnSemaphore)},
    {"sem_clockwait", reinterpret_cast<void*>(WaitsOnSemaphore)},
    {"pthread_create", reinterpret_cast<void*>(PretendsToCreate)},
    {"syscall", reinterpret_cast<void*>(Syscall)},
    // Not a lock, but redirected in the same way: see containment.cc.
    {"open", reinterpret_cast<void*>(OpenInChild)},
    {"open64", reinterpret_cast<void*>(OpenInChild)},
};

struct Slot {
  void** at;
  void* with;
};

// Grown in the parent only. 33 functions in a few objects: some hundreds of slots.
Slot* slots = nullptr;
size_t slot_count = 0;
size_t slot_capacity = 0;
unsigned long long seen_adds = 0;
unsigned long long seen_subs = 0;
bool slots_complete = false;

bool AddSlot(void** at, void* with) {
  if (slot_count == slot_capacity) {
    const size_t capacity = slot_capacity == 0 ? 256 : 2 * slot_capacity;
    Slot* grown = static_cast<Slot*>(realloc(slots, capacity * sizeof(Slot)));
    if (grown == nullptr) return false;
    slots = grown;
    slot_capacity = capacity;
  }
  slots[slot_count++] = Slot{at, with};
  return true;
}

void* ReplacementOf(const char* name) {
  for (const Replacement& replacement : kReplacements) {
    if (strcmp(name, replacement.name) == 0) return replacement.with;
  }
  return nullptr;
}

bool IsLibc(const char* path) {
  const char* slash = strrchr(path, '/');
  const char* name = slash == nullptr ? path : slash + 1;
  return strncmp(name, "libc.", 5) == 0 || strncmp(name, "libc-", 5) == 0 || strncmp(name, "libpthread", 10) == 0 ||
         strncmp(name, "ld-linux", 8) == 0 || strncmp(name, "ld-2", 4) == 0 || strncmp(name, "linux-vdso", 10) == 0;
}

// Our own calls must reach libc.
bool IsOurs(const dl_phdr_info* info) {
  const uintptr_t here = reinterpret_cast<uintptr_t>(&kReplacements);
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const uintptr_t begin = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
    if (info->dlpi_phdr[i].p_type == PT_LOAD && here >= begin && here < begin + info->dlpi_phdr[i].p_memsz) return true;
  }
  return false;
}

struct Tables {
  const ElfW(Sym)* symbols = nullptr;
  const char* names = nullptr;
};

bool AddSlotsOf(const ElfW(Rela)* relocations, size_t bytes, const Tables& tables, uintptr_t base) {
  for (size_t i = 0; i < bytes / sizeof(ElfW(Rela)); i++) {
    const ElfW(Rela)& relocation = relocations[i];
    const unsigned type = ELF64_R_TYPE(relocation.r_info);
    if (type != kJumpSlot && type != kGlobDat) continue;
    void* with = ReplacementOf(tables.names + tables.symbols[ELF64_R_SYM(relocation.r_info)].st_name);
    if (with != nullptr && !AddSlot(reinterpret_cast<void**>(base + relocation.r_offset), with)) return false;
  }
  return true;
}

// Returns 0 to continue, 1 if nothing was loaded since the last time, -1 if out of memory.
int VisitObject(dl_phdr_info* info, size_t size, void* data) {
  bool* first = static_cast<bool*>(data);
  if (*first) {
    *first = false;
    if (size < offsetof(dl_phdr_info, dlpi_subs) + sizeof(info->dlpi_subs)) return -1;
    if (slots_complete && info->dlpi_adds == seen_adds && info->dlpi_subs == seen_subs) return 1;
    slots_complete = false;
    slot_count = 0;
    seen_adds = info->dlpi_adds;
    seen_subs = info->dlpi_subs;
  }
  if (IsLibc(info->dlpi_name) || IsOurs(info)) return 0;
  const uintptr_t base = info->dlpi_addr;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    if (info->dlpi_phdr[i].p_type == PT_DYNAMIC) {
      dynamic = reinterpret_cast<const ElfW(Dyn)*>(base + info->dlpi_phdr[i].p_vaddr);
    }
  }
  if (dynamic == nullptr) return 0;
  // glibc has already made these addresses absolute.
  Tables tables;
  const ElfW(Rela)* relocations = nullptr;
  const ElfW(Rela)* jumps = nullptr;
  size_t relocation_bytes = 0, jump_bytes = 0;
  for (const ElfW(Dyn)* entry = dynamic; entry->d_tag != DT_NULL; entry++) {
    switch (entry->d_tag) {
      case DT_SYMTAB: tables.symbols = reinterpret_cast<const ElfW(Sym)*>(entry->d_un.d_ptr); break;
      case DT_STRTAB: tables.names = reinterpret_cast<const char*>(entry->d_un.d_ptr); break;
      case DT_RELA: relocations = reinterpret_cast<const ElfW(Rela)*>(entry->d_un.d_ptr); break;
      case DT_RELASZ: relocation_bytes = entry->d_un.d_val; break;
      case DT_JMPREL: jumps = reinterpret_cast<const ElfW(Rela)*>(entry->d_un.d_ptr); break;
      case DT_PLTRELSZ: jump_bytes = entry->d_un.d_val; break;
    }
  }
  if (tables.symbols == nullptr || tables.names == nullptr) return 0;
  if (relocations != nullptr && !AddSlotsOf(relocations, relocation_bytes, tables, base)) return -1;
  if (jumps != nullptr && !AddSlotsOf(jumps, jump_bytes, tables, base)) return -1;
  return 0;
}

}  // namespace

bool FindLockSlots() {
  bool first = true;
  const int ended = dl_iterate_phdr(VisitObject, &first);
  if (ended == 0) slots_complete = true;
  if (ended < 0) errno = ENOMEM;
  return ended >= 0;
}

bool NeutraliseLocks() {
  const uintptr_t page_size = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  uintptr_t writable = 0;
  for (size_t i = 0; i < slot_count; i++) {
    const uintptr_t page = reinterpret_cast<uintptr_t>(slots[i].at) & ~(page_size - 1);
    if (page != writable && mprotect(reinterpret_cast<void*>(page), page_size, PROT_READ | PROT_WRITE) != 0) return false;
    writable = page;
    *slots[i].at = slots[i].with;
  }
  return true;
}
