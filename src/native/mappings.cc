// Which memory a forked child needs, and how it inherits it.
//
// Node builds V8 so that all its mappings carry MADV_DONTFORK: spawning a program then need not copy the page tables of
// the heap. A child that describes the heap needs them, so they are made inheritable (MADV_DOFORK) for the duration of
// one fork. Only VmFlags in /proc/self/smaps ("dc") shows which mappings these are, but reading it makes the kernel
// walk all page tables: 3 ms at 170 MB, 20 ms at 590 MB. /proc/self/maps walks nothing: 0.1 and 0.6 ms. So smaps is
// read ahead of time in another thread (ScanMappings), and maps at the fork, in the forking thread. Between the two, V8
// may have mapped, unmapped and grown regions:
//
//   part of a present mapping    scan said          at the fork        after it, in the parent
//   known                        DONTFORK           DOFORK             DONTFORK again
//   known                        inheritable        DOFORK             nothing
//   not known                    not there          DOFORK             nothing
//
// DOFORK has no effect on an inheritable mapping, and is applied to those too because the scan may be wrong about them:
// V8 maps a page first and marks it DONTFORK afterwards, and a scan between the two sees it as inheritable (seen in one
// fork of twenty of a busy service; the child then lacked the page and crashed). A mapping that appeared after the scan
// is left inheritable: that makes a later spawn copy its page tables, whereas hiding a range that was never V8's would
// crash later children. The next scan takes it for inheritable, so in a service that allocates heavily such ranges add
// up, over captures, until V8 unmaps them. For the same reason a known range counts only if nothing else can have taken
// its place: the mapping has the same bounds, or the part begins and ends on V8's page bounds (multiples of 256 KiB).
//
// A scan that runs while another thread forks would take V8's mappings for inheritable, so it is discarded and repeated
// (`changes`, as in a sequence lock: odd between ShareMappings and UnshareMappings).
//
// The remaining risk: during the fork another thread may unmap a known range, and something else may be mapped at
// exactly the same address; that is then hidden from later children. V8 asks for random addresses, everything else gets
// the highest free one, and it would have to happen within some milliseconds. A spawn by another thread at that time
// copies the page tables of the heap, as it would without MADV_DONTFORK.
//
// Only anonymous, private mappings are handled; the kernel may show a name that V8 gave them ("[anon:v8]").

#include "addon.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

namespace {

constexpr uintptr_t kV8Page = 256 * 1024;

// A fork lasts milliseconds. If every scan of these coincides with one, the caller gets EBUSY.
constexpr int kMaxScans = 100;
constexpr long kBetweenScansNs = 2000000;
unsigned changes = 0;

struct Mapping {
  uintptr_t begin;
  uintptr_t end;
  bool private_to_parent;  // MADV_DONTFORK
};

template <typename T>
struct List {
  T* items = nullptr;
  size_t count = 0;
  size_t capacity = 0;

  bool Add(const T& item) {
    if (count == capacity) {
      const size_t grown_capacity = capacity == 0 ? 1024 : 2 * capacity;
      T* grown = static_cast<T*>(realloc(items, grown_capacity * sizeof(T)));
      if (grown == nullptr) return false;
      items = grown;
      capacity = grown_capacity;
    }
    items[count++] = item;
    return true;
  }
};

// Calls `visit` with each line, without its line feed, until it returns false. One read returns at most a page
// (seq_file), so a small buffer costs nothing.
template <typename Visit>
bool ReadLines(const char* path, Visit visit) {
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  char buffer[16384];
  size_t filled = 0;
  bool ok = true;
  while (ok) {
    const ssize_t got = read(file, buffer + filled, sizeof(buffer) - 1 - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) ok = false;
    if (got <= 0) break;
    filled += static_cast<size_t>(got);
    char* line = buffer;
    char* end;
    while (ok && (end = static_cast<char*>(memchr(line, '\n', filled - (line - buffer)))) != nullptr) {
      *end = '\0';
      ok = visit(line);
      line = end + 1;
    }
    filled -= static_cast<size_t>(line - buffer);
    memmove(buffer, line, filled);
    // A line longer than the buffer cannot be a V8 mapping: its path is that long.
    if (filled == sizeof(buffer) - 1) filled = 0;
  }
  const int error = errno;
  close(file);
  errno = error;
  return ok;
}

// Not strtoul: compiled on a new system, it would require a glibc of 2023.
uintptr_t ReadHex(const char** at) {
  uintptr_t value = 0;
  for (;; ++*at) {
    const char digit = **at;
    if (digit >= '0' && digit <= '9') value = value << 4 | static_cast<uintptr_t>(digit - '0');
    else if (digit >= 'a' && digit <= 'f') value = value << 4 | static_cast<uintptr_t>(digit - 'a' + 10);
    else return value;
  }
}

// "begin-end perms offset dev inode   path" of a private anonymous mapping.
bool ParseMapping(const char* line, Mapping* mapping) {
  const char* at = line;
  mapping->begin = ReadHex(&at);
  if (*at++ != '-') return false;
  mapping->end = ReadHex(&at);
  mapping->private_to_parent = false;
  // perms: "rw-p"
  if (mapping->end <= mapping->begin || strlen(at) < 6 || at[4] != 'p') return false;
  at += 6;
  for (int skipped = 0; skipped < 2; skipped++) {
    at = strchr(at, ' ');
    if (at == nullptr) return false;
    at++;
  }
  if (at[0] != '0' || (at[1] != ' ' && at[1] != '\0')) return false;
  at++;
  while (*at == ' ') at++;
  return *at == '\0' || strncmp(at, "[anon:", 6) == 0;
}

bool IsV8Aligned(uintptr_t address) { return address % kV8Page == 0; }

bool Advise(const Range& range, int advice) {
  return madvise(reinterpret_cast<void*>(range.begin), range.end - range.begin, advice) == 0;
}

}  // namespace

