// The edges of an object, as V8's snapshots name them. All passes after the walk enumerate them with this one template,
// so they agree on what there is and in which order.
//
// A sink has:
//   static constexpr bool kNames                       whether it needs names; without, they may be 0
//   void Edge(EdgeKind, Name, Word target)             a strong pointer; the sink leaves out what is no node
//   void Small(EdgeKind, Name, Word number)            a property, variable or index that is a small integer
//   void Double(uint64_t bits)                         the value of a number on the heap
//   void Store(uint64_t address, uint64_t bytes)       memory of a buffer outside the heap
//
// Only objects that are nodes are read.
#pragma once

#include "edge_fields.h"

namespace graph {

// Read-only objects that everything points to have no internal and hidden edges.
inline bool IsNonEssential(EdgeKind kind, Word target) {
  if (kind < kInternalEdge || !IsReadOnly(target)) return false;
  for (Word word : non_essential) {
    if (word == target) return true;
  }
  if (!IsNode(target)) return false;
  const int type = TypeOf(target);
  return type == types.oddball || type == types.hole;
}

// The pair of a WeakMap that this key has in this table; its place in weak_pairs (which are sorted by key), or 0.
uint64_t PairOf(Word key, Word table);

template <typename Sink>
class EdgesOf : private FieldEdges<Sink> {
  using Base = FieldEdges<Sink>;
  using Base::class_, Base::object_, Base::sink_, Base::type_, Base::words_;
  using Base::Field, Base::Key, Base::Rest, Base::See, Base::Value, Base::WeakField, Base::Words;

 public:
  EdgesOf(Word object, Sink& sink) : Base(object, sink) {}

  void Run() {
    if (IsJavaScript(type_)) JavaScript();
    else if (IsText(type_)) Text();
    else Internal();
    sink_.Edge(kInternalEdge, tMap, class_);
  }

