// Finds V8's constants and functions in the running program.
//
//   constants     v8dbg_…, exported for debuggers: dlsym.
//   type names    The names of constants are the names of types: read from the dynamic symbol table in memory.
//   functions     The visitor of roots and the size of an object. Node 20 and 22 export them. Node 24 and 26 have them in
//                 the symbol table of the file (.symtab), as long as nobody has stripped it. Reading it touches some 25 MB
//                 of the file and takes 0.2 s, so this runs once, on a thread of libuv's pool, before the first child that
//                 needs it.
//
// The types that cross the boundary to V8 are words and pointers only (roots.cc says how they are laid out).

#include "symbols.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../addon.h"

namespace graph {

Symbols symbols;

namespace {

constexpr char kPrefix[] = "v8dbg_";
constexpr char kTypePrefix[] = "v8dbg_type_";
constexpr size_t kLongestName = 160;

// A function of V8, where it goes, and whether a later name of the same function is tried.
struct Wanted {
  const char* name;
  void* into;
};

const Wanted kFunctions[] = {
    {"_ZN2v88internal4Heap12IterateRootsEPNS0_11RootVisitorENS_4base7EnumSetINS0_8SkipRootEiEE", &symbols.iterate_roots},
    {"_ZN2v88internal4Heap12IterateRootsEPNS0_11RootVisitorENS_4base7EnumSetINS0_8SkipRootEiEENS1_16IterateRootsModeE",
     &symbols.iterate_roots},
    {"_ZN2v88internal4Heap24IterateWeakGlobalHandlesEPNS0_11RootVisitorE", &symbols.iterate_weak_handles},
    {"_ZTVN2v88internal24RootsReferencesExtractorE", &symbols.extractor_table},
    {"_ZN2v88internal24RootsReferencesExtractor17VisitRootPointersENS0_4RootEPKcNS0_14FullObjectSlotES5_",
     &symbols.visit_range},
    {"_ZN2v88internal24RootsReferencesExtractor17VisitRootPointersENS0_4RootEPKcNS0_21OffHeapFullObjectSlotES5_",
     &symbols.visit_off_heap_range},
    {"_ZN2v88internal24RootsReferencesExtractor16VisitRootPointerENS0_4RootEPKcNS0_14FullObjectSlotE", &symbols.visit_one},
    {"_ZN2v88internal11RootVisitor16VisitRootPointerENS0_4RootEPKcNS0_14FullObjectSlotE", &symbols.visit_one},
    {"_ZN2v88internal24RootsReferencesExtractor16VisitRunningCodeENS0_14FullObjectSlotES2_", &symbols.visit_running_code},
    {"_ZN2v88internal11RootVisitor8RootNameENS0_4RootE", &symbols.root_name},
    {"_ZN2v87Isolate10GetCurrentEv", &symbols.current_isolate},
    {"_ZNK2v88internal16HeapObjectLayout11SizeFromMapENS0_6TaggedINS0_3MapEEE", &symbols.layout_size_from_map},
    {"_ZNK2v88internal10HeapObject11SizeFromMapENS0_3MapE", &symbols.size_from_map},
};

void Store(void* into, uintptr_t address) { memcpy(into, &address, sizeof(address)); }
uintptr_t Stored(const void* into) {
  uintptr_t address;
  memcpy(&address, into, sizeof(address));
  return address;
}

// The loaded object that exports V8's constants: the program, or the library it is linked with.
struct Image {
  uintptr_t inside;  // an address in it
  uintptr_t bias;
  const char* path;
  const ElfW(Dyn)* dynamic;
};

int FindImage(dl_phdr_info* info, size_t, void* data) {
  Image* image = static_cast<Image*>(data);
  bool holds = false;
  const ElfW(Dyn)* dynamic = nullptr;
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr)& part = info->dlpi_phdr[i];
    const uintptr_t begin = info->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD && image->inside - begin < part.p_memsz) holds = true;
    if (part.p_type == PT_DYNAMIC) dynamic = reinterpret_cast<const ElfW(Dyn)*>(begin);
  }
  if (!holds) return 0;
  image->bias = info->dlpi_addr;
  image->path = info->dlpi_name[0] == '\0' ? "/proc/self/exe" : info->dlpi_name;
  image->dynamic = dynamic;
  return 1;
}

// Symbols in the hash table (GNU's): buckets begin chains, in ascending order, and a chain ends at an odd hash.
size_t CountDynamic(const uint32_t* hash) {
  const uint32_t buckets = hash[0], first = hash[1], filters = hash[2];
  const uint32_t* bucket = hash + 4 + filters * (sizeof(ElfW(Addr)) / sizeof(uint32_t));
  const uint32_t* chain = bucket + buckets;
  uint32_t last = 0;
  for (uint32_t i = 0; i < buckets; i++) {
    if (bucket[i] > last) last = bucket[i];
  }
  if (last < first) return first;
  while ((chain[last - first] & 1) == 0) last++;
  return last + 1;
}

