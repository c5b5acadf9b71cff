// Where V8 keeps what: offsets, shifts and instance types of the running version. Looked up in the parent by
// LoadLayout(); types that V8 does not export are learnt from samples in the child (types.cc).
#pragma once

#include "symbols.h"
#include "words.h"

namespace graph {

struct Layout {
  // Of a hidden class.
  int map_type, map_words, map_inobject, map_bits, map_bits2, map_bits3, map_prototype, map_constructor;
  int map_descriptors, map_dependent, map_transitions;
  int dictionary_shift, own_mask, own_shift, elements_kind_mask, elements_kind_shift;
  // Of an array of descriptors: bytes before the first, words each, and the words in one.
  int descriptors_header, descriptor_words, descriptor_key, descriptor_details, descriptor_value;
  int accessor_mask, in_descriptor_mask, index_mask, index_shift;
  // Of hash tables: words before the first entry (behind the three counts), and words of an entry.
  int names_prefix, names_entry, numbers_prefix, numbers_entry;
  int string_length;
  // Of a function, of what functions share, and of their scripts.
  int function_shared, function_context, function_feedback, function_code, function_prototype;
  int shared_name, shared_script, shared_data, shared_metadata;
  int script_source, script_name, script_line_ends;
  int scope_first, scope_locals, context_min;
  int uncompiled_start, uncompiled_name;
  int bytecode_data, pattern_source;
  int buffer_bytes, buffer_store, view_base;
  // Kinds of indexed members that are sparse.
  int sparse_elements;
  // Instance types; ranges are inclusive. Strings have all types below first_nonstring, JavaScript objects those above
  // proxies.
  int first_nonstring, first_context, last_context, proxies;
};
extern Layout at;

// In the parent, after LoadSymbols(). Null, or the name of a constant that is missing.
const char* LoadLayout();

}  // namespace graph
