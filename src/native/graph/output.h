// Text on its way to the descriptor, through one fixed buffer.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

namespace graph {

class Output {
 public:
  void Open(int descriptor) { descriptor_ = descriptor; }
  // Makes room for that many bytes, at most kRoom, so that the functions below need not look.
  static constexpr size_t kRoom = 256;
  void Room(size_t bytes) {
    if (filled_ + bytes > sizeof(buffer_)) Flush();
  }
  void Char(char character) { buffer_[filled_++] = character; }
  void Number(uint64_t value) {
    // Two digits at a time: numbers are nine tenths of the file.
    char digits[20];
    size_t at = sizeof(digits);
    for (; value >= 100; value /= 100) memcpy(digits + (at -= 2), kPairs + 2 * (value % 100), 2);
    if (value >= 10) memcpy(digits + (at -= 2), kPairs + 2 * value, 2);
    else digits[--at] = static_cast<char>('0' + value);
    memcpy(buffer_ + filled_, digits + at, sizeof(digits) - at);
    filled_ += sizeof(digits) - at;
  }
  // These make room themselves.
  void Text(const char* text) { Text(text, strlen(text)); }
  void Text(const char* text, size_t bytes);
  // One UTF-16 unit within a string of JSON.
  void Escaped(uint32_t unit);
  void Flush();
  // Sent so far.
  uint64_t Bytes() const { return sent_ + filled_; }

 private:
  static constexpr char kPairs[] =
      "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
      "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

  int descriptor_ = -1;
  size_t filled_ = 0;
  uint64_t sent_ = 0;
  char buffer_[1 << 16];
};
extern Output out;

}  // namespace graph