 private:
  void Property(Word key, Word value, bool is_accessor) {
    if (!is_accessor) return Value(kPropertyEdge, Key(key), value);
    if (!IsNode(value) || TypeOf(value) != types.pair) return;
    const bool is_symbol = TypeOf(key) == types.symbol;
    const auto name = [&](Frame frame) { return !Sink::kNames ? 0 : is_symbol ? Key(key) : Composed(frame, key); };
    const Word getter = WordAt(value, kWord), setter = WordAt(value, 2 * kWord);
    if (IsNode(getter) && TypeOf(getter) != types.oddball) sink_.Edge(kPropertyEdge, name(kGetter), getter);
    if (IsNode(setter) && TypeOf(setter) != types.oddball) sink_.Edge(kPropertyEdge, name(kSetter), setter);
  }
  void Properties() {
    if (!IsDictionary(class_)) return FastProperties();
    const Word table = WordAt(object_, kProperties);
    if (!IsNode(table)) return;
    const size_t words = LengthOf(table);
    if (type_ == types.global && TypeOf(table) == types.globals) {
      for (size_t i = 3; i < words; i++) {
        const Word cell = Item(table, i);
        if (!IsNode(cell) || TypeOf(cell) != types.property_cell || !IsNode(WordAt(cell, kWord))) continue;
        const bool is_accessor = (SmallValue(WordAt(cell, 2 * kWord)) & at.accessor_mask) != 0;
        Property(WordAt(cell, kWord), WordAt(cell, 3 * kWord), is_accessor);
      }
    } else if (TypeOf(table) == types.names) {
      const size_t entry = static_cast<size_t>(at.names_entry);
      for (size_t i = 3 + static_cast<size_t>(at.names_prefix); i + 2 < words; i += entry) {
        const Word key = Item(table, i);
        if (!IsNode(key) || TypeOf(key) == types.oddball) continue;
        Property(key, Item(table, i + 1), (SmallValue(Item(table, i + 2)) & at.accessor_mask) != 0);
      }
    }
  }
  void FastProperties() {
    const Word descriptors = WordAt(class_, static_cast<size_t>(at.map_descriptors));
    if (!IsNode(descriptors)) return;
    size_t count = OwnDescriptors(class_);
    const size_t most = Read<uint16_t>(descriptors, kLength);
    if (count > most) count = most;
    for (size_t i = 0; i < count; i++) {
      const Descriptor descriptor = DescriptorAt(descriptors, i);
      if (!IsNode(descriptor.key)) continue;
      if (descriptor.HoldsValue()) {
        Property(descriptor.key, descriptor.value, descriptor.IsAccessor());
        continue;
      }
      size_t offset;
      const Word value = FieldOf(object_, class_, descriptor.FieldIndex(), &offset);
      if (offset > 0) See(offset);
      Property(descriptor.key, value, descriptor.IsAccessor());
    }
  }
  void Elements() {
    const Word elements = WordAt(object_, kElements);
    if (!IsNode(elements)) return;
    const int kind = (Read<uint8_t>(class_, static_cast<size_t>(at.map_bits2)) & at.elements_kind_mask) >> at.elements_kind_shift;
    const int type = TypeOf(elements);
    size_t count = LengthOf(elements);
    if (kind == 2 || kind == 3) {
      if (type != types.fixed) return;
      if (type_ == types.array && IsSmall(WordAt(object_, kFirstField)) && LengthAt(kFirstField) < count) {
        count = LengthAt(kFirstField);
      }
      for (size_t i = 0; i < count; i++) Value(kElementEdge, NameOf(kIndexNumber, i), Item(elements, i));
    } else if (kind == at.sparse_elements && type == types.numbers) {
      const size_t entry = static_cast<size_t>(at.numbers_entry);
      for (size_t i = 3 + static_cast<size_t>(at.numbers_prefix); i + 2 < count; i += entry) {
        const Word key = Item(elements, i);
        if (IsSmall(key)) Value(kElementEdge, NameOf(kIndexNumber, Count(key)), Item(elements, i + 1));
      }
    }
  }
  size_t LengthAt(size_t offset) const { return Count(WordAt(object_, offset)); }

  void JavaScript() {
    if (type_ == types.js_map || type_ == types.js_set || type_ == types.weak_map || type_ == types.weak_set) {
      Field(kInternalEdge, tTable, kFirstField);
    } else if (type_ == types.promise) {
      Field(kInternalEdge, tReactions, kFirstField);
    } else if (type_ == types.weak_ref) {
      WeakField(tTarget, types.ref_target);
    } else if (IsSuspended(type_)) {
      Field(kInternalEdge, tFunction, kFirstField);
      Field(kInternalEdge, tContext, 4 * kWord);
      Field(kInternalEdge, tReceiver, 5 * kWord);
      Field(kInternalEdge, tParameters, 9 * kWord);
    } else if (type_ == types.buffer) {
      const uint64_t store = Read<uint64_t>(object_, static_cast<size_t>(at.buffer_store));
      if (store != 0) sink_.Store(store, Read<uint64_t>(object_, static_cast<size_t>(at.buffer_bytes)));
    }
    Properties();
    Elements();
    sink_.Edge(kPropertyEdge, tProto, WordAt(class_, static_cast<size_t>(at.map_prototype)));
    if (IsFunction(type_)) {
      Function();
    } else if (type_ == types.bound) {
      Field(kInternalEdge, tBoundFunction, kFirstField);
      Field(kInternalEdge, tBoundThis, 4 * kWord);
      Field(kInternalEdge, tBindings, 5 * kWord);
    }
    Field(kInternalEdge, tProperties, kProperties);
    Field(kInternalEdge, tElements, kElements);
    if (IsView(type_)) return View();
    // In a buffer raw words come between these and its properties.
    const bool is_buffer = type_ == types.buffer;
    const uint64_t next = Rest(is_buffer ? static_cast<size_t>(at.buffer_bytes) / kWord : words_);
    if (is_buffer) Rest(words_, FirstInside(class_), next);
  }
  // Buffer, elements and properties are tagged, the other fields of a view are raw.
  void View() {
    Field(kInternalEdge, tBuffer, types.view_buffer);
    const Word base = type_ == types.typed_array ? WordAt(object_, static_cast<size_t>(at.view_base)) : 0;
    if (IsStrong(base)) sink_.Edge(kHiddenEdge, NameOf(kIndexNumber, 1), base);
    Rest(words_, FirstInside(class_), 2);
  }
  void Function() {
    Field(kInternalEdge, tFeedbackCell, at.function_feedback);
    Field(kInternalEdge, tShared, at.function_shared);
    Field(kInternalEdge, tContext, at.function_context);
    if (at.function_code > 0) Field(kInternalEdge, tCode, at.function_code);
    if ((Read<uint8_t>(class_, static_cast<size_t>(at.map_bits)) & 0x80) == 0) return;
    const Word prototype = WordAt(object_, static_cast<size_t>(at.function_prototype));
    if (!IsNode(prototype)) return;
    if (TypeOf(prototype) == types.map) {
      Field(kInternalEdge, tInitialMap, at.function_prototype);
      sink_.Edge(kPropertyEdge, tPrototype, WordAt(prototype, static_cast<size_t>(at.map_prototype)));
    } else if (TypeOf(prototype) >= at.proxies) {
      Field(kPropertyEdge, tPrototype, at.function_prototype);
    }
  }

