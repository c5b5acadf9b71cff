// What is known of each instance type: how its words are found, how large its objects are, and what its nodes are called.
// Types that V8 exports have names (symbols.h); the others are learnt from samples, objects that JavaScript made for this
// (types.cc).
#pragma once

#include <node_api.h>

#include "layout.h"
#include "space.h"

namespace graph {

// Which words of an object are tagged.
enum Body : uint8_t {
  kFixed,     // all, if its hidden class has the size; otherwise by V8's size
  kNothing,   // none
  kText,      // a string: by its representation
  kArray,     // as many as its length says
  kOutside,   // properties of an object: the upper bits of the length are a hash
  kList,      // as an array, with its capacity before the length
  kContext,   // an array whose first words are fixed
  kPairs,     // the table of a WeakMap or WeakSet
  kLeading,   // only the first `leading`
};

// Types of nodes in the snapshot, in the order of its header.
enum NodeType : uint8_t {
  kHidden, kArrayNode, kString, kObject, kCode, kClosure, kRegExp, kNumber, kNative, kSynthetic, kConsString,
  kSlicedString, kSymbol, kBigInt, kShape,
};

struct TypeInfo {
  Body body;
  NodeType node;
  uint8_t leading;  // words, with the hidden class
  uint32_t name;    // a static text (names.h)
};
extern TypeInfo* infos;  // by instance type

// Instance types that need code of their own; -1: this V8 has none of that name.
struct Types {
  int map, number, oddball, hole, symbol, bigint, global, array, js_map, js_set, weak_map, weak_set, weak_ref, weak_cell, promise;
  int bound, wrapped, regexp, buffer, typed_array, data_view, rab_data_view, async_function, async_generator, generator;
  int fixed, doubles, bytes, trusted_bytes, bytecode, descriptors, shared, scope, script, cell, property_cell, feedback_cell;
  int feedback_vector, pair, site, names, numbers, globals, ephemerons, native_context, code;
  int uncompiled[4];  // functions that were parsed but not compiled
  int first_function, last_function;
  // Offsets: the buffer of a view; the target of a WeakRef; the target and the token of a WeakCell.
  int view_buffer, ref_target, cell_target, cell_token;
};
extern Types types;
// Of a symbol: its flags, and those of them that are set if and only if it is private.
constexpr size_t kSymbolFlags = kWord + 4;
extern uint32_t private_flags;
inline bool IsPrivateSymbol(Word symbol) {
  return private_flags != 0 && (Read<uint32_t>(symbol, kSymbolFlags) & private_flags) == private_flags;
}

// Objects that everything points to: no internal or hidden edge leads to them, as in V8's snapshots.
extern Word non_essential[8];

// In the child. `samples` and the keys are as NativeBinding.writeGraph says. Gives up if a sample is not as expected.
void LearnTypes(napi_env env, napi_value samples);
// The tagged pointer behind a value.
inline Word Pointer(napi_value value) { return *reinterpret_cast<Word*>(value); }
Word Named(napi_env env, napi_value object, const char* name);

inline int TypeOf(Word object) { return Read<uint16_t>(WordAt(object, 0), static_cast<size_t>(at.map_type)); }
inline bool IsText(int type) { return type < at.first_nonstring; }
inline bool IsJavaScript(int type) { return type > at.proxies; }
inline bool IsFunction(int type) { return type >= types.first_function && type <= types.last_function; }
// Functions that stopped on their way: their objects hold the function, its context and its registers.
inline bool IsSuspended(int type) {
  return type == types.generator || type == types.async_function || type == types.async_generator;
}
inline bool IsUncompiled(int type) {
  for (int known : types.uncompiled) {
    if (type == known) return true;
  }
  return false;
}
inline bool IsView(int type) { return type == types.typed_array || type == types.data_view || type == types.rab_data_view; }
// Of JavaScript objects: the first of the words that hold properties, which end with the object.
inline size_t FirstInside(Word hidden_class) { return Read<uint8_t>(hidden_class, static_cast<size_t>(at.map_inobject)); }
inline size_t FixedWords(Word hidden_class) { return Read<uint8_t>(hidden_class, static_cast<size_t>(at.map_words)); }

// Representations of strings, in the lowest bits of their type.
enum Representation { kSequential = 0, kCons = 1, kExternal = 2, kSliced = 3, kThin = 5 };
constexpr int kRepresentation = 7, kOneByte = 8, kUncached = 16;

// Bytes of an object, own formula or V8's. 0: not known without V8's function.
size_t OwnSize(Word object, Word hidden_class, int type);
// The size that V8 shows: from V8 13 on with the characters of a string outside the heap, and 0 for what is read-only.
extern bool counts_outside;
size_t ShownSize(Word object, int type, size_t size);
// V8's, or 0 where that function is missing.
size_t SizeByV8(Word object, Word hidden_class);
inline size_t SizeOf(Word object, Word hidden_class, int type) {
  const size_t own = OwnSize(object, hidden_class, type);
  const size_t size = own != 0 ? own : SizeByV8(object, hidden_class);
  return size != 0 ? size : kFirstWord;
}

}  // namespace graph
