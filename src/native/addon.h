// The parts of the addon. The head of each .cc file explains what it does and why it is correct.
#pragma once

#include <node_api.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// How far the native writer of graphs came, and which of its checks failed. Mirrored in binding.ts.
enum GraphProblem {
  kGraphNone = 0,   // it was not asked, or it ended without a word
  kGraphWritten,    // all checks passed, and all was written
  kGraphMemory,     // no memory
  kGraphLayout,     // a sample object is not laid out as expected; `found` says which
  kGraphStrong,     // a planted object is not in the graph; `found`: which
  kGraphWeak,       // a planted object is, though only weak things lead to it
  kGraphNames,      // a planted edge has another name, or none
  kGraphSizes,      // own sizes are not V8's
  kGraphSum,        // the sum of all sizes is not what V8 counts as used
  kGraphCounts,     // more or less was written than the header says
  kGraphOutput,     // the output cannot be written to
};
struct GraphFigures {
  volatile int problem;
  volatile int v8_roots;  // 1: by V8's own visitor; 0: those that JavaScript handed over
  volatile double found, expected;
  volatile double nodes, edges, self_bytes, own_bytes, false_marks;
};

// One page shared by parent and child (MAP_SHARED): the parent can still read it after the child has died.
struct SharedPage {
  volatile double live_bytes;    // size of the live heap, measured by the child
  volatile uint64_t peak_bytes;  // peak private memory of the child; an upper estimate, exact if it ended by itself
  char message[512];             // of an exception thrown in the child
  GraphFigures graph;
};

// Exit codes of the child; a crash signal gives kExitSignal + its number. Mirrored in binding.ts.
enum ExitCode {
  kExitDone = 0,
  kExitWaited = 101,     // it would have waited for a thread that does not exist in it: the parent may try again
  kExitThrew = 102,      // the job threw; the message is in the shared page
  kExitMemory = 103,     // it reached its memory allotment
  kExitTime = 104,       // it reached its time limit
  kExitOrphaned = 105,   // the parent died between fork and prctl
  kExitUnable = 106,     // it could not detach from what it inherited
  kExitGraph = 107,      // the native writer of graphs gave up; why is in the shared page
  kExitSignal = 128,
};

// mappings.cc
struct Range {
  uintptr_t begin;
  uintptr_t end;
};
struct Mappings;
// Reads /proc/self/smaps. Returns null and sets errno on failure; EBUSY if other threads keep forking. Needs no lock
// and no V8: any thread may call it.
Mappings* ScanMappings();
void FreeMappings(Mappings*);
// Makes the mappings that V8 hides from children inheritable. Returns false and sets errno if /proc/self/maps cannot be
// read. One thread at a time.
bool ShareMappings(Mappings*);
// Undoes ShareMappings in the parent; must be called even if ShareMappings failed.
void UnshareMappings(Mappings*);
// All readable, private, anonymous memory of this process, in ascending order; the caller frees it. False if memory or
// /proc is not available.
bool ReadableMappings(Range** ranges, size_t* count);
// Likewise, the part of it that is only readable: neither written nor executed.
bool ReadOnlyMappings(Range** ranges, size_t* count);
// Likewise, all memory that is writable and shared with other processes or files.
bool SharedMappings(Range** ranges, size_t* count);
struct MappingCounts {
  uint32_t kept;     // ranges made inheritable for the fork and private again after it
  uint32_t unknown;  // ranges that appeared after the scan: made inheritable, and left so
};
MappingCounts CountMappings(const Mappings*);

// lock_slots.cc
// Finds the slots through which the loaded objects call libc's locks. Call it in the parent before a fork.
bool FindLockSlots();
// Redirects them; in the child only. False if a page could not be made writable.
bool NeutraliseLocks();

// fork.cc
struct ForkOptions {
  int output;                // kept open in the child
  uint64_t allotment_bytes;  // private memory at which the child gives up; 0: no limit
  uint32_t limit_ms;         // time after which the child gives up
  int niceness;              // of the child; at 19 it also runs only when nothing else wants the core
  bool sealed;               // it may not even open files to read them
};
struct ForkResult {
  pid_t pid;  // 0 in the child, -1 on error
  int error;
  double blocked_ms;  // from the first madvise to the last; the scan is not included
  double fork_ms;     // the part of it spent in fork(2)
};
ForkResult ForkInheriting(Mappings*, const ForkOptions&, SharedPage*);
[[noreturn]] void LeaveChild(int code);
// Called by the child's replacements for locks; async-signal-safe.
[[noreturn]] void LeaveWaited();

// The shared page, if called in a child; null in the parent.
SharedPage* PageOfChild();

// containment.cc
// In the child: removes every way to change anything outside it. False if the kernel does not allow that.
bool Contain(int output, const SharedPage*, bool sealed);
// Replaces open(2) in the child: /proc/self/fd/OUTPUT gives the output, whatever the rules on opening for writing.
int OpenInChild(const char* path, int flags, unsigned mode);

// children.cc
// Call once in each thread that loads the addon.
void StartChildren(napi_env);
// Registers a child that this thread has forked and will wait for. If the thread ends first, the child is killed and
// waited for.
void AddChild(napi_env, pid_t);
// Unregisters a child that has been waited for.
void RemoveChild(napi_env, pid_t);

// heap_objects.cc
// The address of a symbol that a loaded object exports, or null.
void* FindSymbol(const char* name);
// Null, or why this process cannot be forked at all.
const char* WhyUnsupported();
// Null, or the name of a symbol that this Node does not export: then none of the heap functions below may be called.
const char* ResolveHeapObjects();
// In the child: raises V8's heap limit. A leaking service is near its limit exactly when a capture matters most, and
// its own reaction to that (writing a snapshot, ending a worker) must not run in the child, whose memory is limited
// separately. V8 asks the callback that was added last.
void RaiseHeapLimit();
// (threshold: number) => object[]: Maps, Sets, arrays and dictionaries with more members, found by V8's own walk.
napi_value LargeCollections(napi_env, napi_callback_info);
// (roots: object[], samples: object[], threshold: number, counting: boolean) => object[] | null: likewise, but only
// those reachable from `roots`, found by our own walk.
napi_value WalkCollections(napi_env, napi_callback_info);
// () => [representative, count, bytes, …, left out] of the latest of the two walks; without one it starts V8's.
napi_value Census(napi_env, napi_callback_info);

// heap_sampling.cc
// (intervalBytes: number, frames: number) => boolean: false if this V8 does not export it, or if it is already running.
napi_value StartHeapSampling(napi_env, napi_callback_info);
// () => void: stops it, whoever started it.
napi_value StopHeapSampling(napi_env, napi_callback_info);
// () => Float64Array | null: id of the stack's node, bytes and objects, for each stack that holds memory; null without
// a profiler. One that forces GCs does so here as well.
napi_value HeapSamplingObjects(napi_env, napi_callback_info);

// graph/graph.cc
// () => Promise<string | null>: looks up what writeGraph() needs; the name of what this Node lacks, or null.
napi_value PrepareGraph(napi_env, napi_callback_info);
// (plan: GraphPlan) => void, in the child: writes the graph, or ends the child with kExitGraph.
napi_value WriteGraph(napi_env, napi_callback_info);