struct Mappings {
  List<Mapping> scanned;  // ascending, not overlapping
  List<Range> shared;
  uint32_t unknown;
};

static bool ReadSmaps(Mappings* mappings) {
  mappings->scanned.count = 0;
  bool in_mapping = false;
  return ReadLines("/proc/self/smaps", [&](char* line) {
    // Fields begin with a capital letter, mappings with a hexadecimal digit.
    const bool is_field = line[0] >= 'A' && line[0] <= 'Z';
    if (!is_field) {
      Mapping mapping;
      in_mapping = ParseMapping(line, &mapping);
      return !in_mapping || mappings->scanned.Add(mapping);
    }
    if (in_mapping && strncmp(line, "VmFlags:", 8) == 0) {
      mappings->scanned.items[mappings->scanned.count - 1].private_to_parent = strstr(line + 8, " dc") != nullptr;
    }
    return true;
  });
}

Mappings* ScanMappings() {
  Mappings* mappings = static_cast<Mappings*>(calloc(1, sizeof(Mappings)));
  if (mappings == nullptr) return nullptr;
  int error = EBUSY;
  for (int scan = 0; scan < kMaxScans; scan++) {
    const unsigned before = __atomic_load_n(&changes, __ATOMIC_SEQ_CST);
    if (before % 2 == 0) {
      if (!ReadSmaps(mappings)) {
        error = errno;
        break;
      }
      if (__atomic_load_n(&changes, __ATOMIC_SEQ_CST) == before) return mappings;
    }
    const timespec pause = {0, kBetweenScansNs};
    nanosleep(&pause, nullptr);
  }
  FreeMappings(mappings);
  errno = error;
  return nullptr;
}

void FreeMappings(Mappings* mappings) {
  if (mappings == nullptr) return;
  free(mappings->scanned.items);
  free(mappings->shared.items);
  free(mappings);
}

// Remembers a part that the scan knew to be DONTFORK, or counts one that it did not know.
static bool Note(Mappings* mappings, const Range& part, bool restore) {
  if (part.begin >= part.end) return true;
  if (restore) return mappings->shared.Add(part);
  mappings->unknown++;
  return true;
}

bool ShareMappings(Mappings* mappings) {
  __atomic_add_fetch(&changes, 1, __ATOMIC_SEQ_CST);
  mappings->shared.count = 0;
  mappings->unknown = 0;
  const List<Mapping>& scanned = mappings->scanned;
  size_t at = 0;
  return ReadLines("/proc/self/maps", [&](char* line) {
    Mapping present;
    if (!ParseMapping(line, &present)) return true;
    // A failure is ignored: another thread may just have unmapped the range. If the child needs it after all, it
    // crashes, which is one failed attempt.
    Advise(Range{present.begin, present.end}, MADV_DOFORK);
    while (at < scanned.count && scanned.items[at].end <= present.begin) at++;
    uintptr_t begin = present.begin;
    for (size_t i = at; i < scanned.count && scanned.items[i].begin < present.end; i++) {
      const Mapping& before = scanned.items[i];
      const Range part = {before.begin > begin ? before.begin : begin, before.end < present.end ? before.end : present.end};
      if (!Note(mappings, Range{begin, part.begin}, false)) return false;
      const bool same = before.begin == present.begin && before.end == present.end;
      const bool known = same || (IsV8Aligned(part.begin) && IsV8Aligned(part.end));
      if (before.private_to_parent && !Note(mappings, part, known)) return false;
      if (part.end > begin) begin = part.end;
    }
    return Note(mappings, Range{begin, present.end}, false);
  });
}

void UnshareMappings(Mappings* mappings) {
  for (size_t i = 0; i < mappings->shared.count; i++) Advise(mappings->shared.items[i], MADV_DONTFORK);
  __atomic_add_fetch(&changes, 1, __ATOMIC_SEQ_CST);
}

MappingCounts CountMappings(const Mappings* mappings) {
  return MappingCounts{static_cast<uint32_t>(mappings->shared.count), mappings->unknown};
}

template <typename Wanted>
static bool SelectMappings(Range** ranges, size_t* count, Wanted wanted) {
  List<Range> list;
  const bool ok = ReadLines("/proc/self/maps", [&](char* line) {
    const char* at = line;
    const uintptr_t begin = ReadHex(&at);
    if (*at++ != '-') return true;
    const uintptr_t end = ReadHex(&at);
    if (end <= begin || strlen(at) < 6 || !wanted(line, at + 1)) return true;
    return list.Add(Range{begin, end});
  });
  *ranges = list.items;
  *count = list.count;
  if (!ok) free(list.items);
  return ok;
}

bool ReadableMappings(Range** ranges, size_t* count) {
  return SelectMappings(ranges, count, [](const char* line, const char* permissions) {
    Mapping mapping;
    return permissions[0] == 'r' && ParseMapping(line, &mapping);
  });
}

bool ReadOnlyMappings(Range** ranges, size_t* count) {
  return SelectMappings(ranges, count, [](const char* line, const char* permissions) {
    Mapping mapping;
    return permissions[0] == 'r' && permissions[1] == '-' && permissions[2] == '-' && ParseMapping(line, &mapping);
  });
}

bool SharedMappings(Range** ranges, size_t* count) {
  return SelectMappings(ranges, count, [](const char*, const char* permissions) {
    return permissions[1] == 'w' && permissions[3] == 's';
  });
}