bool ReadTypeNames(const Image& image) {
  const ElfW(Sym)* table = nullptr;
  const char* names = nullptr;
  const uint32_t* hash = nullptr;
  for (const ElfW(Dyn)* entry = image.dynamic; entry != nullptr && entry->d_tag != DT_NULL; entry++) {
    // glibc has relocated these.
    if (entry->d_tag == DT_SYMTAB) table = reinterpret_cast<const ElfW(Sym)*>(entry->d_un.d_ptr);
    if (entry->d_tag == DT_STRTAB) names = reinterpret_cast<const char*>(entry->d_un.d_ptr);
    if (entry->d_tag == DT_GNU_HASH) hash = reinterpret_cast<const uint32_t*>(entry->d_un.d_ptr);
  }
  if (table == nullptr || names == nullptr || hash == nullptr) return false;
  const size_t count = CountDynamic(hash);
  size_t found = 0;
  for (size_t i = 0; i < count; i++) {
    const char* name = names + table[i].st_name;
    if (table[i].st_value == 0 || strncmp(name, kTypePrefix, sizeof(kTypePrefix) - 1) != 0) continue;
    const int type = *reinterpret_cast<const int*>(image.bias + table[i].st_value);
    if (type < 0 || static_cast<size_t>(type) >= kTypes) continue;
    symbols.type_names[type] = name + sizeof(kTypePrefix) - 1;
    found++;
  }
  return found > 0;
}

// `names` ends with a zero.
void SearchTable(const ElfW(Sym)* table, size_t count, const char* names, size_t name_bytes, uintptr_t bias) {
  for (size_t i = 0; i < count; i++) {
    if (table[i].st_name >= name_bytes || table[i].st_value == 0) continue;
    const char* name = names + table[i].st_name;
    if (name[0] != '_' || name[1] != 'Z') continue;
    for (const Wanted& wanted : kFunctions) {
      if (strcmp(wanted.name, name) == 0 && Stored(wanted.into) == 0) Store(wanted.into, bias + table[i].st_value);
    }
  }
}

// The file's own table of symbols. A file that is damaged (tools that pack a program into one file rewrite it) or stripped
// only leaves the functions null: this is the service itself, so nothing is read that the file does not have.
void SearchFile(const Image& image) {
  const int file = open(image.path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return;
  // Not fstat: compiled on a new system, it would require a glibc of 2021.
  const off_t end = lseek(file, 0, SEEK_END);
  const size_t bytes = end > 0 ? static_cast<size_t>(end) : 0;
  void* mapped = bytes > 0 ? mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, file, 0) : MAP_FAILED;
  close(file);
  if (mapped == MAP_FAILED) return;
  const char* content = static_cast<const char*>(mapped);
  const ElfW(Ehdr)* header = static_cast<const ElfW(Ehdr)*>(mapped);
  const auto within = [&](uint64_t offset, uint64_t size) { return offset <= bytes && size <= bytes - offset; };
  if (bytes > sizeof(*header) && within(header->e_shoff, header->e_shnum * sizeof(ElfW(Shdr)))) {
    const ElfW(Shdr)* sections = reinterpret_cast<const ElfW(Shdr)*>(content + header->e_shoff);
    for (int i = 0; i < header->e_shnum; i++) {
      const ElfW(Shdr)& section = sections[i];
      if (section.sh_type != SHT_SYMTAB || section.sh_link >= header->e_shnum) continue;
      const ElfW(Shdr)& names = sections[section.sh_link];
      if (!within(section.sh_offset, section.sh_size) || !within(names.sh_offset, names.sh_size)) continue;
      const char* texts = content + names.sh_offset;
      if (names.sh_size == 0 || texts[names.sh_size - 1] != '\0') continue;
      SearchTable(reinterpret_cast<const ElfW(Sym)*>(content + section.sh_offset), section.sh_size / sizeof(ElfW(Sym)), texts,
                  names.sh_size, image.bias);
    }
  }
  munmap(mapped, bytes);
}

bool AllFound() {
  const bool sizes = symbols.size_from_map != nullptr || symbols.layout_size_from_map != nullptr;
  return sizes && symbols.iterate_roots != nullptr && symbols.extractor_table != nullptr && symbols.visit_range != nullptr;
}

}  // namespace

bool Constant(const char* name, int* value) {
  char full[kLongestName] = "v8dbg_";
  const size_t length = strlen(name);
  if (length + sizeof(kPrefix) > sizeof(full)) return false;
  memcpy(full + sizeof(kPrefix) - 1, name, length + 1);
  const int* exported = static_cast<const int*>(FindSymbol(full));
  if (exported != nullptr) *value = *exported;
  return exported != nullptr;
}

int TypeNamed(const char* name) {
  const size_t length = strlen(name);
  for (size_t type = 0; type < kTypes; type++) {
    const char* known = symbols.type_names[type];
    if (known != nullptr && strncmp(known, name, length) == 0 && strncmp(known + length, "__", 2) == 0) {
      return static_cast<int>(type);
    }
  }
  return -1;
}

const char* LoadSymbols() {
  for (const Wanted& wanted : kFunctions) {
    if (Stored(wanted.into) == 0) Store(wanted.into, reinterpret_cast<uintptr_t>(FindSymbol(wanted.name)));
  }
  if (symbols.current_isolate == nullptr) return "v8::Isolate::GetCurrent";
  Image image = {reinterpret_cast<uintptr_t>(FindSymbol("v8dbg_SmiTag")), 0, nullptr, nullptr};
  if (image.inside == 0 || dl_iterate_phdr(FindImage, &image) == 0 || !ReadTypeNames(image)) return "v8dbg_type_";
  if (!AllFound()) SearchFile(image);
  return nullptr;
}

}  // namespace graph
