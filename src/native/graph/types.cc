// Learns the instance types, and computes sizes.
//
// A sample is taken for what it should be only if it looks like that; otherwise the writer gives up before it has written
// anything (kGraphLayout). A fault seen while this was developed: feedback metadata was learnt from a function that had
// not been compiled, whose field holds a scope, and so all scopes lost their names. Hence the checks.

#include "types.h"

#include "memory.h"
#include "names.h"
#include "problem.h"
#include "scopes.h"

namespace graph {

TypeInfo* infos = nullptr;
Types types;
Word non_essential[8];
uint32_t private_flags = 0;

namespace {

struct NamedType {
  int* into;
  const char* name;
};
const NamedType kNamed[] = {
    {&types.map, "Map"}, {&types.number, "HeapNumber"}, {&types.oddball, "Oddball"}, {&types.hole, "Hole"}, {&types.symbol, "Symbol"},
    {&types.global, "JSGlobalObject"}, {&types.array, "JSArray"}, {&types.js_map, "JSMap"}, {&types.js_set, "JSSet"},
    {&types.weak_map, "JSWeakMap"}, {&types.weak_set, "JSWeakSet"}, {&types.weak_ref, "JSWeakRef"},
    {&types.weak_cell, "WeakCell"}, {&types.promise, "JSPromise"}, {&types.bound, "JSBoundFunction"},
    {&types.wrapped, "JSWrappedFunction"}, {&types.regexp, "JSRegExp"}, {&types.buffer, "JSArrayBuffer"},
    {&types.typed_array, "JSTypedArray"}, {&types.data_view, "JSDataView"}, {&types.rab_data_view, "JSRabGsabDataView"},
    {&types.async_function, "JSAsyncFunctionObject"}, {&types.async_generator, "JSAsyncGeneratorObject"},
    {&types.fixed, "FixedArray"}, {&types.doubles, "FixedDoubleArray"}, {&types.bytes, "ByteArray"},
    {&types.trusted_bytes, "TrustedByteArray"}, {&types.bytecode, "BytecodeArray"},
    {&types.descriptors, "DescriptorArray"}, {&types.shared, "SharedFunctionInfo"}, {&types.scope, "ScopeInfo"},
    {&types.script, "Script"}, {&types.cell, "Cell"}, {&types.property_cell, "PropertyCell"},
    {&types.feedback_cell, "FeedbackCell"}, {&types.feedback_vector, "FeedbackVector"}, {&types.pair, "AccessorPair"},
    {&types.site, "AllocationSite"}, {&types.code, "Code"},
    {&types.uncompiled[0], "UncompiledDataWithPreparseData"},
    {&types.uncompiled[1], "UncompiledDataWithoutPreparseData"},
    {&types.uncompiled[2], "UncompiledDataWithPreparseDataAndJob"},
    {&types.uncompiled[3], "UncompiledDataWithoutPreparseDataWithJob"},
};

struct NodeOfType {
  const char* name;
  NodeType node;
};
const NodeOfType kNodes[] = {
    {"AllocationSite", kCode}, {"ArrayBoilerplateDescription", kCode}, {"BytecodeArray", kCode}, {"Code", kCode},
    {"FeedbackCell", kCode}, {"FeedbackVector", kCode}, {"InstructionStream", kCode}, {"InterpreterData", kCode},
    {"PreparseData", kCode}, {"RegExpBoilerplateDescription", kCode}, {"ScopeInfo", kCode}, {"Script", kCode},
    {"SharedFunctionInfo", kCode}, {"TemplateObjectDescription", kCode}, {"UncompiledData", kCode},
    {"UncompiledDataWithPreparseData", kCode}, {"UncompiledDataWithoutPreparseData", kCode},
    {"UncompiledDataWithPreparseDataAndJob", kCode}, {"UncompiledDataWithoutPreparseDataWithJob", kCode},
    {"Map", kShape}, {"DescriptorArray", kShape}, {"StrongDescriptorArray", kShape}, {"PrototypeInfo", kShape},
    {"EnumCache", kShape}, {"HeapNumber", kNumber}, {"Symbol", kSymbol}, {"FixedArray", kArrayNode},
    {"FixedDoubleArray", kArrayNode}, {"ByteArray", kArrayNode},
};

struct BodyOfType {
  const char* name;
  Body body;
  uint8_t leading;
};
const BodyOfType kBodies[] = {
    {"FixedArray", kArray, 0}, {"TrustedFixedArray", kArray, 0}, {"ProtectedFixedArray", kArray, 0},
    {"WeakFixedArray", kArray, 0}, {"TrustedWeakFixedArray", kArray, 0}, {"ProtectedWeakFixedArray", kArray, 0},
    {"PropertyArray", kOutside, 0}, {"WeakArrayList", kList, 0}, {"HeapNumber", kNothing, 0}, {"FixedDoubleArray", kNothing, 0},
    {"ByteArray", kNothing, 0}, {"TrustedByteArray", kNothing, 0}, {"PreparseData", kNothing, 0},
    {"CoverageInfo", kNothing, 0}, {"InstructionStream", kLeading, 4}, {"AllocationSite", kLeading, 5},
};

void Expect(bool holds, int which) {
  if (!holds) GiveUp(kGraphLayout, which, 0);
}

// The type of what a field of a sample points to.
int TypeBehind(Word object, size_t offset, int which) {
  const Word word = WordAt(object, offset);
  Expect(LooksLikeObject(word), which);
  return TypeOf(word);
}

// Where an object holds another.
int OffsetOf(Word held, Word holder, int which) {
  const size_t words = FixedWords(WordAt(holder, 0));
  for (size_t i = 1; i < words; i++) {
    if (WordAt(holder, kWord * i) == held) return static_cast<int>(kWord * i);
  }
  Expect(false, which);
  return 0;
}

void Fill() {
  infos = static_cast<TypeInfo*>(TakeMemory(kTypes * sizeof(TypeInfo)));
  for (size_t type = 0; type < kTypes; type++) {
    infos[type].name = tStruct;
    if (symbols.type_names[type] != nullptr) infos[type].name = AddSystemText(symbols.type_names[type]);
    if (static_cast<int>(type) < at.first_nonstring) infos[type].body = kText;
    if (static_cast<int>(type) >= at.first_context && static_cast<int>(type) <= at.last_context) infos[type].body = kContext;
  }
  for (const NamedType& named : kNamed) *named.into = TypeNamed(named.name);
  for (const NodeOfType& entry : kNodes) {
    const int type = TypeNamed(entry.name);
    if (type >= 0) infos[type].node = entry.node;
  }
  for (const BodyOfType& entry : kBodies) {
    const int type = TypeNamed(entry.name);
    if (type < 0) continue;
    infos[type].body = entry.body;
    infos[type].leading = entry.leading;
  }
  if (types.bytecode >= 0) {
    infos[types.bytecode].body = kLeading;
    infos[types.bytecode].leading = static_cast<uint8_t>(static_cast<size_t>(at.bytecode_data) / kWord);
  }
  Expect(types.map >= 0 && types.shared >= 0 && types.scope >= 0 && types.fixed >= 0 && types.oddball >= 0, 1);
}

// Hash tables have no names of their own, and lie between each other in the order of types.
void LearnTables(napi_env env, napi_value samples) {
  const Word map = Named(env, samples, "map"), set = Named(env, samples, "set"), weak = Named(env, samples, "weakMap");
  Expect(TypeOf(map) == types.js_map && TypeOf(set) == types.js_set && TypeOf(weak) == types.weak_map, 2);
  types.ephemerons = TypeBehind(weak, kFirstField, 3);
  types.names = TypeBehind(Named(env, samples, "dictionary"), kProperties, 4);
  types.numbers = TypeBehind(Named(env, samples, "sparse"), kElements, 5);
  // Behind globalThis, which is a proxy, is the global object.
  const Word global = WordAt(WordAt(Named(env, samples, "global"), 0), static_cast<size_t>(at.map_prototype));
  Expect(LooksLikeObject(global) && TypeOf(global) == types.global, 6);
  types.globals = TypeBehind(global, kProperties, 7);
  const int learnt[] = {types.ephemerons, types.names,  types.numbers, types.globals, TypeBehind(map, kFirstField, 8),
                        TypeBehind(set, kFirstField, 9), types.fixed};
  int first = types.fixed, last = types.fixed;
  for (int type : learnt) {
    if (type < first) first = type;
    if (type > last) last = type;
    Expect(symbols.type_names[type] == nullptr || type == types.fixed, 10);
  }
  Expect(last - first < 64 && first >= at.first_nonstring && last < at.proxies, 11);
  for (int type = first; type <= last; type++) {
    if (symbols.type_names[type] != nullptr) continue;
    infos[type].body = kArray;
    infos[type].node = kArrayNode;
    infos[type].name = tObjectElements;
  }
  infos[types.fixed].name = tObjectElements;
  infos[types.names].name = tObjectProperties;
  infos[types.ephemerons].body = kPairs;
}

void LearnFunctions(napi_env env, napi_value samples) {
  napi_value list, item;
  uint32_t count = 0;
  Expect(napi_get_named_property(env, samples, "functions", &list) == napi_ok, 12);
  napi_get_array_length(env, list, &count);
  types.first_function = kTypes;
  types.last_function = -1;
  for (uint32_t i = 0; i < count; i++) {
    Expect(napi_get_element(env, list, i, &item) == napi_ok, 13);
    const int type = TypeOf(Pointer(item));
    if (type < types.first_function) types.first_function = type;
    if (type > types.last_function) types.last_function = type;
  }
  Expect(count > 0 && types.first_function > at.proxies && types.last_function - types.first_function < 64, 14);
  const Word ran = Named(env, samples, "ran");
  const Word shared = WordAt(ran, static_cast<size_t>(at.function_shared));
  Expect(IsFunction(TypeOf(ran)) && LooksLikeObject(shared) && TypeOf(shared) == types.shared, 15);
  const Word context = WordAt(Named(env, samples, "builtin"), static_cast<size_t>(at.function_context));
  Expect(LooksLikeObject(context), 17);
  types.native_context = TypeOf(context);
  Expect(types.native_context >= at.first_context && types.native_context <= at.last_context, 18);
  if (at.shared_metadata >= 0) {
    const int type = TypeBehind(shared, static_cast<size_t>(at.shared_metadata), 19);
    // In place of the metadata there may be a scope, if the function was not compiled.
    if (type != types.scope && symbols.type_names[type] == nullptr) {
      infos[type].body = kNothing;
      infos[type].node = kCode;
    }
  }
}

void LearnOthers(napi_env env, napi_value samples) {
  types.bigint = TypeOf(Named(env, samples, "bigint"));
  types.generator = TypeOf(Named(env, samples, "generator"));
  Expect(LearnModules(Named(env, samples, "inModule")), 29);
  Expect(types.bigint >= at.first_nonstring && types.bigint < at.proxies && types.generator > at.proxies, 20);
  infos[types.bigint].body = kNothing;
  infos[types.bigint].node = kBigInt;
  // A hidden class with many transitions has them in an array.
  const Word plain = Named(env, samples, "plain");
  const Word transitions = WordAt(WordAt(plain, 0), static_cast<size_t>(at.map_transitions)) & ~kWeakBit;
  if (LooksLikeObject(transitions) && TypeOf(transitions) != types.map && symbols.type_names[TypeOf(transitions)] == nullptr) {
    infos[TypeOf(transitions)].body = kArray;
    infos[TypeOf(transitions)].node = kShape;
    infos[TypeOf(transitions)].name = AddSystemText("TransitionArray__");
  }
  const Word view = Named(env, samples, "view"), buffer = Named(env, samples, "buffer");
  types.view_buffer = OffsetOf(buffer, view, 21);
  Expect(TypeOf(view) == types.typed_array && TypeOf(buffer) == types.buffer, 22);
  // The empty elements of a plain object lie in read-only space, as do the others to which no edge leads.
  const Word empty = WordAt(plain, kElements);
  const Word shared = WordAt(Named(env, samples, "ran"), static_cast<size_t>(at.function_shared));
  Expect(LooksLikeObject(empty), 23);
  size_t count = 0;
  non_essential[count++] = empty;
  non_essential[count++] = WordAt(empty, 0);
  non_essential[count++] = WordAt(shared, 0);
  const Word objects[] = {plain, shared};
  for (Word object : objects) {
    const Word descriptors = WordAt(WordAt(object, 0), static_cast<size_t>(at.map_descriptors));
    if (LooksLikeObject(descriptors) && IsReadOnly(descriptors)) non_essential[count++] = descriptors;
  }
}

// Which words of a WeakRef and of a WeakCell are weak, though they look strong.
void LearnWeak(napi_env env, napi_value samples) {
  const Word target = Named(env, samples, "target"), token = Named(env, samples, "token");
  const Word reference = Named(env, samples, "ref"), registry = Named(env, samples, "registry");
  Expect(TypeOf(reference) == types.weak_ref, 24);
  types.ref_target = OffsetOf(target, reference, 25);
  for (size_t i = 3; i < FixedWords(WordAt(registry, 0)); i++) {
    const Word cell = WordAt(registry, kWord * i);
    if (!LooksLikeObject(cell) || TypeOf(cell) != types.weak_cell) continue;
    types.cell_target = OffsetOf(target, cell, 26);
    types.cell_token = OffsetOf(token, cell, 27);
    return;
  }
  Expect(false, 28);
}

// Flags of the first symbol among the own keys of an object; 0 without one.
uint32_t FlagsOfKey(Word object) {
  const Word descriptors = WordAt(WordAt(object, 0), static_cast<size_t>(at.map_descriptors));
  if (!LooksLikeObject(descriptors) || TypeOf(descriptors) != types.descriptors) return 0;
  const size_t count = Read<uint16_t>(descriptors, kLength);
  for (size_t i = 0; i < count; i++) {
    const size_t word = i * static_cast<size_t>(at.descriptor_words) + static_cast<size_t>(at.descriptor_key);
    const Word key = WordAt(descriptors, static_cast<size_t>(at.descriptors_header) + kWord * word);
    if (LooksLikeObject(key) && TypeOf(key) == types.symbol) return Read<uint32_t>(key, kSymbolFlags);
  }
  return 0;
}

// The names of private fields are private symbols, and have a flag of their own besides. Node-API marks an object that
// wraps something with a private symbol that has no other flag.
void LearnSymbols(napi_env env, napi_value samples) {
  private_flags = FlagsOfKey(Named(env, samples, "privateHolder"));
  napi_value wrapper;
  if (napi_create_object(env, &wrapper) != napi_ok || napi_wrap(env, wrapper, &private_flags, nullptr, nullptr, nullptr) != napi_ok) return;
  const uint32_t other = FlagsOfKey(Pointer(wrapper));
  if ((private_flags & other) != 0) private_flags &= other;
}

}  // namespace

Word Named(napi_env env, napi_value object, const char* name) {
  napi_value value;
  const bool has = napi_get_named_property(env, object, name, &value) == napi_ok;
  if (!has || !LooksLikeObject(Pointer(value))) GiveUp(kGraphLayout, 100, 0);
  return Pointer(value);
}

void LearnTypes(napi_env env, napi_value samples) {
  Fill();
  LearnTables(env, samples);
  LearnFunctions(env, samples);
  LearnOthers(env, samples);
  LearnWeak(env, samples);
  LearnSymbols(env, samples);
}

size_t SizeByV8(Word object, Word hidden_class) {
  int size = 0;
  if (symbols.layout_size_from_map != nullptr) size = symbols.layout_size_from_map(object - 1, hidden_class);
  else if (symbols.size_from_map != nullptr) size = symbols.size_from_map(&object, hidden_class);
  return size > 0 ? static_cast<size_t>(size) : 0;
}

}  // namespace graph