  void Text() {
    const int representation = type_ & kRepresentation;
    if (representation == kCons) {
      Field(kInternalEdge, tFirst, kFirstWord);
      Field(kInternalEdge, tSecond, kFirstField);
    } else if (representation == kSliced || representation == kThin) {
      Field(kInternalEdge, representation == kSliced ? tParent : tActual, kFirstWord);
    }
  }

  void Internal() {
    if (type_ == types.number) return sink_.Double(Read<uint64_t>(object_, kWord));
    if (infos[type_].body == kContext) return Context();
    if (infos[type_].body == kPairs) return Pairs();
    if (type_ == types.map) {
      Field(kInternalEdge, tPrototype, at.map_prototype);
      const Word constructor = WordAt(object_, static_cast<size_t>(at.map_constructor));
      const bool is_back = IsNode(constructor) && TypeOf(constructor) == types.map;
      Field(kInternalEdge, is_back ? tBackPointer : tConstructor, at.map_constructor);
      Field(kInternalEdge, tDescriptors, at.map_descriptors);
      Field(kInternalEdge, tDependentCode, at.map_dependent);
      Field(kInternalEdge, tTransitions, at.map_transitions);
    } else if (type_ == types.shared) {
      Field(kInternalEdge, tNameOrScope, at.shared_name);
      Field(kInternalEdge, tScript, at.shared_script);
      if (at.shared_data >= 0) Field(kInternalEdge, tFunctionData, at.shared_data);
    } else if (type_ == types.script) {
      Field(kInternalEdge, tSource, at.script_source);
      Field(kInternalEdge, tName, at.script_name);
    } else if (type_ == types.cell || type_ == types.feedback_cell) {
      Field(kInternalEdge, tValue, kWord);
    } else if (type_ == types.property_cell) {
      Field(kInternalEdge, tName, kWord);
      Field(kInternalEdge, tValue, 3 * kWord);
    } else if (type_ == types.symbol) {
      return Field(kInternalEdge, tName, kFirstWord);
    } else if (type_ == types.pair) {
      Field(kInternalEdge, tGetter, kWord);
      return Field(kInternalEdge, tSetter, 2 * kWord);
    } else if (type_ == types.weak_cell) {
      WeakField(tTarget, types.cell_target);
      WeakField(tToken, types.cell_token);
    }
    Body();
  }
  void Body() {
    switch (infos[type_].body) {
      case kNothing:
        return;
      case kArray:
        return Words(kFirstWord, LengthOf(object_));
      case kOutside:
        return Words(kFirstWord, LengthOf(object_) & 1023);
      case kList:
        return Words(kFirstField, LengthOf(object_));
      case kLeading:
        return static_cast<void>(Rest(infos[type_].leading));
      default:
        Rest(words_ != 0 ? words_ : SizeOf(object_, class_, type_) / kWord);
    }
  }

