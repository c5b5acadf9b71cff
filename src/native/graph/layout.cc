// Looks up the layout. The type of a field is part of the name of its constant and differs between versions, so a
// constant has up to three names: 20, 22, and what later versions call it. See docs/architecture/heap-graph.md for what to
// do when a new V8 renames one.

#include "layout.h"

namespace graph {

Layout at;

namespace {

constexpr int kRequired = -1000;

struct Entry {
  int* into;
  const char* names[4];
  int otherwise;  // kRequired: without it there is no graph
};

const Entry kEntries[] = {
    {&at.map_type, {"class_Map__instance_type__uint16_t"}, kRequired},
    {&at.map_words, {"class_Map__instance_size_in_words__char"}, kRequired},
    {&at.map_inobject, {"class_Map__inobject_properties_start_or_constructor_function_index__char"}, kRequired},
    {&at.map_bits, {"class_Map__bit_field__char"}, kRequired},
    {&at.map_bits2, {"class_Map__bit_field2__char"}, kRequired},
    {&at.map_bits3, {"class_Map__bit_field3__int"}, kRequired},
    {&at.map_prototype, {"class_Map__prototype__Object"}, kRequired},
    {&at.map_constructor,
     {"class_Map__constructor_or_back_pointer__Object", "class_Map__constructor_or_back_pointer__Tagged_Object_"},
     kRequired},
    {&at.map_descriptors, {"class_Map__instance_descriptors_offset"}, kRequired},
    {&at.map_dependent,
     {"class_Map__dependent_code__DependentCode", "class_Map__dependent_code__Tagged_DependentCode_"},
     48},
    {&at.map_transitions,
     {"class_Map__raw_transitions__weak", "class_Map__raw_transitions__Tagged_UnionOf_Smi_MaybeWeak_Map_TransitionArray_"},
     64},
    {&at.dictionary_shift, {"bit_field3_is_dictionary_map_shift"}, kRequired},
    {&at.own_mask, {"bit_field3_number_of_own_descriptors_mask"}, kRequired},
    {&at.own_shift, {"bit_field3_number_of_own_descriptors_shift"}, kRequired},
    {&at.elements_kind_mask, {"bit_field2_elements_kind_mask"}, kRequired},
    {&at.elements_kind_shift, {"bit_field2_elements_kind_shift"}, kRequired},
    {&at.descriptors_header, {"class_DescriptorArray__header_size__uintptr_t"}, kRequired},
    {&at.descriptor_words, {"prop_desc_size"}, kRequired},
    {&at.descriptor_key, {"prop_desc_key"}, kRequired},
    {&at.descriptor_details, {"prop_desc_details"}, kRequired},
    {&at.descriptor_value, {"prop_desc_value"}, kRequired},
    {&at.accessor_mask, {"prop_kind_mask"}, kRequired},
    {&at.in_descriptor_mask, {"prop_location_mask"}, kRequired},
    {&at.index_mask, {"prop_index_mask"}, kRequired},
    {&at.index_shift, {"prop_index_shift"}, kRequired},
    {&at.names_prefix, {"namedictionaryshape_prefix_size"}, kRequired},
    {&at.names_entry, {"namedictionaryshape_entry_size"}, kRequired},
    {&at.numbers_prefix, {"numberdictionaryshape_prefix_size"}, kRequired},
    {&at.numbers_entry, {"numberdictionaryshape_entry_size"}, kRequired},
    {&at.string_length, {"class_String__length__int32_t"}, kRequired},
    {&at.function_shared, {"class_JSFunction__shared__SharedFunctionInfo"}, kRequired},
    {&at.function_context, {"class_JSFunction__context__Context"}, kRequired},
    {&at.function_feedback,
     {"class_JSFunction__raw_feedback_cell__FeedbackCell", "class_JSFunction__raw_feedback_cell__Tagged_FeedbackCell_"},
     kRequired},
    // Node 20 does not export it; the two words between the feedback cell and the prototype are the code and this.
    {&at.function_code, {"class_JSFunction__code__Tagged_Code_"}, -1},
    {&at.function_prototype,
     {"class_JSFunction__prototype_or_initial_map__HeapObject",
      "class_JSFunction__prototype_or_initial_map__Tagged_HeapObject_",
      "class_JSFunction__prototype_or_initial_map__Tagged_UnionOf_JSPrototype_Map_Hole_",
      "class_JSFunction__prototype_or_initial_map__Tagged_UnionOf_JSPrototype_Map_TheHole_"},
     56},
    {&at.shared_name,
     {"class_SharedFunctionInfo__name_or_scope_info__Object", "class_SharedFunctionInfo__name_or_scope_info__Tagged_Object_",
      "class_SharedFunctionInfo__name_or_scope_info__Tagged_NameOrScopeInfoT_"},
     kRequired},
    {&at.shared_script,
     {"class_SharedFunctionInfo__script_or_debug_info__HeapObject", "class_SharedFunctionInfo__script__Tagged_HeapObject_"},
     kRequired},
    // From Node 24 on two trusted fields, the words 1 and 2.
    {&at.shared_data, {"class_SharedFunctionInfo__function_data__Object"}, -1},
    {&at.shared_metadata,
     {"class_SharedFunctionInfo__feedback_metadata__FeedbackMetadata",
      "class_SharedFunctionInfo__feedback_metadata__Tagged_FeedbackMetadata_"},
     -1},
    {&at.script_source, {"class_Script__source__Object"}, kRequired},
    {&at.script_name, {"class_Script__name__Object"}, kRequired},
    {&at.script_line_ends, {"class_Script__line_ends__Object"}, kRequired},
    {&at.scope_first, {"scopeinfo_idx_first_vars"}, kRequired},
    {&at.scope_locals, {"scopeinfo_idx_ncontextlocals"}, kRequired},
    {&at.context_min, {"context_min_slots"}, kRequired},
    {&at.uncompiled_start, {"class_UncompiledData__start_position__int32_t"}, kRequired},
    {&at.uncompiled_name, {"class_UncompiledData__inferred_name__String"}, kRequired},
    {&at.bytecode_data, {"class_BytecodeArray__data__uintptr_t"}, kRequired},
    {&at.pattern_source, {"class_JSRegExp__source__Object"}, -1},
    {&at.buffer_bytes, {"class_JSArrayBuffer__byte_length__size_t"}, kRequired},
    {&at.buffer_store, {"class_JSArrayBuffer__backing_store__uintptr_t"}, kRequired},
    {&at.view_base, {"class_JSTypedArray__base_pointer__Object", "class_JSTypedArray__base_pointer__Tagged_Object_"}, kRequired},
    {&at.sparse_elements, {"elements_dictionary_elements"}, kRequired},
    {&at.first_nonstring, {"FirstNonstringType"}, kRequired},
    {&at.first_context, {"FirstContextType"}, kRequired},
    {&at.last_context, {"LastContextType"}, kRequired},
    {&at.proxies, {"type_JSProxy__JS_PROXY_TYPE"}, kRequired},
};

}  // namespace

const char* LoadLayout() {
  for (const Entry& entry : kEntries) {
    *entry.into = entry.otherwise;
    bool found = false;
    for (const char* name : entry.names) found = found || (name != nullptr && Constant(name, entry.into));
    if (!found && entry.otherwise == kRequired) return entry.names[0];
  }
  // Node 20: shared, context, feedback cell, code, prototype.
  if (at.function_code < 0 && at.function_shared == static_cast<int>(kFirstField)) {
    at.function_code = at.function_feedback + static_cast<int>(kWord);
  }
  return nullptr;
}

}  // namespace graph
