// The parts of the addon; each file's head says what it does and why that is correct.
#pragma once

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// Shared between parent and child (one page, MAP_SHARED): what the parent may still read after the child has died.
struct SharedPage {
  volatile double live_bytes;    // of the heap, as the child found it
  volatile uint64_t peak_bytes;  // most private memory the child held, estimated; exact where it ended by itself
  char message[512];             // of an exception thrown in the child
};

// Exit codes of the child. Those of signals are kExitSignal + number. Mirrored in binding.ts.
enum ExitCode {
  kExitDone = 0,
  kExitWaited = 101,     // would have waited for a thread that does not exist in it: the parent may try again
  kExitThrew = 102,      // the job threw; the message is in the shared page
  kExitMemory = 103,     // came to its memory allotment
  kExitTime = 104,       // came to its time limit
  kExitOrphaned = 105,   // the parent died between fork and prctl
  kExitUnable = 106,     // could not let go of what it inherited
  kExitSignal = 128,
};

// mappings.cc
struct Range {
  uintptr_t begin;
  uintptr_t end;
};
struct Mappings;
// Reads /proc/self/smaps: null and errno where that fails, EBUSY where other threads never stop forking. Needs no lock and
// no V8: any thread may call it.
Mappings* ScanMappings();
void FreeMappings(Mappings*);
// Makes what V8 keeps from children inheritable; false and errno where /proc/self/maps cannot be read. One thread at a time.
bool ShareMappings(Mappings*);
// Undoes ShareMappings in the parent; to be called also where that failed.
void UnshareMappings(Mappings*);
// All readable, private, anonymous memory of this process, ascending; to be freed. False without memory or /proc.
bool ReadableMappings(Range** ranges, size_t* count);
// The same of all that is writable and shared with other processes or files.
bool SharedMappings(Range** ranges, size_t* count);
struct MappingCounts {
  uint32_t kept;     // ranges made inheritable, and private again after the fork
  uint32_t unknown;  // ranges that came after the scan: made inheritable, and left so
};
MappingCounts CountMappings(const Mappings*);

// lock_slots.cc
// Finds the slots through which the loaded objects call the locks of libc. To be called in the parent before a fork.
bool FindLockSlots();
// Re-points them; in the child only. False where a page could not be made writable.
bool NeutraliseLocks();

// fork.cc
struct ForkOptions {
  int output;                // kept open in the child
  uint64_t allotment_bytes;  // private memory at which the child gives up; 0: none
  uint32_t limit_ms;         // time after which it gives up
  int niceness;              // of the child; at 19 it also runs only when nobody else wants the core
};
struct ForkResult {
  pid_t pid;  // 0 in the child, -1 with error
  int error;
  double blocked_ms;  // from the first madvise to the last, i.e. without the scan
  double fork_ms;     // of which in fork(2)
};
ForkResult ForkInheriting(Mappings*, const ForkOptions&, SharedPage*);
[[noreturn]] void LeaveChild(int code);
// Used by the child's replacements of locks; async-signal-safe.
[[noreturn]] void LeaveWaited();

// The page of the child in which this is called; null in the parent.
SharedPage* PageOfChild();

// containment.cc
// In the child: takes from it all ways to change what is not its own; false where the kernel does not let it.
bool Contain(int output, const SharedPage*);
// Stands for open(2) in the child: /proc/self/fd/OUTPUT is the output, whatever may be opened for writing.
int OpenInChild(const char* path, int flags, unsigned mode);

// children.cc
// Once in each thread that loads the addon.
void StartChildren(napi_env);
// The thread has forked it, and waits for it; should the thread end before that, the child ends too and is waited for.
void AddChild(napi_env, pid_t);
// Somebody has waited for it.
void RemoveChild(napi_env, pid_t);

// heap_objects.cc
// Null, or why this process cannot be forked at all.
const char* WhyUnsupported();
// Null, or the name of what this Node does not export: then neither of the two below may be called.
const char* ResolveHeapObjects();
// In the child: a service that leaks is near its heap limit when it matters most, and what it does there (a snapshot, the
// end of a worker) is not for the child, whose memory has limits of its own. V8 asks the callback that came last.
void RaiseHeapLimit();
// (threshold: number) => object[]: Maps, Sets, arrays and dictionaries with more members, by V8's own walk.
napi_value LargeCollections(napi_env, napi_callback_info);
// (roots: object[], samples: object[], threshold: number, counting: boolean) => object[] | null: the same of what
// `roots` reach.
napi_value WalkCollections(napi_env, napi_callback_info);
// () => [representative, count, bytes, …, left out] of the latest of the two, or of a walk of V8's.
napi_value Census(napi_env, napi_callback_info);

// heap_sampling.cc
// (intervalBytes: number, frames: number) => boolean: false where this V8 has it not, or it runs already.
napi_value StartHeapSampling(napi_env, napi_callback_info);
// () => void: stops it, whoever began it.
napi_value StopHeapSampling(napi_env, napi_callback_info);