  // A function's variables, by the names in its scope. Fixed words first: scope, previous context, …
  void Context() {
    const size_t count = LengthOf(object_);
    const Word scope = count > 0 ? Item(object_, 0) : 0;
    const size_t named = IsNode(scope) && TypeOf(scope) == types.scope && words_ == 0 ? Variables(scope, count) : 0;
    if (count > 0) Value(kInternalEdge, tScopeInfo, scope);
    if (count > 1) Value(kInternalEdge, tPrevious, Item(object_, 1));
    uint64_t index = 1;
    for (size_t i = 2; i < count - named; i++) {
      const Word word = Item(object_, i);
      if (IsWeak(word)) sink_.Edge(kWeakEdge, NameOf(kIndexText, index++), word & ~kWeakBit);
      else if (!IsStrong(word)) continue;
      else if (IsWeakLink(word, type_, i, count)) sink_.Edge(kWeakEdge, NameOf(kIndexText, index++), word);
      else sink_.Edge(kHiddenEdge, NameOf(kIndexNumber, index++), word);
    }
  }
  size_t Variables(Word scope, size_t count) {
    const Scope variables = ScopeOf(scope);
    const size_t least = static_cast<size_t>(at.context_min);
    if (variables.count == 0 || variables.count > count) return 0;
    const size_t first = count - variables.count;
    if (first < least || first > least + 1) return 0;
    if (variables.count < kMaxInlineNames) {
      for (size_t i = 0; i < variables.count; i++) {
        const Name name = Sink::kNames ? HeapName(WordAt(scope, variables.names + kWord * i)) : 0;
        Value(kContextEdge, name, Item(object_, first + i));
      }
      return variables.count;
    }
    const Word table = WordAt(scope, variables.names);
    const size_t words = IsNode(table) && infos[TypeOf(table)].body == kArray ? LengthOf(table) : 0;
    for (size_t i = 3; i + 1 < words; i += 2) {
      const Word key = Item(table, i), place = Item(table, i + 1);
      if (!IsNode(key) || !IsText(TypeOf(key)) || !IsSmall(place) || Count(place) >= variables.count) continue;
      Value(kContextEdge, Sink::kNames ? HeapName(key) : 0, Item(object_, first + Count(place)));
    }
    return variables.count;
  }

  // As V8, both the key and the table have an edge to the value, of the same text. Those of the keys are written with
  // the keys (writer.cc).
  void Pairs() {
    const size_t count = LengthOf(object_);
    for (size_t i = 0; i < count; i++) {
      if (IsStrong(Item(object_, i))) sink_.Edge(kWeakEdge, NameOf(kIndexText, i), Item(object_, i));
    }
    for (size_t i = 3; i + 1 < count; i += 2) {
      const Word key = Item(object_, i), value = Item(object_, i + 1);
      if (!IsNode(key) || !IsNode(value) || TypeOf(key) == types.oddball) continue;
      sink_.Edge(kInternalEdge, NameOf(kPairText, Sink::kNames ? PairOf(key, object_) : 0), value);
    }
  }

 public:
  // The last words of a native context are lists of contexts and of code that are weak though not tagged so.
  static bool IsWeakLink(Word word, int type, size_t index, size_t count) {
    return type == types.native_context && index + 3 >= count && LooksLikeObject(word) &&
           (TypeOf(word) == types.native_context || TypeOf(word) == types.code);
  }
};

}  // namespace graph
