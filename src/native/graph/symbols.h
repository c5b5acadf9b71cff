// What the running Node exports about its V8, looked up once by the parent (symbols.cc).
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "words.h"

namespace graph {

// Hidden classes say the type of their objects with a number below this. A larger number is no type.
constexpr size_t kTypes = 4096;

struct Symbols {
  // Name of each instance type without "v8dbg_type_"; ends at "__". Null: not exported.
  const char* type_names[kTypes];
  // V8's own functions; null where a stripped Node 24 or 26 has none.
  void* iterate_roots;
  void* iterate_weak_handles;
  void** extractor_table;  // virtual functions of V8's visitor, by which ours is laid out
  void* visit_range;
  void* visit_off_heap_range;
  void* visit_one;
  void* visit_running_code;
  const char* (*root_name)(int root);
  void* (*current_isolate)();
  // V8 before 12 passes the tagged pointer by address; since then the untagged address.
  int (*size_from_map)(const Word* object, Word map);
  int (*layout_size_from_map)(uintptr_t address, Word map);
};
extern Symbols symbols;

// In the parent, on any thread, once. Null, or the name of what is missing.
const char* LoadSymbols();
// The value of v8dbg_NAME; false if it is not exported.
bool Constant(const char* name, int* value);
// The value of the instance type called NAME (as in type_names); -1 if it is not exported.
int TypeNamed(const char* name);

}  // namespace graph
